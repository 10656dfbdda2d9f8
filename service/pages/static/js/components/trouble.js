// A refusal, for people: what is wrong, what is valid, what to do.
import { html } from '../html.js';
import { pages } from '../api/addresses.js';
import { keyWanted } from '../state.js';

/** What helps, by the code of the problem. @type {Record<string, string>} */
const ADVICE = {
  'no-worker': 'The part that makes pictures is not running. Look at its log, or start it; finished pictures are shown all the same.',
  'catalog-pending': 'The layers of this network are being worked out. Try again in a moment.',
  'queue-full': 'Many pictures are waiting. Try again in a while.',
  'over-quota': 'You have asked for as much as you may for now.',
  'store-full': 'The disk is full. The operator makes room or raises the limit.',
  'broker-unavailable': 'The queue does not answer. Finished pictures are shown all the same.',
  'too-expensive': 'Fewer steps, a smaller size or fewer pictures fit.',
  'too-large': 'A smaller size or fewer pictures at once fit into memory.',
  'unknown-model': 'All networks are on the page Networks.',
};

/** What the service says of fields, as people say it. @param {string} text */
const inWords = text => text
  .replaceAll(/(^|; )\/([\w/]+): Field required/g, '$1$2 is needed')
  .replaceAll(/(^|; )\/([\w/]+): Extra inputs are not permitted/g, '$1there is no parameter $2')
  .replaceAll(/(^|; )\/([\w/]+): /g, '$1$2: ')
  .replace(/; all of them: \/v1\/\S*/, '');

/**
 * Names of networks and layers that would do, and where they lead.
 * @param {any} error @param {string} [model] @returns {{name: string, href: string}[]}
 */
function nearest({ pointer, valid = [] }, model) {
  const lead = /** @type {Record<string, (name: string) => string>} */ ({ model: pages.model, ...(model ? { layer: name => pages.layer(model, name) } : {}) });
  const to = lead[pointer.replace('/', '')];
  return to ? valid.filter((/** @type {string} */ name) => !/^\w+:/.test(name)).map((/** @type {string} */ name) => ({ name, href: to(name) })) : [];
}

/**
 * `whole`: it is all that the page shows; `model`: whose layers are spoken of.
 * @param {{problem: any, retry?: () => void, whole?: boolean, model?: string}} props
 */
export function Trouble({ problem, retry, whole = false, model }) {
  const advice = ADVICE[problem.code];
  const near = problem.errors.flatMap((/** @type {any} */ one) => nearest(one, model));
  const errors = problem.errors.filter((/** @type {any} */ one) => !problem.message.endsWith(one.detail));
  return html`<div class="notice bad" role="alert" data-testid=${`problem-${problem.code || 'other'}`}>
    <${whole ? 'h1' : 'h2'}>${problem.title}</>
    <p>${near.length ? inWords(problem.message).replace(/; nearest: .*/, '') : inWords(problem.message)}</p>
    ${errors.length > 0 && html`<ul>${errors.map((/** @type {any} */ one) => html`<li><code>${one.pointer}</code> ${one.detail}</li>`)}</ul>`}
    ${near.length > 0 && html`<p>Did you mean ${near.map((/** @type {any} */ { name, href }, /** @type {number} */ place) => html`${place ? ', ' : ''}
      <a href=${href}>${name}</a>`)}?</p>`}
    ${advice && html`<p class="soft">${advice}</p>`}
    <div class="row">
      ${retry && html`<button onClick=${retry}>Try again</button>`}
      ${problem.code === 'not-authenticated' && html`<button onClick=${() => { keyWanted.value = problem.message; }}>Give an API key</button>`}
    </div>
  </div>`;
}
