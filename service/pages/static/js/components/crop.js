// A part of an image of a data set, as one position of a unit sees it.
import { html } from '../html.js';
import { Picture } from './picture.js';
import { number } from './states.js';

/** @param {{example: any, alt: string, model?: string, layer?: string}} props */
export function Crop({ example, alt }) {
  const told = `${alt}: ${example.label ? `${example.label}, ` : ''}${number(example.value)}`;
  if (!example.crop) return html`<span class="picture" title=${told}><span class="picture-missing">${number(example.value)}</span></span>`;
  return html`<span title=${told}><${Picture} src=${example.crop} alt=${told} /></span>`;
}
