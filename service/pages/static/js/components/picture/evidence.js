// How a picture compares with the images of data sets.
import { html } from '../../html.js';
import { number } from '../states.js';
import { Paths } from './paths.js';

/** A number that is known exactly, or between two. @param {{least: number, most: number | null} | null} bounds */
function between(bounds) {
  if (!bounds) return '–';
  if (bounds.most === null) return `at least ${number(bounds.least)}`;
  const [least, most] = [number(bounds.least), number(bounds.most)];
  return least === most ? least : `${least} to ${most}`;
}

/** @param {{picture: string, sign: string, evidence: any[] | null}} props `picture` is its key */
export function EvidenceTable({ picture, sign, evidence }) {
  if (!evidence?.length) return null;
  return html`<section aria-labelledby="evidence">
    <h2 id="evidence">Beside real images</h2>
    <div class="scrolls"><table>
      <thead><tr><th scope="col">data set</th><th scope="col">compared by</th><th scope="col">this picture</th><th scope="col">best image</th>
        <th scope="col">times that</th><th scope="col">beyond, of all</th></tr></thead>
      <tbody>${evidence.map(one => html`<tr key=${one.dataset}><th scope="row">${one.dataset} (${one.images})</th><td>${one.compared}</td>
        <td class="number">${number(one.activation)}</td><td class="number">${between(one.best)}</td><td class="number">${between(one.ratio)}</td>
          <td class="number">${between(one.percentile)} %</td></tr>`)}</tbody>
    </table></div>
    ${evidence.map(one => html`<${Paths} key=${one.dataset} picture=${picture} sign=${sign} evidence=${one} />`)}
  </section>`;
}
