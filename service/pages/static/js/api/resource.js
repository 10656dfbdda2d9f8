// What a component shows of an address of the service: while it is asked for, when it is there, when it is refused.
import { useCallback, useEffect, useState } from '../html.js';
import { apiKey, reachable, useSignal } from '../state.js';
import { get } from './client.js';

/** @type {Map<string, unknown>} What was answered last, shown at once when somebody comes back. */
const answers = new Map();
const KEPT = 200;

/**
 * The JSON at `path`; null asks nothing. Stale answers are dropped. It is asked for again when the service is back and
 * when an API key was given.
 * @param {string | null} path
 * @returns {{data: any, problem: any, loading: boolean, reload: () => void}}
 */
export function useResource(path) {
  const key = useSignal(apiKey);
  const there = useSignal(reachable);
  const [turn, setTurn] = useState(0);
  const [state, setState] = useState(/** @type {{path: string | null, data?: any, problem?: any}} */ ({ path: null }));
  const reload = useCallback(() => setTurn(turn => turn + 1), []);
  useEffect(() => {
    if (path === null) return undefined;
    const asking = new AbortController();
    get(path, { signal: asking.signal }).then(
      data => {
        answers.delete(path);
        answers.set(path, data);
        if (answers.size > KEPT) answers.delete(/** @type {string} */ (answers.keys().next().value));
        setState({ path, data });
      },
      problem => {
        if (!asking.signal.aborted) setState({ path, problem, data: problem.code === 'unreachable' ? answers.get(path) : undefined });
      },
    );
    return () => asking.abort();
  }, [path, key, turn, there && state.problem?.code === 'unreachable']);
  const mine = state.path === path ? state : { data: path === null ? undefined : answers.get(path), problem: undefined };
  const loading = path !== null && mine.data === undefined && !mine.problem;
  return { data: mine.data, problem: mine.problem, loading, reload };
}

/** Forgets what was answered under addresses that begin so, after something has changed there. @param {string} start */
export function forget(start) {
  for (const path of answers.keys()) if (path.startsWith(start)) answers.delete(path);
}
