import { html } from '../html.js';

export const title = () => 'photo';

export default function Page() {
  return html`<h1>photo</h1>`;
}
