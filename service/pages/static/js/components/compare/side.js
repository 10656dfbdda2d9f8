// One of the pictures of a comparison, and the field that says which.
import { html, useState } from '../../html.js';
import { api } from '../../api/addresses.js';
import { useResource } from '../../api/resource.js';
import { finals } from '../images.js';
import { Optimized, extent, useEstimate, useMade } from '../optimized.js';
import { Picture } from '../picture.js';
import { named } from '../../pages/picture.js';
import { number } from '../states.js';
import { Trouble } from '../trouble.js';
import { UnitField, useMeant } from '../unit_field.js';
import { isKey, read } from './request.js';

/** What there is of a picture. @param {string} text */
export function useSide(text) {
  const { request, wrong } = read(text);
  const { estimate, problem } = useEstimate(request);
  const byKey = useResource(isKey(text) ? api.visualization(text) : null);
  const made = useMade(estimate);
  const job = byKey.data ?? (made.status === 'succeeded' ? made.job : null);
  const missing = Boolean(estimate) && (!made.status || made.status === 'failed' || made.status === 'cancelled');
  return { text, request, wrong, missing, spec: estimate?.spec ?? byKey.data?.spec, job, problem: problem ?? byKey.problem };
}

/** @typedef {ReturnType<typeof useSide>} Compared */

/**
 * `place` counts from one; `change` gets the text, `remove` takes the picture out.
 * @param {{place: number, side: Compared, change: (text: string) => void, remove?: () => void}} props
 */
export function Side({ place, side, change, remove }) {
  const [text, setText] = useState(side.text);
  const show = (/** @type {Event} */ event) => {
    event.preventDefault();
    change(text.trim());
  };
  const alt = side.spec ? `${named(side.spec)}, ${side.spec.sign}${side.spec.seed ? `, seed ${side.spec.seed}` : ''}` : side.text;
  return html`<li class="stack" data-testid="compared">
    <form class="stack small" onSubmit=${show}>
      <label class="stack">Picture ${place}<${UnitField} value=${text} change=${setText} placeholder="network/layer:unit" /></label>
      <div class="row"><button type="submit">Show</button>
        ${remove && html`<button type="button" class="plain" onClick=${remove} aria-label=${`Take out picture ${place}`}>Take out</button>`}</div>
    </form>
    ${side.wrong ? html`<${Wrong} side=${side} choose=${change} />`
      : side.problem ? html`<${Trouble} problem=${side.problem} />`
        : side.request ? html`<${Optimized} request=${side.request} alt=${alt} sizes="45vw" />`
          : side.job ? html`<${Picture} src=${finals(side.job)[0].url} alt=${`${alt}, activation ${number(extent(side.job))}`} eager />
              <p class="small">activation <span class="number">${number(extent(side.job))}</span></p>`
            : html`<span class="picture"><span class="picture-missing">nothing chosen</span></span>`}
  </li>`;
}

/** What is wrong, what is valid, what may be meant. @param {{side: Compared, choose: (text: string) => void}} props */
function Wrong({ side, choose }) {
  const { names } = useMeant(side.text.split(',')[0]);
  const units = names.filter(one => one.text.includes('/')).slice(0, 4);
  const whole = (/** @type {string} */ text) => (/:\d+$/.test(text) ? text : `${text}:0`);
  return html`<div class="notice bad" role="alert" data-testid="no-unit"><h2>${side.wrong}</h2>
    <p>Write <code>network/layer:unit</code>, such as <code>patternnet/conv6:31</code>; what differs goes behind commas: <code>sign=negative</code>,${' '}
      <code>seed=2</code>, <code>steps=64</code>, <code>size=96</code>. Or the key of a picture, <code>fv1_…</code></p>
    ${units.length > 0 && html`<p>Perhaps:</p><div class="row">${units.map(one => html`<button key=${one.text} onClick=${() => choose(whole(one.text))}>
      ${whole(one.text)} <small>${one.note}</small></button>`)}</div>`}
  </div>`;
}
