// What is around every page: the way to the others, the search, banners, the dialogs.
import { html, useEffect, useRef, useState } from '../html.js';
import { pages } from '../api/addresses.js';
import { address } from '../api/client.js';
import { bound, useKeys } from '../keys.js';
import { go, place } from '../router.js';
import { announcement, reachable, theme, useSignal } from '../state.js';
import { KeyDialog } from './key_dialog.js';
import { Search } from './search.js';
import { Loading } from './states.js';
import { Trouble } from './trouble.js';

const ROOMS = [
  { room: 'models', name: 'Networks', to: pages.models },
  { room: 'photo', name: 'My photo', to: pages.photo },
  { room: 'make', name: 'Make', to: pages.make },
  { room: 'compare', name: 'Compare', to: pages.compare },
  { room: 'jobs', name: 'Jobs', to: pages.jobs },
  { room: 'help', name: 'Help', to: pages.help },
];
const NEXT = { '': 'light', light: 'dark', dark: '' };
const NAMES = { '': 'as the system', light: 'light', dark: 'dark' };

/** The whole of the pages. */
export function Frame() {
  const where = useSignal(place);
  const there = useSignal(reachable);
  const told = useSignal(announcement);
  const embedded = where.query.get('embed') !== null;
  const [asked, setAsked] = useState(false);
  useKeys({ '?': { says: 'help, and these keys', act: () => setAsked(true) } }, []);
  return html`
    ${!embedded && html`<${Top} room=${where.room} />`}
    ${!there && html`<div class="banner" role="alert" data-testid="offline">Featurelens does not answer. What is shown may be old; it goes on by itself.</div>`}
    <${Page} key=${where.path} where=${where} />
    ${!embedded && html`<${Foot} />`}
    <div class="visually-hidden" role="status" aria-live="polite">${told}</div>
    <${KeyDialog} />
    ${asked && html`<${KeysDialog} close=${() => setAsked(false)} />`}
  `;
}

/** @param {{room: string}} props */
function Top({ room }) {
  const chosen = useSignal(theme);
  return html`
    <a class="skip" href="#main">to the content</a>
    <header class="frame-top">
      <div class="frame-bar">
        <a class="brand" href=${pages.start()}><${Mark} />Featurelens</a>
        <nav class="frame-nav" aria-label="Pages">
          ${ROOMS.map(one => html`<a href=${one.to()} aria-current=${one.room === room ? 'page' : undefined}>${one.name}</a>`)}
        </nav>
        <${Search} />
        <button class="plain" title=${`Colours: ${NAMES[/** @type {keyof typeof NAMES} */ (chosen)]}`}
          onClick=${() => { theme.value = NEXT[/** @type {keyof typeof NEXT} */ (theme.value)]; }}>
          <span aria-hidden="true">${chosen === 'light' ? '☀' : chosen === 'dark' ? '☾' : '◐'}</span>
          <span class="visually-hidden">Colours: ${NAMES[/** @type {keyof typeof NAMES} */ (chosen)]}</span>
        </button>
      </div>
    </header>`;
}

const Mark = () => html`
  <svg viewBox="0 0 32 32" aria-hidden="true">
    <circle cx="16" cy="16" r="12" fill="none" stroke="var(--accent)" stroke-width="3" />
    <path d="M8 16a8 8 0 0 1 16 0" fill="var(--positive-fill)" /><path d="M8 16a8 8 0 0 0 16 0" fill="var(--negative-fill)" />
  </svg>`;

const Foot = () => html`
  <footer class="frame-foot row between">
    <span>What makes this unit of a neural network fire?</span>
    <span class="row"><a href=${address('/docs')}>API</a><a href=${pages.list()}>List</a><span>Keys: <kbd>?</kbd></span></span>
  </footer>`;

let moved = false;

/** Fetches the module of the page and shows it. @param {{where: typeof place.value}} props */
function Page({ where }) {
  const [module, setModule] = useState(/** @type {any} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const main = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    where.load().then(setModule, () => setProblem({ title: 'This page could not be loaded', message: 'Load it again: there may be a new version.', errors: [] }));
  }, []);
  const title = module?.title?.(where.params) ?? '';
  useEffect(() => {
    if (!module) return;
    document.title = title ? `${title} · Featurelens` : 'Featurelens';
    announcement.value = title;
    // On the first page the way begins at its top; on the next ones where the new page does, unless somebody writes already.
    const writes = document.activeElement?.matches('input, textarea, select') ?? false;
    if (moved && !writes) main.current?.focus({ preventScroll: true });
    moved = true;
  }, [module, title]);
  return html`<main id="main" tabindex="-1" ref=${main}>
    ${problem ? html`<${Trouble} problem=${problem} whole=${true} />` : module ? html`<${module.default} ...${where} />` : html`<${Loading} whole=${true} />`}
  </main>`;
}

/** @param {{close: () => void}} props */
function KeysDialog({ close }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  return html`<dialog ref=${dialog} onClose=${close} aria-labelledby="keys-title">
    <div class="stack">
      <h2 id="keys-title">Keys on this page</h2>
      <table><tbody>${bound().map(({ key, says }) => html`<tr><td><kbd>${key}</kbd></td><td>${says}</td></tr>`)}</tbody></table>
      <div class="row">
        <button class="primary" onClick=${() => dialog.current?.close()}>Close</button>
        <button onClick=${() => { dialog.current?.close(); go(pages.help()); }}>What the words mean</button>
      </div>
    </div>
  </dialog>`;
}
