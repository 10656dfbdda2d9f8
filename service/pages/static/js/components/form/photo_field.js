// A photograph that an objective looks at: uploaded when it is chosen.
import { html, useState } from '../../html.js';
import { uploaded } from '../photo/look.js';

/** @param {{id: string, value: any, change: (value: any) => void}} props */
export function PhotoField({ id, value, change }) {
  const [state, setState] = useState('');
  const chosen = async (/** @type {any} */ event) => {
    const [file] = event.target.files;
    if (!file) return;
    setState('uploading …');
    try {
      change(await uploaded(file));
      setState(file.name);
    } catch (error) {
      setState(/** @type {Error} */ (error).message);
    }
  };
  return html`<span class="row"><input id=${id} type="file" accept="image/png,image/jpeg,image/webp" onChange=${chosen} />
    <span class="small soft">${state || (value ? `${value.slice(0, 15)}…` : '')}</span></span>`;
}
