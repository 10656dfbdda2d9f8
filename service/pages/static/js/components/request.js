// The request behind what is shown, for a terminal and for a program.
import { html, useState } from '../html.js';
import { address } from '../api/client.js';
import { Code } from './copy.js';

/** @param {string} path @param {unknown} body */
function written(path, body) {
  const url = location.origin + address(path);
  const json = JSON.stringify(body);
  return {
    curl: `curl -s ${url} -H 'content-type: application/json' \\\n  -d '${json.replaceAll("'", "'\\''")}'`,
    Python: `import httpx\n\nanswer = httpx.post("${url}", json=${python(body)})\nprint(answer.json()["links"]["self"])`,
    JSON: JSON.stringify(body, null, 2),
  };
}

/** @param {unknown} value @returns {string} */
function python(value) {
  if (value === null) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (Array.isArray(value)) return `[${value.map(python).join(', ')}]`;
  if (typeof value === 'object') return `{${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${python(one)}`).join(', ')}}`;
  return JSON.stringify(value);
}

/** What to POST to `path`, as curl, Python and JSON. @param {{path: string, body: unknown}} props */
export function Request({ path, body }) {
  const [shown, setShown] = useState('curl');
  const texts = written(path, body);
  return html`<div class="stack">
    <div class="tabs" role="tablist" aria-label="The request as">
      ${Object.keys(texts).map(name => html`<button role="tab" aria-selected=${name === shown ? 'true' : 'false'} onClick=${() => setShown(name)}>${name}
        </button>`)}
    </div>
    <${Code} text=${texts[/** @type {keyof typeof texts} */ (shown)]} label=${`the request as ${shown}`} />
  </div>`;
}
