// The units of the layer that say nearly the same to the images of a data set, and those that say nearly the opposite.
import { html } from '../../html.js';
import { api, pages, withQuery } from '../../api/addresses.js';
import { useResource } from '../../api/resource.js';
import { Crop } from '../crop.js';
import { Picture } from '../picture.js';
import { Read } from '../scan.js';
import { number } from '../states.js';
import { Trouble } from '../trouble.js';

/** From this correlation on two units are as good as one. */
const DUPLICATE = 0.95;

/** Looking asks for nothing. `spectrum` is that of the unit, once it is there. @param {{model: string, layer: string, channel: number, spectrum: any}} props */
export function Alike({ model, layer, channel, spectrum }) {
  const read = spectrum?.maximum;
  const { data, problem, reload } = useResource(read ? withQuery(`${api.unit(model, layer, channel)}/alike`, { dataset: spectrum.dataset }) : null);
  const status = problem ? 'problem' : data ? (data.alike ? 'told' : 'before') : spectrum && !read ? 'unread' : 'loading';
  return html`<section aria-labelledby="alike" data-testid="alike" data-status=${status}>
    <h2 id="alike">Units that answer alike</h2>
    ${status === 'unread' ? html`<p class="soft">This is known once images have been read for this layer.</p>`
      : problem ? html`<${Trouble} problem=${problem} retry=${reload} />`
        : !data ? html`<p class="soft">…</p>`
          : data.alike ? html`<${Told} of=${data} />` : html`<${Before} of=${data} done=${reload} />`}
  </section>`;
}

/** @param {{of: any}} props */
function Told({ of }) {
  const { alike, opposite, images, sampled, dataset, preactivation, same_network: same } = of;
  const base = sampled < images ? `${sampled} of the ${images} images` : `the ${images} images`;
  return html`
    <p class="soft small reading">Correlation of the largest values${preactivation ? ' before the ReLU' : ''} in ${base} of ${dataset}${
      sampled < images ? ', ± its standard error' : ''}. Left what raises a unit, right the image that raises it most.${
      same ? '' : ' The network had other weights then.'}</p>
    ${alike.length + opposite.length === 0 && html`<p data-testid="alike-none">None: it says the same to all of these images.</p>`}
    <${Units} list=${alike} label="Units that answer alike" of=${of} />
    ${opposite.length > 0 && html`<h3>Units that answer the opposite</h3>`}
    <${Units} list=${opposite} label="Units that answer the opposite" of=${of} />`;
}

/** @param {{list: any[], label: string, of: any}} props */
function Units({ list, label, of }) {
  return list.length > 0 && html`<ul class="tiles relatives" aria-label=${label}>${list.map(one => html`<${Unit} key=${one.channel} one=${one} of=${of} />`)}</ul>`;
}

/** @param {{one: any, of: any}} props */
function Unit({ one, of }) {
  const { channel, label, correlation, error, active, positive, strongest } = one;
  const name = `${of.layer}:${channel}`;
  return html`<li><a class="tile" href=${withQuery(pages.unit(of.model, of.layer, channel), { dataset: of.dataset })} data-testid="relative">
    <span class="pair">
      ${positive ? html`<${Picture} src=${positive.image} alt=${`what raises ${name}, optimized, activation ${number(positive.activation)}`} sizes="8rem" />`
        : html`<span class="picture"><span class="picture-missing">no picture yet</span></span>`}
      <${Crop} example=${strongest} alt=${`the image that raises ${name} most`} />
    </span>
    <span class="tile-label"><span>${channel}${label ? ` ${label}` : ''}</span>
      <span class="number ${correlation < 0 ? 'negative' : ''}">${told(correlation)}${error > 0 ? html` <span class="soft">± ${error.toFixed(3)}</span>` : ''}</span></span>
    ${correlation >= DUPLICATE && html`<span><span class="badge" data-testid="near-duplicate">near-duplicate</span></span>`}
    ${active === 0 && html`<span><span class="badge">never above zero</span></span>`}
  </a></li>`;
}

/** @param {number} correlation */
const told = correlation => correlation.toFixed(3).replace('-', '−');

/** The images were read when this was not kept yet. @param {{of: any, done: () => void}} props */
function Before({ of, done }) {
  const { again, dataset } = of;
  const why = html`The images of <strong>${dataset}</strong> were read before Featurelens kept which units answer alike.`;
  if (!again) return html`<p class="notice">${why} The data set is gone.</p>`;
  return html`<${Read} scan=${again} request=${again.request} dataset=${dataset} done=${done} title="Not known yet"
    words=${html`${why} One more pass finds out.`} />`;
}
