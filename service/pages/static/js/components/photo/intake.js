// The way in: a photograph, a network, and what is refused.
import { html, useEffect, useState } from '../../html.js';
import { api, pages } from '../../api/addresses.js';
import { announcement, dropped } from '../../state.js';
import { Picture } from '../picture.js';
import { Trouble } from '../trouble.js';
import { Choice, useDropped } from './dropped.js';
import { lookAndGo, uploaded } from './look.js';
import { Networks } from './networks.js';

const NO_FILE = { title: 'That was no file', message: 'Drop a photograph from a folder, or copy it and paste it here.', code: '', errors: [] };

/**
 * `photo` is there already: the name of a photograph, or the key of a visualization. `seenBy`: it is shown
 * beside this, as that network saw it.
 * @param {{model: string, photo?: string | null, seenBy?: string}} props
 */
export function Intake({ model, photo = null, seenBy = '' }) {
  const small = seenBy !== '';
  const [busy, setBusy] = useState('');
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const during = async (/** @type {string} */ words, /** @type {() => Promise<void>} */ work) => {
    setRefusal(null);
    setBusy(words);
    announcement.value = words;
    await work().catch(setRefusal);
    setBusy('');
  };
  const take = (/** @type {File | null} */ file) =>
    file ? during('Sending the photograph', async () => lookAndGo(model, await uploaded(file))) : setRefusal(NO_FILE);
  const over = useDropped(take);
  useEffect(() => {
    const file = dropped.peek(); // on the start page, which leads here
    dropped.value = null;
    if (file) take(file);
  }, []);
  const again = () => during('Looking', () => lookAndGo(model, photo ?? ''));
  return html`<div class="intake ${over ? 'held' : ''} ${small ? 'small' : ''}" data-testid="intake">
    ${photo && !small && html`<${Given} photo=${photo} />`}
    <${Networks} chosen=${model} label=${small ? 'Network' : 'The network that looks'} />
    ${photo && model !== seenBy && html`<button class=${small ? '' : 'primary'} disabled=${Boolean(busy)} onClick=${again} data-testid="look">
      ${small ? `See this one through ${model}` : 'See it through the network'}</button>`}
    <${Choice} take=${take} busy=${Boolean(busy)} primary=${!photo} words=${photo ? 'Another photograph' : 'Choose a photograph'} />
    <p class="soft small">${busy
      ? html`<span role="status" data-testid="sending">${busy} …</span>`
      : 'Or drop it anywhere on this page. A network sees the middle of it.'}</p>
    ${refusal && html`<${Trouble} problem=${refusal} />`}
  </div>`;
}

/** @param {{photo: string}} props */
function Given({ photo }) {
  const made = photo.startsWith('fv');
  return html`<figure class="given"><${Picture} src=${made ? api.image(photo) : api.photo(photo)} alt=${made ? 'an optimized picture' : 'the photograph'} />
    ${made && html`<figcaption><a href=${pages.picture(photo)}>A picture that was optimized</a>, taken as a photograph</figcaption>`}</figure>`;
}
