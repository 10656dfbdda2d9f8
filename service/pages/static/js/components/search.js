// Goes to a unit, a layer, a class or a network by its name: googlenet/inception4a:97, conv4:3, goldfish.
import { html, useEffect, useRef, useState } from '../html.js';
import { useKeys } from '../keys.js';
import { go } from '../router.js';
import { useMeant } from './unit_field.js';

/** The field at the top; `/` leads to it. */
export function Search() {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const [open, setOpen] = useState(false);
  const [entered, setEntered] = useState(false);
  const { names, told, of } = useMeant(open ? text : null);
  const current = of === text;
  useKeys({ '/': { says: 'search: network/layer:unit, or a class', act: () => field.current?.focus() } }, []);
  useEffect(() => setChosen(0), [of]);
  const leave = (/** @type {string} */ href) => {
    setOpen(false);
    setText('');
    setEntered(false);
    field.current?.blur();
    go(href);
  };
  // Enter may come before the names do.
  useEffect(() => {
    if (!entered || !current) return;
    setEntered(false);
    if (names[chosen]) leave(names[chosen].href);
  }, [entered, current]);
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && names.length) setChosen((chosen + step + names.length) % names.length);
    else if (event.key === 'Enter') setEntered(true);
    else if (event.key === 'Escape') field.current?.blur();
    else return;
    event.preventDefault();
  };
  const shown = open && names.length > 0;
  return html`<div class="frame-search" role="search">
    <input ref=${field} type="text" value=${text} placeholder="network/layer:unit" aria-label="Search: network/layer:unit, or a class" spellcheck=${false}
      autocomplete="off" role="combobox" aria-expanded=${shown ? 'true' : 'false'} aria-controls="found" aria-autocomplete="list"
      aria-activedescendant=${shown ? `found-${chosen}` : undefined}
      onInput=${(/** @type {any} */ event) => setText(event.target.value)} onKeyDown=${pressed}
      onFocus=${() => setOpen(true)} onBlur=${() => setOpen(false)} />
    <ul id="found" class="found" role="listbox" aria-label="Found" hidden=${!shown}>
      ${names.map((one, index) => html`<li id=${`found-${index}`} role="option" aria-selected=${index === chosen ? 'true' : 'false'}
        onMouseDown=${(/** @type {Event} */ event) => { event.preventDefault(); leave(one.href); }}>
        <span>${one.text}</span><small>${one.note}</small></li>`)}
    </ul>
    ${open && text && current && !names.length && html`<p class="found small" role="status" data-testid="nothing-found">
      ${told ? `${told}.` : 'Nothing is called so. Write network/layer:unit, such as patternnet/conv5:7, or the name of a class.'}</p>`}
  </div>`;
}
