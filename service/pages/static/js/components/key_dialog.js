// Asks for an API key, once, where the service wants one.
import { html, useEffect, useRef } from '../html.js';
import { apiKey, keyWanted, useSignal } from '../state.js';

/** Shown when the service has refused for want of a key. The key stays in this tab. */
export function KeyDialog() {
  const why = useSignal(keyWanted);
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    if (why && !dialog.current?.open) dialog.current?.showModal();
  }, [why]);
  const give = (/** @type {Event} */ event) => {
    event.preventDefault();
    apiKey.value = field.current?.value.trim() ?? '';
    keyWanted.value = '';
    dialog.current?.close();
  };
  return html`<dialog ref=${dialog} onClose=${() => { keyWanted.value = ''; }} aria-labelledby="key-title" data-testid="key-dialog">
    <form class="stack" onSubmit=${give}>
      <h2 id="key-title">This service asks for an API key</h2>
      <p class="soft">${why}</p>
      <label class="stack">API key
        <input ref=${field} type="password" autocomplete="off" required placeholder="fl_..." />
      </label>
      <p class="small soft">It is kept in this tab only, and forgotten when the tab is closed. The operator makes keys.</p>
      <div class="row"><button class="primary" type="submit">Use this key</button>
        <button type="button" onClick=${() => dialog.current?.close()}>Not now</button></div>
    </form>
  </dialog>`;
}
