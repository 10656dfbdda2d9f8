// The objective at every step, drawn by uPlot, which is fetched only where there is a curve.
import { html, useEffect, useRef } from '../../html.js';

const HEIGHT = 180;

/** A colour of the pages as a canvas takes it. @param {HTMLElement} box @param {string} name */
function colour(box, name) {
  box.style.color = `var(${name})`;
  const { color } = getComputedStyle(box);
  box.style.color = '';
  return color;
}

/** @param {{values: number[], step: number, label: string}} props `step` is marked */
export function Curve({ values, step, label }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const plot = useRef(/** @type {any} */ (null));
  useEffect(() => {
    let gone = false;
    import('../../../vendor/uplot.mjs').then(({ default: Plot }) => {
      const box = place.current;
      if (gone || !box) return;
      const axis = { stroke: colour(box, '--ink-soft'), grid: { stroke: colour(box, '--line'), width: 1 }, ticks: { show: false } };
      plot.current = new Plot(
        {
          width: box.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { y: false }, scales: { x: { time: false } },
          axes: [axis, { ...axis, size: 56 }],
          series: [{}, { stroke: colour(box, '--accent'), width: 2 }],
        },
        [values.map((_, index) => index + 1), values],
        box,
      );
      plot.current.setCursor({ left: plot.current.valToPos(step, 'x'), top: 0 });
    });
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: place.current?.clientWidth ?? 0, height: HEIGHT }));
    if (place.current) resized.observe(place.current);
    return () => {
      gone = true;
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [values]);
  useEffect(() => {
    const at = plot.current;
    if (at) at.setCursor({ left: at.valToPos(step, 'x'), top: 0 });
  }, [step]);
  const first = values[0]?.toPrecision(3);
  const last = values[values.length - 1]?.toPrecision(3);
  return html`<div class="curve" ref=${place} role="img" aria-label=${`${label}: from ${first} at the first step to ${last} at the last`}></div>`;
}
