// Asks the service. Everything the pages show comes through here.
import { apiKey, keyWanted, reachable } from '../state.js';

const root = document.querySelector('meta[name="featurelens-root"]')?.getAttribute('content') ?? '';

/**
 * An address of the service, behind the prefix it is served under. Links in answers may have that already.
 * @param {string} path begins with a slash
 */
export const address = path => (root && !path.startsWith(`${root}/`) ? root + path : path);

/** A refusal, as the service gives its reasons (application/problem+json). */
export class Problem extends Error {
  /** @param {number} status @param {{type?: string, title?: string, detail?: string, errors?: {pointer: string, detail: string}[]}} body */
  constructor(status, body) {
    super(body.detail ?? body.title ?? `the service answered ${status}`);
    this.status = status;
    this.title = body.title ?? 'Refused';
    this.code = (body.type ?? '').split(':').pop() ?? '';
    this.errors = body.errors ?? [];
  }
}

/** No answer at all: the service is away, or the network is. */
export class Unreachable extends Error {
  constructor() {
    super('Featurelens does not answer. It may be starting again; this page goes on by itself.');
    this.title = 'Not reachable';
    this.code = 'unreachable';
    this.status = 0;
    /** @type {{pointer: string, detail: string}[]} */
    this.errors = [];
  }
}

const PAUSE = 2000;

/** Looks every few seconds whether the service is back. */
function lost() {
  if (!reachable.value) return;
  reachable.value = false;
  const looking = setInterval(async () => {
    try {
      await fetch(address('/livez'));
    } catch {
      return; // still away
    }
    clearInterval(looking);
    reachable.value = true;
  }, PAUSE);
}

/**
 * Sends a request with the API key of this tab.
 * @param {string} path
 * @param {RequestInit} [options]
 */
export async function send(path, options = {}) {
  const headers = new Headers(options.headers);
  if (apiKey.value) headers.set('Authorization', `Bearer ${apiKey.value}`);
  let answer;
  try {
    answer = await fetch(address(path), { ...options, headers });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    lost();
    throw new Unreachable();
  }
  if (answer.ok) return answer;
  const body = await answer.json().catch(() => ({}));
  if (answer.status === 401) keyWanted.value = body.detail ?? 'An API key is asked for.';
  throw new Problem(answer.status, body);
}

/** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} */
export const get = async (path, options) => (await send(path, options)).json();

/** A name for one request. `crypto.randomUUID` is missing where a page did not come over https or from this machine. */
const once = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');

/** @param {string} path @param {unknown} [body] @param {Record<string, string>} [headers] @returns {Promise<any>} */
export async function post(path, body, headers = {}) {
  const sent = new Headers({ 'Idempotency-Key': once(), ...headers });
  if (body !== undefined) sent.set('Content-Type', 'application/json');
  return (await send(path, { method: 'POST', headers: sent, body: body === undefined ? null : JSON.stringify(body) })).json();
}

/** @param {string} path @returns {Promise<any>} */
export async function remove(path) {
  const answer = await send(path, { method: 'DELETE' });
  return answer.status === 204 ? null : answer.json();
}
