// A drawn picture, and where the unit of one class fires in it.
import { html, useEffect, useRef, useState } from '../../html.js';
import { api, pages } from '../../api/addresses.js';
import { get } from '../../api/client.js';
import { over, tell } from '../../api/jobs.js';
import { setQuery } from '../../router.js';
import { useJobOf } from '../photo/job_of.js';
import { looked, uploaded } from '../photo/look.js';
import { Picture } from '../picture.js';
import { Progress } from '../progress.js';
import { Trouble } from '../trouble.js';
import { draw } from './patterns.js';

/**
 * `classes` are units of `layer` by their names; `query` keeps what was seen (`pattern`) and its maps (`map`).
 * @param {{model: string, layer: string, classes: {channel: number, label: string}[], query: URLSearchParams}} props
 */
export function Drawn({ model, layer, classes, query }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const look = query.get('pattern');
  const { job } = useJobOf(query.get('map'));
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  useEffect(() => draw(/** @type {HTMLCanvasElement} */ (canvas.current)), []);
  const show = async () => {
    setBusy(true);
    setRefusal(null);
    try {
      const blob = await new Promise(resolve => canvas.current?.toBlob(resolve));
      const seen = await looked(model, await uploaded(blob));
      const maps = await get(api.maps(seen.key, layer));
      tell(maps);
      setQuery({ pattern: seen.key, map: maps.key });
    } catch (error) {
      setRefusal(error);
    }
    setBusy(false);
  };
  const there = look && job?.status === 'succeeded';
  return html`<div class="stack" data-testid="drawn">
    <ul class="three">
      <li class="stack"><span class="picture"><canvas ref=${canvas} role="img" aria-label="rings, stripes, checks and dots, a quarter of the picture each">
        </canvas></span>
        <span class="small">drawn here: rings, stripes, checks, dots</span></li>
      ${classes.map(({ channel, label }, index) => html`<li key=${channel} class="stack">
        ${there
          ? html`<${Picture} src=${api.map(look, layer, channel, { over: 'photo', width: 512, format: 'webp' })} eager
              alt=${`the feature map of ${label} over the drawn patterns`} />`
          : html`<span class="picture"><span class="picture-missing">${index === 0 && html`<button class="primary" onClick=${show} disabled=${busy}
              data-testid="show-drawn">${busy ? 'Looking …' : 'Show where they fire'}</button>`}</span></span>`}
        <span class="small"><a href=${pages.unit(model, layer, channel)}>${layer}:${channel}, ${label}</a></span></li>`)}
    </ul>
    ${job && !over(job) && html`<${Progress} job=${job} label="maps of the drawn patterns" />`}
    ${refusal && html`<${Trouble} problem=${refusal} retry=${show} />`}
    ${there && html`<p class="small soft">${job.width} × ${job.height} positions, laid over the picture where each of them looks. <span class="positive">Red</span> is above
      zero, <span class="negative">blue</span> below, clear is zero. <a href=${pages.photoOf(look)}>All that ${model} sees in it</a></p>`}
  </div>`;
}
