// The way to the units beside this one, by link and by key.
import { html } from '../../html.js';
import { pages } from '../../api/addresses.js';
import { useKeys } from '../../keys.js';
import { go } from '../../router.js';

/** `compared` leads to seeds and signs. @param {{model: string, layer: string, channel: number, channels: number, layers: any[], compared: string}} props */
export function Neighbours({ model, layer, channel, channels, layers, compared }) {
  // What the address says behind ? is read when somebody goes: it may have changed since the keys were bound.
  const to = (/** @type {number} */ next) => pages.unit(model, layer, (next + channels) % channels) + location.search;
  const random = () => go(to(Math.floor(Math.random() * channels)));
  const place = layers.findIndex(one => one.name === layer);
  const other = (/** @type {number} */ step) => {
    const next = layers[place + step];
    if (place >= 0 && next) go(pages.unit(model, next.name, Math.min(channel, next.channels - 1)) + location.search);
  };
  const keys = {
    j: { says: 'next unit', act: () => go(to(channel + 1)) },
    k: { says: 'previous unit', act: () => go(to(channel - 1)) },
    ArrowRight: { says: 'next unit', act: () => go(to(channel + 1)) },
    ArrowLeft: { says: 'previous unit', act: () => go(to(channel - 1)) },
    ']': { says: 'next layer', act: () => other(1) },
    '[': { says: 'previous layer', act: () => other(-1) },
    g: { says: 'all units of this layer', act: () => go(pages.layer(model, layer)) },
    c: { says: 'compare two seeds and the negative', act: () => go(compared) },
  };
  useKeys(keys, [model, layer, channel, channels, layers.length, compared]);
  return html`<nav class="row" aria-label="Units beside this one">
    <a class="button" href=${to(channel - 1)} rel="prev"><span aria-hidden="true">←</span> ${(channel - 1 + channels) % channels}</a>
    <a class="button" href=${to(channel + 1)} rel="next">${(channel + 1) % channels} <span aria-hidden="true">→</span></a>
    <button onClick=${random}>Random</button>
    <a class="button" href=${pages.layer(model, layer)}>All ${channels}</a>
  </nav>`;
}
