// A class of the bundled network whose picture grows: the steps of one optimization, one after the other.
import { html, useEffect, useState } from '../../html.js';
import { pages, withQuery } from '../../api/addresses.js';

const UNIT = { model: 'patternnet', layer: 'logits', channel: 10 };
const LABEL = 'rings';
/** Steps that were kept of a picture made by Featurelens itself; it comes with the pages, so that it is there at once. */
const STEPS = [0, 1, 2, 4, 8, 16, 32, 64, 128];
const PAUSE = 600;
const LAST = 3000;

/** @param {number} step */
const frame = step => new URL(`../../../images/${LABEL}-${step}.webp`, import.meta.url).href;

/** The steps in turn, unless somebody prefers that nothing moves. */
export function Living() {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const last = STEPS.length - 1;
  const [place, setPlace] = useState(still ? last : 0);
  const [plays, setPlays] = useState(!still);
  useEffect(() => {
    if (!plays) return undefined;
    const later = setTimeout(() => setPlace(place === last ? 0 : place + 1), place === last ? LAST : PAUSE);
    return () => clearTimeout(later);
  }, [place, plays]);
  return html`<figure class="stack living" data-testid="living">
    <a class="picture enlarged" href=${pages.unit(UNIT.model, UNIT.layer, UNIT.channel)}>${STEPS.map((step, index) => html`
      <img key=${step} src=${frame(step)} hidden=${index !== place} alt=${`what patternnet takes for ${LABEL}, after ${step} steps`} />`)}</a>
    <div class="row between small"><span class="soft">step <span class="number">${STEPS[place]}</span> of ${STEPS[last]}</span>
      <button class="plain" onClick=${() => setPlays(!plays)}>${plays ? 'Pause' : 'Play'}</button></div>
    <figcaption>From noise to what patternnet, the bundled network, takes for <strong>${LABEL}</strong>.${' '}
      <a href=${withQuery(pages.make(), { spec: JSON.stringify({ ...UNIT, snapshots: STEPS.slice(0, -1) }) })}>Watch it being made here</a></figcaption>
  </figure>`;
}
