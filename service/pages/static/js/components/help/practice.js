// How the pages are used: keys, addresses, one's own network, who may ask.
import { html } from '../../html.js';
import { pages, withQuery } from '../../api/addresses.js';
import { address } from '../../api/client.js';

const KEYS = [
  ['/', 'search: network/layer:unit, e.g. patternnet/conv5:7'],
  ['?', 'the keys of the page that is shown'],
  ['j, k or → ←', 'on a unit: next and previous unit'],
  ['[ ]', 'on a unit: the layer before and after'],
  ['g', 'on a unit: all units of its layer'],
  ['c', 'on a unit: two seeds and the negative side by side'],
  ['u', 'on a layer: the network'],
  ['arrows, Home, End', 'on a tile of a layer: the tiles beside it, the first and the last one'],
  ['arrows', 'on the photograph, once it has the focus: the crosshair; with Shift eight pixels at a time'],
];

/** Keys that do something. */
export const Keyboard = () => html`<section aria-labelledby="keyboard">
  <h2 id="keyboard">The keyboard</h2>
  <div class="scrolls" tabindex="0" role="group" aria-label="keys and what they do"><table><tbody>
    ${KEYS.map(([key, says]) => html`<tr><th scope="row"><kbd>${key}</kbd></th><td>${says}</td></tr>`)}
  </tbody></table></div>
</section>`;

/** @param {string} model */
const forms = model => [
  [pages.unit(model, 'conv5', 7), 'a unit; what is behind ? says the rest: seed, steps, size, dataset, photo'],
  [withQuery(pages.unit(model, 'conv5', 7), { embed: 1 }), 'the same without the frame, for a page of yours'],
  [withQuery(pages.layer(model, 'conv5'), { sign: 'negative', sort: 'activation' }), 'all units of a layer, sorted'],
  [withQuery(pages.photo(), { model }), 'a photograph for a network; its own address follows from what is seen'],
  [withQuery(pages.make(), { unit: `${model}/conv5:7` }), 'all parameters of a picture'],
];

/** Addresses that mean something. @param {{model: string}} props */
export const Addresses = ({ model }) => html`<section aria-labelledby="addresses">
  <h2 id="addresses">Addresses</h2>
  <p class="reading">What a page shows stands in its address: send it, keep it, write it by hand.</p>
  <div class="scrolls" tabindex="0" role="group" aria-label="addresses and what they lead to"><table><tbody>
    ${forms(model).map(([href, says]) => html`<tr><td><a href=${href}><code>${href}</code></a></td><td>${says}</td></tr>`)}
  </tbody></table></div>
</section>`;

/** API keys. */
export const WhoMayAsk = () => html`<section class="reading" aria-labelledby="who">
  <h2 id="who">Who may ask</h2>
  <p>On your own machine everybody may. As soon as Featurelens listens to other machines it asks for API keys, which the operator makes. The pages ask
    for one when the service first refuses, keep it in this tab, and forget it when the tab is closed. A key may allow to look (<code>read</code>), to
    have things made (<code>render</code>), to delete and manage (<code>admin</code>), and it may have a quota. Buttons that make something
    need <code>render</code>.</p>
  <p>Everything on these pages is asked of the <a href=${address('/docs')}>API</a>, which is open to programs just the same.</p>
</section>`;
