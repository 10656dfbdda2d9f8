import { html } from '../html.js';

export const title = () => 'list';

export default function Page() {
  return html`<h1>list</h1>`;
}
