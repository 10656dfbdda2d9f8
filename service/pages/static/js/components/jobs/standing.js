// How the service is doing, for people.
import { html, useEffect } from '../../html.js';
import { api } from '../../api/addresses.js';
import { changes } from '../../api/jobs.js';
import { useResource } from '../../api/resource.js';
import { useSignal } from '../../state.js';
import { duration } from '../states.js';
import { Trouble } from '../trouble.js';

const PAUSE = 5000;
/** Within so many milliseconds of a change the renderer has told what it works on now. */
const BEAT = 1500;

/** Looks again every few seconds as long as the page is seen. */
export function Standing() {
  const { data, problem, reload } = useResource(api.status());
  const changed = useSignal(changes);
  useEffect(() => {
    if (!changed) return undefined;
    reload();
    const later = setTimeout(reload, BEAT);
    return () => clearTimeout(later);
  }, [changed]);
  useEffect(() => {
    const again = setInterval(() => document.visibilityState === 'visible' && reload(), PAUSE);
    return () => clearInterval(again);
  }, []);
  if (problem && !data) return html`<${Trouble} problem=${problem} />`;
  if (!data) return html`<div class="card standing"></div>`;
  const { renderers, queues, slots, ended } = data;
  const sum = (/** @type {'pictures' | 'lanes'} */ name) => renderers.reduce((/** @type {number} */ all, /** @type {any} */ one) => all + one[name], 0);
  const devices = [...new Set(renderers.map((/** @type {any} */ one) => `${one.device}, ${one.precision}`))].join('; ');
  const waiting = Object.values(queues).reduce((sum, /** @type {any} */ queue) => sum + queue.length, 0);
  const oldest = Math.max(0, ...Object.values(queues).map((/** @type {any} */ queue) => queue.oldest_wait));
  const facts = [
    ['pictures', data.ready ? 'can be asked for' : `cannot be made: ${data.missing}`],
    ['being made', renderers.length ? `${sum('pictures')} in ${sum('lanes')} ${sum('lanes') === 1 ? 'lane' : 'lanes'}` : '–'],
    ['waiting', waiting ? `${waiting}, the first for ${duration(oldest)}` : 'none'],
    [renderers.length > 1 ? `${renderers.length} renderers` : 'device', devices || '–'],
    ['slots', Object.entries(slots).map(([name, count]) => `${count} ${name.replace('featurelens-', '').replace('featurelens', 'single')}`).join(', ')],
    ['ended', Object.entries(ended).map(([name, count]) => `${count} ${name}`).join(', ') || 'none'],
  ];
  return html`<div class="card standing" data-testid=${data.ready ? 'ready' : 'no-worker'}>
    <dl class="facts">${facts.map(([word, text]) => html`<dt>${word}</dt><dd class=${word === 'pictures' && !data.ready ? 'refused' : ''}>${text}</dd>`)}</dl>
      </div>`;
}
