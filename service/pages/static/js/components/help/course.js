// The course of one optimization: what the picture was after some of its steps.
import { html } from '../../html.js';
import { useJob } from '../../api/jobs.js';
import { Optimized, useEstimate } from '../optimized.js';
import { Picture } from '../picture.js';
import { number } from '../states.js';

/** `request` has `steps` and `snapshots`. @param {{request: any, name: string}} props */
export function Course({ request, name }) {
  const { estimate } = useEstimate(request);
  const job = useJob(estimate?.key);
  const steps = [...request.snapshots, request.steps];
  const taken = new Map((job?.images ?? []).map((/** @type {any} */ one) => [one.step ?? request.steps, one.url]));
  const curve = job?.numbers?.curve;
  return html`<div class="course">
    <div class="course-made"><${Optimized} request=${request} alt=${`what raises ${name}, after ${request.steps} steps`} sizes="16rem" /></div>
    <ol class="fired course-steps" aria-label="Pictures on the way">${steps.map(step => html`<li key=${step} class="stack">
      ${taken.has(step)
        ? html`<${Picture} src=${taken.get(step)} alt=${`after ${step} steps`} sizes="9rem" />`
        : html`<span class="picture"><span class="picture-missing">${step}</span></span>`}
      <span class="tile-label"><span>${step === 0 ? 'noise' : `after ${step}`}</span>${
        curve ? html`<span class="number soft">${number(curve[Math.min(step, curve.length - 1)])}</span>` : ''}</span>
    </li>`)}</ol>
  </div>
  ${curve && html`<p class="small soft">The numbers are the score, which is what is optimized: it rises.</p>`}`;
}
