// One optimized picture: itself, how it came about, its numbers, its request.
import { html, useState } from '../html.js';
import { api, pages, withQuery } from '../api/addresses.js';
import { post, remove, send } from '../api/client.js';
import { over, tell, useJob } from '../api/jobs.js';
import { useResource } from '../api/resource.js';
import { finals } from '../components/images.js';
import { Picture } from '../components/picture.js';
import { Course } from '../components/picture/course.js';
import { EvidenceTable } from '../components/picture/evidence.js';
import { Measured } from '../components/picture/measured.js';
import { useShortest } from '../components/picture/sparse.js';
import { PixelSwitch, pixelByPixel } from '../components/pixels.js';
import { Progress } from '../components/progress.js';
import { Request } from '../components/request.js';
import { Loading, Sign, Status, brief, number } from '../components/states.js';
import { Trouble } from '../components/trouble.js';

export const title = () => 'Picture';

/** What it is a picture of. @param {any} spec */
export const named = spec => (spec.layer ? `${spec.layer}${spec.channel === null || spec.channel === undefined ? '' : `:${spec.channel}`}` : spec.objective.type);

/** @param {{params: {key: string}}} props */
export default function PicturePage({ params }) {
  const { key } = params;
  const { data, problem, reload } = useResource(api.visualization(key));
  const followed = useJob(data ? key : null, data);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  if (problem) return html`<${Trouble} problem=${problem} whole=${true} retry=${reload} />`;
  const job = followed?.status && over(followed) ? { ...data, ...followed, evidence: data.evidence ?? followed.evidence } : (followed ?? data);
  if (!job?.spec) return html`<${Loading} what="Looking for the picture" whole=${true} />`;
  return html`<${Whole} job=${job} refusal=${refusal} refuse=${setRefusal} />`;
}

/** What can be scrolled is reached by key. */
const SCROLLED = { tabindex: 0, role: 'group', 'aria-label': 'pixel by pixel' };

/** @param {{job: any, refusal: any, refuse: (problem: any) => void}} props */
function Whole({ job, refusal, refuse }) {
  const { key, spec, status } = job;
  const request = useShortest(spec);
  const name = named(spec);
  const alt = `what ${spec.sign === 'negative' ? 'lowers' : 'raises'} ${name}`;
  const reached = `${alt}, activation ${number(job.numbers?.activation)}`;
  const actual = pixelByPixel();
  const again = () => post(api.visualizations(), request).then(tell, refuse);
  const cancel = () => remove(api.visualization(key)).then(tell, refuse);
  return html`
    <header class="stack">
      <ol class="crumbs" aria-label="Where this is"><li><a href=${pages.model(spec.model)}>${brief(spec.model)}</a></li>
        ${spec.layer && html`<li><a href=${pages.layer(spec.model, spec.layer)}>${spec.layer}</a></li>`}
        ${spec.layer && Number.isInteger(spec.channel) && html`<li><a href=${pages.unit(spec.model, spec.layer, spec.channel)}>unit ${spec.channel}</a></li>`}
          </ol>
      <h1>${name} <${Sign} sign=${spec.sign} /></h1>
      <div class="row"><${Status} status=${status} />${spec.objective.type !== 'channel' && html`<span class="badge">${spec.objective.type}</span>`}
        <span class="badge">${spec.parameterization.type}</span></div>
    </header>
    <div class="picture-columns">
      <div class="stack">
        ${status === 'succeeded'
          ? html`<div class=${`made ${actual ? 'by-pixel' : ''}`} ...${actual ? SCROLLED : {}}>
              ${finals(job).map((/** @type {any} */ one) => html`<${Picture} key=${one.url} src=${one.url} alt=${reached} ratio=${one.width / one.height}
                pixels=${actual ? one.width : undefined} eager />`)}</div>`
          : html`<${Unfinished} job=${job} alt=${alt} again=${again} cancel=${cancel} />`}
        ${refusal && html`<${Trouble} problem=${refusal} />`}
        ${status === 'succeeded' && html`<${Actions} job=${job} request=${request} />`}
      </div>
      ${status === 'succeeded' && html`<${Measured} job=${job} />`}
    </div>
    ${status === 'succeeded' && html`<${EvidenceTable} picture=${key} sign=${spec.sign} evidence=${job.evidence} /><${Course} job=${job} alt=${alt} request=${request} />`}
    <section aria-labelledby="request"><h2 id="request">The request</h2><${Request} path=${api.visualizations()} body=${request} /></section>`;
}

/** @param {{job: any, alt: string, again: () => void, cancel: () => void}} props */
function Unfinished({ job, alt, again, cancel }) {
  const flying = !over(job);
  return html`
    ${job.links.preview ? html`<${Picture} src=${job.links.preview} alt=${`${alt}, on its way`} eager />`
      : html`<span class="picture">
        <span class="picture-missing">${flying ? '' : html`<strong class="refused">${job.status === 'failed' ? 'It failed' : 'Cancelled'}</strong>
        <span>${job.error?.detail}</span>`}</span></span>`}
    ${flying ? html`<${Progress} job=${job} label=${alt} /><button onClick=${cancel} disabled=${job.status === 'cancelling'}>Cancel</button>`
      : html`<button class="primary" onClick=${again}>${job.status === 'failed' ? 'Retry' : 'Make it'}</button>`}`;
}

/** What can be done with a finished picture. @param {{job: any, request: any}} props */
function Actions({ job, request }) {
  const save = async () => {
    const url = URL.createObjectURL(await (await send(api.image(job.key))).blob());
    const link = document.createElement('a');
    link.href = url;
    link.download = `${named(job.spec).replaceAll(/[^\w.-]+/g, '-')}-${job.spec.sign}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };
  return html`<div class="row">
    <${PixelSwitch} />
    <button onClick=${save}>Save the PNG</button>
    <a class="button" href=${withQuery(pages.make(), { spec: JSON.stringify(request) })}>Change and make again</a>
    <a class="button" href=${withQuery(pages.compare(), { a: job.key })}>Compare</a>
    <a class="button" href=${withQuery(pages.photo(), { photo: job.key, model: job.spec.model })}>See it through the network</a>
  </div>`;
}
