// Every picture of a unit that there is, made with whatever parameters.
import { html } from '../../html.js';
import { api, pages } from '../../api/addresses.js';
import { Picture } from '../picture.js';
import { Status } from '../states.js';

/** What tells it from the others. @param {any} one */
function told({ objective, steps, seed }) {
  return [objective !== 'channel' && objective, `${steps} steps`, seed > 0 && `seed ${seed}`].filter(Boolean).join(', ');
}

/** @param {{visualizations: any[]}} props */
export function Others({ visualizations }) {
  if (!visualizations.length) return null;
  return html`<section aria-labelledby="others">
    <h2 id="others">All pictures of it</h2>
    <ul class="tiles">${visualizations.map(one => html`<li key=${one.key}><a class="tile" href=${pages.picture(one.key)}>
      ${one.links.image
        ? html`<${Picture} src=${api.image(one.key)} alt=${`${one.sign} ${one.objective}`} sizes="9rem" />`
        : html`<span class="picture"><span class="picture-missing"><${Status} status=${one.status} /></span></span>`}
      <span class="tile-label"><span class=${one.sign}>${one.sign}</span><span class="soft">${told(one)}</span></span>
    </a></li>`)}</ul>
  </section>`;
}
