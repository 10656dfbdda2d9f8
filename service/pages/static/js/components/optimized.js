// One optimized picture, wherever it stands: there, on its way with a preview, failed, or not asked for yet.
import { html, useEffect, useState } from '../html.js';
import { api, pages } from '../api/addresses.js';
import { get, post, remove } from '../api/client.js';
import { over, tell, useJob } from '../api/jobs.js';
import { apiKey, useSignal } from '../state.js';
import { finals } from './images.js';
import { Picture } from './picture.js';
import { Progress } from './progress.js';
import { duration, number } from './states.js';
import { Trouble } from './trouble.js';

/**
 * What would be made of a request: its key, whether it is there, how long it takes. Asks for nothing.
 * @param {any} request null: nothing to estimate
 */
export function useEstimate(request) {
  const key = useSignal(apiKey);
  const [state, setState] = useState(/** @type {{of?: string, estimate?: any, problem?: any}} */ ({}));
  const text = request && JSON.stringify(request);
  useEffect(() => {
    if (!text) return undefined;
    let stale = false;
    post(`${api.visualizations()}/estimate`, JSON.parse(text)).then(
      estimate => !stale && setState({ of: text, estimate }),
      problem => !stale && setState({ of: text, problem }),
    );
    return () => {
      stale = true;
    };
  }, [text, key]);
  return state.of === text ? state : {};
}

/**
 * `request` goes to POST /v1/visualizations; `shown` draws the finished one otherwise than as its pictures.
 * @param {{request: any, alt: string, sizes?: string, details?: boolean, shown?: (job: any) => any}} props
 */
export function Optimized({ request, alt, sizes = '40vw', details = true, shown }) {
  const { estimate, problem } = useEstimate(request);
  if (problem) return html`<${Trouble} problem=${problem} />`;
  return html`<${Known} key=${estimate?.key} estimate=${estimate} request=${request} alt=${alt} sizes=${sizes} details=${details} shown=${shown} />`;
}

/** @param {{estimate: any, request: any, alt: string, sizes: string, details: boolean, shown?: (job: any) => any}} props */
function Known({ estimate, request, alt, sizes, details, shown }) {
  const asked = estimate?.status ? estimate.key : null;
  const job = useJob(asked ?? estimate?.key, null);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  useFetched(asked, job);
  const ask = () => post(api.visualizations(), request).then(tell, setRefusal);
  const cancel = () => remove(api.visualization(estimate.key)).then(tell, setRefusal);
  const status = job?.status ?? estimate?.status;
  const flying = job && !over(job);
  const reached = job?.numbers?.activation;
  const text = reached === undefined ? alt : `${alt}, activation ${number(reached)}`;
  return html`<div class="stack" data-testid="optimized" data-status=${status ?? (estimate ? 'none' : 'loading')}>
    ${status === 'succeeded' && job
      ? shown ? shown(job) : html`<a class="made" href=${pages.picture(job.key)} aria-label=${text}>${finals(job).map((/** @type {any} */ one, /** @type {number} */ index) =>
          html`<${Picture} key=${index} src=${one.url} alt=${text} sizes=${sizes} ratio=${one.width / one.height} eager />`)}</a>`
      : html`<${Blank} job=${flying ? job : null} alt=${alt}>${inside(status, job, estimate, ask)}</${Blank}>`}
    ${flying && html`<${Progress} job=${job} label=${alt} />
      <button onClick=${cancel} disabled=${job.status === 'cancelling'}>Cancel</button>`}
    ${details && status === 'succeeded' && job && html`<${Reached} job=${job} />`}
    ${refusal && html`<${Trouble} problem=${refusal} retry=${() => { setRefusal(null); ask(); }} />`}
  </div>`;
}

/** One that was asked for before is fetched once; after that the stream tells. @param {string | null} key @param {any} job */
function useFetched(key, job) {
  useEffect(() => {
    if (!key || job) return undefined;
    let stale = false;
    get(api.visualization(key)).then(found => !stale && tell(found), () => {}); // gone again: shown as not made
    return () => {
      stale = true;
    };
  }, [key, !job]);
}

/** @param {string | undefined} status @param {any} job @param {any} estimate @param {() => void} ask */
function inside(status, job, estimate, ask) {
  if (!estimate) return html`<span class="soft">…</span>`;
  if (status === 'failed') {
    return html`<strong class="refused">It failed</strong><span>${job?.error?.detail}</span><button onClick=${ask}>Retry</button>`;
  }
  if (job && !over(job)) return null;
  const seconds = estimate.seconds ? `, about ${duration(estimate.seconds)}` : '';
  return html`<span>${status === 'cancelled' ? 'Cancelled' : 'Not rendered yet'}</span>
    <button class="primary" onClick=${ask}>Render</button><span class="small">${estimate.spec.steps} steps${seconds}</span>`;
}

/** A place for a picture, with the latest preview in it. @param {{job: any, alt: string, children: any}} props */
function Blank({ job, alt, children }) {
  const preview = job?.links?.preview;
  return preview
    ? html`<${Picture} key="preview" src=${preview} alt=${`${alt}, on its way`} eager />`
    : html`<span class="picture"><span class="picture-missing">${children}</span></span>`;
}

/** What the picture reached, and how that compares with real images. @param {{job: any}} props */
function Reached({ job }) {
  const best = job.evidence?.[0];
  const ratio = best?.ratio?.least;
  return html`<p class="small">
    activation <span class="number">${number(job.numbers?.activation)}</span>${
      ratio ? html`; <strong class="number">${number(ratio)}×</strong> the best of ${best.images} images of ${best.dataset}` : ''}
  </p>`;
}
