// The weights of a unit that looks at the picture itself: whole, what raises it, what lowers it.
import { html, useState } from '../../html.js';
import { api, pages } from '../../api/addresses.js';
import { get } from '../../api/client.js';
import { over, tell } from '../../api/jobs.js';
import { setQuery } from '../../router.js';
import { useJobOf } from '../photo/job_of.js';
import { Picture } from '../picture.js';
import { Progress } from '../progress.js';
import { Trouble } from '../trouble.js';

const PARTS = [
  { part: 'whole', words: 'the filter', sign: '' },
  { part: 'positive', words: 'its positive part: bright here raises the unit', sign: 'positive' },
  { part: 'negative', words: 'its negative part: bright here lowers it', sign: 'negative' },
];

/** `shown` is the key of weights that were read before. @param {{model: string, layer: string, channel: number, shown: string | null}} props */
export function Kernel({ model, layer, channel, shown }) {
  const { job } = useJobOf(shown);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const name = `${layer}:${channel}`;
  const read = () => get(`${api.unit(model, layer, channel)}/filters`).then(found => {
    tell(found);
    setQuery({ filters: found.key });
  }, setRefusal);
  const flying = job && !over(job);
  const size = job?.picture ? `${job.picture.width} × ${job.picture.height} weights for each colour, ` : '';
  return html`<div class="stack" data-testid="kernel">
    <ul class="three">${PARTS.map(({ part, words, sign }) => html`<li key=${part} class="stack">
      ${job?.picture
        ? html`<${Picture} src=${job.picture[part]} alt=${`${name}: ${words}`} eager />`
        : html`<span class="picture"><span class="picture-missing">${part === 'whole' && !flying && html`<button class="primary" onClick=${read}
            data-testid="read-weights">Read the weights</button>`}</span></span>`}
      <span class="small ${sign}">${words}</span></li>`)}</ul>
    ${flying && html`<${Progress} job=${job} label=${`the weights of ${name}`} />`}
    ${refusal && html`<${Trouble} problem=${refusal} retry=${() => { setRefusal(null); read(); }} />`}
    <p class="small soft"><a href=${pages.unit(model, layer, channel)}>${model}/${name}</a>, ${size}batch norm folded in; mid grey is zero.</p>
  </div>`;
}
