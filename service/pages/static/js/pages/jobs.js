import { html } from '../html.js';

export const title = () => 'jobs';

export default function Page() {
  return html`<h1>jobs</h1>`;
}
