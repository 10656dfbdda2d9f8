import { html } from '../html.js';

export const title = () => 'classes';

export default function Page() {
  return html`<h1>classes</h1>`;
}
