// The numbers of a finished picture.
import { html } from '../../html.js';
import { number } from '../states.js';

/** @param {{job: any}} props */
export function Measured({ job }) {
  const { numbers, spec } = job;
  const versions = Object.entries(numbers.versions ?? {}).map(([name, version]) => `${name} ${version}`).join(', ');
  const facts = [
    ['activation', number(numbers.activation)],
    ['before the ReLU', numbers.preactivation === undefined || numbers.preactivation === null ? null : number(numbers.preactivation)],
    ['steps', spec.steps],
    ['seed', numbers.seed],
    ['took', `${number(numbers.seconds)} s`],
    ['device', [numbers.device, numbers.instructions, numbers.precision].filter(Boolean).join(', ')],
    ['versions', versions],
    ['weights', numbers.weights],
    ['key', job.key],
  ].filter(([, value]) => value !== null && value !== undefined);
  return html`<section aria-labelledby="measured">
    <h2 id="measured">Measured</h2>
    <p class="small soft">Activations are read off the network as its author wrote it, in float32, on the final picture.</p>
    <dl class="facts">${facts.map(([word, value]) => html`<dt>${word}</dt><dd>${value}</dd>`)}</dl>
    ${(numbers.warnings ?? []).map((/** @type {string} */ one) => html`<p class="notice small" data-testid="warning">${one}</p>`)}
  </section>`;
}
