// Names to choose from while somebody writes: networks, and the layers of the one that is chosen.
import { html } from '../../html.js';
import { api, withQuery } from '../../api/addresses.js';
import { useResource } from '../../api/resource.js';
import { shortName } from '../states.js';

const MOST = 1000;

/** The ids of the lists, by the name of the field that they are for. */
export const LISTS = { model: 'form-models', layer: 'form-layers' };

/** @param {{model?: string}} props */
export function Suggested({ model }) {
  const models = useResource(withQuery(api.models(), { limit: MOST })).data?.models ?? [];
  const layers = useResource(model ? api.layers(model) : null).data?.layers ?? [];
  const recommended = layers.filter((/** @type {any} */ one) => one.recommended);
  const others = layers.filter((/** @type {any} */ one) => !one.recommended);
  return html`<datalist id=${LISTS.model}>${models.map((/** @type {any} */ one) => html`<option key=${one.name} value=${shortName(one)}>
      ${one.downloaded ? 'here' : 'to be downloaded'}</option>`)}</datalist>
    <datalist id=${LISTS.layer}>${[...recommended, ...others].map((/** @type {any} */ one) => html`<option key=${one.name} value=${one.name}>
      ${one.channels} units</option>`)}</datalist>
    ${recommended.length > 0 && html`<p class="small soft">Layers of ${model} worth a look: ${recommended.map((/** @type {any} */ one, /** @type {number} */ place) =>
      html`${place ? ', ' : ''}<code>${one.name}</code> (${one.channels})`)}</p>`}`;
}
