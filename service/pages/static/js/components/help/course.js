// The course of one optimization: what the picture was after some of its steps, and the score on the way.
import { html } from '../../html.js';
import { api } from '../../api/addresses.js';
import { useJob } from '../../api/jobs.js';
import { useResource } from '../../api/resource.js';
import { course } from '../images.js';
import { Optimized, useEstimate } from '../optimized.js';
import { Curve } from '../picture/curve.js';
import { Picture } from '../picture.js';

/** `request` has `steps` and `snapshots`. @param {{request: any, name: string}} props */
export function Course({ request, name }) {
  const { estimate } = useEstimate(request);
  const status = useJob(estimate?.key)?.status ?? estimate?.status;
  const job = useResource(status === 'succeeded' ? api.visualization(estimate.key) : null).data;
  const taken = new Map((job ? course(job) : []).map(one => [one.step, one.url]));
  const curve = job?.numbers?.curve;
  return html`<div class="course">
    <div><${Optimized} request=${request} alt=${`what raises ${name}, after ${request.steps} steps`} sizes="16rem" /></div>
    <div class="stack">
      <ol class="fired course-steps" aria-label="Pictures on the way">${[...request.snapshots, request.steps].map(step => html`<li key=${step} class="stack">
        ${taken.has(step)
          ? html`<${Picture} src=${taken.get(step)} alt=${`${name}, after ${step} of ${request.steps} steps`} sizes="9rem" />`
          : html`<span class="picture"><span class="picture-missing"></span></span>`}
        <span class="tile-label"><span>${step === 0 ? 'faint noise' : `after ${step} steps`}</span></span>
      </li>`)}</ol>
      ${curve?.length > 1 && html`<figure class="stack"><${Curve} values=${curve} step=${request.steps} label="the score" />
        <figcaption>The score, which is what is optimized, at each step: it rises.</figcaption></figure>`}
    </div>
  </div>`;
}
