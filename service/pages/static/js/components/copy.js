// Text that is meant to be taken along.
import { html, useState } from '../html.js';
import { announcement } from '../state.js';

/** @param {{text: string, children?: any}} props */
export function Copy({ text, children = 'Copy' }) {
  const [done, setDone] = useState('');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone('Copied');
    } catch {
      setDone('Select and copy it by hand'); // not allowed here: no https, or an old browser
    }
    announcement.value = 'copied';
    setTimeout(setDone, 2000, '');
  };
  return html`<button type="button" onClick=${copy}>${done || children}</button>`;
}

/** @param {{text: string, label: string}} props */
export const Code = ({ text, label }) => html`
  <div class="code"><pre tabindex="0" aria-label=${label}>${text}</pre><${Copy} text=${text} /></div>`;
