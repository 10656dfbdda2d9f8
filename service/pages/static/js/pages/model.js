// One network: its layers in the order they run.
import { html, useState } from '../html.js';
import { api, pages, withQuery } from '../api/addresses.js';
import { useResource } from '../api/resource.js';
import { Loading } from '../components/states.js';
import { Trouble } from '../components/trouble.js';
import { setQuery } from '../router.js';

/** @param {{model: string}} params */
export const title = params => params.model;

/** @param {{params: {model: string}, query: URLSearchParams}} props */
export default function Model({ params, query }) {
  const name = params.model;
  const { data: model, problem, reload } = useResource(api.model(name));
  const all = query.get('all') !== null;
  const layers = useResource(model && !model.problem ? withQuery(api.layers(name), { q: query.get('q'), recommended: all || query.get('q') ? null : true }) : null);
  if (problem) return html`<${Trouble} problem=${problem} whole=${true} retry=${reload} />`;
  if (!model) return html`<${Loading} what="Looking at the network" whole=${true} />`;
  return html`
    <header class="stack">
      <ol class="crumbs" aria-label="Where this is"><li><a href=${pages.models()}>Networks</a></li></ol>
      <h1>${name}</h1>
      <p class="reading">${model.description}</p>
      <${Facts} model=${model} />
      <div class="row">
        ${model.classes_layer && html`<a class="button" href=${pages.classes(name)}>Pictures of its classes</a>`}
        ${model.photograph && html`<a class="button" href=${withQuery(pages.photo(), { model: name })}>What it sees in my photo</a>`}
      </div>
    </header>
    ${model.problem
      ? html`<div class="notice bad" data-testid="problem-network"><h2>Its layers cannot be listed</h2><p>${model.problem}</p></div>`
      : html`<${Layers} name=${name} layers=${layers} query=${query} all=${all} />`}`;
}

/** @param {{model: any}} props */
function Facts({ model }) {
  const facts = [
    ['name', model.name],
    ['takes', `${model.input_size[1]} × ${model.input_size[0]} pixels${model.fixed_size ? ', no other size' : ''}, ${model.input_channels} channels`],
    ['weights', model.parameters?.toLocaleString('en')],
    ['identity', model.sha256 ? `sha256 ${model.sha256.slice(0, 16)}…` : model.digest],
  ];
  return html`<dl class="facts">${facts.filter(([, text]) => text).map(([word, text]) => html`<dt>${word}</dt><dd>${text}</dd>`)}</dl>
    ${!model.downloaded && html`<p class="small soft">Its weights are downloaded when the first picture is asked for.</p>`}`;
}

/** @param {{name: string, layers: any, query: URLSearchParams, all: boolean}} props */
function Layers({ name, layers, query, all }) {
  const [words, setWords] = useState(query.get('q') ?? '');
  const search = (/** @type {any} */ event) => {
    setWords(event.target.value);
    setQuery({ q: event.target.value.trim() });
  };
  return html`<section aria-labelledby="layers">
    <div class="row between">
      <h2 id="layers">Layers, as they run</h2>
      <div class="row">
        <label class="row small">Filter <input type="search" value=${words} onInput=${search} /></label>
        <label class="row small"><input type="checkbox" checked=${all} onChange=${() => setQuery({ all: all ? null : 'yes' })} /> all of them</label>
      </div>
    </div>
    ${layers.problem && html`<${Trouble} problem=${layers.problem} retry=${layers.reload} />`}
    ${layers.loading && html`<${Loading} what="Working out its layers" />`}
    ${layers.data && html`<div class="scrolls"><table>
      <thead><tr><th scope="col">layer</th><th scope="col">what</th><th scope="col">units</th><th scope="col">map</th><th scope="col">sees</th>
        <th scope="col">parts</th></tr></thead>
      <tbody>${layers.data.layers.map((/** @type {any} */ one) => html`<tr key=${one.name}>
        <th scope="row"><a href=${pages.layer(name, one.name)}>${one.name}</a>${one.recommended && all && html` <span class="badge">worth a look</span>`}</th>
        <td>${one.type}</td><td class="number">${one.channels}</td>
        <td class="number">${one.height && one.width ? `${one.width} × ${one.height}` : one.height ? `${one.height} tokens` : '–'}</td>
        <td class="number">${one.receptive_field ? `${one.receptive_field[1]} × ${one.receptive_field[0]}` : '–'}</td>
        <td>${one.branches.map((/** @type {any} */ branch) => html`<a class="badge" href=${withQuery(pages.layer(name, one.name), { at: branch.first })}>${branch.name}</a> `)}</td>
      </tr>`)}</tbody></table></div>
      ${layers.data.layers.length === 0 && html`<p data-testid="empty">No layer has such a name.</p>`}
      ${!all && !query.get('q') && html`<p class="small soft">These are worth looking at first: ends of blocks or stages, and the classes.</p>`}`}
  </section>`;
}
