// Four pictures that raise the same unit and differ from each other.
import { html } from '../../html.js';
import { Optimized } from '../optimized.js';

/** @param {{request: any, name: string}} props */
export function Diverse({ request, name }) {
  const four = { ...request, objective: { type: 'diversity', pictures: 4 } };
  return html`<section aria-labelledby="diverse">
    <h2 id="diverse">Four ways to raise it</h2>
    <p class="soft reading">Optimized together, each kept unlike the others: what one picture hides, several show.</p>
    <${Optimized} request=${four} alt=${`four pictures that raise ${name}`} sizes="20vw" ratio=${4} />
  </section>`;
}
