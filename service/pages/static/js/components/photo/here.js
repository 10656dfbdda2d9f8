// What the network sees at one place of the photograph, layer by layer.
import { html, useEffect, useState } from '../../html.js';
import { api, pages, withQuery } from '../../api/addresses.js';
import { post } from '../../api/client.js';
import { tell } from '../../api/jobs.js';
import { useResource } from '../../api/resource.js';
import { setQuery } from '../../router.js';
import { Optimized } from '../optimized.js';
import { Picture } from '../picture.js';
import { number } from '../states.js';
import { Trouble } from '../trouble.js';
import { chooseUnit } from './why.js';

const UNITS = 5;
const REST = 120;

/** Activations of which this tab has asked for the maps of all layers: what is not there yet is made. @type {Set<string>} */
const asked = new Set();

/**
 * What fires at the crosshair, where the maps of all layers are there; `allow` has them made.
 * @param {string} look the key of the activations @param {{x: number, y: number} | null} at
 */
export function useHere(look, at) {
  const [turn, setTurn] = useState(0);
  const path = useSettled(at && api.positions(look, { ...at, units: UNITS, ask: asked.has(look) ? null : false }));
  const { data, problem, loading, reload } = useResource(path);
  // Where the crosshair moves on, the last answer stays until the next is there.
  const [last, setLast] = useState(/** @type {any} */ (null));
  if (data && data !== last) setLast(data);
  const allow = () => {
    asked.add(look);
    setTurn(turn + 1);
  };
  const unasked = problem?.status === 404 && !asked.has(look);
  return { here: at && !unasked ? data ?? last : null, problem: unasked ? null : problem, loading, reload, allow, unasked };
}

/** What it was when it had rested: the crosshair passes many places. @param {string | null} path */
function useSettled(path) {
  const [settled, setSettled] = useState(path);
  useEffect(() => {
    const later = setTimeout(setSettled, REST, path);
    return () => clearTimeout(later);
  }, [path]);
  return settled;
}

/**
 * @param {{look: any, model: string, at: {x: number, y: number}, found: ReturnType<typeof useHere>, query: URLSearchParams}} props
 */
export function Here({ look, model, at, found, query }) {
  const { here, problem, loading, reload, allow, unasked } = found;
  return html`<section aria-labelledby="here" data-testid="here" data-status=${here ? 'there' : loading ? 'loading' : 'none'}>
    <h2 id="here">What fires at ${at.x}, ${at.y}</h2>
    ${unasked && html`<div class="notice"><p>The feature maps of all layers tell it: one forward pass.</p>
      <button class="primary" onClick=${allow} data-testid="ask-here">What fires here?</button></div>`}
    ${problem && html`<${Trouble} problem=${problem} retry=${reload} />`}
    ${loading && !here && html`<p class="soft" role="status">Reading the maps of all layers …</p>`}
    ${here?.layers.map((/** @type {any} */ one) => html`<${AtLayer} key=${one.layer} look=${look} model=${model} one=${one} query=${query} />`)}
  </section>`;
}

/** @param {{look: any, model: string, one: any, query: URLSearchParams}} props */
function AtLayer({ look, model, one, query }) {
  const { layer, x, y, units, request } = one;
  const drawn = query.get('at') === layer;
  const whole = one.kind === 'vector';
  const blind = one.receptive_field ? '' : '; its receptive field is not defined';
  return html`<div class="stack at-layer">
    <div class="row">
      <button class="small" aria-pressed=${drawn ? 'true' : 'false'} onClick=${() => setQuery({ at: drawn ? null : layer })}
        title="draws the cell and its receptive field">${layer}</button>
      <span class="soft small">${whole ? 'the whole picture' : `column ${x}, row ${y}${blind}`}</span>
    </div>
    ${units.length === 0 && html`<p class="soft small">Nothing is above zero here.</p>`}
    <ul class="fired">${units.map((/** @type {any} */ unit) => {
      const name = `${layer}:${unit.channel}`;
      return html`<li key=${unit.channel} class="stack">
        <a class="tile" href=${withQuery(pages.unit(model, layer, unit.channel), { photo: look.key })}
          aria-label=${`${name}, activation ${number(unit.value)}`}>
          ${!whole && html`<${Picture} alt="" ratio=${look.spec.size[1] / look.spec.size[0]}
            src=${api.map(look.key, layer, unit.channel, { over: 'photo', x, y, width: 192, format: 'webp' })} />`}
          <span class="tile-label"><span>${unit.channel}</span><span class="number">${number(unit.value)}</span></span>
        </a>
        <button class="plain small" onClick=${() => chooseUnit(layer, unit.channel, whole ? {} : { x, y })}
          aria-label=${`Why: which pixels made ${name} fire`}>Why</button>
      </li>`;
    })}</ul>
    ${request && html`<${Seen} request=${request} layer=${layer} shown=${query.get('seen') === layer} />`}
  </div>`;
}

/** A picture of all that the layer sees there. @param {{request: any, layer: string, shown: boolean}} props */
function Seen({ request, layer, shown }) {
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const ask = () => {
    setQuery({ seen: layer });
    post(api.visualizations(), request).then(tell, setRefusal);
  };
  if (!shown) return html`<div><button onClick=${ask} data-testid="ask-seen">What does the network see here, at ${layer}?</button></div>`;
  return html`<figure class="stack seen">
    ${refusal
      ? html`<${Trouble} problem=${refusal} retry=${ask} />`
      : html`<${Optimized} request=${request} alt=${`all that ${layer} sees at the crosshair, optimized`} sizes="20rem" />`}
    <figcaption>Optimized towards all activations of ${layer} at the crosshair together.
      <button class="plain small" onClick=${() => setQuery({ seen: null })}>Hide</button></figcaption>
  </figure>`;
}
