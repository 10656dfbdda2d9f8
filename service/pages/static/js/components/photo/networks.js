// Which networks may look at a photograph.
import { html } from '../../html.js';
import { api, withQuery } from '../../api/addresses.js';
import { useResource } from '../../api/resource.js';
import { shortName } from '../states.js';
import { setQuery } from '../../router.js';
import { Trouble } from '../trouble.js';

const MOST = 1000;

/**
 * A choice of networks, those that are here first. `chosen` is a name or an alias.
 * @param {{chosen: string, label: string}} props
 */
export function Networks({ chosen, label }) {
  const { data, problem, reload } = useResource(withQuery(api.models(), { limit: MOST }));
  if (problem) return html`<${Trouble} problem=${problem} retry=${reload} />`;
  const models = data?.models ?? [];
  const current = models.find((/** @type {any} */ one) => one.name === chosen || one.aliases.includes(chosen));
  const groups = [
    { title: 'here', models: models.filter((/** @type {any} */ one) => one.downloaded) },
    { title: 'downloaded at first use', models: models.filter((/** @type {any} */ one) => !one.downloaded) },
  ];
  return html`<label class="stack small">${label}
    <select value=${current ? shortName(current) : chosen} onChange=${(/** @type {any} */ event) => setQuery({ model: event.target.value })} data-testid="networks">
      ${!current && html`<option value=${chosen}>${chosen}</option>`}
      ${groups.map(group => group.models.length > 0 && html`<optgroup label=${group.title}>${group.models.map((/** @type {any} */ one) =>
        html`<option value=${shortName(one)} selected=${one === current} disabled=${Boolean(refusal(one))}>${shortName(one)}${refusal(one)}</option>`)}
          </optgroup>`)}
    </select></label>`;
}

/** Why it cannot look at one. @param {any} model */
function refusal(model) {
  if (model.problem) return ' (cannot be looked into)';
  return model.photograph === null ? ' (takes no photographs)' : '';
}
