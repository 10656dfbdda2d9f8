// What components are written with: templates, and the hooks they use.
import { Fragment, h, render } from '../vendor/preact.mjs';
import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from '../vendor/hooks.mjs';
import htm from '../vendor/htm.mjs';

/** Turns a template into what Preact shows: html`<p class="soft">${text}</p>`. */
export const html = htm.bind(h);
export { Fragment, render, useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState };
