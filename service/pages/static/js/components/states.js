// What stands where something is not there yet, or never will be.
import { html } from '../html.js';

/** `whole`: it is all that the page shows. @param {{what?: string, whole?: boolean}} props */
export const Loading = ({ what = 'Loading', whole = false }) => html`<div class="loading" role="status" data-testid="loading">
  <${whole ? 'h1' : 'p'}>${what} …</></div>`;

/** @param {{children: any, title: string}} props */
export const Empty = ({ title, children }) => html`
  <div class="notice" data-testid="empty"><h2>${title}</h2>${children}</div>`;

/** The sign in words and colour. @param {{sign: string}} props */
export const Sign = ({ sign }) => html`<span class="sign ${sign}">${sign === 'negative' ? '− lowers it' : '+ raises it'}</span>`;

const WORDS = { queued: 'waiting', running: 'being made', cancelling: 'being stopped', succeeded: 'finished', failed: 'failed', cancelled: 'cancelled', forgotten: 'forgotten' };

/** The status of a job. @param {{status: string}} props */
export function Status({ status }) {
  const tone = status === 'failed' ? 'bad' : status === 'succeeded' ? 'good' : '';
  return html`<span class="badge ${tone}">${WORDS[/** @type {keyof typeof WORDS} */ (status)] ?? status}</span>`;
}

/** The name that people use for a network of the catalog. @param {any} model */
export const shortName = model => model.aliases[0] ?? model.name;

/** The name of a network without where it is from and which weights it has. @param {string} model */
export const brief = model => model.replace(/^[a-z]+:/, '').replace(/@.*/, '');

/** What one position of a layer sees of the picture, to be added to what else is said; empty where that is not known. @param {any} layer */
export const sees = ({ receptive_field: field }) => (field ? `; each position sees ${field[1]} × ${field[0]} pixels` : '');

/** A number with three digits that count, for people. @param {number | null | undefined} value */
export function number(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) return value.toExponential(2);
  return value.toLocaleString('en', { maximumSignificantDigits: size >= 100 ? 4 : 3, useGrouping: false });
}

/** A time that is left or has passed, in words. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
