// In which order a grid shows the units of a layer: by number, by what pictures reached, by what a scan found.
import { useEffect, useState } from '../../html.js';
import { withQuery, api } from '../../api/addresses.js';
import { get } from '../../api/client.js';
import { useResource } from '../../api/resource.js';

export const OWN = { number: 'number', activation: 'activation of the picture' };
export const SCANNED = {
  strongest: 'strongest image',
  maximum: 'mean of maxima over images',
  spread: 'spread over images',
  active: 'how often active',
  purity: 'how pure its label is',
  nearest: 'how alike another unit answers',
  ratio: 'picture against the best image',
  percentile: 'images that the picture is beyond',
  likeness: 'how alike picture and images are processed',
  likeness_of_means: 'the same, wherever in the picture',
};

const OF_PICTURES = new Set(['ratio', 'percentile', 'likeness', 'likeness_of_means']);
const MOST = 4096;

/**
 * Channels in the order that a scan gives them; null: there is no such order, or it is being `loaded`. Where no scan tells of the layer,
 * `unread` is the spectrum of one of its units, which offers to read a data set.
 * @param {string} model @param {string} layer @param {string} sort @param {string} sign of the pictures @param {number} channels
 */
export function useScannedOrder(model, layer, sort, sign, channels) {
  const wanted = sort in SCANNED;
  // Any unit's spectrum names the scan that tells of its layer.
  const { data: spectrum, problem, reload } = useResource(wanted ? `${api.unit(model, layer, 0)}/spectrum` : null);
  const scan = spectrum?.maximum ? spectrum.scan.key : null;
  const asked = { layer, sort, sign: OF_PICTURES.has(sort) ? sign : null, limit: MOST };
  const found = usePages(scan ? withQuery(`${api.scans()}/${scan}/units`, asked) : null, channels);
  if (!wanted) return { order: null, unread: null, problem: null, loading: false, reload };
  const unread = spectrum && !scan ? spectrum : null;
  const refused = problem ?? found.problem;
  return { order: found.units, unread, problem: refused, loading: !found.units && !unread && !refused, reload };
}

/** The channels of all pages of a list. @param {string | null} path @param {number} total */
function usePages(path, total) {
  const [state, setState] = useState(/** @type {{of: string | null, units?: number[], problem?: any}} */ ({ of: null }));
  useEffect(() => {
    if (!path) return undefined;
    const asking = new AbortController();
    const offsets = Array.from({ length: Math.ceil(total / MOST) }, (_, index) => index * MOST);
    Promise.all(offsets.map(offset => get(withQuery(path, { offset }), { signal: asking.signal }))).then(
      pages => setState({ of: path, units: pages.flatMap(page => page.units.map((/** @type {any} */ one) => one.channel)) }),
      problem => !asking.signal.aborted && setState({ of: path, problem }),
    );
    return () => asking.abort();
  }, [path, total]);
  return { units: (state.of === path && state.units) || null, problem: state.of === path ? state.problem : null };
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
