// Whether the network processes a picture as it does the images that raise the unit most, layer by layer.
import { html, useState } from '../../html.js';
import { api } from '../../api/addresses.js';
import { post } from '../../api/client.js';
import { over, tell, useJob } from '../../api/jobs.js';
import { Progress } from '../progress.js';
import { number } from '../states.js';
import { Trouble } from '../trouble.js';

/** `evidence` is that of one data set; a comparison is made by the button. @param {{picture: string, sign: string, evidence: any}} props */
export function Paths({ picture, sign, evidence }) {
  const [asked, setAsked] = useState(/** @type {any} */ (null));
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const job = useJob(asked?.key, asked);
  const layers = evidence.paths ?? job?.layers;
  const ask = () => post(api.comparisons(), { visualization: picture, dataset: evidence.dataset }).then(made => { tell(made); setAsked(made); }, setRefusal);
  return html`<section aria-label=${`Paths beside ${evidence.dataset}`}>
    <h3>Processed alike?</h3>
    <p class="small soft reading">How alike the layers on the way to the unit answer to this picture and to the best images of ${evidence.dataset}: rank correlations,
      beside those of these images with one another and with other images (after Geirhos et al. 2024).${sign === 'negative' && `
      The best images of what lowers a unit are here those in which its largest value is lowest, while the picture lowers its mean.`}</p>
    ${layers ? html`<${Table} layers=${layers} />`
      : job && !over(job) ? html`<${Progress} job=${job} label="comparing" />`
        : html`<div class="row"><button onClick=${ask}>Compare with its best images</button></div>`}
    ${job?.error && html`<p class="refused">${job.error.detail}</p>`}
    ${refusal && html`<${Trouble} problem=${refusal} />`}
  </section>`;
}

/** @param {{layers: any[]}} props */
function Table({ layers }) {
  const [means, setMeans] = useState(false);
  const columns = ['picture', 'examples', 'random', 'seeds'];
  const known = layers.some(one => one.means);
  const shown = layers.map(one => (means ? { ...one.means, layer: one.layer } : one));
  return html`${known && html`<p class="small"><label><input type="checkbox" data-testid="means" checked=${means}
      onChange=${() => setMeans(!means)} /> by the mean of each unit over all positions: wherever it is in the picture</label></p>`}
    <div class="scrolls" tabindex="0" role="group" aria-label="correlations, layer by layer"><table data-testid="paths">
    <thead><tr><th scope="col">layer</th><th scope="col">picture and best images</th><th scope="col">best images, one another</th>
      <th scope="col">and other images</th><th scope="col">pictures of other seeds</th><th scope="col">0 as others, 1 as they</th></tr></thead>
    <tbody>${shown.map(one => html`<tr key=${one.layer}><th scope="row">${one.layer}</th>
      ${columns.map(name => html`<td class="number">${one[name] ? number(one[name].mean) : '–'}</td>`)}
      <td class="number">${(one.normalized ?? null) === null ? '–' : number(one.normalized)}</td></tr>`)}</tbody></table></div>`;
}
