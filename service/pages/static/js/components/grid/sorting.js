// In which order a grid shows the units of a layer: by number, by what pictures reached, by what a scan found.
import { withQuery, api } from '../../api/addresses.js';
import { useResource } from '../../api/resource.js';

export const OWN = { number: 'number', activation: 'activation of the picture' };
export const SCANNED = {
  strongest: 'strongest image', maximum: 'mean of maxima over images', spread: 'spread over images', active: 'how often active', purity: 'how pure its label is',
};

/**
 * Channels in the order that a scan gives them; null: there is no such order.
 * @param {string} model @param {string} layer @param {string} sort
 */
export function useScannedOrder(model, layer, sort) {
  const wanted = sort in SCANNED;
  const scans = useResource(wanted ? withQuery(api.scans(), { model, status: 'succeeded', limit: 50 }) : null).data?.scans ?? [];
  const scan = scans.find((/** @type {any} */ one) => one.layers?.includes(layer) ?? true);
  const found = useResource(scan ? withQuery(`${api.scans()}/${scan.key}/units`, { layer, sort, limit: 4096 }) : null);
  if (!wanted) return { order: null, missing: false };
  const units = found.data?.units;
  return { order: units ? units.map((/** @type {any} */ one) => one.channel) : null, missing: (!scan && scans.length === 0) || Boolean(found.problem) };
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
