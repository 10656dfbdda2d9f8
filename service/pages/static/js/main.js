// Starts the pages.
import { html, render } from './html.js';
import { effect, theme } from './state.js';
import { Frame } from './components/frame.js';

effect(() => {
  if (theme.value) document.documentElement.dataset.theme = theme.value;
  else delete document.documentElement.dataset.theme;
});

const app = /** @type {HTMLElement} */ (document.getElementById('app'));
app.replaceChildren();
render(html`<${Frame} />`, app);
