// Units that somebody has put together. The whole list is in the address, behind #, and nowhere else.
import { html, useEffect, useState } from '../html.js';
import { pages } from '../api/addresses.js';
import { Copy } from '../components/copy.js';
import { Optimized } from '../components/optimized.js';
import { Empty } from '../components/states.js';
import { UnitField } from '../components/unit_field.js';
import { decoded } from '../router.js';

export const title = () => 'List';

const UNIT = /^([^/]+)\/(.+):(\d+)$/;

const read = () => decoded(location.hash.slice(1)).split(',').map(one => one.trim()).filter(Boolean);

/** A list of units, with a picture of each. */
export default function List() {
  const [units, setUnits] = useState(read);
  const [text, setText] = useState('');
  useEffect(() => {
    const changed = () => setUnits(read());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  const keep = (/** @type {string[]} */ next) => {
    history.replaceState(history.state, '', `${location.pathname}#${next.map(encodeURIComponent).join(',')}`);
    setUnits(next);
  };
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    const more = text.split(/[\s,]+/).filter(one => UNIT.test(one) && !units.includes(one));
    if (more.length) {
      keep([...units, ...more]);
      setText('');
    }
  };
  return html`
    <header class="row between"><h1>List</h1>${units.length > 0 && html`<${Copy} text=${location.href}>Copy the link</${Copy}>`}</header>
    <form class="row" onSubmit=${add}><label class="row small">Units <${UnitField} value=${text} change=${setText}
      placeholder="patternnet/conv6:31" pattern="[^\\/]+\\/.+:[0-9]+.*" required /></label><button type="submit">Add</button></form>
    ${units.length === 0 && html`<${Empty} title="No units yet">
      <p>Add some as <code>network/layer:unit</code>. The list lives in this page's address: send the link to keep or share it.</p></${Empty}>`}
    <ul class="cards">${units.map(unit => html`<li class="card" key=${unit}><${Listed} unit=${unit} drop=${() => keep(units.filter(one => one !== unit))} />
      </li>`)}</ul>`;
}

/** @param {{unit: string, drop: () => void}} props */
function Listed({ unit, drop }) {
  const [, model = '', layer = '', channel = '0'] = UNIT.exec(unit) ?? [];
  return html`<h2 class="row between"><a href=${pages.unit(model, layer, Number(channel))}>${layer}:${channel}</a>
    <button class="plain" onClick=${drop} aria-label=${`take ${unit} off the list`}>×</button></h2>
    <p class="small soft">${model}</p>
    <${Optimized} request=${{ unit }} alt=${`what raises ${unit}`} sizes="16rem" />`;
}
