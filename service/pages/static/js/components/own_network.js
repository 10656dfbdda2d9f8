// Where one's own networks and images go.
import { html } from '../html.js';
import { pages } from '../api/addresses.js';

/** Told wherever somebody may look for it. */
export const OwnNetwork = () => html`<section class="card reading" aria-labelledby="own">
  <h2 id="own">Your own network</h2>
  <p>Put a folder <code>${`FEATURELENS_MODELS/<name>/`}</code> beside the service, with <code>model.safetensors</code>,
    <code>model.json</code> and, if need be, <code>model.py</code>. It is listed here as soon as it is found.</p>
  <p>Your own images, to see which of them raise a unit: a folder <code>${`FEATURELENS_DATASETS/<name>/`}</code>; the first folder inside is the label.</p>
  <p class="small soft">Only who runs the service can do this. <a href=${`${pages.help()}#own-network`}>More</a></p>
</section>`;
