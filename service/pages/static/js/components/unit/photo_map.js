// On my photo: where this unit fires in the photograph that was looked at last. Its map is made when somebody asks.
import { html, useState } from '../../html.js';
import { api, pages, withQuery } from '../../api/addresses.js';
import { get } from '../../api/client.js';
import { over, tell } from '../../api/jobs.js';
import { useResource } from '../../api/resource.js';
import { setQuery } from '../../router.js';
import { useSignal } from '../../state.js';
import { useJobOf } from '../photo/job_of.js';
import { lastLook } from '../photo/look.js';
import { Picture } from '../picture.js';
import { Progress } from '../progress.js';
import { number } from '../states.js';
import { Trouble } from '../trouble.js';

/** Of which maps the service tells the numbers. */
const TOLD = 4096;
const GONE = 'What was seen in that photograph is not there any more. ';

/**
 * `model` is the name in the address, `canonical` the network's own.
 * @param {{model: string, canonical: string, layer: string, channel: number, name: string, query: URLSearchParams}} props
 */
export function PhotoMap({ model, canonical, layer, channel, name, query }) {
  const last = useSignal(lastLook);
  const look = query.get('photo') ?? last;
  const { job, problem } = useJobOf(look || null);
  const other = job && job.spec.model !== canonical;
  return html`<section aria-labelledby="my-photo" data-testid="photo-map">
    <h2 id="my-photo">On my photo</h2>
    ${job?.status === 'succeeded' && !other
      ? html`<${Map} key=${`${look} ${layer}`} look=${job} layer=${layer} channel=${channel} name=${name} query=${query} />`
      : html`<p class="reading">${other ? `The photograph that you looked at last was seen by ${architecture(job.spec.model)}. ` : problem ? GONE : ''}
        <a href=${withQuery(pages.photo(), { model, photo: job?.spec.photo })}>${other ? 'Look at it through this network' : 'Show a photograph to this network'}</a>
        ${' '}to see where ${name} fires in it.</p>`}
  </section>`;
}

/** A canonical name without source and weights. @param {string} model */
const architecture = model => model.replace(/^\w+:|@.*$/g, '');

/** @param {{look: any, layer: string, channel: number, name: string, query: URLSearchParams}} props */
function Map({ look, layer, channel, name, query }) {
  const found = useJobOf(query.get('map'));
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [asking, setAsking] = useState(false);
  // The address may name the maps of another layer: from there somebody has come by key.
  const job = found.job?.spec.layer === layer ? found.job : null;
  const show = () => {
    setAsking(true);
    setRefusal(null);
    get(api.maps(look.key, layer)).then(maps => { tell(maps); setQuery({ map: maps.key, photo: look.key }); }, setRefusal).finally(() => setAsking(false));
  };
  return html`<div class="stack">
    ${job?.status === 'succeeded'
      ? html`<${Shown} look=${look} maps=${job} layer=${layer} channel=${channel} name=${name} query=${query} />`
      : html`<div class="row"><button class="primary" onClick=${show} disabled=${asking || (job && !over(job))} data-testid="show-map">
          ${asking ? 'Reading …' : 'Show where it fires'}</button>
          <span class="soft small">One forward pass, for all units of ${layer}.</span></div>`}
    ${job && !over(job) && html`<${Progress} job=${job} label=${`maps of ${layer}`} />`}
    ${job?.error && html`<p class="refused">${job.error.detail}</p>`}
    ${refusal && html`<${Trouble} problem=${refusal} retry=${show} />`}
    <p class="small"><a href=${withQuery(pages.photoOf(look.key), { unit: `${layer}:${channel}` })}>All that the network sees in this photograph</a></p>
  </div>`;
}

/** @param {{look: any, maps: any, layer: string, channel: number, name: string, query: URLSearchParams}} props */
function Shown({ look, maps, layer, channel, name, query }) {
  const before = maps.values.preactivation && query.get('value') === 'preactivation';
  const value = before ? 'preactivation' : 'activation';
  const few = maps.height * maps.width <= TOLD;
  const numbers = useResource(few ? api.map(look.key, layer, channel, { value, format: 'json' }) : null).data;
  const [height, width] = look.spec.size;
  const pictures = { value, width: 512, format: 'webp' };
  return html`${maps.values.preactivation && html`<div class="tabs" role="group" aria-label="Which numbers">
      <button aria-pressed=${before ? 'false' : 'true'} onClick=${() => setQuery({ value: null })}>activation</button>
      <button aria-pressed=${before ? 'true' : 'false'} onClick=${() => setQuery({ value: 'preactivation' })}>pre-activation</button></div>`}
    <div class="pair photo-map">
      <figure class="stack"><${Picture} src=${api.map(look.key, layer, channel, { ...pictures, over: 'photo' })} ratio=${width / height}
        alt=${`the ${value} of ${name} over the photograph`} /><figcaption>over the photograph</figcaption></figure>
      <figure class="stack"><${Picture} src=${api.map(look.key, layer, channel, pictures)} ratio=${maps.width / maps.height}
        alt=${`the feature map of ${name}, ${value}`} /><figcaption>the map, ${maps.width} × ${maps.height} positions${
          numbers ? html`, from <span class="number">${number(numbers.minimum)}</span> to <span class="number">${number(numbers.maximum)}</span>` : ''}
            </figcaption></figure>
    </div>
    <p class="small soft">${before ? 'What stands before the ReLU. ' : ''}White or clear is zero, <span class="positive">red</span> above
      it, <span class="negative">blue</span> below.</p>`;
}
