// All units of a layer, as tiles. Opening it asks for nothing; what is missing is asked for by a button.
import { html, useMemo, useState } from '../html.js';
import { api, pages, withQuery } from '../api/addresses.js';
import { useResource } from '../api/resource.js';
import { Missing } from '../components/grid/missing.js';
import { OWN, SCANNED, sorted, useScannedOrder } from '../components/grid/sorting.js';
import { useUnits } from '../components/grid/units.js';
import { Window } from '../components/grid/window.js';
import { Picture } from '../components/picture.js';
import { Scan } from '../components/scan.js';
import { Loading, number, sees } from '../components/states.js';
import { Trouble } from '../components/trouble.js';
import { useKeys } from '../keys.js';
import { go, setQuery } from '../router.js';

/** Tiles on one page; a layer with more has several. */
const PAGE = 4096;
/** So many pictures are asked for at once without a thought; of more, those in view come first. */
const FEW = 100;

/** @param {{layer: string}} params */
export const title = params => params.layer;

/** @param {{params: {model: string, layer: string}, query: URLSearchParams}} props */
export default function Layer({ params, query }) {
  const { model, layer } = params;
  const { data: entry, problem, loading } = useResource(api.layer(model, layer));
  useKeys({ u: { says: 'the network', act: () => go(pages.model(model)) } }, [model]);
  if (problem) return html`<${Trouble} problem=${problem} whole=${true} model=${model} />`;
  if (loading) return html`<${Loading} what="Looking at the layer" whole=${true} />`;
  return html`<${Units} model=${model} entry=${entry} query=${query} />`;
}

/** @param {{model: string, entry: any, query: URLSearchParams}} props */
function Units({ model, entry, query }) {
  const { name: layer, channels } = entry;
  const sign = query.get('sign') === 'negative' ? 'negative' : 'positive';
  const sort = query.get('sort') ?? 'number';
  const from = Math.min(Number(query.get('from')) || 0, channels - 1);
  const grid = useUnits(model, layer, from, Math.min(from + PAGE, channels));
  const scanned = useScannedOrder(model, layer, sort, sign, channels);
  const [seen, setSeen] = useState(/** @type {any[]} */ ([]));
  const units = useMemo(() => sorted(grid.units, sort, sign, scanned.order), [grid.units, sort, sign, scanned.order]);
  if (grid.loading) return html`<${Loading} what="Looking at the layer" whole=${true} />`;
  if (grid.problem) return html`<${Trouble} problem=${grid.problem} whole=${true} model=${model} retry=${grid.reload} />`;
  const lacking = without(grid.units, sign);
  const sweep = query.get('sweep');
  const asked = { model, layer, sign, sweep, changed: grid.reload };
  return html`
    <header class="stack">
      <ol class="crumbs" aria-label="Where this is"><li><a href=${pages.models()}>Networks</a></li><li><a href=${pages.model(model)}>${model}</a></li></ol>
      <h1>${layer}</h1>
      <p class="soft small">${entry.type}, ${channels} units${sees(entry)}</p>
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
          ${scanned.loading && html`<span class="small soft" role="status" data-testid="sorting">Sorting …</span>`}
        </div>
        <div class="row missing-place ${channels > FEW ? 'two' : ''}">${(grid.whole || sweep) && (
          lacking.length <= FEW || sweep
            ? html`<${Missing} ...${asked} channels=${lacking} />`
            : html`<${Missing} ...${asked} channels=${without(seen, sign)} words="Render what is missing in view" />
              <${Missing} ...${asked} channels=${lacking} words="Render all that is missing" primary=${false} />`)}</div>
      </div>
      ${scanned.unread && html`<${Scan} spectrum=${scanned.unread} done=${scanned.reload} />`}
      ${scanned.problem && html`<${Trouble} problem=${scanned.problem} />`}
    </header>
    ${channels > PAGE && html`<${Ranges} from=${from} channels=${channels} />`}
    <${Window} items=${units} label=${`units of ${layer}`} rested=${setSeen} tile=${(/** @type {any} */ unit, /** @type {string} */ sizes) =>
      html`<${Tile} unit=${unit} sign=${sign} href=${pages.unit(model, layer, unit.channel)} layer=${layer} sizes=${sizes} />`} />`;
}

/** Channels of which it is known that they have no such picture, rising. @param {any[]} units @param {string} sign */
const without = (units, sign) => units.filter(one => one.told !== false && !one[sign]).map(one => one.channel).sort((a, b) => a - b);

/** @param {{unit: any, sign: string, href: string, layer: string, sizes: string}} props */
function Tile({ unit, sign, href, layer, sizes }) {
  const picture = unit[sign];
  const says = `${layer}:${unit.channel}${unit.label ? ` ${unit.label}` : ''}, ${sign}`;
  return html`<a class="tile" href=${href} aria-label=${picture || unit.told === false ? says : `${says}, not rendered yet`}>
    ${picture
      ? html`<${Picture} src=${api.image(picture.key)} alt="" sizes=${sizes} eager />`
      : html`<span class="picture"><span class="picture-missing">${unit.told === false ? '' : '–'}</span></span>`}
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
