// Steps, size and seed of the pictures of a unit, kept in the address.
import { html } from '../../html.js';
import { pages, withQuery } from '../../api/addresses.js';
import { go, setQuery } from '../../router.js';

const FIELDS = ['steps', 'size', 'seed'];

/**
 * The request for a picture, with what the address says of it.
 * @param {any} ask @param {URLSearchParams} query @param {string} model as the address names it
 */
export function requested(ask, query, model) {
  const given = FIELDS.flatMap(name => (/^\d+$/.test(query.get(name) ?? '') ? [[name, Number(query.get(name))]] : []));
  // What the service names in full is what it fills in anyway.
  const { layer, channel, sign } = ask;
  return { model, layer, channel, ...(sign === 'negative' ? { sign } : {}), ...Object.fromEntries(given) };
}

/** @param {{unit: any, query: URLSearchParams}} props */
export function Settings({ unit, query }) {
  const { positive } = unit.ask;
  const changed = (/** @type {any} */ event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    setQuery(Object.fromEntries(FIELDS.map(name => [name, String(fields.get(name) ?? '')])), { replace: false });
  };
  return html`<form class="row" onSubmit=${changed}>
    <label class="row small">steps <input name="steps" type="number" min="1" max="4096" value=${query.get('steps') ?? ''} placeholder=${positive.steps} />
      </label>
    <label class="row small">size <input name="size" type="number" min="16" max="1024" value=${query.get('size') ?? ''} placeholder="its own" /></label>
    <label class="row small">seed <input name="seed" type="number" min="0" value=${query.get('seed') ?? ''} placeholder=${positive.seed} /></label>
    <button type="submit">Show these</button>
    <button type="button" onClick=${() => go(withQuery(pages.make(), { unit: `${unit.model}/${unit.layer}:${unit.channel}` }))}>All parameters</button>
  </form>`;
}
