// From what silences a unit to what raises it: optimized pictures at both ends, images of a data set between them.
import { html } from '../../html.js';
import { api, pages, withQuery } from '../../api/addresses.js';
import { useResource } from '../../api/resource.js';
import { setQuery } from '../../router.js';
import { Crop } from '../crop.js';
import { Histogram } from '../histogram.js';
import { Optimized } from '../optimized.js';
import { Scan } from '../scan.js';
import { Trouble } from '../trouble.js';

const COLUMNS = [
  { name: 'minimum', title: 'Minimum' },
  { name: 'slightly_negative', title: 'Slightly negative' },
  { name: 'slightly_positive', title: 'Slightly positive' },
  { name: 'maximum', title: 'Maximum' },
];

/**
 * What the service says of a unit's spectrum; null where nothing is to be asked for.
 * @param {string} model @param {string} layer @param {number | null} channel @param {string | null} dataset
 */
export const useSpectrum = (model, layer, channel, dataset) =>
  useResource(channel === null ? null : withQuery(`${api.unit(model, layer, channel)}/spectrum`, { dataset }));

/**
 * `requests` are those of the two optimized pictures, by sign; `found` is what `useSpectrum` says.
 * @param {{model: string, layer: string, channel: number, name: string, requests: Record<string, any>, dataset: string | null, found: any}} props
 */
export function Spectrum({ model, layer, channel, name, requests, dataset, found }) {
  const sets = useResource(api.datasets()).data?.datasets ?? [];
  const { data, problem, reload } = found;
  const chosen = dataset ?? data?.dataset;
  const examples = useResource(data?.maximum ? withQuery(`${api.unit(model, layer, channel)}/examples`, { dataset: chosen }) : null).data;
  return html`<section aria-labelledby="spectrum">
    <div class="row between">
      <h2 id="spectrum">From what lowers it to what raises it</h2>
      ${sets.length > 1 && html`<label class="row small">Images of
        <select value=${chosen} onChange=${(/** @type {any} */ event) => setQuery({ dataset: event.target.value })}>
          ${sets.map((/** @type {any} */ one) => html`<option value=${one.name}>${one.name} (${one.images})</option>`)}
        </select></label>`}
    </div>
    <div class="unit-spectrum">
      <div class="spectrum-column negative-end"><h3 class="negative">Negative optimized</h3>
        <${Optimized} request=${requests.negative} alt=${`what lowers ${name}, optimized`} sizes="(max-width: 60rem) 45vw, 18vw" /></div>
      ${COLUMNS.map(column => html`<div class="spectrum-column" key=${column.name}><h3>${column.title}</h3>
        <${Crops} examples=${data?.[column.name]} name=${name} column=${column.title.toLowerCase()} model=${model} layer=${layer} />
      </div>`)}
      <div class="spectrum-column positive-end"><h3 class="positive">Positive optimized</h3>
        <${Optimized} request=${requests.positive} alt=${`what raises ${name}, optimized`} sizes="(max-width: 60rem) 45vw, 18vw" /></div>
    </div>
    ${problem && html`<${Trouble} problem=${problem} retry=${reload} />`}
    ${data && !data.maximum && html`<${Scan} spectrum=${data} done=${reload} />`}
    ${examples && html`<${Told} examples=${examples} />`}
  </section>`;
}

/** @param {{examples: any[] | null | undefined, name: string, column: string, model: string, layer: string}} props */
function Crops({ examples, name, column, model, layer }) {
  if (!examples) return html`<span class="picture"><span class="picture-missing">no images read yet</span></span>`;
  return html`<ul class="crops">${examples.slice(0, 9).map(one => html`<li key=${one.image}>
    <${Crop} example=${one} alt=${`${column} example of ${name}`} model=${model} layer=${layer} /></li>`)}</ul>`;
}

/** How all images are distributed, and what they were labelled. @param {{examples: any}} props */
function Told({ examples }) {
  const { maximum, mean, labels, active, images, preactivation } = examples;
  return html`<div class="row distribution">
    <figure class="stack"><${Histogram} of=${maximum.histogram} label="the largest value in each image" />
      <figcaption>largest value in each of ${images} images${preactivation ? ', before the ReLU' : ''}</figcaption></figure>
    <figure class="stack"><${Histogram} of=${mean.histogram} label="the mean in each image" />
      <figcaption>mean over all positions of each image</figcaption></figure>
    <p class="small">Above zero somewhere in <strong>${Math.round(100 * active)} %</strong> of the images.${
      labels.length ? ` Of the ${labels[0].of} that raise it most: ${labels.slice(0, 4).map((/** @type {any} */ one) => `${one.label} (${one.images})`).join(', ')}.` : ''}
      ${' '}<a href=${`${pages.help()}#dataset-examples`}>Dataset examples against optimized pictures</a></p>
  </div>`;
}
