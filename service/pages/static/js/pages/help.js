// Help: the words that people come with, each shown on the bundled network, where the answer is known.
import { html, useEffect } from '../html.js';
import { pages } from '../api/addresses.js';
import { Course } from '../components/help/course.js';
import { Drawn } from '../components/help/drawn.js';
import { Kernel } from '../components/help/kernel.js';
import { Addresses, Keyboard, WhoMayAsk } from '../components/help/practice.js';
import { Optimized } from '../components/optimized.js';
import { OwnNetwork } from '../components/own_network.js';
import { Spectrum, useSpectrum } from '../components/unit/spectrum.js';

const MODEL = 'patternnet';
/** Its classes are the channels of its last layer, in the order of its labels. */
const CLASSES = 'logits';
const RINGS = { channel: 10, label: 'rings' };
const STRIPES = { channel: 1, label: 'stripes 45 coarse' };
const FILTER = { layer: 'conv1', channel: 7 };
const COURSE = { steps: 128, snapshots: [0, 2, 8, 24, 64] };

const CONTENTS = [
  ['feature-map', 'Feature map'],
  ['filters', 'Positive and negative filters'],
  ['activations', 'Positive and negative activations'],
  ['optimization', 'Optimization'],
  ['dataset-examples', 'Dataset examples'],
  ['keyboard', 'Keyboard'],
  ['addresses', 'Addresses'],
  ['own-network', 'Your own network'],
  ['who', 'Who may ask'],
];

export const title = () => 'Help';

/** @param {{query: URLSearchParams}} props */
export default function Help({ query }) {
  useEffect(() => document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView(), []);
  return html`
    <header class="stack reading">
      <h1>The words, shown</h1>
      <p>Everything below is live, on <a href=${pages.model(MODEL)}>${MODEL}</a>: a small network that knows 27 drawn patterns, so that one can see
        whether an answer is right. What has not been made yet waits for a button.</p>
      <nav class="row small" aria-label="On this page">${CONTENTS.map(([id, words]) => html`<a href=${`#${id}`}>${words}</a>`)}</nav>
    </header>
    <${FeatureMap} query=${query} />
    <${Filters} query=${query} />
    <${Activations} />
    <${Optimization} />
    <${Examples} query=${query} />
    <${Keyboard} /><${Addresses} model=${MODEL} /><${OwnNetwork} /><${WhoMayAsk} />`;
}

/** @param {{channel: number}} unit */
const asked = ({ channel }) => ({ model: MODEL, layer: CLASSES, channel });

/** @type {Record<string, any>} */
const PICTURES = { positive: asked(RINGS), negative: { ...asked(RINGS), sign: 'negative' } };

/** @param {{query: URLSearchParams}} props */
const FeatureMap = ({ query }) => html`<section aria-labelledby="feature-map">
  <h2 id="feature-map">Feature map</h2>
  <p class="reading">A <strong>unit</strong> is one channel of a layer. It looks at every place of a picture and says one number there,
    its <strong>activation</strong>: a lot where it finds what it looks for. All these numbers, laid out like the picture, are its <strong>feature
    map</strong>.</p>
  <${Drawn} model=${MODEL} layer=${CLASSES} classes=${[RINGS, STRIPES]} query=${query} />
  <p class="reading">Do it with <a href=${pages.photo()}>a photograph of yours</a>.</p>
</section>`;

/** @param {{query: URLSearchParams}} props */
const Filters = ({ query }) => html`<section aria-labelledby="filters">
  <h2 id="filters">Positive and negative filters</h2>
  <p class="reading">A <strong>filter</strong> is the weights that make a unit. In the first layer they weigh the colours of the picture, and can be
    shown as one. Weights above zero are its <span class="positive">positive</span> part, those below zero
    its <span class="negative">negative</span> part. Many people call the two kinds of optimized picture below positive and negative filters; here
    these are called by their <strong>sign</strong>.</p>
  <${Kernel} model=${MODEL} ...${FILTER} shown=${query.get('filters')} />
</section>`;

const Activations = () => html`<section aria-labelledby="activations">
  <h2 id="activations">Positive and negative activations</h2>
  <p class="reading">A number above zero says: this is here. In layers that end in <strong>ReLU</strong> everything below zero becomes zero, so that
    the network behind never hears it. What stood before, the <strong>pre-activation</strong>, still tells what speaks against the unit. Therefore
    each unit has two pictures: the positive one raises it, the negative one lowers it.</p>
  <div class="pair help-pair">${['positive', 'negative'].map(sign => html`<figure class="stack" key=${sign}>
    <${Optimized} request=${PICTURES[sign]} sizes="22rem" alt=${`what ${sign === 'positive' ? 'raises' : 'lowers'} ${CLASSES}:${RINGS.channel}, rings`} />
    <figcaption><span class=${sign}>${sign}</span>: ${sign === 'positive' ? 'rings, as they should be' : 'anything but rings'}</figcaption></figure>`)}</div>
  <p class="small"><a href=${pages.unit(MODEL, CLASSES, RINGS.channel)}>${MODEL}/${CLASSES}:${RINGS.channel}, rings</a></p>
</section>`;

const Optimization = () => html`<section aria-labelledby="optimization">
  <h2 id="optimization">What “optimization” means here</h2>
  <p class="reading">Not training: the network stays as it is. The <strong>picture</strong> is changed. It begins as faint noise; in every step the network
    says in which direction each colour would have to change for the unit to say more, and the picture goes a little way there. Small random moves and
    turns in every step keep it from finding tricks that only work pixel by pixel.</p>
  <${Course} request=${{ ...asked(STRIPES), ...COURSE }} name=${STRIPES.label} />
  <p class="small"><a href=${pages.unit(MODEL, CLASSES, STRIPES.channel)}>${MODEL}/${CLASSES}:${STRIPES.channel}, ${STRIPES.label}</a></p>
</section>`;

/** @param {{query: URLSearchParams}} props */
function Examples({ query }) {
  const dataset = query.get('dataset');
  const spectrum = useSpectrum(MODEL, CLASSES, RINGS.channel, dataset);
  return html`<section aria-labelledby="dataset-examples">
  <h2 id="dataset-examples">Dataset examples against optimized pictures</h2>
  <p class="reading"><strong>Dataset examples</strong> are the real images that raise or lower a unit most. They are real, but they show everything
    that came along: a unit for grass and one for cows may have the same examples. An <strong>optimized picture</strong> holds only what the unit
    itself asks for, but it is a picture that nobody has ever taken. Both are evidence, neither is proof: look at the activation that was reached, and
    at both ends.</p>
  <${Spectrum} model=${MODEL} layer=${CLASSES} channel=${RINGS.channel} name=${RINGS.label} requests=${PICTURES} dataset=${dataset} found=${spectrum} />
</section>`;
}
