import { html } from '../html.js';

export const title = () => 'compare';

export default function Page() {
  return html`<h1>compare</h1>`;
}
