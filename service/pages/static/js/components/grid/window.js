// A grid of very many tiles, of which only those near the view are in the document.
import { html, useEffect, useLayoutEffect, useRef, useState } from '../../html.js';

const GAP = 12;
const LABEL = 26;
const AROUND = 2;
const REST = 300;

/**
 * `tile` draws one of `items`; all tiles are equally tall, so that nothing moves when pictures arrive.
 * `rested` hears which of them are in view once the scrolling has rested.
 * @param {{items: any[], tile: (item: any, sizes: string) => any, width?: number, label: string, rested?: (seen: any[]) => void}} props
 */
export function Window({ items, tile, width = 128, label, rested }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const [size, setSize] = useState({ columns: 1, side: width });
  const [rows, setRows] = useState({ first: 0, last: 8 });
  useLayoutEffect(() => {
    const measured = () => {
      const whole = place.current?.clientWidth ?? width;
      const columns = Math.max(2, Math.floor((whole + GAP) / (width + GAP)));
      setSize({ columns, side: (whole - GAP * (columns - 1)) / columns });
    };
    const watching = new ResizeObserver(measured);
    if (place.current) watching.observe(place.current);
    measured();
    return () => watching.disconnect();
  }, [width]);
  const { columns, side } = size;
  const high = side + LABEL + GAP;
  const count = Math.ceil(items.length / columns);
  useEffect(() => {
    const seen = () => {
      const top = place.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.floor(-top / high) - AROUND);
      const last = Math.min(count, Math.ceil((innerHeight - top) / high) + AROUND);
      setRows(before => (before.first === first && before.last === last ? before : { first, last }));
    };
    seen();
    addEventListener('scroll', seen, { passive: true });
    addEventListener('resize', seen);
    return () => {
      removeEventListener('scroll', seen);
      removeEventListener('resize', seen);
    };
  }, [high, count]);
  useEffect(() => {
    if (!rested) return undefined;
    const later = setTimeout(() => {
      const top = place.current?.getBoundingClientRect().top ?? 0;
      const [first, last] = [Math.max(0, Math.floor(-top / high)), Math.ceil((innerHeight - top) / high)];
      rested(items.slice(first * columns, Math.max(0, last) * columns));
    }, REST);
    return () => clearTimeout(later);
  }, [rows, items, columns, high]);
  // A tile that the keys lead to may have to be drawn first.
  const wanted = useRef(/** @type {number | null} */ (null));
  const reach = (/** @type {number} */ index) => {
    const link = place.current?.querySelector(`[aria-posinset="${index + 1}"] a`);
    wanted.current = link ? null : index;
    if (link instanceof HTMLElement) link.focus();
    else scrollTo(0, scrollY + (place.current?.getBoundingClientRect().top ?? 0) + Math.floor(index / columns) * high - innerHeight / 2);
  };
  useEffect(() => {
    if (wanted.current !== null) reach(wanted.current);
  }, [rows]);
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const at = Number(/** @type {HTMLElement} */ (event.target).closest('[aria-posinset]')?.getAttribute('aria-posinset')) - 1;
    const keys = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns, Home: 0, End: items.length - 1 };
    const next = keys[/** @type {keyof typeof keys} */ (event.key)];
    if (next === undefined || at < 0 || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    if (next >= 0 && next < items.length) reach(next);
  };
  const from = rows.first * columns;
  const shown = items.slice(from, rows.last * columns);
  const layout = `transform: translateY(${rows.first * high}px); grid-template-columns: repeat(${columns}, ${side}px)`;
  return html`<div class="grid-window" ref=${place} style=${`height: ${Math.max(0, count * high - GAP)}px`} data-testid="grid">
    <ul class="tiles" style=${layout} aria-label=${label} onKeyDown=${pressed}>
      ${shown.map((item, index) => html`<li key=${item.channel} aria-setsize=${items.length} aria-posinset=${from + index + 1}
        style=${`height: ${high - GAP}px`}>${tile(item, `${Math.ceil(side)}px`)}</li>`)}
    </ul>
  </div>`;
}
