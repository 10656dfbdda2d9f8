// A form that sends an operation from this page, and what came back.
let apiKey = '';

function field(parameter) {
  const input = parameter.schema?.enum
    ? make('select', {}, ...[...(parameter.required ? [] : ['']), ...parameter.schema.enum].map(value => make('option', {}, value)))
    : make('input', { value: parameter.required ? [exampleOf(parameter) ?? []].flat().join(' ') : '', placeholder: exampleOf(parameter) ?? '' });
  input.name = parameter.name;
  input.required = parameter.required ?? false;
  return make('label', {}, `${parameter.name}${input.required ? ' *' : ''}`, input);
}

async function shown(answer, into) {
  const kind = answer.headers.get('content-type') ?? '';
  const told = ['location', 'retry-after', 'cache-status', 'etag', 'ratelimit', 'x-request-id']
    .filter(name => answer.headers.has(name)).map(name => `${name}: ${answer.headers.get(name)}`);
  into.replaceChildren(make('p', {}, make('strong', {}, `${answer.status} ${answer.statusText}`)), make('pre', { tabIndex: 0 }, told.join('\n')));
  if (kind.startsWith('image/')) {
    into.append(make('img', { src: URL.createObjectURL(await answer.blob()), alt: 'what was answered' }));
  } else if (kind.startsWith('text/event-stream')) {
    const lines = into.appendChild(make('pre', { tabIndex: 0 }));
    const decoder = new TextDecoder();
    for (let reader = answer.body.getReader(), part; !(part = await reader.read()).done;) lines.append(decoder.decode(part.value, { stream: true }));
  } else if (kind.includes('json')) {
    into.append(make('pre', { tabIndex: 0 }, JSON.stringify(await answer.json(), null, 2)));
  } else if (kind.startsWith('text/')) {
    into.append(make('pre', { tabIndex: 0 }, await answer.text()));
  } else {
    into.append(make('p', {}, `${(await answer.blob()).size} bytes of ${kind || 'nothing'}`));
  }
}

function trial(base, path, method, operation) {
  const [kind, content] = bodyOf(operation) ?? [];
  const body = !kind ? null : binary(kind)
    ? make('input', { type: 'file', accept: Object.keys(operation.requestBody.content).join(',') })
    : make('textarea', { value: JSON.stringify(bodyExample(content) ?? {}, null, 2), spellcheck: false });
  const parameters = (operation.parameters ?? []).filter(one => one.in !== 'cookie');
  const key = operation.security.length ? make('input', { type: 'password', value: apiKey, autocomplete: 'off', placeholder: 'fl_...' }) : null;
  const stop = make('button', { type: 'button', hidden: true }, 'Stop');
  const into = make('div');
  const form = make('form', {}, ...parameters.map(field), body && make('label', {}, 'body', body),
    key && make('label', {}, 'API key, where one is asked for', key), make('button', {}, 'Send'), stop);
  form.addEventListener('submit', async event => {
    event.preventDefault();
    apiKey = key?.value ?? apiKey;
    const values = Object.fromEntries(parameters.map(one => [one.name, form.elements[one.name].value]));
    const headers = Object.fromEntries(parameters.filter(one => one.in === 'header' && values[one.name]).map(one => [one.name, values[one.name]]));
    if (apiKey) headers.Authorization = `Bearer ${apiKey}`;
    const sent = body?.files ? body.files[0] : body?.value;
    if (sent !== undefined) headers['Content-Type'] = body.files ? sent.type : kind;
    const broken = new AbortController();
    stop.onclick = () => broken.abort();
    stop.hidden = false;
    into.replaceChildren(make('p', { className: 'quiet' }, 'waiting'));
    try {
      await shown(await fetch(address(base, path, operation, values), { method: method.toUpperCase(), headers, body: sent, signal: broken.signal }), into);
    } catch (error) {
      into.append(make('p', {}, error.name === 'AbortError' ? 'stopped' : String(error)));
    }
    stop.hidden = true;
  });
  return [form, into];
}
