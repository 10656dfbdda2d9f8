// What somebody may mean by what they have written so far: networks, layers, units, classes.
import { api, pages, withQuery } from './addresses.js';
import { get } from './client.js';

/**
 * `text` is a name that the service takes, `href` leads there; `near` is 0 for what is called exactly so.
 * @typedef {{text: string, note: string, href: string, near?: number}} Name
 */

const MOST = 8;
const LABELS = 4096;
/** A class is looked for by a word of so many letters. */
const WORD = 3;

/** @type {Map<string, Promise<any>>} Layers and labels do not change while a tab is open. */
const known = new Map();

/** @param {string} path */
function once(path) {
  const found = known.get(path) ?? get(path);
  known.set(path, found);
  found.catch(() => known.delete(path));
  return found;
}

/** The name that people use. @param {any} model */
const short = model => model.aliases[0] ?? model.name;

/** The networks whose weights are here. */
export const networksHere = async () => (await get(withQuery(api.models(), { downloaded: true, limit: MOST }))).models;

/** @param {string} model */
const layersOf = async model => (await once(api.layers(model))).layers;

/**
 * The names that fit, the likeliest first; where there is none, `told` says why, if that is known.
 * @param {string} text @returns {Promise<{names: Name[], told: string}>}
 */
export async function meant(text) {
  const written = text.trim();
  const slash = written.indexOf('/');
  try {
    return slash < 0 ? await bare(written) : await within(written.slice(0, slash), written.slice(slash + 1));
  } catch (error) {
    const { message, code } = /** @type {any} */ (error);
    return { names: [], told: code === 'unreachable' ? '' : message.split('; all of them')[0] };
  }
}

/** A layer, a unit or a class of one network. @param {string} model @param {string} rest */
async function within(model, rest) {
  const [layer, part] = split(rest);
  const found = unitsOf(model, await layersOf(model), layer, part);
  const classes = part !== '' && !/^\d+$/.test(part ?? '') ? await classesOf(model, part ?? layer) : [];
  return { names: [...classes, ...found.names].slice(0, MOST), told: found.told };
}

/** A network, or a layer, a unit or a class of those that are here. @param {string} written */
async function bare(written) {
  const [word, part] = split(written);
  const networks = part === undefined ? (await get(withQuery(api.models(), { q: word, limit: MOST }))).models : [];
  const names = networks.map((/** @type {any} */ one) => ({ text: short(one), note: one.downloaded ? '' : 'to be downloaded', href: pages.model(short(one)) }));
  if (!word) return { names, told: '' };
  const here = (await networksHere()).filter((/** @type {any} */ one) => !one.problem).map(short);
  const all = await Promise.all(here.map(async (/** @type {string} */ model) => [
    unitsOf(model, await layersOf(model), word, part),
    part === undefined && word.length >= WORD ? await classesOf(model, word) : [],
  ]));
  const units = all.flatMap(([found]) => found.names).sort((a, b) => a.near - b.near);
  const classes = all.flatMap(([, found]) => found);
  return { names: [...names, ...classes, ...units].slice(0, MOST), told: all.map(([found]) => found.told).filter(Boolean).join('; ') };
}

/** Layer, and what stands behind the last colon; undefined where there is none. @param {string} text @returns {[string, string | undefined]} */
function split(text) {
  const colon = text.lastIndexOf(':');
  return colon < 0 ? [text, undefined] : [text.slice(0, colon), text.slice(colon + 1)];
}

/**
 * Layers that are called so, or the unit of that number in them.
 * @param {string} model @param {any[]} layers @param {string} word @param {string | undefined} part
 */
function unitsOf(model, layers, word, part) {
  const near = (/** @type {any} */ one) => (one.name === word ? 0 : one.name.startsWith(word) ? 1 : 2);
  const fitting = layers.filter(one => one.name.toLowerCase().includes(word.toLowerCase())).sort((a, b) => near(a) - near(b));
  const numbered = /^\d+$/.test(part ?? '');
  const inside = numbered ? fitting.filter(one => Number(part) < one.channels) : fitting;
  const exact = fitting.find(one => one.name === word);
  const names = inside.map(one => ({
    text: `${model}/${one.name}${numbered ? `:${part}` : ''}`,
    note: `${one.channels} units`,
    near: near(one),
    href: numbered ? pages.unit(model, one.name, Number(part)) : pages.layer(model, one.name),
  }));
  const outside = numbered && exact && Number(part) >= exact.channels;
  return { names: outside ? [] : names, told: outside ? `${model}/${word} has the units 0 to ${exact.channels - 1}` : '' };
}

/** Classes with such a word in their name. @param {string} model @param {string} word */
async function classesOf(model, word) {
  const layer = (await once(api.model(model))).classes_layer;
  if (!layer) return [];
  const { units } = await once(withQuery(`${api.layer(model, layer)}/units`, { limit: LABELS }));
  const found = units.filter((/** @type {any} */ one) => one.label?.toLowerCase().includes(word.toLowerCase()));
  return found.slice(0, MOST).map((/** @type {any} */ one) => ({
    text: `${model}/${layer}:${one.channel}`, note: one.label, href: pages.unit(model, layer, one.channel),
  }));
}
