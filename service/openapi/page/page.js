// The page, made of the OpenAPI document beside it.
const answers = operation => make('dl', {}, ...Object.entries(operation.responses).flatMap(([status, one]) => [
  make('dt', {}, make('code', {}, status)),
  make('dd', {}, ...markdown(one.description),
    ...Object.entries(one.content ?? {}).map(([kind, body]) => make('p', {}, make('code', {}, kind), ' ', ...(body.schema ? type(body.schema) : []))),
    Object.keys(one.headers ?? {}).length ? make('p', { className: 'quiet' }, `headers: ${Object.keys(one.headers).join(', ')}`) : ''),
]));

function operation(base, path, method, it) {
  const made = make('details', { id: it.operationId },
    make('summary', {}, make('span', { className: 'method' }, method.toUpperCase()), make('code', {}, path), ' ', ...inline(it.summary ?? '')));
  made.addEventListener('toggle', () => {
    if (!made.open || made.children.length > 1) return;
    const url = address(base, path, it, {});
    const content = Object.entries(it.requestBody?.content ?? {});
    made.append(...markdown(it.description),
      ...(it.parameters?.length ? [make('h3', {}, 'Parameters'), make('dl', {}, ...it.parameters.flatMap(one =>
        described(one.name, one.schema, `${one.description ?? ''} ${one.in === 'query' ? '' : `(in the ${one.in})`}`, one.required)))] : []),
      ...(content.length ? [make('h3', {}, 'Body'), ...content.map(([kind, one]) => make('p', {}, make('code', {}, kind), ' ', ...type(one.schema)))] : []),
      ...Object.values(content[0]?.[1].examples ?? {}).map(one => make('details', {}, make('summary', {}, one.summary), make('pre', { tabIndex: 0 }, JSON.stringify(one.value, null, 2)))),
      make('h3', {}, 'Answers'), answers(it),
      make('h3', {}, 'On a command line'), make('pre', { tabIndex: 0 }, curl(url, method, it)),
      make('h3', {}, 'In Python'), make('pre', { tabIndex: 0 }, python(url, method, it)),
      make('h3', {}, 'Try it'), ...trial(base, path, method, it));
  });
  return made;
}

function show(api) {
  const base = new URL(api.servers[0].url, location).href.replace(/\/$/, '');
  const order = ['post', 'get', 'delete'];
  const all = Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, it]) => [path, method, it]))
    .sort(([path, method], [other, another]) => path.localeCompare(other) || order.indexOf(method) - order.indexOf(another));
  document.getElementById('page').replaceChildren(
    make('h1', {}, `${api.info.title} ${api.info.version}`), ...markdown(api.info.description),
    make('p', {}, 'For programs: ', make('a', { href: 'openapi.json' }, 'openapi.json')),
    make('nav', {}, ...api.tags.map(tag => make('a', { href: `#tag-${tag.name}` }, tag.name)), make('a', { href: '#shapes' }, 'shapes')),
    ...api.tags.flatMap(tag => [make('h2', { id: `tag-${tag.name}` }, tag.name), ...markdown(tag.description),
      ...all.filter(([, , it]) => it.tags[0] === tag.name).map(one => operation(base, ...one))]),
    make('h2', { id: 'shapes' }, 'Shapes'), ...Object.entries(api.components.schemas).map(([name, it]) => shape(name, it)));
  open();
}

// What the address names after its # is opened.
function open() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named?.tagName === 'DETAILS') named.open = true;
  named?.scrollIntoView();
}

addEventListener('hashchange', open);
fetch('openapi.json').then(answer => answer.json()).then(show);
