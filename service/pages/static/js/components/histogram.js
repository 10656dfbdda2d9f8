// How one number per image is distributed.
import { html } from '../html.js';
import { number } from './states.js';

const HEIGHT = 40;

/** `marks` are values to show as lines. @param {{of: any, label: string, marks?: number[]}} props */
export function Histogram({ of, label, marks = [] }) {
  const { low, width, counts, smallest, largest } = of;
  const most = Math.max(1, ...counts);
  const spoken = `Histogram of ${label}: from ${number(smallest)} to ${number(largest)}`;
  // Square roots, so that the few images at the ends are seen beside the many in the middle.
  const tall = (/** @type {number} */ count) => HEIGHT * Math.sqrt(count / most);
  return html`<svg class="histogram" viewBox=${`0 0 ${counts.length} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label=${spoken}>
      ${counts.map((/** @type {number} */ count, /** @type {number} */ index) => count > 0 && html`<rect x=${index} y=${HEIGHT - tall(count)} width="1" height=${tall(count)} />`)}
      ${marks.map(value => html`<line class="mark" x1=${(value - low) / width} x2=${(value - low) / width} y1="0" y2=${HEIGHT} />`)}
    </svg>
    <span class="row between small soft"><span class="number">${number(low)}</span><span class="number">${number(low + width * counts.length)}</span></span>`;
}
