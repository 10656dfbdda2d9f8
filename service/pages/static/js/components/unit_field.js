// A field for a unit, which offers names while somebody writes.
import { html, useEffect, useId, useState } from '../html.js';

const REST = 150;

/**
 * Names that may be meant by `text`, once it has rested; null asks for none.
 * @param {string | null} text @returns {{names: import('../api/names.js').Name[], told: string, of: string | null}}
 */
export function useMeant(text) {
  const [found, setFound] = useState({ names: /** @type {import('../api/names.js').Name[]} */ ([]), told: '', of: /** @type {string | null} */ (null) });
  useEffect(() => {
    if (text === null) return undefined;
    let stale = false;
    const later = setTimeout(async () => {
      // Without the service nothing can be offered; the page says that it is away.
      const now = await import('../api/names.js').then(({ meant }) => meant(text), () => ({ names: [], told: '' }));
      if (!stale) setFound({ ...now, of: text });
    }, REST);
    return () => {
      stale = true;
      clearTimeout(later);
    };
  }, [text]);
  return found;
}

/** `change` gets what is written. @param {{value: string, change: (text: string) => void, [more: string]: any}} props */
export function UnitField({ value, change, ...more }) {
  const id = useId();
  const [active, setActive] = useState(false);
  const { names } = useMeant(active ? value : null);
  return html`<input ...${more} value=${value} list=${id} spellcheck=${false} autocomplete="off" onFocus=${() => setActive(true)}
      onBlur=${() => setActive(false)} onInput=${(/** @type {any} */ event) => change(event.target.value)} />
    <datalist id=${id}>${names.map(one => html`<option key=${one.text} value=${one.text}>${one.note}</option>`)}</datalist>`;
}
