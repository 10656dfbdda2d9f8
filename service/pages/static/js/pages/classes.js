// What a network takes for its classes: the layer of classes, found by their names.
import { html, useState } from '../html.js';
import { api, pages, withQuery } from '../api/addresses.js';
import { useResource } from '../api/resource.js';
import { Missing } from '../components/grid/missing.js';
import { Window } from '../components/grid/window.js';
import { Picture } from '../components/picture.js';
import { Loading, number } from '../components/states.js';
import { Trouble } from '../components/trouble.js';
import { setQuery } from '../router.js';

const MOST = 4096;

/** @param {{model: string}} params */
export const title = params => `Classes of ${params.model}`;

/** @param {{params: {model: string}, query: URLSearchParams}} props */
export default function Classes({ params, query }) {
  const name = params.model;
  const { data: model, problem } = useResource(api.model(name));
  const layer = model?.classes_layer;
  const grid = useResource(layer ? withQuery(`${api.layer(name, layer)}/units`, { from: 0, limit: MOST }) : null);
  const [words, setWords] = useState(query.get('q') ?? '');
  const refused = problem ?? grid.problem;
  if (refused) return html`<${Trouble} problem=${refused} whole=${true} />`;
  if (model && !layer) return html`<div class="notice" data-testid="empty"><h1>${name} has no classes</h1><p><a href=${pages.model(name)}>Its layers</a></p>
    </div>`;
  if (!grid.data) return html`<${Loading} what="Looking at the classes" whole=${true} />`;
  const wanted = (query.get('q') ?? '').toLowerCase();
  const units = grid.data.units.filter((/** @type {any} */ one) => `${one.channel} ${one.label ?? ''}`.toLowerCase().includes(wanted));
  const lacking = units.filter((/** @type {any} */ one) => !one.positive).map((/** @type {any} */ one) => one.channel);
  const search = (/** @type {any} */ event) => {
    setWords(event.target.value);
    setQuery({ q: event.target.value.trim() });
  };
  return html`
    <header class="stack">
      <ol class="crumbs" aria-label="Where this is"><li><a href=${pages.models()}>Networks</a></li><li><a href=${pages.model(name)}>${name}</a></li></ol>
      <h1>Classes of ${name}</h1>
      <p class="soft reading">Each picture raises the logit of one class: what ${name} takes for it, not what it looks like to us.</p>
      <div class="row between">
        <label class="row small">Find <input type="search" value=${words} onInput=${search} placeholder="a word" /></label>
        <${Missing} model=${name} layer=${layer} sign="positive" channels=${lacking} sweep=${query.get('sweep')} changed=${grid.reload} />
      </div>
    </header>
    ${units.length === 0 && html`<p data-testid="empty">No class has such a name.</p>`}
    <${Window} items=${units} width=${160} label=${`classes of ${name}`} tile=${(/** @type {any} */ unit, /** @type {string} */ sizes) => html`
      <a class="tile" href=${pages.unit(name, layer, unit.channel)} aria-label=${`${unit.label ?? unit.channel}${unit.positive ? '' : ', not rendered yet'}`}>
        ${unit.positive ? html`<${Picture} src=${api.image(unit.positive.key)} alt="" sizes=${sizes} eager />` : html`<span class="picture">
          <span class="picture-missing">–</span></span>`}
        <span class="tile-label"><span>${unit.label ?? unit.channel}</span><span class="number soft">${unit.positive ? number(unit.positive.activation) : ''}
          </span></span>
      </a>`} />`;
}
