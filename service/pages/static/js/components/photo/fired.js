// Units with what they say to the photograph: value, map, optimized picture, and what made them fire.
import { html } from '../../html.js';
import { api, pages, withQuery } from '../../api/addresses.js';
import { Missing } from '../grid/missing.js';
import { Picture } from '../picture.js';
import { number } from '../states.js';
import { placed } from './tokens.js';
import { chooseUnit } from './why.js';

/**
 * `units` have `channel`, `value` and, where they have positions, `x` and `y`. `maps` are those of the layer, once it is
 * known what they are; `there`: whether they can be shown.
 * @param {{look: any, model: string, layer: string, told: any, units: any[], rendered: Map<number, any>, maps: any, there: boolean, sweeping: boolean,
 *   sign: string, title: string}} props
 */
export function Fired({ look, model, layer, told, units, rendered, maps, there, sweeping, sign, title }) {
  const preactivation = sign === 'negative' && told.preactivation;
  const value = preactivation ? 'preactivation' : 'activation';
  const ratio = look.spec.size[1] / look.spec.size[0];
  const lacking = units.map(one => one.channel).filter(channel => rendered.has(channel) && !rendered.get(channel)[sign]).sort((a, b) => a - b);
  // Ten empty squares tell nobody anything.
  const pictured = units.some(one => rendered.get(one.channel)?.[sign]);
  return html`<div class="stack">
    <h4 class=${sign}>${title} <span class="soft small">${preactivation ? 'pre-activation' : 'activation'}, ${
      sign === 'positive' ? 'largest' : 'smallest'} anywhere</span></h4>
    <ul class="fired">${units.map(one => {
      const known = rendered.get(one.channel);
      const label = known?.label ? ` ${known.label}` : '';
      const name = `${layer}:${one.channel}${label}`;
      const position = placed(told, maps, one);
      const to = withQuery(pages.unit(model, layer, one.channel), { photo: look.key });
      const picture = known?.[sign];
      return html`<li key=${one.channel} class="stack">
        ${there && html`<${Picture} ratio=${ratio} alt=${`where ${name} fires in the photograph, ${value} ${number(one.value)}`}
          src=${api.map(look.key, layer, one.channel, { over: 'photo', value, width: 256, format: 'webp', ...position })} />`}
        <a class="tile" href=${to} aria-label=${`${name}, ${value} ${number(one.value)}`}>
          ${pictured && (picture
            ? html`<${Picture} src=${api.image(picture.key)} alt="" sizes="9rem" />`
            : html`<span class="picture"><span class="picture-missing">not rendered yet</span></span>`)}
          <span class="tile-label"><span>${one.channel}${label}</span><span class="number">${number(one.value)}</span></span>
        </a>
        <button class="plain small" onClick=${() => chooseUnit(layer, one.channel, { value, ...position })}
          aria-label=${`Why: which pixels made ${name} say that`}>Why</button>
      </li>`;
    })}</ul>
    ${!sweeping && html`<div class="row"><${Missing} model=${model} layer=${layer} sign=${sign} channels=${lacking} sweep=${null} changed=${() => {}}
      words=${`Render what ${sign === 'positive' ? 'raises' : 'lowers'} ${pictured ? 'the others' : 'them'}`} primary=${false} /></div>`}
  </div>`;
}
