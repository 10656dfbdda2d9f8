// State that outlives a page or is shared by several: signals, and how a component listens to one.
import { effect, signal } from '../vendor/signals-core.mjs';
import { useEffect, useState } from './html.js';

export { effect, signal };

/**
 * The value of a signal; the component is drawn again when it changes.
 * @template T
 * @param {import('../vendor/signals-core.mjs').Signal<T>} source
 * @returns {T}
 */
export function useSignal(source) {
  const [, setValue] = useState(() => source.peek());
  useEffect(() => effect(() => setValue(() => source.value)), [source]);
  return source.peek();
}

/**
 * A signal whose value is kept in this tab (`sessionStorage`) or in this browser (`localStorage`).
 * @param {Storage} storage
 * @param {string} name
 * @param {string} initial
 */
export function kept(storage, name, initial) {
  const made = signal(storage.getItem(name) ?? initial);
  effect(() => {
    if (made.value === initial) storage.removeItem(name);
    else storage.setItem(name, made.value);
  });
  return made;
}

/** The API key, for this tab only; empty where none was asked for. */
export const apiKey = kept(sessionStorage, 'featurelens-key', '');

/** Whether the service has refused for want of an API key. */
export const keyWanted = signal('');

/** Whether the service answers. */
export const reachable = signal(true);

/** light, dark, or empty: as the system has it. */
export const theme = kept(localStorage, 'featurelens-theme', '');

/** How many scans have finished while this tab looked: evidence may have come. */
export const scans = signal(0);

/** A photograph that was dropped on another page, for the photo page. */
export const dropped = signal(/** @type {File | null} */ (null));

/** What a screen reader is told, politely. */
export const announcement = signal('');
