// What a schema allows, with links to the shapes that have a name.
const nameOf = reference => reference.split('/').pop();
const separated = (parts, between) => parts.flatMap((part, number) => (number ? [between, ...part] : part));

function type(schema) {
  if (!schema) return ['anything'];
  if (schema.$ref) return [make('a', { href: `#${nameOf(schema.$ref)}`, className: 'type' }, nameOf(schema.$ref))];
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return separated(several.map(type), ' or ');
  if (schema.type === 'array') return ['list of ', ...type(schema.items)];
  if (schema.enum) return [schema.enum.map(value => JSON.stringify(value)).join(' or ')];
  if ('const' in schema) return [JSON.stringify(schema.const)];
  if (schema.format === 'binary') return ['bytes'];
  if (schema.type === 'object' && schema.additionalProperties?.type) return ['object of ', ...type(schema.additionalProperties)];
  return [schema.type ?? 'anything'];
}

// Bounds and default, in few words.
function limits(schema) {
  const told = [];
  const one = schema?.anyOf?.find(part => part.type !== 'null') ?? schema ?? {};
  if ('minimum' in one || 'maximum' in one) told.push(`${one.minimum ?? '…'} to ${one.maximum ?? '…'}`);
  if (schema?.default !== undefined && schema.default !== null) told.push(`default ${JSON.stringify(schema.default)}`);
  return told.length ? make('span', { className: 'quiet' }, ` (${told.join(', ')})`) : '';
}

const described = (name, schema, description, required) => [
  make('dt', {}, make('code', {}, name), required ? ' *' : ''),
  make('dd', {}, make('span', { className: 'type' }, ...type(schema)), limits(schema), ...markdown(description)),
];

const shape = (name, it) => make('details', { id: name },
  make('summary', {}, make('code', {}, name), ' ', ...inline(it.description?.split('\n')[0] ?? '')),
  make('dl', {}, ...Object.entries(it.properties ?? {}).flatMap(([field, one]) =>
    described(field, one, one.description, it.required?.includes(field)))));
