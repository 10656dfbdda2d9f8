// Where one's own networks and images go, told wherever somebody may look for it.
import { html } from '../html.js';
import { pages } from '../api/addresses.js';

/** The one text about it. */
export const OwnNetwork = () => html`<section class="card reading" aria-labelledby="own-network">
  <h2 id="own-network">Your own network</h2>
  <p>Start Featurelens with <code>FEATURELENS_MODELS</code> naming a folder. Each folder <code>${'<name>/'}</code> in it is a network, listed
    among <a href=${pages.models()}>all networks</a> as soon as it is found:</p>
  <dl class="facts">
    <dt>model.safetensors</dt><dd>the weights</dd>
    <dt>model.json</dt><dd>how it is built, the size of its input, how a picture is prepared, names of classes</dd>
    <dt>model.py</dt><dd>its code, where it is none of torchvision's</dd>
  </dl>
  <p><code>examples/tiny_darknet</code> is such a folder, with every field explained.</p>
  <p>Your own images, to see which of them raise a unit: each folder in <code>FEATURELENS_DATASETS</code> is a data set; the first folder inside is
    the label.</p>
  <p class="small soft">Only who runs Featurelens can do this; nothing that comes from a browser names code.</p>
</section>`;
