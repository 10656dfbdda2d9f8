// Which units of a layer have an optimized picture already.
import { useEffect, useState } from '../../html.js';
import { api, withQuery } from '../../api/addresses.js';
import { get } from '../../api/client.js';

const PAGE = 512;

/**
 * Of `channels`, what the grid of the layer tells: pictures of both signs and the label, by channel. Asks once they are
 * `wanted`, again in each `turn`, and enqueues nothing. A layer that does not answer has no pictures here.
 * @param {string} model @param {string} layer @param {number[]} channels @param {boolean} wanted @param {number} turn
 * @returns {Map<number, any>}
 */
export function useRendered(model, layer, channels, wanted, turn) {
  const [found, setFound] = useState(/** @type {Map<number, any>} */ (new Map()));
  const text = [...new Set(channels.map(channel => Math.floor(channel / PAGE)))].sort((a, b) => a - b).join(',');
  useEffect(() => {
    if (!wanted || !text) return undefined;
    const asking = new AbortController();
    const pages = text.split(',').map(page =>
      get(withQuery(`${api.layer(model, layer)}/units`, { from: Number(page) * PAGE, limit: PAGE }), { signal: asking.signal }));
    Promise.all(pages).then(
      all => setFound(new Map(all.flatMap(page => page.units.map((/** @type {any} */ one) => [one.channel, one])))),
      () => {}, // refused: units are shown without pictures, and their pages say why
    );
    return () => asking.abort();
  }, [model, layer, text, wanted, turn]);
  return found;
}
