// A photograph that somebody drops anywhere on the page, pastes, or chooses.
import { html, useEffect, useRef, useState } from '../../html.js';

/**
 * Takes files that are dropped or pasted as long as the component is shown.
 * @param {(file: File | null) => void} take null: what came was no file
 * @returns {boolean} whether something is held over the page
 */
export function useDropped(take) {
  const [over, setOver] = useState(false);
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const held = (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      setOver(true);
    };
    const left = (/** @type {DragEvent} */ event) => {
      if (!event.relatedTarget) setOver(false);
    };
    const dropped = (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      setOver(false);
      latest.current(event.dataTransfer?.files[0] ?? null);
    };
    const pasted = (/** @type {ClipboardEvent} */ event) => {
      const file = event.clipboardData?.files[0];
      if (file) latest.current(file);
    };
    addEventListener('dragover', held);
    addEventListener('dragleave', left);
    addEventListener('drop', dropped);
    document.addEventListener('paste', pasted);
    return () => {
      removeEventListener('dragover', held);
      removeEventListener('dragleave', left);
      removeEventListener('drop', dropped);
      document.removeEventListener('paste', pasted);
    };
  }, []);
  return over;
}

/** The same for those who do not drag. @param {{take: (file: File | null) => void, busy: boolean, primary: boolean, words: string}} props */
export function Choice({ take, busy, primary, words }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [told, setTold] = useState('');
  const paste = async () => {
    try {
      const items = await navigator.clipboard.read();
      const type = items.flatMap(item => item.types).find(one => one.startsWith('image/'));
      const item = items.find(one => type && one.types.includes(type));
      if (!item || !type) setTold('There is no picture on the clipboard.');
      else take(new File([await item.getType(type)], 'pasted', { type }));
    } catch {
      setTold('The browser does not allow it here. Press Ctrl+V instead.');
    }
  };
  return html`<div class="row">
    <button type="button" class=${primary ? 'primary' : ''} disabled=${busy} onClick=${() => field.current?.click()}>${words}</button>
    <input ref=${field} type="file" accept="image/*" hidden aria-label="Photograph" data-testid="file"
      onChange=${(/** @type {any} */ event) => { take(event.target.files[0] ?? null); event.target.value = ''; }} />
    <button type="button" disabled=${busy} onClick=${paste}>Paste</button>
    ${told && html`<span class="small" role="status">${told}</span>`}
  </div>`;
}
