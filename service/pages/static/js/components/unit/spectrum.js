// From what silences a unit to what raises it: optimized pictures at both ends, images of a data set between them.
import { html, useEffect, useState } from '../../html.js';
import { api, pages, withQuery } from '../../api/addresses.js';
import { post } from '../../api/client.js';
import { over, tell, useJob } from '../../api/jobs.js';
import { useResource } from '../../api/resource.js';
import { setQuery } from '../../router.js';
import { scans } from '../../state.js';
import { Crop } from '../crop.js';
import { Histogram } from '../histogram.js';
import { Optimized } from '../optimized.js';
import { Progress } from '../progress.js';
import { Trouble } from '../trouble.js';

const COLUMNS = [
  { name: 'minimum', title: 'Minimum' },
  { name: 'slightly_negative', title: 'Slightly negative' },
  { name: 'slightly_positive', title: 'Slightly positive' },
  { name: 'maximum', title: 'Maximum' },
];

/**
 * `requests` are those of the two optimized pictures, by sign.
 * @param {{model: string, layer: string, channel: number, name: string, requests: Record<string, any>, dataset: string | null}} props
 */
export function Spectrum({ model, layer, channel, name, requests, dataset }) {
  const sets = useResource(api.datasets()).data?.datasets ?? [];
  const { data, problem, reload } = useResource(withQuery(`${api.unit(model, layer, channel)}/spectrum`, { dataset }));
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
    ${data && !data.maximum && html`<${Unread} data=${data} dataset=${chosen} done=${reload} />`}
    ${examples && html`<${Told} examples=${examples} />`}
  </section>`;
}

/** @param {{examples: any[] | null | undefined, name: string, column: string, model: string, layer: string}} props */
function Crops({ examples, name, column, model, layer }) {
  if (!examples) return html`<span class="picture"><span class="picture-missing">no images read yet</span></span>`;
  return html`<ul class="crops">${examples.slice(0, 9).map(one => html`<li key=${one.image}>
    <${Crop} example=${one} alt=${`${column} example of ${name}`} model=${model} layer=${layer} /></li>`)}</ul>`;
}

/** No scan tells of this unit: offers to make one. @param {{data: any, dataset: string, done: () => void}} props */
function Unread({ data, dataset, done }) {
  const missing = data.missing.find((/** @type {any} */ one) => one.part === 'examples');
  const job = useJob(data.scan.key, data.scan.status ? { key: data.scan.key, status: data.scan.status } : null);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const read = job?.status === 'succeeded';
  useEffect(() => {
    if (!read) return;
    scans.value += 1;
    done();
  }, [read]);
  const ask = () => post(api.scans(), missing.request).then(tell, setRefusal);
  return html`<div class="notice" data-testid="unread">
    <h3>No images have been read for this layer</h3>
    <p>One pass over the images of <strong>${dataset}</strong> finds those that raise and lower every unit of this layer.</p>
    ${job && !over(job) ? html`<${Progress} job=${job} label="reading the images" />` : html`<button class="primary" onClick=${ask}>Read ${dataset}</button>`}
    ${job?.error && html`<p class="refused">${job.error.detail}</p>`}
    ${refusal && html`<${Trouble} problem=${refusal} />`}
  </div>`;
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
