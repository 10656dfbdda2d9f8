import { html } from '../html.js';

export const title = () => 'models';

export default function Page() {
  return html`<h1>models</h1>`;
}
