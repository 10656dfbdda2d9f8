// One unit: what raises and lowers it, among all pictures and among real ones, and what it is made of.
import { html } from '../html.js';
import { api, pages } from '../api/addresses.js';
import { useResource } from '../api/resource.js';
import { seedsAndNegative } from '../components/compare/request.js';
import { Copy } from '../components/copy.js';
import { Loading, sees } from '../components/states.js';
import { PixelSwitch } from '../components/pixels.js';
import { Request } from '../components/request.js';
import { Trouble } from '../components/trouble.js';
import { Alike } from '../components/unit/alike.js';
import { Diverse } from '../components/unit/diverse.js';
import { Neighbours } from '../components/unit/neighbours.js';
import { PhotoMap } from '../components/unit/photo_map.js';
import { Optimized } from '../components/optimized.js';
import { Settings, requested } from '../components/unit/settings.js';
import { Spectrum, useSpectrum } from '../components/unit/spectrum.js';
import { Others } from '../components/unit/others.js';
import { Weights } from '../components/unit/weights.js';

/** @param {{layer: string, channel: string}} params */
export const title = params => `${params.layer}:${params.channel}`;

/** @param {{params: {model: string, layer: string, channel: string}, query: URLSearchParams}} props */
export default function Unit({ params, query }) {
  const { model, layer } = params;
  const { data: unit, problem, loading, reload } = useResource(api.unit(model, layer, params.channel));
  const dataset = query.get('dataset');
  const embedded = query.get('embed') !== null;
  const spectrum = useSpectrum(model, layer, unit && !embedded ? unit.channel : null, dataset);
  const layers = useResource(api.layers(model)).data?.layers ?? [];
  if (problem) return html`<${Trouble} problem=${problem} whole=${true} model=${model} retry=${reload} />`;
  if (loading) return html`<${Loading} what="Looking at the unit" whole=${true} />`;
  const channel = unit.channel;
  const entry = layers.find((/** @type {any} */ one) => one.name === layer);
  const name = `${layer}:${channel}${unit.label ? ` (${unit.label})` : ''}`;
  const requests = { positive: requested(unit.ask.positive, query, model), negative: requested(unit.ask.negative, query, model) };
  const compared = seedsAndNegative(requests.positive);
  if (embedded) return html`<${Embedded} model=${model} layer=${layer} channel=${channel} name=${name} requests=${requests} />`;
  return html`
    <header class="stack">
      <ol class="crumbs" aria-label="Where this is">
        <li><a href=${pages.models()}>Networks</a></li><li><a href=${pages.model(model)}>${model}</a></li><li><a href=${pages.layer(model, layer)}>${layer}</a>
          </li>
      </ol>
      <div class="row between">
        <h1>${layer}<span class="soft">:</span>${channel} ${unit.label && html`<span class="soft">${unit.label}</span>`}</h1>
        ${entry && html`<${Neighbours} model=${model} layer=${layer} channel=${channel} channels=${entry.channels} layers=${layers} compared=${compared} />`}
      </div>
      <div class="row"><${Copy} text=${location.href}>Copy the link to this unit</${Copy}>
        <a class="button" href=${compared}>Compare two seeds and the negative</a>
        <${PixelSwitch} /></div>
      ${entry && html`<p class="soft small">${about(entry)}</p>`}
    </header>
    <${Spectrum} model=${model} layer=${layer} channel=${channel} name=${name} requests=${requests} dataset=${dataset} found=${spectrum} />
    <${Diverse} request=${requests.positive} name=${name} />
    <${Alike} model=${model} layer=${layer} channel=${channel} spectrum=${spectrum.data} />
    <${Weights} model=${model} layer=${layer} channel=${channel} />
    <${PhotoMap} model=${model} canonical=${unit.model} layer=${layer} channel=${channel} name=${name} query=${query} />
    <${Others} visualizations=${unit.visualizations} />
    <section aria-labelledby="again">
      <h2 id="again">Ask for it differently</h2>
      <${Settings} unit=${unit} query=${query} />
      <${Request} path=${api.visualizations()} body=${requests.positive} />
    </section>`;
}

/** What is known of the layer, in a line. @param {any} layer */
function about(layer) {
  const map = layer.height && layer.width ? `maps of ${layer.width} × ${layer.height}` : layer.kind === 'tokens' ? `${layer.height} tokens` : 'one value a picture';
  const relu = layer.rectified ? '; ends in ReLU, so that what lowers it is sought before that' : '';
  return `${layer.type}, ${layer.channels} units, ${map}${sees(layer)}${relu}`;
}

/** For the pages of others: two pictures, and the way here. @param {any} props */
function Embedded({ model, layer, channel, name, requests }) {
  return html`<section class="embedded">
    <h1><a href=${pages.unit(model, layer, channel)} target="_blank">${model} ${name}</a></h1>
    <div class="pair">${['positive', 'negative'].map(sign => html`<figure class="stack" key=${sign}>
      <${Optimized} request=${requests[sign]} alt=${`what ${sign === 'positive' ? 'raises' : 'lowers'} ${name}`} sizes="50vw" />
      <figcaption class=${sign}>${sign}</figcaption></figure>`)}</div>
  </section>`;
}
