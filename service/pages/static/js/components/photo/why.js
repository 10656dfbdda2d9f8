// Which pixels of the photograph made a unit say what it says. A button asks; the address keeps what was asked for.
import { html, useState } from '../../html.js';
import { api, pages, withQuery } from '../../api/addresses.js';
import { post } from '../../api/client.js';
import { over, tell } from '../../api/jobs.js';
import { setQuery } from '../../router.js';
import { Picture } from '../picture.js';
import { Progress } from '../progress.js';
import { number } from '../states.js';
import { Trouble } from '../trouble.js';
import { useJobOf } from './job_of.js';

const METHODS = {
  integrated_gradients: 'integrated gradients',
  occlusion: 'occlusion',
  grad_cam: 'Grad-CAM',
};
const ABOUT = {
  integrated_gradients: 'Gradients on the way from a picture that says nothing to the photograph, added up: fine, and they nearly add up to what the unit says.',
  occlusion: 'A square covers the photograph here, then there: what the unit loses is what the square hid.',
  grad_cam: 'The maps of an earlier layer, weighted by how much they matter to the unit: coarse and quick.',
};

/**
 * Asks about another unit, and leads to the place where the answer will be. `x`, `y` are a position of its map.
 * @param {string} layer @param {number} channel @param {{value?: string, x?: number | null, y?: number | null}} [what]
 */
export function chooseUnit(layer, channel, { value = 'activation', x = null, y = null } = {}) {
  const place = x === null || y === null ? null : `${x},${y}`;
  setQuery({ unit: `${layer}:${channel}`, value: value === 'activation' ? null : value, place, of: null, why: null });
  setTimeout(() => {
    const section = document.getElementById('why');
    section?.focus();
    section?.scrollIntoView({ block: 'nearest' });
  }, 100);
}

/** @param {{look: any, model: string, query: URLSearchParams}} props */
export function Why({ look, model, query }) {
  const [, layer = '', channel = ''] = /^(.+):(\d+)$/.exec(query.get('unit') ?? '') ?? [];
  const [, x, y] = /^(\d+),(\d+)$/.exec(query.get('place') ?? '') ?? [];
  const { job, problem, reload } = useJobOf(query.get('why'));
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [asking, setAsking] = useState(false);
  if (!layer) return null;
  const told = look.layers.find((/** @type {any} */ one) => one.layer === layer);
  const parts = { ...(x ? { position: `value at column ${x}, row ${y}` } : {}), mean: 'mean over the map', maximum: 'maximum' };
  const usual = x ? 'position' : 'mean';
  const method = pick(METHODS, query.get('method'), 'integrated_gradients');
  const of = pick(parts, query.get('of'), usual);
  const value = told?.preactivation && query.get('value') === 'preactivation' ? 'preactivation' : 'activation';
  const request = {
    model, photo: look.spec.photo, layer, channel: Number(channel), of, value, method: { type: method }, size: look.spec.size,
    ...(of === 'position' ? { x: Number(x), y: Number(y) } : {}),
  };
  const ask = () => {
    setAsking(true);
    const made = (/** @type {any} */ job) => {
      setRefusal(null);
      tell(job);
      setQuery({ why: job.key });
    };
    return post(api.attributions(), request, { Prefer: 'wait=5' }).then(made, setRefusal).then(() => setAsking(false));
  };
  const set = (/** @type {string} */ name, /** @type {string} */ usual) => (/** @type {any} */ event) =>
    setQuery({ [name]: event.target.value === usual ? null : event.target.value, why: null });
  return html`<section class="card" aria-labelledby="why" data-testid="why">
    <div class="why-head">
      <h2 id="why" tabindex="-1">What made <a href=${withQuery(pages.unit(model, layer, Number(channel)), { photo: look.key })}>${layer}:${channel}
        </a> say that</h2>
      <button class="plain" aria-label="Close" onClick=${() => setQuery({ unit: null, value: null, place: null, of: null, method: null, why: null })}>×</button>
    </div>
    <div class="row">
      <label class="row small">by <select value=${method} onChange=${set('method', 'integrated_gradients')}>
        ${Object.entries(METHODS).map(([name, words]) => html`<option value=${name} selected=${name === method}>${words}</option>`)}</select></label>
      <label class="row small">its <select value=${of} onChange=${set('of', usual)}>
        ${Object.entries(parts).map(([name, words]) => html`<option value=${name} selected=${name === of}>${words}</option>`)}</select></label>
      ${told?.preactivation && html`<label class="row small">of the <select value=${value} onChange=${set('value', 'activation')}>
        <option value="activation" selected=${value === 'activation'}>activation</option>
        <option value="preactivation" selected=${value === 'preactivation'}>pre-activation</option></select></label>`}
    </div>
    <p class="soft small">${ABOUT[/** @type {keyof typeof ABOUT} */ (method)]}</p>
    ${(refusal ?? problem) && html`<${Trouble} problem=${refusal ?? problem} retry=${refusal ? ask : reload} />`}
    ${job ? html`<${Explained} job=${job} ask=${ask} />` : html`<button class="primary" onClick=${ask} disabled=${asking}
      data-testid="ask-why">${asking ? 'Reading …' : 'Which pixels?'}</button>`}
  </section>`;
}

/** @param {{job: any, ask: () => void}} props */
function Explained({ job, ask }) {
  if (!over(job)) return html`<${Progress} job=${job} label="which pixels made it fire" />`;
  if (job.status !== 'succeeded') return html`<p class="refused">${job.error?.detail ?? 'It was cancelled.'}</p><button onClick=${ask}>Ask again</button>`;
  const [height, width] = job.spec.size;
  const alt = `what raised ${job.spec.layer}:${job.spec.channel} in orange, what lowered it in blue`;
  return html`<figure class="stack" data-testid="explained">
      <${Picture} src=${api.attributionImage(job.key, { over: 'photo', width: 512, format: 'webp' })} ratio=${width / height} alt=${alt} eager />
      <figcaption>${asked(job.spec)}. Orange pixels raised it, blue ones lowered it; the darkest stand for ${number(job.scale)}.</figcaption>
    </figure>
    <dl class="facts">
      <dt>it says</dt><dd>${number(job.explained)}</dd>
      <dt>to a picture that says nothing</dt><dd>${number(job.at_baseline)}</dd>
      <dt>all pixels together</dt><dd>${number(job.sum)}</dd>
      <dt>left unexplained</dt>
        <dd>${number(job.completeness_error)}${job.relative_error === null ? '' : ` (${(100 * Math.abs(job.relative_error)).toFixed(1)} %)`}</dd>
    </dl>`;
}

/** What was explained, and how. @param {any} spec */
function asked({ of, x, y, value, method }) {
  const part = of === 'position' ? `the value at column ${x}, row ${y}` : `the ${of}`;
  return `${part} of the ${value === 'preactivation' ? 'pre-activation' : 'activation'}, by ${METHODS[/** @type {keyof typeof METHODS} */ (method.type)]}`;
}

/** @param {Record<string, string>} among @param {string | null} given @param {string} usual */
const pick = (among, given, usual) => (given && given in among ? given : usual);
