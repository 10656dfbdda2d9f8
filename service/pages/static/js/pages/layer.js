// All units of a layer, as tiles. Opening it asks for nothing; what is missing is asked for by a button.
import { html } from '../html.js';
import { api, pages, withQuery } from '../api/addresses.js';
import { useResource } from '../api/resource.js';
import { Missing } from '../components/grid/missing.js';
import { OWN, SCANNED, sorted, useScannedOrder } from '../components/grid/sorting.js';
import { Window } from '../components/grid/window.js';
import { Picture } from '../components/picture.js';
import { Loading, number, sees } from '../components/states.js';
import { Trouble } from '../components/trouble.js';
import { useKeys } from '../keys.js';
import { go, setQuery } from '../router.js';

const PAGE = 512;

/** @param {{layer: string}} params */
export const title = params => params.layer;

/** @param {{params: {model: string, layer: string}, query: URLSearchParams}} props */
export default function Layer({ params, query }) {
  const { model, layer } = params;
  const sign = query.get('sign') === 'negative' ? 'negative' : 'positive';
  const sort = query.get('sort') ?? 'number';
  const from = Number(query.get('from')) || 0;
  const { data: entry, problem, loading } = useResource(api.layer(model, layer));
  const grid = useResource(withQuery(`${api.layer(model, layer)}/units`, { from, limit: PAGE }));
  const { order, missing } = useScannedOrder(model, layer, sort, sign);
  useKeys({ u: { says: 'the network', act: () => go(pages.model(model)) } }, [model]);
  const refused = problem ?? grid.problem;
  if (refused) return html`<${Trouble} problem=${refused} whole=${true} model=${model} />`;
  if (loading || grid.loading) return html`<${Loading} what="Looking at the layer" />`;
  const units = sorted(grid.data.units, sort, sign, order);
  const lacking = grid.data.units.filter((/** @type {any} */ one) => !one[sign]).map((/** @type {any} */ one) => one.channel);
  return html`
    <header class="stack">
      <ol class="crumbs" aria-label="Where this is"><li><a href=${pages.models()}>Networks</a></li><li><a href=${pages.model(model)}>${model}</a></li></ol>
      <h1>${layer}</h1>
      <p class="soft small">${entry.type}, ${entry.channels} units${sees(entry)}</p>
      <div class="row between">
        <div class="row">
          <div class="tabs" role="group" aria-label="Which pictures">
            ${['positive', 'negative'].map(one => html`<button aria-pressed=${one === sign ? 'true' : 'false'} onClick=${() => setQuery({ sign: one === 'positive' ? null : one })}>
              <span class=${one}>${one}</span></button>`)}
          </div>
          <label class="row small">Sorted by
            <select value=${sort} onChange=${(/** @type {any} */ event) => setQuery({ sort: event.target.value === 'number' ? null : event.target.value })}>
              ${Object.entries({ ...OWN, ...SCANNED }).map(([name, words]) => html`<option value=${name}>${words}</option>`)}
            </select></label>
        </div>
        <${Missing} model=${model} layer=${layer} sign=${sign} channels=${lacking} sweep=${query.get('sweep')} changed=${grid.reload} />
      </div>
      ${missing && html`<p class="notice">No data set has been read for this layer, so that this order is not known. A unit's page offers to read one.</p>`}
    </header>
    ${entry.channels > PAGE && html`<${Ranges} from=${from} channels=${entry.channels} />`}
    <${Window} items=${units} label=${`units of ${layer}`} tile=${(/** @type {any} */ unit, /** @type {string} */ sizes) =>
      html`<${Tile} unit=${unit} sign=${sign} href=${pages.unit(model, layer, unit.channel)} layer=${layer} sizes=${sizes} />`} />`;
}

/** @param {{unit: any, sign: string, href: string, layer: string, sizes: string}} props */
function Tile({ unit, sign, href, layer, sizes }) {
  const picture = unit[sign];
  const says = `${layer}:${unit.channel}${unit.label ? ` ${unit.label}` : ''}, ${sign}`;
  return html`<a class="tile" href=${href} aria-label=${picture ? says : `${says}, not rendered yet`}>
    ${picture
      ? html`<${Picture} src=${api.image(picture.key)} alt="" sizes=${sizes} eager />`
      : html`<span class="picture"><span class="picture-missing">–</span></span>`}
    <span class="tile-label"><span>${unit.channel}${unit.label ? ` ${unit.label}` : ''}</span>
      <span class="number soft">${picture ? number(picture.activation) : ''}</span></span>
  </a>`;
}

/** @param {{from: number, channels: number}} props */
function Ranges({ from, channels }) {
  const starts = Array.from({ length: Math.ceil(channels / PAGE) }, (_, index) => index * PAGE);
  return html`<nav class="row" aria-label="Units by number">${starts.map(start => html`<a class="button" aria-current=${start === from ? 'page' : undefined}
    href=${withQuery(location.pathname, { from: start || null })}>${start}–${Math.min(start + PAGE, channels) - 1}</a>`)}</nav>`;
}
