// The addresses of pages and of what they ask for, each written once.
import { address } from './client.js';

const segment = encodeURIComponent;

/**
 * `path` with a query; what is empty, null or undefined is left out.
 * @param {string} path
 * @param {Record<string, string | number | boolean | null | undefined>} query
 */
export function withQuery(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path;
}

/** Pages for people. */
export const pages = {
  start: () => address('/ui/'),
  models: () => address('/ui/models'),
  /** @param {string} model */
  model: model => address(`/ui/models/${segment(model)}`),
  /** @param {string} model @param {string} layer */
  layer: (model, layer) => `${pages.model(model)}/layers/${segment(layer)}`,
  /** @param {string} model @param {string} layer @param {number} channel */
  unit: (model, layer, channel) => `${pages.layer(model, layer)}/units/${channel}`,
  /** @param {string} model */
  classes: model => `${pages.model(model)}/classes`,
  photo: () => address('/ui/photo'),
  /** @param {string} key of an activations job */
  photoOf: key => address(`/ui/photo/${key}`),
  make: () => address('/ui/make'),
  /** @param {string} key of a visualization */
  picture: key => address(`/ui/pictures/${key}`),
  jobs: () => address('/ui/jobs'),
  compare: () => address('/ui/compare'),
  list: () => address('/ui/list'),
  help: () => address('/ui/help'),
};

/** What the service answers. */
export const api = {
  models: () => '/v1/models',
  /** @param {string} model */
  model: model => `/v1/models/${segment(model)}`,
  /** @param {string} model */
  layers: model => `${api.model(model)}/layers`,
  /** @param {string} model @param {string} layer */
  layer: (model, layer) => `${api.layers(model)}/${segment(layer)}`,
  /** @param {string} model @param {string} layer @param {number | string} channel */
  unit: (model, layer, channel) => `${api.layer(model, layer)}/units/${channel}`,
  visualizations: () => '/v1/visualizations',
  /** @param {string} key */
  visualization: key => `/v1/visualizations/${key}`,
  /** @param {string} key @param {{width?: number, index?: number}} [query] */
  image: (key, query = {}) => withQuery(`/v1/visualizations/${key}/image`, query.width ? { ...query, format: 'webp' } : query),
  activations: () => '/v1/activations',
  /** @param {string} key of an activations job @param {string} layer */
  maps: (key, layer) => `/v1/activations/${key}/maps/${segment(layer)}`,
  /** One that is there; looking asks for nothing. @param {string} key @param {string} layer @param {number} channel @param {Record<string, any>} [query] */
  map: (key, layer, channel, query = {}) => withQuery(`${api.maps(key, layer)}/${channel}`, { ask: false, ...query }),
  /** @param {string} key @param {string} layer @param {number} head @param {Record<string, any>} [query] */
  attention: (key, layer, head, query = {}) => withQuery(`${api.maps(key, layer)}/attention/${head}`, { ask: false, ...query }),
  /** @param {string} key @param {string} layer @param {Record<string, any>} [query] */
  sheet: (key, layer, query = {}) => withQuery(`${api.maps(key, layer)}/sheet`, { ask: false, ...query }),
  /** @param {string} key @param {Record<string, any>} query x and y in pixels of the photograph as the network was shown it */
  positions: (key, query) => withQuery(`/v1/activations/${key}/positions`, query),
  scans: () => '/v1/scans',
  sweeps: () => '/v1/sweeps',
  photos: () => '/v1/photos',
  /** @param {string} digest */
  photo: digest => `/v1/photos/${digest}`,
  datasets: () => '/v1/datasets',
  filters: () => '/v1/filters',
  attributions: () => '/v1/attributions',
  comparisons: () => '/v1/comparisons',
  /** @param {string} key @param {Record<string, any>} query */
  attributionImage: (key, query) => withQuery(`/v1/attributions/${key}/image`, query),
  events: () => '/v1/events',
  status: () => '/v1/status',
};

/**
 * Where a job of any kind is, by the first letters of its key.
 * @param {string} key
 */
export function jobAddress(key) {
  const kinds = { fv1: 'visualizations', fa1: 'activations', fm1: 'maps', ff1: 'filters', ft1: 'attributions', fs1: 'scans', fc1: 'comparisons' };
  return `/v1/${kinds[/** @type {keyof typeof kinds} */ (key.slice(0, 3))] ?? 'visualizations'}/${key}`;
}
