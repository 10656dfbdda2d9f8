// My photo: what a network sees in it, as a whole, layer by layer and at each place.
import { html, useEffect, useState } from '../html.js';
import { api, pages } from '../api/addresses.js';
import { over } from '../api/jobs.js';
import { useResource } from '../api/resource.js';
import { Missing } from '../components/grid/missing.js';
import { Classes } from '../components/photo/classes.js';
import { Here, useHere } from '../components/photo/here.js';
import { Intake } from '../components/photo/intake.js';
import { useJobOf } from '../components/photo/job_of.js';
import { Layer } from '../components/photo/layer.js';
import { lastLook } from '../components/photo/look.js';
import { Sight } from '../components/photo/sight.js';
import { Why } from '../components/photo/why.js';
import { Progress } from '../components/progress.js';
import { Loading, shortName } from '../components/states.js';
import { Trouble } from '../components/trouble.js';
import { setQuery } from '../router.js';
import { useSignal } from '../state.js';

const BUNDLED = 'patternnet';

export const title = () => 'My photo';

/** @param {{params: {key?: string}, query: URLSearchParams}} props */
export default function Photo({ params, query }) {
  return params.key ? html`<${Looked} look=${params.key} query=${query} />` : html`<${Unlooked} query=${query} />`;
}

/** No photograph yet. @param {{query: URLSearchParams}} props */
function Unlooked({ query }) {
  const last = useSignal(lastLook);
  return html`
    <header class="stack reading">
      <h1>My photo</h1>
      <p>Show a photograph to a network: what it takes it for, which units fire, where, and why. It is one forward pass; nothing is optimized
        until you ask for it.</p>
      ${last && html`<p><a href=${pages.photoOf(last)}>Back to the photograph that you looked at last</a></p>`}
    </header>
    <${Intake} model=${query.get('model') ?? BUNDLED} photo=${query.get('photo')} />`;
}

/** @param {{look: string, query: URLSearchParams}} props */
function Looked({ look, query }) {
  const { job, problem, reload } = useJobOf(look);
  const known = useResource(job ? api.model(job.spec.model) : null);
  const done = job?.status === 'succeeded';
  useEffect(() => {
    if (done) lastLook.value = look;
  }, [look, done]);
  if (problem) {
    return html`<${Trouble} problem=${problem} whole=${true} retry=${reload} />
      <p>Activations may be made again: <a href=${pages.photo()}>show the photograph once more</a>.</p>`;
  }
  if (!job || known.loading) return html`<${Loading} what="Looking for the photograph" whole=${true} />`;
  // A network that is gone has left what it saw.
  const model = known.data;
  const name = model ? shortName(model) : job.spec.model;
  const chosen = query.get('model') ?? name;
  return html`
    <header class="stack">
      <h1>My photo</h1>
      <p class="soft small">As <a href=${pages.model(name)}>${name}</a> sees it, ${job.spec.size[1]} × ${job.spec.size[0]} pixels from its middle. The
        address of this page can be sent as a link. Nothing is made by opening or scrolling it; maps and pictures are made when you press a
        button.</p>
      <${Intake} model=${chosen} photo=${job.spec.photo} seenBy=${name} />
    </header>
    ${done ? html`<${Seen} look=${job} model=${name} classes=${model?.classes_layer ?? null} query=${query} />` : html`<${Unfinished} job=${job} />`}`;
}

/** @param {{job: any}} props */
function Unfinished({ job }) {
  if (!over(job)) return html`<div class="card" data-testid="looking"><${Progress} job=${job} label="the network looks at the photograph" whole=${true} /></div>`;
  const detail = job.error?.detail ?? 'It was cancelled.';
  return html`<div class="notice bad" role="alert" data-testid="look-failed"><h2>The network could not look at it</h2><p>${detail}</p></div>`;
}

/** @param {{look: any, model: string, classes: string | null, query: URLSearchParams}} props */
function Seen({ look, model, classes, query }) {
  const at = crosshair(query, look.spec.size);
  const [turn, setTurn] = useState(0);
  const sweep = query.get('sweep');
  const found = useHere(look.key, at);
  // What the address names comes first, so that nothing is pushed aside by it.
  const why = useJobOf(query.get('why'));
  const known = (!at || found.here || found.problem || found.unasked) && (!query.get('why') || why.job || why.problem);
  const [opened, setOpened] = useState(Boolean(known));
  if (known && !opened) setOpened(true);
  const move = (/** @type {{x: number, y: number}} */ next) => {
    setQuery(next);
    found.allow();
  };
  const drawn = found.here?.layers.find((/** @type {any} */ one) => one.layer === query.get('at')) ?? deepest(found.here);
  const boxes = drawn ? [{ box: drawn.receptive_field, kind: 'at-field' }, { box: drawn.cell, kind: 'at-cell' }].filter(one => one.box) : [];
  if (!opened) return html`<${Loading} what="Looking at what the address names" />`;
  return html`<div class="photo-page">
    <div class="photo-side">
      <figure class="stack">
        <${Sight} photo=${look.spec.photo} size=${look.spec.size} at=${at} move=${move} boxes=${boxes} />
        <figcaption>${drawn
          ? html`<span class="sight-key at-cell">cell</span> and <span class="sight-key at-field">receptive field</span> of ${drawn.layer} at the crosshair.`
          : 'Click a place, or move the crosshair with the arrow keys (faster with Shift): what fires there is read from the feature maps.'}</figcaption>
      </figure>
      <${Why} look=${look} model=${model} query=${query} />
      <${Classes} classes=${look.classes} model=${model} layer=${classes} look=${look.key} />
    </div>
    <div class="photo-main">
      ${at && html`<${Here} look=${look} model=${model} at=${at} found=${found} query=${query} />`}
      <section aria-labelledby="layers">
        <h2 id="layers">What responds, layer by layer</h2>
        ${sweep && html`<${Missing} model=${model} layer="" sign="" channels=${[]} sweep=${sweep} changed=${() => setTurn((/** @type {number} */ before) => before + 1)} />`}
        ${look.layers.map((/** @type {any} */ one) => html`<${Layer} key=${one.layer} look=${look} told=${one} model=${model} query=${query} turn=${turn}
          at=${found.here?.layers.find((/** @type {any} */ here) => here.layer === one.layer) ?? null} />`)}
      </section>
    </div>
  </div>`;
}

/** The place that the address names, if it is on the photograph. @param {URLSearchParams} query @param {[number, number]} size */
function crosshair(query, [height, width]) {
  const [x, y] = [query.get('x'), query.get('y')].map(text => (/^\d+$/.test(text ?? '') ? Number(text) : NaN));
  return x < width && y < height ? { x, y } : null;
}

/** The last layer whose positions see a part of the picture. @param {any} here */
const deepest = here => here?.layers.findLast((/** @type {any} */ one) => one.receptive_field) ?? null;
