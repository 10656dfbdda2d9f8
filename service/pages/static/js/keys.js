// Keys that do something on a page. They are off while somebody writes.
import { useEffect } from './html.js';

/** @type {Map<string, {says: string, act: () => void}[]>} The latest one that was registered wins. */
const bindings = new Map();

/**
 * Binds keys as long as the component is shown.
 * @param {Record<string, {says: string, act: () => void}>} keys by `event.key`
 * @param {unknown[]} inputs what the actions depend on
 */
export function useKeys(keys, inputs) {
  useEffect(() => {
    for (const [key, binding] of Object.entries(keys)) bindings.set(key, [...(bindings.get(key) ?? []), binding]);
    return () => {
      for (const [key, binding] of Object.entries(keys)) bindings.set(key, (bindings.get(key) ?? []).filter(one => one !== binding));
    };
  }, inputs);
}

/** What can be pressed now: key and what it does. */
export const bound = () => [...bindings].flatMap(([key, all]) => (all.length ? [{ key, says: all[all.length - 1].says }] : []));

addEventListener('keydown', event => {
  const target = /** @type {HTMLElement} */ (event.target);
  const writes = target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
  if (writes || event.metaKey || event.ctrlKey || event.altKey || document.querySelector('dialog[open]')) return;
  const binding = bindings.get(event.key)?.at(-1);
  if (!binding) return;
  event.preventDefault();
  binding.act();
});
