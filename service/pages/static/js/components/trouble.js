// A refusal, for people: what is wrong, what is valid, what to do.
import { html } from '../html.js';
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

/** `whole`: it is all that the page shows. @param {{problem: any, retry?: () => void, whole?: boolean}} props */
export function Trouble({ problem, retry, whole = false }) {
  const advice = ADVICE[problem.code];
  const errors = problem.errors.filter((/** @type {any} */ one) => !problem.message.endsWith(one.detail));
  return html`<div class="notice bad" role="alert" data-testid=${`problem-${problem.code || 'other'}`}>
    <${whole ? 'h1' : 'h2'}>${problem.title}</>
    <p>${problem.message}</p>
    ${errors.length > 0 && html`<ul>${errors.map((/** @type {any} */ one) => html`<li><code>${one.pointer}</code> ${one.detail}</li>`)}</ul>`}
    ${advice && html`<p class="soft">${advice}</p>`}
    <div class="row">
      ${retry && html`<button onClick=${retry}>Try again</button>`}
      ${problem.code === 'not-authenticated' && html`<button onClick=${() => { keyWanted.value = problem.message; }}>Give an API key</button>`}
    </div>
  </div>`;
}
