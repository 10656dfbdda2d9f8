// Every picture that can be asked for: a form made from the API's own schema.
import { html, useEffect, useMemo, useState } from '../html.js';
import { api, pages } from '../api/addresses.js';
import { post } from '../api/client.js';
import { tell } from '../api/jobs.js';
import { useResource } from '../api/resource.js';
import { Fields } from '../components/form/field.js';
import { bodyOf } from '../components/form/schema.js';
import { LISTS, Suggested } from '../components/form/suggested.js';
import { Cost } from '../components/form/cost.js';
import { useEstimate } from '../components/optimized.js';
import { Request } from '../components/request.js';
import { Loading } from '../components/states.js';
import { Trouble } from '../components/trouble.js';
import { go, setQuery } from '../router.js';

export const title = () => 'Make a picture';

const FIRST = { model: 'patternnet', layer: 'conv6', channel: 0 };

/** What the address asks for: `spec` as JSON, and `unit` in short. @param {URLSearchParams} query */
function given(query) {
  try {
    const spec = JSON.parse(query.get('spec') ?? 'null');
    if (spec && typeof spec === 'object') return spec;
  } catch {
    return FIRST; // an address that was cut off
  }
  const unit = query.get('unit');
  return unit ? { unit } : FIRST;
}

/** @param {{query: URLSearchParams}} props */
export default function Make({ query }) {
  const document = useResource('/openapi.json');
  const spec = useMemo(() => given(query), [query.toString()]);
  const [settled, setSettled] = useState(spec);
  useEffect(() => {
    const later = setTimeout(setSettled, 250, spec);
    return () => clearTimeout(later);
  }, [spec]);
  const { estimate, problem } = useEstimate(settled);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const change = (/** @type {any} */ next) => {
    setRefusal(null);
    setQuery({ spec: JSON.stringify(next ?? {}), unit: null });
  };
  const refused = refusal ?? problem;
  const errors = new Map((refused?.errors ?? []).map((/** @type {any} */ one) => [one.pointer, one.detail]));
  const make = (/** @type {Event} */ event) => {
    event.preventDefault();
    post(api.visualizations(), spec).then(job => {
      tell(job);
      go(pages.picture(job.key));
    }, setRefusal);
  };
  const network = spec.model ?? estimate?.spec?.model;
  if (document.problem) return html`<${Trouble} problem=${document.problem} whole=${true} retry=${document.reload} />`;
  if (!document.data) return html`<${Loading} what="Fetching what can be asked for" whole=${true} />`;
  const body = bodyOf(document.data, api.visualizations());
  return html`
    <header class="stack"><h1>Make a picture</h1>
      <p class="soft reading">Everything the service takes. What is left alone is filled in as shown; the address of this page holds what differs.</p></header>
    <form class="make-columns" onSubmit=${make}>
      <div class="stack"><${Fields} document=${document.data} schema=${body} value=${spec} change=${change} pointer="" errors=${errors}
        without=${spec.unit ? ['model', 'layer', 'channel'] : ['unit']} lists=${LISTS} />
        <${Suggested} model=${network} /></div>
      <aside class="stack beside" aria-label="What will be asked for">
        ${!problem && html`<${Cost} estimate=${estimate} />`}
        ${refused && html`<${Trouble} problem=${refused} />`}
        <div class="row"><button class="primary" type="submit" disabled=${Boolean(problem)}>${estimate?.status === 'succeeded' ? 'Show it' : 'Make it'}</button>
          <button type="button" onClick=${() => change(kept(spec))}>Back to the defaults</button></div>
        <${Request} path=${api.visualizations()} body=${spec} />
      </aside>
    </form>`;
}

/** The unit without anything else. @param {any} spec */
const kept = spec => Object.fromEntries(Object.entries(spec).filter(([name]) => ['model', 'layer', 'channel', 'unit'].includes(name)));
