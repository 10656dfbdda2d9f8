// Asks for the pictures that a page lacks, as one sweep, and shows how far that is.
import { html, useEffect, useState } from '../../html.js';
import { api } from '../../api/addresses.js';
import { get, post, remove } from '../../api/client.js';
import { setQuery } from '../../router.js';
import { duration } from '../states.js';
import { Trouble } from '../trouble.js';

const PAUSE = 2000;

/** Numbers as the API takes them: 0-3,7. @param {number[]} channels rising */
export function ranges(channels) {
  /** @type {[number, number][]} */
  const found = [];
  for (const channel of channels) {
    const last = found[found.length - 1];
    if (last && last[1] === channel - 1) last[1] = channel;
    else found.push([channel, channel]);
  }
  return found.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/**
 * @param {{model: string, layer: string, sign: string, channels: number[], sweep: string | null, changed: () => void, words?: string, primary?: boolean}} props
 * `channels` have no picture; `sweep` is under way; `changed` is called when pictures have arrived; `words` are on the button
 */
export function Missing({ model, layer, sign, channels, sweep, changed, words = 'Render what is missing on this page', primary = true }) {
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const request = { model, layer, channels: ranges(channels), signs: [sign] };
  const estimate = useSweepEstimate(channels.length && !sweep ? request : null);
  const ask = () => post(api.sweeps(), request).then(made => setQuery({ sweep: made.id }), setRefusal);
  if (sweep) return html`<${Underway} id=${sweep} changed=${changed} />`;
  if (!channels.length) return null;
  const time = estimate?.seconds ? `about ${duration(estimate.seconds)}` : '\u00a0';
  return html`<div class="stack">
    <button class=${primary ? 'primary' : ''} onClick=${ask} data-testid="render-missing">${words} (${channels.length})</button>
    <span class="small soft missing-time">${time}</span>
    ${refusal && html`<${Trouble} problem=${refusal} />`}
  </div>`;
}

/** @param {any} request */
function useSweepEstimate(request) {
  const text = request && JSON.stringify(request);
  const [state, setState] = useState(/** @type {{of?: string, estimate?: any}} */ ({}));
  useEffect(() => {
    if (!text) return undefined;
    let stale = false;
    const refused = () => {}; // the button says why when it is pressed
    post(`${api.sweeps()}/estimate`, JSON.parse(text)).then(estimate => !stale && setState({ of: text, estimate }), refused);
    return () => {
      stale = true;
    };
  }, [text]);
  return state.of === text ? state.estimate : null;
}

/** @param {{id: string, changed: () => void}} props */
function Underway({ id, changed }) {
  const [sweep, setSweep] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let over = false;
    let made = -1;
    const look = async () => {
      while (!over) {
        try {
          const found = await get(`${api.sweeps()}/${id}`);
          setSweep(found);
          if (found.counts.succeeded !== made) changed();
          made = found.counts.succeeded;
          if (found.status === 'finished' || found.status === 'cancelled') return;
        } catch (error) {
          if (/** @type {any} */ (error).status === 404) {
            setQuery({ sweep: null });
            return;
          }
          setProblem(error);
        }
        await new Promise(resolve => setTimeout(resolve, PAUSE));
      }
    };
    look();
    return () => {
      over = true;
    };
  }, [id]);
  if (!sweep) return problem && html`<${Trouble} problem=${problem} />`;
  const { counts, total, status } = sweep;
  const parts = [counts.running && `${counts.running} being made`, counts.failed && `${counts.failed} failed`, status === 'cancelled' && 'the rest cancelled'];
  const told = [`${counts.succeeded} of ${total} made`, ...parts.filter(Boolean)].join(', ');
  const ended = status === 'finished' || status === 'cancelled';
  return html`<div class="card" data-testid="sweep">
    <progress aria-label="pictures of the sweep" max=${total} value=${counts.succeeded}></progress>
    <div class="row between">
      <span>${told}</span>
      ${ended
        ? html`<button onClick=${() => setQuery({ sweep: null })}>Done</button>`
        : html`<button onClick=${() => remove(`${api.sweeps()}/${id}`).then(setSweep, setProblem)} disabled=${status === 'cancelling'}>Cancel</button>`}
    </div>
  </div>`;
}
