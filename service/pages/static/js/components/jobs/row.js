// One job in the list, kept up to date.
import { html, useState } from '../../html.js';
import { api } from '../../api/addresses.js';
import { get, post, remove } from '../../api/client.js';
import { over, tell, useJob } from '../../api/jobs.js';
import { useResource } from '../../api/resource.js';
import { Picture } from '../picture.js';
import { sendable } from '../picture/sparse.js';
import { Progress } from '../progress.js';
import { Status, brief, number } from '../states.js';
import { Trouble } from '../trouble.js';

/** @param {any} job a summary, or the resource */
function named(job) {
  const { model, layer, channel, dataset } = { ...job, ...job.spec };
  return [brief(model ?? ''), dataset, layer && `${layer}${channel === null || channel === undefined ? '' : `:${channel}`}`].filter(Boolean).join(' / ');
}

/** @param {{known: any, page: ((key: string) => string) | null, path: string}} props */
export function Row({ known, page, path }) {
  const followed = { ...known, ...useJob(known.key, known) };
  const failed = useResource(followed.status === 'failed' && !followed.error ? known.links.self : null).data;
  const job = failed ?? followed;
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const name = named(job);
  const cancel = () => remove(`${path}/${known.key}`).then(tell, setRefusal);
  const again = async () => {
    const whole = job.spec ? job : await get(known.links.self);
    post(path, sendable(whole.spec)).then(tell, setRefusal);
  };
  const image = job.links?.image;
  return html`<li class="card job" data-testid="job" data-status=${job.status}>
    <span class="job-picture">${image || job.links?.preview
      ? html`<${Picture} src=${image ? api.image(known.key) : job.links.preview} alt="" sizes=${image ? '4rem' : undefined} />` : html`<span class="picture">
        </span>`}</span>
    <div class="stack">
      <div class="row between"><strong>${page ? html`<a href=${page(known.key)}>${name}</a>` : name} <span class=${known.sign ?? ''}>${known.sign ?? ''}</span>
        </strong><${Status} status=${job.status} /></div>
      ${!over(job) && html`<${Progress} job=${job} label=${name} />`}
      ${job.error && html`<p class="small refused">${job.error.detail} <code>${job.error.code}</code></p>`}
      <div class="row small soft">${known.steps && html`<span>${known.steps} steps${known.seed ? `, seed ${known.seed}` : ''}</span>`}
        ${(known.activation ?? null) !== null && html`<span>activation ${number(known.activation)}</span>`}
        ${known.standing && html`<${Beside} standing=${known.standing} />`}
        <time datetime=${known.created}>${new Date(known.created).toLocaleString()}</time>
        ${!over(job) && html`<button onClick=${cancel} disabled=${job.status === 'cancelling'}>Cancel</button>`}
        ${(job.status === 'failed' || job.status === 'cancelled') && html`<button onClick=${again}>Retry</button>`}</div>
      ${refusal && html`<${Trouble} problem=${refusal} />`}
    </div>
  </li>`;
}

/** @param {{standing: any}} props */
function Beside({ standing }) {
  const { ratio, percentile } = standing;
  const likeness = [standing.likeness, standing.likeness_of_means].map(one => (one === null ? '–' : number(one))).join(' and ');
  return html`<span data-testid="standing">beside ${standing.dataset}: ${ratio ? `${number(ratio.least)} of the best image` : 'no image to compare with'},
    beyond ${number(percentile.least)} %; alike ${likeness}</span>`;
}
