// Whether pictures fill their place, or stand there pixel by pixel: in the address, as `pixels`.
import { html } from '../html.js';
import { query, setQuery } from '../router.js';

/** Whether each pixel of a picture is one of the screen. */
export const pixelByPixel = () => query().get('pixels') !== null;

/** The switch. */
export const PixelSwitch = () => html`<button aria-pressed=${pixelByPixel() ? 'true' : 'false'} title="each pixel of a picture is one of the screen"
  onClick=${() => setQuery({ pixels: pixelByPixel() ? null : 1 })} data-testid="pixels">1:1</button>`;
