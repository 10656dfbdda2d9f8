// A class of the bundled network whose picture grows: the steps of one optimization, one after the other.
import { html, useEffect, useState } from '../../html.js';
import { api, pages } from '../../api/addresses.js';
import { useResource } from '../../api/resource.js';
import { course } from '../images.js';
import { Optimized } from '../optimized.js';
import { Picture } from '../picture.js';

const CLASS = 10;
const SNAPSHOTS = [0, 1, 2, 4, 8, 16, 32, 64];
const PAUSE = 600;
const LAST = 3000;

/** @param {{channel: string | null}} props */
export function Living({ channel }) {
  const unit = Number(channel ?? CLASS);
  const { data } = useResource(api.unit('patternnet', 'logits', unit));
  const request = { model: 'patternnet', layer: 'logits', channel: unit, snapshots: SNAPSHOTS };
  if (!data) return html`<figure class="stack"><span class="picture"></span></figure>`;
  return html`<figure class="stack living" data-testid="living">
    <${Optimized} request=${request} alt=${`what patternnet takes for ${data.label}`} sizes="30rem"
      shown=${(/** @type {any} */ job) => html`<${Course} job=${job} label=${data.label} />`} />
    <figcaption>From noise to what patternnet, the bundled network, takes for <a href=${pages.unit('patternnet', 'logits', unit)}>${data.label}</a></figcaption>
  </figure>`;
}

/** The steps in turn, unless somebody prefers that nothing moves. @param {{job: any, label: string}} props */
function Course({ job, label }) {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const images = course(job);
  const last = images.length - 1;
  const [place, setPlace] = useState(last);
  const [plays, setPlays] = useState(!still);
  useEffect(() => {
    if (!plays) return undefined;
    const later = setTimeout(() => setPlace(place === last ? 0 : place + 1), place === last ? LAST : PAUSE);
    return () => clearTimeout(later);
  }, [place, last, plays]);
  return html`<div class="stack">
    <a class="course" href=${pages.picture(job.key)}>${images.map((one, index) => html`<span key=${one.url} hidden=${index !== place}>
      <${Picture} src=${one.url} alt=${`${label} after ${one.step} steps`} eager /></span>`)}</a>
    <div class="row between small"><span class="soft">step <span class="number">${images[place].step}</span> of ${job.spec.steps}</span>
      <button class="plain" onClick=${() => setPlays(!plays)}>${plays ? 'Pause' : 'Play'}</button></div>
  </div>`;
}
