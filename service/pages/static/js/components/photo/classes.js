// What the network takes the photograph for.
import { html } from '../../html.js';
import { pages, withQuery } from '../../api/addresses.js';
import { chooseUnit } from './why.js';

/** Per cent with as many digits as mean something. @param {number} share */
const percent = share => (share >= 0.001 ? `${(100 * share).toFixed(1)} %` : '< 0.1 %');

/** @param {{classes: any[], model: string, layer: string | null, look: string}} props `look` is the key of the activations */
export function Classes({ classes, model, layer, look }) {
  if (!classes.length) return html`<section aria-labelledby="classes"><h2 id="classes">What it is</h2><p class="soft">This network has no classes.</p>
    </section>`;
  return html`<section aria-labelledby="classes" data-testid="classes">
    <h2 id="classes">What the network takes it for</h2>
    <ol class="probabilities">${classes.map(one => {
      const name = one.label ?? `class ${one.channel}`;
      return html`<li key=${one.channel}>
        ${layer ? html`<a href=${withQuery(pages.unit(model, layer, one.channel), { photo: look })}>${name}</a>` : html`<span>${name}</span>`}
        ${layer && html`<button class="plain small" onClick=${() => chooseUnit(layer, one.channel)} aria-label=${`Why: which pixels speak for ${name}`}>Why</button>`}
        <span class="number">${percent(one.probability)}</span>
        <span class="bar" aria-hidden="true"><span style=${`width: ${100 * one.probability}%`}></span></span>
      </li>`;
    })}</ol>
    <p class="soft small">Softmax over all its classes: it must choose one of them, whatever the photograph shows.</p>
  </section>`;
}
