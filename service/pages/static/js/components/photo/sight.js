// The photograph as the network was shown it, with a crosshair that mouse and arrow keys move.
import { html, useRef } from '../../html.js';
import { api } from '../../api/addresses.js';
import { announcement } from '../../state.js';
import { Picture } from '../picture.js';

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SHIFTED = 8;

/**
 * `size` is (height, width) in pixels of what the network was shown: the largest middle part of the photograph with that
 * shape. `boxes` are (left, top, right, bottom) in those pixels.
 * @param {{photo: string, size: [number, number], at: {x: number, y: number} | null, move: (at: {x: number, y: number}) => void,
 *   boxes: {box: number[], kind: string}[]}} props
 */
export function Sight({ photo, size, at, move, boxes }) {
  const [height, width] = size;
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const to = (/** @type {number} */ x, /** @type {number} */ y) => {
    const next = { x: inside(x, width), y: inside(y, height) };
    announcement.value = `${next.x}, ${next.y}`;
    move(next);
  };
  const clicked = (/** @type {MouseEvent} */ event) => {
    const edges = /** @type {HTMLElement} */ (place.current).getBoundingClientRect();
    to(Math.floor(((event.clientX - edges.left) / edges.width) * width), Math.floor(((event.clientY - edges.top) / edges.height) * height));
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const arrow = ARROWS[event.key];
    if (!arrow || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const step = event.shiftKey ? SHIFTED : 1;
    if (at) to(at.x + step * arrow[0], at.y + step * arrow[1]);
    else to(Math.floor(width / 2), Math.floor(height / 2));
  };
  const part = (/** @type {number} */ pixel, /** @type {number} */ pixels) => `${(100 * pixel) / pixels}%`;
  const framed = (/** @type {number[]} */ [left, top, right, bottom]) =>
    `left: ${part(left, width)}; top: ${part(top, height)}; width: ${part(right - left, width)}; height: ${part(bottom - top, height)}`;
  return html`<div class="sight" ref=${place} tabindex="0" role="application" onClick=${clicked} onKeyDown=${pressed} data-testid="sight"
    aria-label=${`The photograph, ${width} by ${height} pixels. Arrow keys move the crosshair${at ? `, now at ${at.x}, ${at.y}` : ''}.`}>
    <${Picture} src=${api.photo(photo)} alt="the photograph" ratio=${width / height} eager />
    ${boxes.map(({ box, kind }) => html`<span class="sight-box ${kind}" style=${framed(box)}></span>`)}
    ${at && html`<span class="sight-line across" style=${`top: ${part(at.y + 0.5, height)}`}></span>
      <span class="sight-line down" style=${`left: ${part(at.x + 0.5, width)}`}></span>`}
  </div>`;
}

/** @param {number} pixel @param {number} pixels */
const inside = (pixel, pixels) => Math.min(Math.max(pixel, 0), pixels - 1);
