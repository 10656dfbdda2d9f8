// What a picture of a comparison is asked for by: a key, or a unit with what differs: patternnet/conv6:31,sign=negative,seed=2.

import { pages, withQuery } from '../../api/addresses.js';

const KEY = /^fv1_[0-9a-f]{64}$/;
const FIELDS = { sign: 'negative', seed: '2', steps: '64', size: '96' };
const TYPED = /** @type {Record<string, RegExp>} */ ({ sign: /^(positive|negative)$/, seed: /^\d+$/, steps: /^\d+$/, size: /^\d+$/ });

/** @param {string} text */
export const isKey = text => KEY.test(text);

/**
 * The request that a text stands for, null for a key or nothing; or what is `wrong` with it.
 * @param {string} text @returns {{request: any, wrong: string}}
 */
export function read(text) {
  if (!text || isKey(text)) return { request: null, wrong: '' };
  const [unit, ...changes] = text.split(',').map(one => one.trim());
  const fields = changes.map(change => change.split('=').map(part => part.trim()));
  const [name, value] = fields.find(([name, value]) => !TYPED[name]?.test(value ?? '')) ?? [];
  if (!/^[^/]+\/.+/.test(unit)) return { request: null, wrong: `“${unit}” is no unit` };
  if (name !== undefined && !(name in FIELDS)) return { request: null, wrong: `“${name}” is nothing that can differ here` };
  if (name !== undefined) return { request: null, wrong: `“${name}=${value ?? ''}” cannot be: ${name === 'sign' ? 'positive or negative' : 'a number from 0'}` };
  return { request: { unit, ...Object.fromEntries(fields.map(([name, value]) => [name, name === 'sign' ? value : Number(value)])) }, wrong: '' };
}

/**
 * The same unit with something changed, as a text; null where it is no single unit.
 * @param {any} spec complete @param {string} text what it was asked for by @param {Record<string, any>} changes
 */
export function changed(spec, text, changes) {
  const { request } = read(text);
  const { model, layer, channel, steps, size, sign, seed } = spec;
  const own = () => ({
    unit: `${model}/${layer}:${channel}`, steps, size: Math.max(...[size].flat()), sign, seed: seed || undefined,
  });
  const fields = request ?? (layer && Number.isInteger(channel) ? own() : null);
  return fields && asText({ ...fields, ...changes });
}

/** @param {Record<string, any>} request */
export function asText({ unit, ...fields }) {
  const given = Object.entries(fields).filter(([name, value]) => value !== undefined && !(name === 'sign' && value === 'positive'));
  return [unit, ...given.map(([name, value]) => `${name}=${value}`)].join(',');
}

/** Leads to two seeds and the negative of a unit, side by side. @param {any} request for its positive picture */
export function seedsAndNegative({ model, layer, channel, ...rest }) {
  const a = { unit: `${model}/${layer}:${channel}`, ...rest };
  return withQuery(pages.compare(), { a: asText(a), b: asText({ ...a, seed: (rest.seed ?? 0) + 1 }), c: asText({ ...a, sign: 'negative' }) });
}

/**
 * Where specifications differ: dotted name, and what each of them says.
 * @param {any[]} specs @param {string} [above] @returns {[string, any[]][]}
 */
export function differences(specs, above = '') {
  const names = [...new Set(specs.flatMap(one => Object.keys(one ?? {})))];
  return names.flatMap(name => {
    const values = specs.map(one => one?.[name]);
    const whole = above ? `${above}.${name}` : name;
    if (values.every(value => value && typeof value === 'object' && !Array.isArray(value))) return differences(values, whole);
    return new Set(values.map(value => JSON.stringify(value))).size === 1 ? [] : [/** @type {[string, any[]]} */ ([whole, values])];
  });
}
