// Pictures side by side, two to four, or one over another; where their requests differ.
import { html, useState } from '../html.js';
import { api } from '../api/addresses.js';
import { post } from '../api/client.js';
import { tell } from '../api/jobs.js';
import { Over } from '../components/compare/over.js';
import { changed, differences } from '../components/compare/request.js';
import { Side, useSide } from '../components/compare/side.js';
import { extent } from '../components/optimized.js';
import { PixelSwitch } from '../components/pixels.js';
import { number } from '../components/states.js';
import { Trouble } from '../components/trouble.js';
import { setQuery } from '../router.js';

export const title = () => 'Compare';

/** In the address; as many pictures as there may be. */
const NAMES = ['a', 'b', 'c', 'd'];
const FIRST = ['patternnet/conv6:31', 'patternnet/conv6:31,sign=negative'];

/** The texts of the address, two at least. @param {URLSearchParams} query */
function given(query) {
  const texts = NAMES.map(name => query.get(name) ?? '');
  if (texts.every(text => !text)) return FIRST;
  return texts.slice(0, Math.max(2, texts.findLastIndex(Boolean) + 1));
}

/** @param {{query: URLSearchParams}} props */
export default function Compare({ query }) {
  const texts = given(query);
  const all = NAMES.map((_, place) => useSide(texts[place] ?? ''));
  const sides = all.slice(0, texts.length);
  const show = (/** @type {string[]} */ next) => setQuery(Object.fromEntries(NAMES.map((name, place) => [name, next[place] ?? null])), { replace: false });
  const there = sides.flatMap((side, place) => (side.job?.images ? [place] : []));
  const told = sides.flatMap((side, place) => (side.spec ? [place] : []));
  return html`
    <header class="stack"><h1>Compare</h1>
      <p class="soft reading">Two to four pictures. Each is a unit with what differs, such as <code>patternnet/conv6:31,sign=negative,seed=2</code>, or the key
        of a picture.</p>
      <${More} texts=${texts} sides=${sides} show=${show} />
    </header>
    <ol class="compared">${sides.map((side, place) => html`<${Side} key=${`${place} ${side.text}`} place=${place + 1} side=${side}
      change=${(/** @type {string} */ text) => show(texts.with(place, text))}
      remove=${texts.length > 2 ? () => show(texts.toSpliced(place, 1)) : undefined} />`)}</ol>
    ${there.length > 1 && html`<${Over} jobs=${there.map(place => sides[place].job)} places=${there.map(place => place + 1)} />`}
    ${told.length > 1 && html`<${Differences} sides=${told.map(place => sides[place])} places=${told.map(place => place + 1)} />`}`;
}

/**
 * Another picture of the same unit, and all that is missing at once.
 * @param {{texts: string[], sides: import('../components/compare/side.js').Compared[], show: (texts: string[]) => void}} props
 */
function More({ texts, sides, show }) {
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [first] = sides;
  const free = texts.findIndex(text => !text);
  const add = (/** @type {string | null} */ text) => text && show(free < 0 ? [...texts, text] : texts.with(free, text));
  const room = texts.length < NAMES.length || free >= 0;
  const spec = first.spec;
  const seeds = sides.map(side => side.spec?.seed ?? 0);
  const seed = spec && changed(spec, first.text, { seed: Math.max(...seeds) + 1 });
  const other = spec && changed(spec, first.text, { sign: spec.sign === 'negative' ? 'positive' : 'negative' });
  const missing = sides.filter(side => side.missing);
  const ask = () => missing.forEach(side => post(api.visualizations(), side.request).then(tell, setRefusal));
  return html`<div class="row"><${PixelSwitch} />
      ${missing.length > 1 && html`<button class="primary" onClick=${ask} data-testid="render-compared">Render all ${missing.length}</button>`}
      ${room && seed && html`<button onClick=${() => add(seed)}>Add another seed</button>`}
      ${room && other && !texts.includes(other) && html`<button onClick=${() => add(other)}>Add the ${spec.sign === 'negative' ? 'positive' : 'negative'}</button>`}
      ${texts.length < NAMES.length && free < 0 && html`<button onClick=${() => show([...texts, first.text])}>Add a picture</button>`}
    </div>
    ${refusal && html`<${Trouble} problem=${refusal} />`}`;
}

/** @param {{sides: import('../components/compare/side.js').Compared[], places: number[]}} props */
function Differences({ sides, places }) {
  const rows = differences(sides.map(side => side.spec));
  return html`<section aria-labelledby="differences"><h2 id="differences">Where they differ</h2>
    ${rows.length === 0 ? html`<p data-testid="same">These are the same picture.</p>` : html`<div class="scrolls" tabindex="0" role="group" aria-label="parameters of each picture">
      <table data-testid="differences">
      <thead><tr><th scope="col">parameter</th>${places.map(place => html`<th scope="col">picture ${place}</th>`)}</tr></thead>
      <tbody>${rows.map(([name, values]) => html`<tr key=${name}><th scope="row">${name}</th>${values.map(value => html`<td>
        <code>${JSON.stringify(value) ?? '–'}</code></td>`)}</tr>`)}
        <tr><th scope="row">activation</th>${sides.map(side => html`<td class="number">${number(side.job?.numbers ? extent(side.job) : undefined)}</td>`)}</tr>
      </tbody></table></div>`}
  </section>`;
}
