// Tokens of a transformer: where they lie on the picture, and what the heads of a layer attend to.
import { html, useState } from '../../html.js';
import { api } from '../../api/addresses.js';
import { Picture } from '../picture.js';

/**
 * The place on its map of what a photograph's activations tell of a unit; empty where it has none: a class token, or tokens of which it is
 * not known yet how they lie. `maps` are those of the layer, once they are there.
 * @param {{width: number, height: number}} told @param {any} maps @param {{x: number | null, y: number | null}} one
 * @returns {{x?: number, y?: number}}
 */
export function placed(told, maps, { x, y }) {
  if (x === null || x === undefined || y === null) return {};
  if (!maps?.height) return told.width === 1 && told.height > 1 ? {} : { x, y };
  if (!maps.tokens) return { x, y };
  const token = y - maps.tokens.first;
  return token < 0 ? {} : { x: token % maps.tokens.width, y: Math.floor(token / maps.tokens.width) };
}

/** How many numbers a unit says, in words. @param {{width: number, height: number}} told @param {any} maps */
export function extentOf({ width, height }, maps) {
  const tokens = maps?.tokens;
  if (tokens) return `${height} tokens: ${tokens.width} × ${tokens.height} patches${tokens.first ? `, ${tokens.first} before them` : ''}`;
  if (width * height === 1) return 'one value each';
  return width === 1 ? `${height} tokens` : `maps of ${width} × ${height}`;
}

/**
 * `maps` have `attention`; `at` is the crosshair's place on them, if there is one.
 * @param {{look: any, layer: string, maps: any, at: {x: number, y: number} | null}} props
 */
export function Attention({ look, layer, maps, at }) {
  const [open, setOpen] = useState(false);
  const { tokens, attention } = maps;
  const middle = { x: Math.floor(maps.width / 2), y: Math.floor(maps.height / 2) };
  const from = at ?? (tokens?.first ? null : middle);
  const whose = from ? `the token at column ${from.x}, row ${from.y}` : 'the class token';
  const [height, width] = look.spec.size;
  return html`<details onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)} data-testid="attention">
    <summary>What its ${attention.heads} heads attend to</summary>
    ${open && html`<p class="small soft">Where ${whose} looks, head by head; the darkest place gets most.
        ${at ? '' : ' Click a place of the photograph, and it is the token there that looks.'}</p>
      <ul class="fired">${Array.from({ length: attention.heads }, (_, head) => html`<li key=${head} class="stack">
        <${Picture} ratio=${width / height} alt=${`what ${whose} attends to in head ${head} of ${layer}`}
          src=${api.attention(look.key, layer, head, { over: 'photo', width: 256, format: 'webp', ...from })} />
        <span class="small">head ${head}</span></li>`)}</ul>`}
  </details>`;
}
