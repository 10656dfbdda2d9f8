// What one side of a comparison shows: a key, or a unit with what differs: patternnet/conv6:31,sign=negative,seed=2.
import { useResource } from '../../api/resource.js';
import { api } from '../../api/addresses.js';

const KEY = /^fv1_[0-9a-f]{64}$/;
const NUMBERS = new Set(['steps', 'seed', 'size']);

/** The request that a text stands for; null for a key or nothing. @param {string} text */
export function requestOf(text) {
  if (!text || KEY.test(text)) return null;
  const [unit, ...changes] = text.split(',');
  const fields = changes.map(change => change.split('='));
  return { unit, ...Object.fromEntries(fields.map(([name, value]) => [name, NUMBERS.has(name) ? Number(value) : value])) };
}

/** The picture that is named by its key. @param {string} text */
export function useNamed(text) {
  return useResource(KEY.test(text) ? api.visualization(text) : null);
}

/** Where two specifications differ, by dotted name. @param {any} a @param {any} b @param {string} [above] @returns {[string, any, any][]} */
export function differences(a, b, above = '') {
  const names = [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])];
  return names.flatMap(name => {
    const [one, other] = [a?.[name], b?.[name]];
    const whole = above ? `${above}.${name}` : name;
    const both = [one, other].every(value => value && typeof value === 'object' && !Array.isArray(value));
    if (both) return differences(one, other, whole);
    return JSON.stringify(one) === JSON.stringify(other) ? [] : [/** @type {[string, any, any]} */ ([whole, one, other])];
  });
}
