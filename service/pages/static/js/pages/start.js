import { html } from '../html.js';

export const title = () => 'start';

export default function Page() {
  return html`<h1>start</h1>`;
}
