// In which order a grid shows the units of a layer: by number, by what pictures reached, by what a scan found.
import { withQuery, api } from '../../api/addresses.js';
import { useResource } from '../../api/resource.js';

export const OWN = { number: 'number', activation: 'activation of the picture' };
export const SCANNED = {
  strongest: 'strongest image',
  maximum: 'mean of maxima over images',
  spread: 'spread over images',
  active: 'how often active',
  purity: 'how pure its label is',
  ratio: 'picture against the best image',
  percentile: 'images that the picture is beyond',
  likeness: 'how alike picture and images are processed',
  likeness_of_means: 'the same, wherever in the picture',
};

const OF_PICTURES = new Set(['ratio', 'percentile', 'likeness', 'likeness_of_means']);
const MOST = 1000;

/**
 * Channels in the order that a scan gives them; null: there is no such order.
 * @param {string} model @param {string} layer @param {string} sort @param {string} sign of the pictures
 */
export function useScannedOrder(model, layer, sort, sign) {
  const wanted = sort in SCANNED;
  // Any unit's spectrum names the scan that tells of its layer.
  const spectrum = useResource(wanted ? `${api.unit(model, layer, 0)}/spectrum` : null).data;
  const scan = spectrum?.maximum ? spectrum.scan.key : null;
  const asked = { layer, sort, sign: OF_PICTURES.has(sort) ? sign : null, limit: MOST };
  const found = useResource(scan ? withQuery(`${api.scans()}/${scan}/units`, asked) : null);
  if (!wanted) return { order: null, missing: false };
  const units = found.data?.units;
  return { order: units ? units.map((/** @type {any} */ one) => one.channel) : null, missing: Boolean((spectrum && !scan) || found.problem) };
}

/**
 * @param {any[]} units @param {string} sort @param {string} sign @param {number[] | null} order
 */
export function sorted(units, sort, sign, order) {
  if (order) {
    const places = new Map(order.map((channel, place) => [channel, place]));
    return [...units].sort((a, b) => (places.get(a.channel) ?? Infinity) - (places.get(b.channel) ?? Infinity));
  }
  if (sort !== 'activation') return units;
  const factor = sign === 'negative' ? 1 : -1;
  const reached = (/** @type {any} */ unit) => unit[sign]?.activation ?? factor * Infinity;
  return [...units].sort((a, b) => factor * (reached(a) - reached(b)) || a.channel - b.channel);
}
