// What a picture costs, before it is asked for.
import { html } from '../../html.js';
import { duration } from '../states.js';

/** @param {{estimate: any}} props */
export function Cost({ estimate }) {
  if (!estimate) return html`<div class="card"><p class="soft">Working out what this costs …</p></div>`;
  const { cost, cost_limit: limit, memory, seconds, waiting, status, spec } = estimate;
  const facts = [
    ['time', status === 'succeeded' ? 'none, it is there' : seconds ? `about ${duration(seconds)}` : 'not known: nothing like it was made since the start'],
    ['before it', waiting ? `${waiting} in the queue` : null],
    ['cost', cost === undefined ? null : `${cost.toLocaleString('en')}${limit ? ` of ${limit.toLocaleString('en')}` : ''}`],
    ['memory', memory ? `${Math.ceil(memory / 2 ** 20).toLocaleString('en')} MiB` : null],
    ['pixels', spec?.size ? [spec.size].flat().join(' × ') : null],
  ].filter(([, text]) => text);
  return html`<div class="card" data-testid="cost"><h2>What it costs</h2>
    <dl class="facts">${facts.map(([word, text]) => html`<dt>${word}</dt><dd>${text}</dd>`)}</dl>
    <p class="small soft">Cost is steps × height × width × pictures × views.</p></div>`;
}
