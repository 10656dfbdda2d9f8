// Which page an address names. Every page is a module of its own, fetched when it is first shown.
import { signal } from './state.js';
import { address } from './api/client.js';

const BASE = address('/ui');

/** @type {[RegExp, () => Promise<any>, string][]} */
const ROUTES = [
  route('', () => import('./pages/start.js'), 'start'),
  route('models', () => import('./pages/models.js'), 'models'),
  route('models/:model', () => import('./pages/model.js'), 'models'),
  route('models/:model/classes', () => import('./pages/classes.js'), 'models'),
  route('models/:model/layers/:layer', () => import('./pages/layer.js'), 'models'),
  route('models/:model/layers/:layer/units/:channel', () => import('./pages/unit.js'), 'models'),
  route('photo', () => import('./pages/photo.js'), 'photo'),
  route('photo/:key', () => import('./pages/photo.js'), 'photo'),
  route('make', () => import('./pages/make.js'), 'make'),
  route('pictures/:key', () => import('./pages/picture.js'), 'make'),
  route('jobs', () => import('./pages/jobs.js'), 'jobs'),
  route('compare', () => import('./pages/compare.js'), 'compare'),
  route('list', () => import('./pages/list.js'), 'list'),
  route('help', () => import('./pages/help.js'), 'help'),
];

/** @param {string} pattern @param {() => Promise<any>} load @param {string} room @returns {[RegExp, () => Promise<any>, string]} */
function route(pattern, load, room) {
  return [new RegExp(`^${pattern.replace(/:(\w+)/g, '(?<$1>[^/]+)')}/?$`), load, room];
}

/** What the address says behind `?`. */
export const query = () => new URLSearchParams(location.search);

/** Where we are: the page's module, what its address says, which part of the site it belongs to. */
export const place = signal(found());

/** What a part of an address says; one that is cut off in the middle of a letter is taken as it is. @param {string} text */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function found() {
  const path = location.pathname.slice(BASE.length).replace(/^\//, '');
  for (const [pattern, load, room] of ROUTES) {
    const match = pattern.exec(path);
    if (match) {
      const params = Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, value]) => [name, decoded(value)]));
      return { load, room, params, query: query(), path: location.pathname };
    }
  }
  return { load: () => import('./pages/nowhere.js'), room: '', params: {}, query: query(), path: location.pathname };
}

/**
 * Goes to another page.
 * @param {string} href
 * @param {{replace?: boolean}} [options] replace: the way back does not lead here
 */
export function go(href, { replace = false } = {}) {
  if (replace) history.replaceState(history.state, '', href);
  else history.pushState(null, '', href);
  place.value = found();
  if (!replace) scrollTo(0, 0);
}

/**
 * Changes what the address says behind `?`, and nothing else. Empty values leave it.
 * @param {Record<string, string | number | null | undefined>} changes
 */
export function setQuery(changes, { replace = true } = {}) {
  const next = query();
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === '') next.delete(name);
    else next.set(name, String(value));
  }
  const text = next.toString();
  const href = location.pathname + (text ? `?${text}` : '') + location.hash;
  if (replace) history.replaceState(history.state, '', href);
  else history.pushState(null, '', href);
  place.value = found();
}

addEventListener('popstate', () => {
  place.value = found();
});

addEventListener('click', event => {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const inside = link.origin === location.origin && (link.pathname === BASE || link.pathname.startsWith(`${BASE}/`));
  // A frame in somebody else's page shows what it was made for.
  if (query().get('embed') !== null && !link.target) link.target = '_blank';
  if (!inside || link.target || link.hasAttribute('download') || (link.hash && link.pathname === location.pathname)) return;
  event.preventDefault();
  go(link.href);
});
