// Two pictures side by side, or one over the other; where their requests differ.
import { html, useState } from '../html.js';
import { Optimized, extent, useEstimate, useMade } from '../components/optimized.js';
import { differences, requestOf, useNamed } from '../components/compare/side.js';
import { finals } from '../components/images.js';
import { Picture } from '../components/picture.js';
import { number } from '../components/states.js';
import { Trouble } from '../components/trouble.js';
import { named } from './picture.js';
import { setQuery } from '../router.js';

export const title = () => 'Compare';

const FIRST = { a: 'patternnet/conv6:31', b: 'patternnet/conv6:31,sign=negative' };

/** @param {string} text What there is of one side. */
function useSide(text) {
  const request = requestOf(text);
  const { estimate, problem } = useEstimate(request);
  const byKey = useNamed(text);
  const made = useMade(estimate);
  return { text, request, spec: estimate?.spec ?? byKey.data?.spec, job: byKey.data ?? (made.status === 'succeeded' ? made.job : null), problem: problem ?? byKey.problem };
}

/** @param {{query: URLSearchParams}} props */
export default function Compare({ query }) {
  const a = useSide(query.get('a') ?? FIRST.a);
  const b = useSide(query.get('b') ?? (query.get('a') ? '' : FIRST.b));
  return html`
    <header class="stack"><h1>Compare</h1>
      <p class="soft reading">Each side is a unit with what differs, such as <code>patternnet/conv6:31,sign=negative,seed=2</code>, or the key of a picture.</p>
        </header>
    <div class="pair">
      <${Side} name="a" side=${a} /><${Side} name="b" side=${b} />
    </div>
    ${a.job?.images && b.job?.images && html`<${Over} a=${a.job} b=${b.job} />`}
    ${a.spec && b.spec && html`<${Differences} a=${a} b=${b} />`}`;
}

/** @param {{name: string, side: ReturnType<typeof useSide>}} props */
function Side({ name, side }) {
  const [text, setText] = useState(side.text);
  const show = (/** @type {Event} */ event) => {
    event.preventDefault();
    setQuery({ [name]: text.trim() }, { replace: false });
  };
  const alt = side.spec ? `${named(side.spec)}, ${side.spec.sign}` : side.text;
  return html`<div class="stack">
    <form class="row" onSubmit=${show}><label class="compare-name stack small">${name === 'a' ? 'Left' : 'Right'}
      <input value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} spellcheck=${false} placeholder="network/layer:unit" /></label>
        <button type="submit">Show</button></form>
    ${side.problem ? html`<${Trouble} problem=${side.problem} />`
      : side.request ? html`<${Optimized} request=${side.request} alt=${alt} sizes="45vw" />`
        : side.job ? html`<${Picture} src=${finals(side.job)[0].url} alt=${`${alt}, activation ${number(side.job.numbers.activation)}`} eager />
            <p class="small">activation <span class="number">${number(side.job.numbers.activation)}</span></p>`
          : html`<span class="picture"><span class="picture-missing">nothing chosen</span></span>`}
  </div>`;
}

/** One picture over the other. @param {{a: any, b: any}} props */
function Over({ a, b }) {
  const [share, setShare] = useState(50);
  const [left] = finals(a);
  const [right] = finals(b);
  return html`<section aria-labelledby="over"><h2 id="over">One over the other</h2>
    <div class="over">
      <${Picture} src=${right.url} alt="the right picture" eager />
      <div class="over-left" style=${`clip-path: inset(0 ${100 - share}% 0 0)`}><${Picture} src=${left.url} alt="the left picture" eager /></div>
    </div>
    <label class="stack small over-slider">how much of the left one <input type="range" min="0" max="100" value=${share}
      onInput=${(/** @type {any} */ event) => setShare(Number(event.target.value))} /></label>
  </section>`;
}

/** @param {{a: any, b: any}} props */
function Differences({ a, b }) {
  const rows = differences(a.spec, b.spec);
  const reached = [a, b].map(side => (side.job?.numbers ? extent(side.job) : undefined));
  return html`<section aria-labelledby="differences"><h2 id="differences">Where they differ</h2>
    ${rows.length === 0 ? html`<p data-testid="same">These are the same picture.</p>` : html`<div class="scrolls"><table data-testid="differences">
      <thead><tr><th scope="col">parameter</th><th scope="col">left</th><th scope="col">right</th></tr></thead>
      <tbody>${rows.map(([name, one, other]) => html`<tr key=${name}><th scope="row">${name}</th><td><code>${JSON.stringify(one) ?? '–'}</code></td><td>
        <code>${JSON.stringify(other) ?? '–'}</code></td></tr>`)}
        <tr><th scope="row">activation</th>${reached.map(value => html`<td class="number">${number(value)}</td>`)}</tr></tbody></table></div>`}
  </section>`;
}
