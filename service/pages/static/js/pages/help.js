import { html } from '../html.js';

export const title = () => 'help';

export default function Page() {
  return html`<h1>help</h1>`;
}
