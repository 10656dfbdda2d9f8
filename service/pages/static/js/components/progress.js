// How far a job is, as long as somebody looks.
import { html, useEffect, useRef } from '../html.js';
import { announcement } from '../state.js';
import { duration } from './states.js';

const STAGES = {
  waiting: 'waiting for a place',
  downloading: 'downloading weights',
  loading: 'loading the network',
  rendering: 'step',
  reading: 'reading',
  tabulating: 'writing the table',
  storing: 'saving',
  stopping: 'stopping',
};
const QUARTERS = 4;

/** @param {number} bytes */
const megabytes = bytes => (bytes / 1e6).toFixed(1);

/** In words. @param {any} job */
export function progressText(job) {
  if (job.waiting_for === 'other-version') return 'waiting for a worker of another version';
  if (job.status === 'queued') return job.position ? `waiting, number ${job.position} in the queue` : 'waiting';
  if (job.status === 'cancelling') return 'being stopped';
  const { stage, step = 0, steps = 0, seconds_left: left, downloaded, download_size: of } = job.progress ?? {};
  if (!stage) return 'starting';
  if (stage === 'downloading' && downloaded) return `downloading ${megabytes(downloaded)}${of ? ` of ${megabytes(of)}` : ''} MB`;
  const counted = stage === 'rendering' || (stage === 'reading' && steps > 1);
  const words = STAGES[/** @type {keyof typeof STAGES} */ (stage)] ?? stage;
  const time = left === null || left === undefined ? '' : `, about ${duration(left)} left`;
  return counted ? `${words} ${step} of ${steps}${time}` : words;
}

/** A bar and words; a screen reader hears every quarter. @param {{job: any, label: string}} props */
export function Progress({ job, label }) {
  const { stage, step = 0, steps = 0 } = job.progress ?? {};
  const measured = job.status === 'running' && steps > 1 && (stage === 'rendering' || stage === 'reading');
  const quarter = measured ? Math.floor((QUARTERS * step) / steps) : 0;
  const told = useRef(0);
  useEffect(() => {
    if (quarter > told.current) announcement.value = `${label}: ${(100 * quarter) / QUARTERS} percent`;
    told.current = quarter;
  }, [quarter]);
  return html`<div class="progress" data-testid="progress">
    <progress aria-label=${label} max=${steps || 1} value=${measured ? step : undefined}></progress>
    <small>${progressText(job)}</small>
  </div>`;
}
