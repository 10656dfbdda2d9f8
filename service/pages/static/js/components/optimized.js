// One optimized picture, wherever it stands: there, on its way with a preview, failed, or not asked for yet.
import { html, useEffect, useState } from '../html.js';
import { api, pages } from '../api/addresses.js';
import { post, remove } from '../api/client.js';
import { over, tell, useJob } from '../api/jobs.js';
import { useResource } from '../api/resource.js';
import { apiKey, scans, useSignal } from '../state.js';
import { finals } from './images.js';
import { Picture } from './picture.js';
import { pixelByPixel } from './pixels.js';
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
 * `request` goes to POST /v1/visualizations; `ratio` is that of the place kept for it; `shown` draws the finished one
 * otherwise than as its pictures.
 * @param {{request: any, alt: string, sizes?: string, ratio?: number, details?: boolean, shown?: (job: any) => any}} props
 */
export function Optimized({ request, alt, sizes = '40vw', ratio = 1, details = true, shown }) {
  const { estimate, problem } = useEstimate(request);
  if (problem) return html`<${Trouble} problem=${problem} />`;
  return html`<${Known} key=${estimate?.key} estimate=${estimate} request=${request} alt=${alt} sizes=${sizes} ratio=${ratio} details=${details} shown=${shown} />`;
}

/** How far what was estimated is, kept up to date. @param {any} estimate @returns {{status: string | undefined, job: any}} */
export function useMade(estimate) {
  const live = useJob(estimate?.key, estimate?.status ? { key: estimate.key, status: estimate.status } : null);
  const status = live?.status ?? estimate?.status;
  // Only the resource itself carries evidence, and the reason of a failure that was before.
  const told = status === 'succeeded' || (status === 'failed' && !live?.error);
  const { data: stored, reload } = useResource(told ? api.visualization(estimate.key) : null);
  const finished = useSignal(scans);
  useEffect(() => {
    if (finished) reload();
  }, [finished]);
  return { status, job: stored ?? (status === 'succeeded' ? null : live) };
}

/** @param {{estimate: any, request: any, alt: string, sizes: string, ratio: number, details: boolean, shown?: (job: any) => any}} props */
function Known({ estimate, request, alt, sizes, ratio, details, shown }) {
  const { status, job } = useMade(estimate);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const ask = () => post(api.visualizations(), request).then(tell, setRefusal);
  const cancel = () => remove(api.visualization(estimate.key)).then(tell, setRefusal);
  const actual = pixelByPixel();
  const flying = job && !over(job);
  const reached = job?.numbers && `${alt}, activation ${number(extent(job))}`;
  return html`<div class="stack" data-testid="optimized" data-status=${status ?? (estimate ? 'none' : 'loading')}>
    ${job?.images && status === 'succeeded'
      ? shown ? shown(job) : html`<a class=${`made ${actual ? 'by-pixel' : ''}`} href=${pages.picture(job.key)}
          aria-label=${reached}>${finals(job).map((/** @type {any} */ one) =>
          html`<${Picture} key=${one.url} src=${one.url} alt=${reached} sizes=${sizes} ratio=${one.width / one.height} eager
            pixels=${actual ? one.width : undefined} />`)}</a>`
      : html`<${Blank} job=${flying ? job : null} alt=${alt} ratio=${ratio}>${inside(status, job, estimate, ask)}</${Blank}>`}
    ${flying && html`<${Progress} job=${job} label=${alt} />
      <button onClick=${cancel} disabled=${job.status === 'cancelling'}>Cancel</button>`}
    ${details && status === 'succeeded' && job && html`<${Reached} job=${job} />`}
    ${refusal && html`<${Trouble} problem=${refusal} retry=${() => { setRefusal(null); ask(); }} />`}
  </div>`;
}

/** How far it got: for what lowers a unit, before the ReLU. @param {any} job */
export const extent = job => (job.spec.sign === 'negative' ? (job.numbers.preactivation ?? job.numbers.activation) : job.numbers.activation);

/** @param {string | undefined} status @param {any} job @param {any} estimate @param {() => void} ask */
function inside(status, job, estimate, ask) {
  if (!estimate || status === 'succeeded') return html`<span class="soft">…</span>`;
  if (status === 'failed') {
    return html`<strong class="refused">It failed</strong><span>${job?.error?.detail}</span><button onClick=${ask}>Retry</button>`;
  }
  if (job && !over(job)) return null;
  const seconds = estimate.seconds ? `, about ${duration(estimate.seconds)}` : '';
  return html`<span>${status === 'cancelled' ? 'Cancelled' : 'Not rendered yet'}</span>
    <button class="primary" onClick=${ask}>Render</button><span class="small">${estimate.spec.steps} steps${seconds}</span>`;
}

/** A place for a picture, with the latest preview in it. @param {{job: any, alt: string, ratio: number, children: any}} props */
function Blank({ job, alt, ratio, children }) {
  const preview = job?.links?.preview;
  return preview
    ? html`<${Picture} key="preview" src=${preview} alt=${`${alt}, on its way`} ratio=${ratio} eager />`
    : html`<span class="picture" style=${`aspect-ratio: ${ratio}`}><span class="picture-missing">${children}</span></span>`;
}

/** What the picture reached, and how that compares with real images. @param {{job: any}} props */
function Reached({ job }) {
  const [best] = job.evidence ?? [];
  const { least, most } = best?.ratio ?? {};
  const told = least === undefined || (least === 0 && most === null) ? '' : least === most ? `${number(least)}×` : `${number(least)} to ${most === null ? 'more' : number(most)}×`;
  const before = job.spec.sign === 'negative' && job.numbers.preactivation !== undefined && job.numbers.preactivation !== null;
  return html`<p class="small">${before ? 'before the ReLU' : 'activation'} <span class="number">${number(extent(job))}</span>${
    told && html`; <strong class="number">${told}</strong> the ${job.spec.sign === 'negative' ? 'lowest' : 'best'} of ${best.images} images of ${best.dataset}`}
      </p>`;
}
