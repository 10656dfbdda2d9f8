// The units of a layer and their pictures: all tiles at once, by their numbers, what there is of them page by page.
import { useEffect, useMemo, useState } from '../../html.js';
import { api, withQuery } from '../../api/addresses.js';
import { get } from '../../api/client.js';
import { apiKey, reachable, useSignal } from '../../state.js';

/** One answer; small enough that the first tiles are there at once. */
const PAGE = 512;

/**
 * Units `from` up to `to` (excluded). Of those that were not told of yet, `told` is false.
 * @param {string} model @param {string} layer @param {number} from @param {number} to 0: not known yet
 */
export function useUnits(model, layer, from, to) {
  const path = `${api.layer(model, layer)}/units`;
  const key = useSignal(apiKey);
  const there = useSignal(reachable);
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState({ of: '', found: /** @type {any[]} */ ([]), problem: /** @type {any} */ (null) });
  const of = `${path} ${from} ${to}`;
  useEffect(() => {
    if (!to) return undefined;
    const asking = new AbortController();
    const read = async () => {
      /** @type {any[]} */
      const found = [];
      for (let first = from; first < to; first += PAGE) {
        const page = await get(withQuery(path, { from: first, limit: Math.min(PAGE, to - first) }), { signal: asking.signal });
        found.push(...page.units);
        // Looked for again, the tiles keep what they show until all is known.
        if (turn === 0 || first + PAGE >= to) setState({ of, found: [...found], problem: null });
      }
    };
    read().catch(problem => !asking.signal.aborted && setState(before => ({ of, found: before.of === of ? before.found : [], problem })));
    return () => asking.abort();
  }, [of, key, turn, there && state.problem?.code === 'unreachable']);
  const mine = state.of === of;
  const found = mine ? state.found : [];
  const units = useMemo(() => {
    const rest = Array.from({ length: Math.max(0, to - from - found.length) }, (_, index) => ({ channel: from + found.length + index, told: false }));
    return [...found, ...rest];
  }, [found, of]);
  const problem = mine && !found.length ? state.problem : null;
  return { units, loading: !found.length && !problem, whole: mine && from + found.length >= to, problem, reload: () => setTurn(before => before + 1) };
}
