// One picture over another.
import { html, useState } from '../../html.js';
import { finals } from '../images.js';
import { Picture } from '../picture.js';

/** `places` are the numbers of the pictures, counted from one. @param {{jobs: any[], places: number[]}} props at least two */
export function Over({ jobs, places }) {
  const [share, setShare] = useState(50);
  const [chosen, setChosen] = useState([0, 1]);
  const [left, right] = chosen.map((one, side) => (one < jobs.length ? one : side));
  const urls = [left, right].map(one => finals(jobs[one])[0].url);
  const choose = (/** @type {number} */ side) => (/** @type {any} */ event) => setChosen(chosen.with(side, Number(event.target.value)));
  return html`<section aria-labelledby="over"><h2 id="over">One over the other</h2>
    ${jobs.length > 2 && html`<div class="row small">${[left, right].map((one, side) => html`<label class="row">${side ? 'right' : 'left'}
      <select value=${one} onChange=${choose(side)}>${places.map((place, index) => html`<option value=${index} selected=${index === one}>picture ${place}</option>`)}
        </select></label>`)}</div>`}
    <div class="over">
      <${Picture} src=${urls[1]} alt="the right picture" eager />
      <div class="over-left" style=${`clip-path: inset(0 ${100 - share}% 0 0)`}><${Picture} src=${urls[0]} alt="the left picture" eager /></div>
    </div>
    <label class="stack small over-slider">how much of the left one <input type="range" min="0" max="100" value=${share}
      onInput=${(/** @type {any} */ event) => setShare(Number(event.target.value))} /></label>
  </section>`;
}
