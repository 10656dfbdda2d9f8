import { html } from '../html.js';

export const title = () => 'picture';

export default function Page() {
  return html`<h1>picture</h1>`;
}
