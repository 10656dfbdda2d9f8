// One pass over the images of a data set, which tells of all units of a layer: asked for, watched, stopped.
import { html, useEffect, useState } from '../html.js';
import { api } from '../api/addresses.js';
import { post, remove } from '../api/client.js';
import { over, tell, useJob } from '../api/jobs.js';
import { scans } from '../state.js';
import { Progress } from './progress.js';
import { Trouble } from './trouble.js';

/**
 * `spectrum` is that of a unit of the layer of which no images have been read; `done` is called when they have been.
 * @param {{spectrum: any, done: () => void}} props
 */
export function Scan({ spectrum, done }) {
  const { scan, dataset, missing } = spectrum;
  const { request } = missing.find((/** @type {any} */ one) => one.part === 'examples');
  return html`<${Read} scan=${scan} request=${request} dataset=${dataset} done=${done} title="No images have been read for this layer"
    words=${html`One pass over the images of <strong>${dataset}</strong> finds those that raise and lower every unit of this layer.`} />`;
}

/**
 * `scan` says which one `request` asks for, and how far it is; `title` and `words` what it is good for.
 * @param {{scan: any, request: any, dataset: string, title: string, words: any, done: () => void}} props
 */
export function Read({ scan, request, dataset, title, words, done }) {
  const job = useJob(scan.key, scan.status ? { key: scan.key, status: scan.status } : null);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const read = job?.status === 'succeeded';
  useEffect(() => {
    if (!read) return;
    scans.value += 1;
    done();
  }, [read]);
  const sent = (/** @type {Promise<any>} */ answer) => {
    setRefusal(null);
    answer.then(tell, setRefusal);
  };
  const flying = job && !over(job);
  return html`<div class="notice" data-testid="unread" data-status=${job?.status ?? 'none'}>
    <h3>${title}</h3>
    <p>${words}</p>
    ${job?.status === 'cancelled' && html`<p class="small">It was cancelled. Asked for again, it goes on where it was.</p>`}
    ${job?.error && html`<p class="refused">${job.error.detail}</p>`}
    ${flying ? html`<${Progress} job=${job} label=${`reading the images of ${dataset}`} />
        <button onClick=${() => sent(remove(`${api.scans()}/${scan.key}`))} disabled=${job.status === 'cancelling'}>Cancel</button>`
      : html`<button class="primary" onClick=${() => sent(post(api.scans(), request))}>${job?.status === 'failed' ? 'Retry' : `Read ${dataset}`}</button>`}
    ${refusal && html`<${Trouble} problem=${refusal} />`}
  </div>`;
}
