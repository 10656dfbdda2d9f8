// The units of one layer that respond most and least to the photograph, and their maps once somebody asks.
import { html, useEffect, useRef, useState } from '../../html.js';
import { api, pages } from '../../api/addresses.js';
import { get } from '../../api/client.js';
import { over, tell } from '../../api/jobs.js';
import { setQuery } from '../../router.js';
import { Picture } from '../picture.js';
import { Progress } from '../progress.js';
import { Trouble } from '../trouble.js';
import { Fired } from './fired.js';
import { useJobOf } from './job_of.js';
import { useRendered } from './rendered.js';
import { Attention, extentOf } from './tokens.js';

/** The name of the maps of a layer in the address of the page. @param {string} layer */
const inQuery = layer => `map.${layer}`;

/**
 * `look` are the finished activations, `told` what they say of the layer; `at` is the crosshair's place on its maps.
 * `turn` rises when there may be new pictures of its units.
 * @param {{look: any, told: any, model: string, query: URLSearchParams, turn: number, at: {x: number, y: number} | null}} props
 */
export function Layer({ look, told, model, query, turn, at }) {
  const { layer } = told;
  const named = query.get(inQuery(layer));
  const { job, problem, reload } = useJobOf(named);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [asking, setAsking] = useState(false);
  const [place, seen] = useSeen();
  const channels = [...told.highest, ...told.lowest].map(one => one.channel);
  const rendered = useRendered(model, layer, channels, seen, turn);
  const show = async () => {
    setRefusal(null);
    setAsking(true);
    try {
      const maps = await get(api.maps(look.key, layer));
      tell(maps);
      setQuery({ [inQuery(layer)]: maps.key });
    } catch (error) {
      setRefusal(error);
    }
    setAsking(false);
  };
  const flat = told.height * told.width === 1;
  // Maps that the address names are taken for there until it is known, so that nothing moves.
  const there = job ? job.status === 'succeeded' : Boolean(named) && !problem;
  const id = `layer-${layer}`;
  const maps = job?.status === 'succeeded' ? job : null;
  const shared = { look, model, layer, told, rendered, maps, there, sweeping: query.has('sweep') };
  return html`<section ref=${place} class="photo-layer" aria-labelledby=${id} data-testid="photo-layer">
    <div class="row between">
      <h3 id=${id}><a href=${pages.layer(model, layer)}>${layer}</a> <span class="soft small">${told.channels} units, ${
        extentOf(told, maps)}</span></h3>
      ${!flat && !there && html`<button onClick=${show} disabled=${asking || (job && !over(job))} data-testid="show-maps">
        ${asking ? 'Reading …' : `Show the maps of ${layer}`}</button>`}
      ${there && html`<button onClick=${() => setQuery({ [inQuery(layer)]: null })}>Hide the maps</button>`}
    </div>
    ${job && !over(job) && html`<${Progress} job=${job} label=${`maps of ${layer}`} />`}
    ${job?.error && html`<p class="refused">${job.error.detail}</p>`}
    ${(refusal ?? problem) && html`<${Trouble} problem=${refusal ?? problem} retry=${refusal ? show : reload} />`}
    <${Fired} ...${shared} units=${told.highest} sign="positive" title="respond most" />
    <${Fired} ...${shared} units=${told.lowest} sign="negative" title=${told.preactivation ? 'respond least, before the ReLU' : 'respond least'} />
    ${maps?.attention && html`<${Attention} look=${look} layer=${layer} maps=${maps} at=${at} />`}
    ${there && html`<${Sheet} look=${look} layer=${layer} ratio=${look.spec.size[1] / look.spec.size[0]} />`}
  </section>`;
}

/** The strongest maps side by side, on one scale. @param {{look: any, layer: string, ratio: number}} props */
function Sheet({ look, layer, ratio }) {
  const [open, setOpen] = useState(false);
  const src = api.sheet(look.key, layer, { over: 'photo', count: 16, format: 'webp' });
  return html`<details onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}>
    <summary>The sixteen strongest maps on one scale</summary>
    ${open && html`<figure class="sheet">
      <${Picture} src=${src} ratio=${ratio} alt=${`the sixteen strongest feature maps of ${layer}, each with its number`} />
      <figcaption>Activation over the photograph, all on the scale of the layer, so that they can be compared. Clear is zero, orange above.</figcaption></figure>`}
  </details>`;
}

/** What to watch, and whether it has come near the view. @returns {[{current: HTMLElement | null}, boolean]} */
function useSeen() {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watching = new IntersectionObserver(entries => {
      if (!entries.some(entry => entry.isIntersecting)) return;
      watching.disconnect();
      setSeen(true);
    }, { rootMargin: '300px' });
    if (place.current) watching.observe(place.current);
    return () => watching.disconnect();
  }, []);
  return [place, seen];
}
