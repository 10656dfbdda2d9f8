// How a picture came about: its snapshots on a slider, the objective beside it.
import { html, useState } from '../../html.js';
import { pages, withQuery } from '../../api/addresses.js';
import { course } from '../images.js';
import { Picture } from '../picture.js';
import { Curve } from './curve.js';

/** `request` asks for the same picture. @param {{job: any, alt: string, request: any}} props */
export function Course({ job, alt, request }) {
  const images = course(job);
  const [place, setPlace] = useState(images.length - 1);
  const { curve } = job.numbers;
  const shown = images[place];
  const kept = { ...request, snapshots: steps(job.spec.steps) };
  return html`<section aria-labelledby="course">
    <h2 id="course">How it came about</h2>
    <div class="course-columns">
      ${images.length > 1
        ? html`<div class="stack"><${Picture} src=${shown.url} alt=${`${alt} after ${shown.step} steps`} ratio=${shown.width / shown.height} eager />
            <label class="stack small">after step ${shown.step}
              <input type="range" min="0" max=${images.length - 1} value=${place} aria-valuetext=${`step ${shown.step}`}
                onInput=${(/** @type {any} */ event) => setPlace(Number(event.target.value))} /></label></div>`
        : html`<p class="soft small">No steps on the way were kept. <a href=${withQuery(pages.make(), { spec: JSON.stringify(kept) })}>Make it again with snapshots</a></p>`}
      ${curve?.length > 1 && html`<figure class="stack"><${Curve} values=${curve} step=${shown.step} label="the objective" />
        <figcaption>What is optimized, at each step, on that step's transformed picture. It rises whatever the sign.</figcaption></figure>`}
    </div>
  </section>`;
}

/** Eight steps, closer together at the start, where most happens. @param {number} last */
const steps = last => [...new Set([0, 1, 2, 4, 8, 16, 32, 64].filter(step => step < last))];
