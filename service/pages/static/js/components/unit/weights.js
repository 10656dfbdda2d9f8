// What a unit is made of: its kernel over the picture, or the units that feed it, and those that it feeds.
import { html, useState } from '../../html.js';
import { api, pages, withQuery } from '../../api/addresses.js';
import { get } from '../../api/client.js';
import { over, tell, useJob } from '../../api/jobs.js';
import { useResource } from '../../api/resource.js';
import { Picture } from '../picture.js';
import { Progress } from '../progress.js';
import { number } from '../states.js';
import { Trouble } from '../trouble.js';

const PARTS = [
  { name: 'whole', title: 'The filter', about: 'zero is grey' },
  { name: 'positive', title: 'Its positive part', about: 'what is bright here raises the unit' },
  { name: 'negative', title: 'Its negative part', about: 'what is bright here lowers it' },
];

/** Opening it reads nothing anew: weights that nobody has asked for wait for the button. @param {{model: string, layer: string, channel: number}} props */
export function Weights({ model, layer, channel }) {
  const path = `${api.unit(model, layer, channel)}/filters`;
  const list = useResource(withQuery(api.filters(), { model, layer, channel, limit: 1 }));
  const [newest] = list.data?.filters ?? [];
  const known = useResource(newest?.links.self ?? null);
  const [asked, setAsked] = useState(/** @type {any} */ (null));
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const first = known.data ?? asked;
  const job = useJob(first?.key, first);
  const [reading, setReading] = useState(false);
  const read = () => {
    setReading(true);
    get(path).then(found => { tell(found); setAsked(found); }, setRefusal).then(() => setReading(false));
  };
  return html`<section aria-labelledby="weights">
    <h2 id="weights">What it is made of</h2>
    ${job?.status === 'succeeded' && job.incoming ? html`<${Read} filters=${job} model=${model} />`
      : job && !over(job) ? html`<${Progress} job=${job} label="reading the weights" />`
        : list.loading || known.loading ? html`<p class="soft">…</p>`
          : html`<div class="notice" data-testid="weights-unread">
            <p>${job?.error?.detail ?? 'Its weights have not been read yet: one quick pass over the network.'}</p>
              <button class="primary" onClick=${read} disabled=${reading}>${reading ? 'Reading …' : 'Read the weights'}</button></div>`}
    ${refusal && html`<${Trouble} problem=${refusal} />`}
    ${list.problem && html`<${Trouble} problem=${list.problem} retry=${list.reload} />`}
  </section>`;
}

/** @param {{filters: any, model: string}} props */
function Read({ filters, model }) {
  const { picture, incoming, outgoing, expanded, summands, preactivation, unknown } = filters;
  const added = (summands ?? []).map((/** @type {any} */ one) => one.layer ?? one.made);
  return html`<div class="stack" data-testid="weights">
    ${picture && html`<div class="kernels">${PARTS.map(part => html`<figure class="stack" key=${part.name}>
      <${Picture} src=${picture[part.name]} alt=${`${part.title}, ${picture.width} by ${picture.height} weights`} eager />
      <figcaption><strong>${part.title}</strong>: ${part.about}</figcaption></figure>`)}</div>`}
    ${!picture && html`<${Connected} title="Fed by" of=${incoming} model=${model} />`}
    <${Connected} title="Feeds" of=${outgoing} model=${model} />
    ${expanded && html`<details><summary>One layer further back (an approximation)</summary><${Connected} title="Behind those" of=${expanded} model=${model} />
      </details>`}
    <p class="small soft">${added.join(' + ')}${preactivation ? '; the weights tell of what stands before the nonlinearity' : ''}.
      Batch norm is folded in; orange weights raise, blue ones lower.</p>
    ${(unknown ?? []).map((/** @type {string} */ one) => html`<p class="notice small">${one}</p>`)}
  </div>`;
}

/** The strongest units on the other end of some weights. @param {{title: string, of: any, model: string}} props */
function Connected({ title, of, model }) {
  if (!of || !(of.positive.length + of.negative.length)) return null;
  return html`<div class="stack"><h3>${title} <span class="soft">(${of.count} in all)</span></h3>
    ${[{ sign: 'positive', words: 'raise', list: of.positive }, { sign: 'negative', words: 'lower', list: of.negative }].map(row => row.list.length > 0 && html`
      <div class="connections" key=${row.sign}><span class="small ${row.sign}">${row.words}</span>
        <ul class="tiles small-tiles">${row.list.map((/** @type {any} */ one) => html`<li key=${`${one.layer}:${one.channel}`}>
          <${Other} connection=${one} model=${model} /></li>`)}</ul></div>`)}
  </div>`;
}

/** @param {{connection: any, model: string}} props */
function Other({ connection, model }) {
  const { layer, channel, strength, image } = connection;
  const name = layer ? `${layer}:${channel}` : ['red', 'green', 'blue'][channel] ?? `colour ${channel}`;
  const inner = html`<${Picture} src=${image} alt=${`kernel of ${name}, strength ${number(strength)}`} /><span class="tile-label"><span>${name}</span>
    <span class="number soft">${number(strength)}</span></span>`;
  return layer ? html`<a class="tile" href=${pages.unit(model, layer, channel)}>${inner}</a>` : html`<span class="tile">${inner}</span>`;
}
