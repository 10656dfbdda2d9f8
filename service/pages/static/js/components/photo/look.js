// Sends a photograph, has a network look at it, and goes to what came of it.
import { api, pages } from '../../api/addresses.js';
import { post, send } from '../../api/client.js';
import { tell } from '../../api/jobs.js';
import { go } from '../../router.js';
import { kept } from '../../state.js';

const PATIENCE = 10;

/** The key of the activations that were looked at last in this tab. */
export const lastLook = kept(sessionStorage, 'featurelens-look', '');

/** The name under which the service keeps a photograph. Throws what the service refuses. @param {Blob} file */
export async function uploaded(file) {
  const answer = await send(api.photos(), { method: 'POST', body: file, headers: { 'Content-Type': file.type } });
  return (await answer.json()).photo;
}

/**
 * One forward pass. Throws what the service refuses.
 * @param {string} model @param {string} photo its name, or the key of a finished visualization
 */
export async function looked(model, photo) {
  const job = await post(api.activations(), { model, photo }, { Prefer: `wait=${PATIENCE}` });
  tell(job);
  return job;
}

/** Has it looked at, and goes there. @param {string} model @param {string} photo */
export async function lookAndGo(model, photo) {
  const job = await looked(model, photo);
  go(pages.photoOf(job.key));
}
