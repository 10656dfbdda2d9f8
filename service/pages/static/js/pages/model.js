import { html } from '../html.js';

export const title = () => 'model';

export default function Page() {
  return html`<h1>model</h1>`;
}
