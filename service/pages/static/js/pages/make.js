import { html } from '../html.js';

export const title = () => 'make';

export default function Page() {
  return html`<h1>make</h1>`;
}
