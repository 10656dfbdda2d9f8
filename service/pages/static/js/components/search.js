// Goes to a unit, a layer or a network by its name: googlenet/inception4a:97.
import { html, useEffect, useRef, useState } from '../html.js';
import { api, pages, withQuery } from '../api/addresses.js';
import { get } from '../api/client.js';
import { useKeys } from '../keys.js';
import { go } from '../router.js';

/** @param {string} text @returns {{model: string, layer: string, channel: string}} */
function parts(text) {
  const [, model = '', layer = '', channel = ''] = /^([^/]*)(?:\/(.*?))?(?::(\d*))?$/.exec(text.trim()) ?? [];
  return { model, layer, channel };
}

const MOST = 8;

/** @param {string} text */
async function suggestions(text) {
  const { model, layer, channel } = parts(text);
  if (!text.includes('/')) {
    const found = await get(withQuery(api.models(), { q: model, limit: MOST }));
    return found.models.map((/** @type {any} */ one) => {
      const name = one.aliases[0] ?? one.name;
      return { text: name, note: one.downloaded ? '' : 'to be downloaded', href: pages.model(name) };
    });
  }
  const found = await get(withQuery(api.layers(model), { q: layer }));
  const near = (/** @type {any} */ one) => (one.name === layer ? 0 : one.name.startsWith(layer) ? 1 : 2);
  return [...found.layers].sort((a, b) => near(a) - near(b)).slice(0, MOST).map((/** @type {any} */ one) => {
    const unit = channel !== '' && Number(channel) < one.channels;
    return {
      text: `${model}/${one.name}${unit ? `:${channel}` : ''}`,
      note: `${one.channels} units`,
      href: unit ? pages.unit(model, one.name, Number(channel)) : pages.layer(model, one.name),
    };
  });
}

/** The field at the top; `/` leads to it. */
export function Search() {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [text, setText] = useState('');
  const [found, setFound] = useState(/** @type {{text: string, note: string, href: string}[]} */ ([]));
  const [chosen, setChosen] = useState(0);
  const [open, setOpen] = useState(false);
  const [foundFor, setFor] = useState('');
  useKeys({ '/': { says: 'search: network/layer:unit', act: () => field.current?.focus() } }, []);
  useEffect(() => {
    if (!open) return undefined;
    let stale = false;
    setFor('');
    const later = setTimeout(async () => {
      const all = await suggestions(text).catch(() => []); // unknown so far: nothing to suggest
      if (!stale) {
        setFound(all);
        setChosen(0);
        setFor(text);
      }
    }, 120);
    return () => {
      stale = true;
      clearTimeout(later);
    };
  }, [text, open]);
  const leave = (/** @type {string} */ href) => {
    setOpen(false);
    setText('');
    field.current?.blur();
    go(href);
  };
  const enter = async () => {
    const all = foundFor === text ? found : await suggestions(text).catch(() => []);
    const one = all[foundFor === text ? chosen : 0];
    if (one) leave(one.href);
    else setFor(text);
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) setChosen((chosen + step + found.length) % found.length);
    else if (event.key === 'Enter') enter();
    else if (event.key === 'Escape') field.current?.blur();
    else return;
    event.preventDefault();
  };
  return html`<div class="frame-search" role="search">
    <input ref=${field} type="text" value=${text} placeholder="network/layer:unit" aria-label="Search: network/layer:unit" spellcheck=${false}
      autocomplete="off" role="combobox" aria-expanded=${open && found.length > 0 ? 'true' : 'false'} aria-controls="found" aria-autocomplete="list"
      aria-activedescendant=${open && found.length ? `found-${chosen}` : undefined}
      onInput=${(/** @type {any} */ event) => setText(event.target.value)} onKeyDown=${pressed}
      onFocus=${() => setOpen(true)} onBlur=${() => setTimeout(setOpen, 150, false)} />
    <ul id="found" class="found" role="listbox" aria-label="Found" hidden=${!open || !found.length}>
      ${found.map((one, index) => html`<li id=${`found-${index}`} role="option" aria-selected=${index === chosen ? 'true' : 'false'}
        onMouseDown=${(/** @type {Event} */ event) => { event.preventDefault(); leave(one.href); }}>
        <span>${one.text}</span><small>${one.note}</small></li>`)}
    </ul>
    ${open && text && foundFor === text && !found.length && html`<p class="found small" role="status">
      Nothing is called so. Write network/layer:unit, such as patternnet/conv5:7.</p>`}
  </div>`;
}
