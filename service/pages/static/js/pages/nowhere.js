// An address that leads nowhere.
import { html } from '../html.js';
import { pages } from '../api/addresses.js';

export const title = () => 'Nothing here';

/** @param {{path: string}} props */
export default function Nowhere({ path }) {
  return html`<div class="notice" data-testid="nowhere">
    <h1>There is no such page</h1>
    <p>Nothing is at <code>${path}</code>.</p>
    <p><a href=${pages.models()}>All networks</a>, or search with <kbd>/</kbd>.</p>
  </div>`;
}
