// What is waiting, being made, made and failed.
import { html } from '../html.js';
import { api, pages, withQuery } from '../api/addresses.js';
import { useResource } from '../api/resource.js';
import { Row } from '../components/jobs/row.js';
import { Standing } from '../components/jobs/standing.js';
import { Loading } from '../components/states.js';
import { Trouble } from '../components/trouble.js';
import { setQuery } from '../router.js';

export const title = () => 'Jobs';

const KINDS = {
  visualizations: { words: 'pictures', path: api.visualizations(), page: pages.picture },
  activations: { words: 'photographs', path: api.activations(), page: pages.photoOf },
  scans: { words: 'scans of data sets', path: api.scans(), page: null },
};
const STATUSES = ['queued', 'running', 'succeeded', 'failed', 'cancelled'];
const PAGE = 25;
const SORTS = {
  activation: 'activation of the picture',
  ratio: 'picture against the best image',
  percentile: 'images that the picture is beyond',
  likeness: 'how alike picture and images are processed',
  likeness_of_means: 'the same, wherever in the picture',
};

/** @param {{query: URLSearchParams}} props */
export default function Jobs({ query }) {
  const name = /** @type {keyof typeof KINDS} */ (query.get('kind') ?? 'visualizations');
  const kind = KINDS[name] ?? KINDS.visualizations;
  const status = query.get('status');
  const sort = kind === KINDS.visualizations && (query.get('sort') ?? '') in SORTS ? query.get('sort') : null;
  const path = withQuery(kind.path, { status, sort, limit: PAGE, cursor: query.get('cursor') });
  const { data, problem, loading, reload } = useResource(path);
  const jobs = (data && Object.values(data).find(Array.isArray)) ?? [];
  const cursor = data?.next && new URL(data.next, location.origin).searchParams.get('cursor');
  return html`
    <header class="row between"><h1>Jobs</h1><button onClick=${reload}>Look again</button></header>
    <${Standing} />
    <section aria-labelledby="list"><h2 id="list" class="visually-hidden">The list</h2>
      <div class="row">
        <label class="row small">Kind <select value=${name} onChange=${(/** @type {any} */ event) => setQuery({ kind: event.target.value, sort: null, cursor: null })}>
          ${Object.entries(KINDS).map(([one, { words }]) => html`<option value=${one}>${words}</option>`)}</select></label>
        <label class="row small">Status <select value=${status ?? ''} onChange=${(/** @type {any} */ event) => setQuery({ status: event.target.value, cursor: null })}>
          <option value="">all</option>${STATUSES.map(one => html`<option value=${one}>${one}</option>`)}</select></label>
        ${kind === KINDS.visualizations && html`<label class="row small">Order <select data-testid="sort" value=${sort ?? ''}
          onChange=${(/** @type {any} */ event) => setQuery({ sort: event.target.value, cursor: null })}>
          <option value="">newest first</option>${Object.entries(SORTS).map(([one, words]) => html`<option value=${one}>${words}</option>`)}</select></label>`}
      </div>
      ${problem && html`<${Trouble} problem=${problem} retry=${reload} />`}
      ${loading && html`<${Loading} />`}
      ${data && !jobs.length && html`<p class="notice" data-testid="empty">Nothing of this kind${status ? ` is ${status}` : ' has been asked for yet'}.</p>`}
      ${data && html`<ul class="rows">${jobs.map((/** @type {any} */ one) => html`<${Row} key=${one.key} known=${one} page=${kind.page} path=${kind.path} />`)}
        </ul>`}
      ${data && !data.complete && html`<p class="small soft">The list is being made anew from what is stored; look again in a moment.</p>`}
      <nav class="row" aria-label="Pages of the list">
        ${query.get('cursor') && html`<a class="button" href=${withQuery(pages.jobs(), { kind: name, status, sort })}>${sort ? 'First' : 'Newest'}</a>`}
        ${cursor && html`<a class="button" href=${withQuery(pages.jobs(), { kind: name, status, sort, cursor })}>${sort ? 'Next' : 'Older'}</a>`}
      </nav>
    </section>`;
}
