// A picture of the service: sharp when it is enlarged, in its place before it is there, with an API key where one is needed.
import { html, useEffect, useRef, useState } from '../html.js';
import { address, send } from '../api/client.js';
import { withQuery } from '../api/addresses.js';
import { apiKey, useSignal } from '../state.js';

const WIDTHS = [64, 128, 192, 256, 512];

/**
 * `src` is an address of the service. With `sizes` the browser chooses among thumbnails; without, the picture itself is
 * shown. `ratio` is width / height, where that is known. `pixels`: its width, where each of its pixels is to be one of the screen.
 * @param {{src: string, alt: string, sizes?: string, ratio?: number, eager?: boolean, pixels?: number, children?: any}} props
 */
export function Picture({ src, alt, sizes: chosen, ratio = 1, eager = false, pixels, children }) {
  const sizes = pixels ? undefined : chosen;
  const key = useSignal(apiKey);
  const [enlarged, setEnlarged] = useState(false);
  const [failed, setFailed] = useState(false);
  const measure = (/** @type {Event} */ event) => {
    const image = /** @type {HTMLImageElement} */ (event.target);
    setFailed(false);
    setEnlarged(image.naturalWidth > 0 && image.clientWidth * devicePixelRatio >= 2 * image.naturalWidth);
  };
  const shared = { alt, decoding: 'async', onLoad: measure, onError: () => setFailed(true) };
  const thumbnail = (/** @type {number} */ width) => address(withQuery(src, { width, format: 'webp' }));
  const inner = failed
    ? html`<span class="picture-missing">not there any more</span>`
    : key
      ? html`<${WithKey} src=${sizes ? withQuery(src, { width: 256, format: 'webp' }) : src} image=${shared} />`
      : sizes
        ? html`<img ...${shared} loading=${eager ? 'eager' : 'lazy'} src=${thumbnail(256)} sizes=${sizes}
            srcset=${WIDTHS.map(width => `${thumbnail(width)} ${width}w`).join(', ')} />`
        : html`<img ...${shared} loading=${eager ? 'eager' : 'lazy'} src=${address(src)} />`;
  const layout = `aspect-ratio: ${ratio}${pixels ? `; width: ${pixels / devicePixelRatio}px` : ''}`;
  return html`<span class="picture ${enlarged ? 'enlarged' : ''}" style=${layout}>${inner}${children}</span>`;
}

/** `<img>` cannot send a key, so that the picture is fetched when it comes into view. @param {{src: string, image: any}} props */
function WithKey({ src, image }) {
  const place = useRef(/** @type {HTMLImageElement | null} */ (null));
  const [url, setUrl] = useState('');
  useEffect(() => {
    const asking = new AbortController();
    let made = '';
    const seen = new IntersectionObserver(async entries => {
      if (!entries.some(entry => entry.isIntersecting)) return;
      seen.disconnect();
      try {
        const answer = await send(src, { signal: asking.signal });
        made = URL.createObjectURL(await answer.blob());
        setUrl(made);
      } catch {
        if (!asking.signal.aborted) image.onError();
      }
    }, { rootMargin: '200px' });
    if (place.current) seen.observe(place.current);
    return () => {
      seen.disconnect();
      asking.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [src]);
  return url ? html`<img ...${image} src=${url} />` : html`<span class="picture-missing" ref=${place}></span>`;
}
