// Jobs that somebody looks at: one event stream for all of them in this tab, polling where streams do not come through.
import { useEffect, useMemo } from '../html.js';
import { announcement, apiKey, effect, signal, useSignal } from '../state.js';
import { api, jobAddress, withQuery } from './addresses.js';
import { get, send } from './client.js';

const PAUSE = 2000;
const SILENT = 5000;
const MOST = 100;
const ENDED = new Set(['succeeded', 'failed', 'cancelled']);

/** @param {any} job Whether nothing about it changes any more. */
export const over = job => Boolean(job) && ENDED.has(job.status);

/** @type {Map<string, {job: import('../../vendor/signals-core.mjs').Signal<any>, watchers: number}>} */
const watched = new Map();

/** How the states of jobs come in: stream, polling, or none while nothing is watched. */
export const channel = signal('none');

/** How many jobs have changed their status while this tab looked: what counts them may be old. */
export const changes = signal(0);

/** @type {AbortController | null} */
let running = null;

/** @type {Set<string>} */
let followed = new Set();
let planned = 0;

/**
 * The resource of a job, kept up to date as long as the component is shown. One of which nothing is `known`, and that
 * nobody told of, is not looked for.
 * @param {string | null | undefined} key
 * @param {any} [known] what is known of it already
 */
export function useJob(key, known) {
  const entry = useMemo(() => (key ? entryOf(key, known) : nothing), [key]);
  useEffect(() => {
    if (!key) return undefined;
    entry.watchers += 1;
    if (!over(entry.job.peek())) restart();
    return () => {
      entry.watchers -= 1;
    };
  }, [key]);
  const job = useSignal(entry.job);
  return job ?? known ?? null;
}

/** Tells all who watch it what became of a job, e.g. after it was asked for. @param {any} job */
export function tell(job) {
  if (!job?.key) return;
  const fresh = !watched.has(job.key);
  const entry = entryOf(job.key, job);
  const before = entry.job.peek();
  // The answer to a cancel may come after the stream has told that it is over.
  if (over(before) && job.status === 'cancelling') return;
  entry.job.value = job;
  if (fresh || before?.status !== job.status) changes.value = changes.peek() + 1;
  if (before && before.status !== job.status) announce(job);
  if (!over(job)) restart();
}

const nothing = { job: signal(/** @type {any} */ (null)), watchers: 0 };

/** @param {string} key @param {any} [known] */
function entryOf(key, known) {
  const found = watched.get(key);
  if (found) return found;
  const made = { job: signal(known ?? null), watchers: 0 };
  watched.set(key, made);
  return made;
}

/** @param {any} job */
function announce(job) {
  const unit = job.spec?.layer ? `${job.spec.layer} ${job.spec.channel ?? ''}` : 'job';
  announcement.value = `${unit}: ${job.status}`;
}

/** Follows what is watched now, if that is not what is followed already. */
function restart() {
  clearTimeout(planned);
  planned = window.setTimeout(() => {
    if (waiting().some(key => !followed.has(key))) follow();
  }, 50);
}

function waiting() {
  const flying = [...watched].filter(([, { job, watchers }]) => watchers > 0 && job.peek() && !over(job.peek()));
  return flying.map(([key]) => key).slice(0, MOST);
}

/** Follows all that is watched, until another call does or nothing is left. */
async function follow() {
  running?.abort();
  const mine = (running = new AbortController());
  let streams = true;
  for (;;) {
    const keys = waiting();
    followed = new Set(keys);
    channel.value = !keys.length ? 'none' : streams ? 'stream' : 'polling';
    if (!keys.length) return;
    try {
      if (streams) streams = await stream(keys, mine.signal);
      else await Promise.all(keys.map(async key => tell(await get(jobAddress(key), { signal: mine.signal }))));
    } catch (error) {
      if (mine.signal.aborted) return;
      const { status } = /** @type {any} */ (error);
      if (status === 401 || status === 403) return;
      // One is gone or forgotten: whoever shows it asks for it and says so; the others are asked for one by one.
      if (status === 404 || status === 422) streams = false;
    }
    await new Promise(resolve => setTimeout(resolve, PAUSE));
    if (mine.signal.aborted) return;
  }
}

/**
 * Reads events until the connection ends. False when nothing came for a while: something on the way holds them back.
 * @param {string[]} keys @param {AbortSignal} signal
 */
async function stream(keys, signal) {
  const query = new URLSearchParams(keys.map(key => ['key', key])).toString();
  const answer = await send(`${withQuery(api.events(), {})}?${query}`, { signal });
  const reader = /** @type {ReadableStream<any>} */ (answer.body).pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let heard = false;
  for (;;) {
    const timeout = new Promise(resolve => setTimeout(resolve, heard ? 60_000 : SILENT, 'silent'));
    const read = await Promise.race([reader.read(), timeout]);
    if (read === 'silent') {
      await reader.cancel();
      return heard;
    }
    const { done, value } = /** @type {ReadableStreamReadResult<string>} */ (read);
    if (done) return true;
    heard = true;
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    blocks.forEach(handle);
  }
}

/** @param {string} block */
function handle(block) {
  const lines = block.split('\n');
  const data = lines.filter(line => line.startsWith('data: ')).map(line => line.slice(6)).join('\n');
  if (lines.includes('event: job')) tell(JSON.parse(data));
}

// A new API key may see what the old one did not.
effect(() => {
  if (apiKey.value) follow();
});
