// A job that an address names: asked for once, then kept up to date by the stream.
import { useEffect, useState } from '../../html.js';
import { jobAddress } from '../../api/addresses.js';
import { get } from '../../api/client.js';
import { tell, useJob } from '../../api/jobs.js';
import { apiKey, useSignal } from '../../state.js';

/**
 * Enqueues nothing: a key that leads nowhere is a problem.
 * @param {string | null} key
 * @returns {{job: any, problem: any, reload: () => void}}
 */
export function useJobOf(key) {
  const found = useJob(key);
  const job = found?.spec ? found : null; // others may know its status alone
  const allowed = useSignal(apiKey);
  const [turn, setTurn] = useState(0);
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const unknown = Boolean(key) && !job;
  useEffect(() => {
    setProblem(null);
    if (!key || !unknown) return undefined;
    let stale = false; // the stream may be quicker
    get(jobAddress(key)).then(job => !stale && tell(job), refusal => !stale && setProblem(refusal));
    return () => {
      stale = true;
    };
  }, [key, unknown, allowed, turn]);
  return { job: key ? job : null, problem, reload: () => setTurn(turn + 1) };
}
