// One field of a form that is made from a schema, of whatever kind.
import { html, useId } from '../../html.js';
import { PhotoField } from './photo_field.js';
import { fieldOf, readNumbers, withField } from './schema.js';

/**
 * `change` gets the new value, undefined for what the service fills in; `errors` are those of the service, by pointer;
 * `lists` are the ids of names to choose from, by the field's name.
 * @typedef {{document: any, schema: any, value: any, change: (value: any) => void, pointer: string, errors: Map<string, string>,
 *   lists?: Record<string, string>}} FieldsProps
 * @typedef {FieldsProps & {name: string}} FieldProps
 */

/** @param {FieldProps} props */
export function Field(props) {
  const { document, name, schema, pointer, errors } = props;
  const field = fieldOf(document, name, schema);
  if (field.kind === 'group') return html`<${Group} ...${props} schema=${field.schema} about=${field.about} />`;
  if (field.kind === 'variants') return html`<${Variants} ...${props} field=${field} />`;
  if (field.kind === 'list') return html`<${List} ...${props} field=${field} />`;
  return html`<${Single} ...${props} field=${field} error=${errors.get(pointer)} />`;
}

/** @param {FieldProps & {field: import('./schema.js').Field, error?: string}} props */
function Single({ name, value, change, field, error, lists }) {
  const id = useId();
  const { schema, initial, about } = field;
  const described = { id, 'aria-describedby': `${id}-about`, 'aria-invalid': error ? 'true' : undefined };
  const text = (/** @type {any} */ event) => event.target.value;
  const inputs = {
    choice: () => html`<select ...${described} value=${value ?? ''} onChange=${(/** @type {any} */ event) => change(text(event) || undefined)}>
      <option value="">${initial === undefined ? '' : `${initial} (as it is)`}</option>
      ${field.options?.filter(one => one !== initial).map(one => html`<option value=${one}>${one}</option>`)}</select>`,
    flag: () => html`<select ...${described} value=${value === undefined ? '' : String(value)}
      onChange=${(/** @type {any} */ event) => change(text(event) === '' ? undefined : text(event) === 'true')}>
      <option value="">${initial ? 'yes' : 'no'} (as it is)</option><option value=${String(!initial)}>${initial ? 'no' : 'yes'}</option></select>`,
    number: () => html`<input ...${described} type="number" step="any" min=${schema.minimum} max=${schema.maximum} placeholder=${initial ?? ''} value=${value ?? ''}
      onInput=${(/** @type {any} */ event) => change(text(event) === '' ? undefined : Number(text(event)))} />`,
    numbers: () => html`<input ...${described} type="text" inputmode="decimal" placeholder=${written(initial)} value=${written(value)}
      onChange=${(/** @type {any} */ event) => change(single(readNumbers(text(event)), name))} />`,
    text: () => html`<input ...${described} type="text" list=${lists?.[name]} autocomplete="off" spellcheck=${false}
      placeholder=${initial ?? schema.examples?.[0] ?? ''} value=${value ?? ''}
      onChange=${(/** @type {any} */ event) => change(text(event).trim() || undefined)} />`,
    photo: () => html`<${PhotoField} id=${id} value=${value} change=${change} />`,
  };
  return html`<div class="field ${value === undefined ? '' : 'changed'}">
    <label for=${id}>${name.replaceAll('_', ' ')}</label>
    ${inputs[/** @type {keyof typeof inputs} */ (field.kind)]()}
    <small id=${`${id}-about`}>${error ? html`<strong class="refused" data-testid="field-error">${error}</strong>` : about}</small>
  </div>`;
}

/** @param {any} value */
const written = value => (value === undefined || value === null ? '' : [value].flat().join(', '));

/** A size is one number or two; other ranges are always lists. @param {any} numbers @param {string} name */
const single = (numbers, name) => (name === 'size' && numbers?.length === 1 ? numbers[0] : numbers);

/** Fields that belong together. @param {FieldProps & {about: string}} props */
function Group({ document, name, schema, value, change, pointer, errors, lists, about }) {
  return html`<details class="group" open=${value !== undefined}>
    <summary>${name.replaceAll('_', ' ')}${value === undefined ? '' : html` <span class="badge">changed</span>`}</summary>
    <p class="small soft">${about.split('\n')[0]}</p>
    <${Fields} document=${document} schema=${schema} value=${value} change=${change} pointer=${pointer} errors=${errors} lists=${lists} />
  </details>`;
}

/** @param {FieldsProps & {without?: string[]}} props */
export function Fields({ document, schema, value, change, pointer, errors, without = [], lists }) {
  const names = Object.keys(schema.properties).filter(name => !without.includes(name) && schema.properties[name].const === undefined);
  return html`<div class="fields">${names.map(name => html`<${Field} key=${name} document=${document} name=${name} schema=${schema.properties[name]}
    value=${value?.[name]} change=${(/** @type {any} */ next) => change(withField(value, name, next))} pointer=${`${pointer}/${name}`} errors=${errors} lists=${lists} />`)}
      </div>`;
}

/** One of several kinds of a thing, each with fields of its own. @param {FieldProps & {field: import('./schema.js').Field}} props */
function Variants({ document, name, value, change, pointer, errors, lists, field }) {
  const id = useId();
  const [first] = field.variants ?? [];
  const chosen = field.variants?.find(one => one.name === value?.type) ?? first;
  const choose = (/** @type {any} */ event) => change(event.target.value === first?.name ? undefined : { type: event.target.value });
  const set = (/** @type {any} */ next) => change(next && (Object.keys(next).length > 1 || next.type !== first?.name) ? { type: chosen?.name, ...next } : undefined);
  return html`<fieldset class="group">
    <legend>${name}</legend>
    <div class="field ${value === undefined ? '' : 'changed'}"><label for=${id}>kind</label>
      <select id=${id} value=${chosen?.name} onChange=${choose}>${field.variants?.map(one => html`<option value=${one.name}>${one.name}</option>`)}</select>
      <small>${chosen?.schema.description?.split('\n')[0]}</small></div>
    ${errors.get(pointer) && html`<p class="refused small">${errors.get(pointer)}</p>`}
    <${Fields} key=${chosen?.name} document=${document} schema=${chosen?.schema} value=${value} change=${set} pointer=${pointer} errors=${errors} lists=${lists} />
  </fieldset>`;
}

/** Several of the same. @param {FieldProps & {field: import('./schema.js').Field}} props */
function List({ document, name, value, change, pointer, errors, lists, field }) {
  /** @type {any[]} */
  const items = value ?? [];
  const set = (/** @type {number} */ place, /** @type {any} */ next) => change(items.with(place, next ?? {}));
  return html`<fieldset class="group"><legend>${name}</legend>
    ${items.map((one, index) => html`<div class="card" key=${index}>
      <${Fields} document=${document} schema=${field.item} value=${one}
        change=${(/** @type {any} */ next) => set(index, next)} pointer=${`${pointer}/${index}`} errors=${errors} lists=${lists} />
      <button type="button" onClick=${() => change(items.toSpliced(index, 1))}>Take out</button>
        </div>`)}
    <button type="button" onClick=${() => change([...items, {}])}>Add one</button>
  </fieldset>`;
}
