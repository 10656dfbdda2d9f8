// The first page: what this is, at once, in pictures.
import { html } from '../html.js';
import { api, pages, withQuery } from '../api/addresses.js';
import { address } from '../api/client.js';
import { useResource } from '../api/resource.js';
import { OwnNetwork } from '../components/own_network.js';
import { Picture } from '../components/picture.js';
import { Living } from '../components/start/living.js';
import { Trouble } from '../components/trouble.js';
import { go } from '../router.js';
import { dropped } from '../state.js';
import { shortName } from '../components/states.js';

export const title = () => '';

/** What this is, what is here, what was made. */
export default function Start() {
  const { data: models, problem, reload } = useResource(withQuery(api.models(), { downloaded: true, limit: 50 }));
  const recent = useResource(withQuery(api.visualizations(), { status: 'succeeded', limit: 18 })).data?.visualizations ?? [];
  return html`
    <div class="start">
      <header class="stack">
        <h1>What makes this unit of a neural network fire?</h1>
        <p class="reading">Featurelens starts from noise and changes the <em>picture</em>, step by step, until one unit of a trained network
          responds most, or least. Beside it stand the real images that do the same, the unit's weights, and what your own photograph does in there.</p>
        <div class="row">
          <a class="button primary" href=${pages.unit('patternnet', 'conv6', 31)}>Look at a unit</a>
          <a class="button" href=${pages.classes('patternnet')}>Classes of the bundled network</a>
          <a class="button" href=${pages.help()}>What the words mean</a>
        </div>
        <${Drop} />
      </header>
      <${Living} />
    </div>
    ${problem && html`<${Trouble} problem=${problem} retry=${reload} />`}
    ${models && html`<section aria-labelledby="networks"><h2 id="networks">Networks that are here</h2>
      <ul class="cards">${models.models.map((/** @type {any} */ one) => html`<li class="card" key=${one.name}>
        <h3><a href=${pages.model(shortName(one))}>${shortName(one)}</a></h3><p class="small">${one.description}</p></li>`)}</ul>
      <p><a href=${pages.models()}>All networks</a>, torchvision's among them; they are downloaded at the first picture.</p></section>`}
    ${recent.length > 0 && html`<section aria-labelledby="recent"><h2 id="recent">Recent pictures</h2>
      <ul class="tiles">${recent.map((/** @type {any} */ one) => html`<li key=${one.key}><a class="tile" href=${pages.picture(one.key)}>
        <${Picture} src=${api.image(one.key)} alt=${`${one.sign} picture`} sizes="9rem" />
        <span class="tile-label"><span>${one.layer}${one.channel === null ? '' : `:${one.channel}`}</span>
          <span class=${one.sign}>${one.sign === 'negative' ? '−' : '+'}</span></span>
      </a></li>`)}</ul></section>`}
    <${OwnNetwork} />
    <p class="small soft">For programs: <a href=${address('/docs')}>the API</a>.</p>`;
}

/** Leads to the photo page with what was dropped. */
function Drop() {
  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    const [file] = event.dataTransfer?.files ?? [];
    if (file) dropped.value = file;
    go(pages.photo());
  };
  return html`<a class="drop" href=${pages.photo()} onDragOver=${(/** @type {Event} */ event) => event.preventDefault()} onDrop=${drop} data-testid="drop">
    <strong>Drop a photograph</strong><span class="soft">and see which units it raises, layer by layer</span></a>`;
}
