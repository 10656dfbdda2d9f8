// The networks that can be looked into.
import { html, useState } from '../html.js';
import { api, pages, withQuery } from '../api/addresses.js';
import { useResource } from '../api/resource.js';
import { Loading, shortName } from '../components/states.js';
import { OwnNetwork } from '../components/own_network.js';
import { Trouble } from '../components/trouble.js';
import { setQuery } from '../router.js';

export const title = () => 'Networks';

const SOURCES = { bundled: 'bundled', local: 'your own', torchvision: 'torchvision', timm: 'timm' };
const ORDER = ['local', 'bundled', 'torchvision', 'timm'];

/** @param {{query: URLSearchParams}} props */
export default function Models({ query }) {
  const [words, setWords] = useState(query.get('q') ?? '');
  const { data, problem, loading, reload } = useResource(withQuery(api.models(), { q: query.get('q'), limit: 1000 }));
  const search = (/** @type {any} */ event) => {
    setWords(event.target.value);
    setQuery({ q: event.target.value.trim() });
  };
  return html`
    <header class="row between">
      <h1>Networks</h1>
      <label class="row small">Filter <input type="search" value=${words} onInput=${search} placeholder="resnet" /></label>
    </header>
    ${problem && html`<${Trouble} problem=${problem} retry=${reload} />`}
    ${loading && html`<${Loading} />`}
    ${data && html`<${Here} models=${data.models.filter((/** @type {any} */ one) => one.downloaded)} />
      <${Elsewhere} models=${data.models.filter((/** @type {any} */ one) => !one.downloaded)} />
      ${data.models.length === 0 && html`<p data-testid="empty">No network has such a name.</p>`}`}
    <${OwnNetwork} />`;
}

/** Those whose weights are here. @param {{models: any[]}} props */
function Here({ models }) {
  const sorted = [...models].sort((a, b) => ORDER.indexOf(a.source) - ORDER.indexOf(b.source));
  return html`<section aria-labelledby="here"><h2 id="here">Ready</h2>
    <ul class="cards">${sorted.map(model => html`<li class="card" key=${model.name}>
      <h3><a href=${pages.model(shortName(model))}>${shortName(model)}</a></h3>
      <p class="small">${model.description}</p>
      <p class="row small soft"><span class="badge">${SOURCES[/** @type {keyof typeof SOURCES} */ (model.source)]}</span>
        ${model.parameters && html`<span>${millions(model.parameters)} weights</span>`}
        <span>${model.input_size[1]} × ${model.input_size[0]}</span></p>
      ${model.problem && html`<p class="refused small">${model.problem}</p>`}
    </li>`)}</ul></section>`;
}

/** Those that are downloaded when they are first asked for. @param {{models: any[]}} props */
function Elsewhere({ models }) {
  if (!models.length) return null;
  return html`<section aria-labelledby="elsewhere"><h2 id="elsewhere">Downloaded at the first picture</h2>
    <ul class="names">${models.map(model => html`<li key=${model.name}><a href=${pages.model(shortName(model))}>${shortName(model)}</a></li>`)}</ul></section>`;
}

/** @param {number} count */
const millions = count => (count >= 1e6 ? `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} million` : count.toLocaleString('en'));
