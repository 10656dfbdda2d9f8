// Reads a JSON Schema as a form needs it: what kind of value a field takes, among what, within what.

/**
 * @typedef {{kind: 'choice' | 'number' | 'text' | 'flag' | 'numbers' | 'group' | 'variants' | 'list' | 'photo', schema: any,
 *   optional: boolean, about: string, options?: any[], variants?: {name: string, schema: any}[], item?: any, initial?: any}} Field
 */

/** @param {any} document the OpenAPI document @param {any} schema */
function resolved(document, schema) {
  if (!schema.$ref) return schema;
  const name = schema.$ref.split('/').pop();
  return { ...document.components.schemas[name], ...schema };
}

/** The schema of what POST to `path` takes. @param {any} document @param {string} path */
export const bodyOf = (document, path) => resolved(document, document.paths[path].post.requestBody.content['application/json'].schema);

/**
 * What a field is. @param {any} document @param {string} name @param {any} given @returns {Field}
 */
export function fieldOf(document, name, given) {
  const outer = resolved(document, given);
  const parts = (outer.anyOf ?? [outer]).map((/** @type {any} */ one) => resolved(document, one));
  const optional = parts.some((/** @type {any} */ one) => one.type === 'null');
  const own = parts.filter((/** @type {any} */ one) => one.type !== 'null');
  // A number or a pair of numbers: numbers take both.
  const schema = own.find((/** @type {any} */ one) => one.type === 'array') ?? own[0] ?? outer;
  const shared = { schema, optional, about: outer.description ?? schema.description ?? '', initial: outer.default ?? schema.default };
  if (outer.oneOf) return { ...shared, kind: 'variants', variants: variantsOf(document, outer) };
  if (name === 'photo') return { ...shared, kind: 'photo' };
  if (schema.enum) return { ...shared, kind: 'choice', options: schema.enum };
  if (schema.type === 'boolean') return { ...shared, kind: 'flag' };
  if (schema.type === 'integer' || schema.type === 'number') return { ...shared, kind: 'number' };
  if (schema.type === 'array') {
    const item = resolved(document, schema.items ?? schema.prefixItems?.[0] ?? {});
    return item.type === 'object' ? { ...shared, kind: 'list', item } : { ...shared, kind: 'numbers' };
  }
  if (schema.type === 'object') return { ...shared, kind: 'group' };
  return { ...shared, kind: 'text' };
}

/** @param {any} document @param {any} schema */
function variantsOf(document, schema) {
  return schema.oneOf.map((/** @type {any} */ one) => {
    const whole = resolved(document, one);
    return { name: whole.properties.type.const, schema: whole };
  });
}

/** The value with one field set; undefined takes it out, and what is empty then is taken out as well. @param {any} value @param {string} name @param {any} next */
export function withField(value, name, next) {
  const { [name]: _, ...rest } = value ?? {};
  const changed = next === undefined ? rest : { ...(value ?? {}), [name]: next };
  return Object.keys(changed).length ? changed : undefined;
}

/** Numbers as people write them: 0.9, 1.1. @param {string} text @returns {any} undefined where there is none */
export function readNumbers(text) {
  const parts = text.split(/[\s,]+/).filter(Boolean).map(Number);
  if (!parts.length) return undefined;
  return parts.some(Number.isNaN) ? text : parts;
}
