// How an operation is asked for on a command line and in Python.
const exampleOf = parameter => parameter.schema?.examples?.[0] ?? parameter.example ?? parameter.schema?.default;
const bodyOf = operation => Object.entries(operation.requestBody?.content ?? {})[0];
const bodyExample = content => Object.values(content?.examples ?? {})[0]?.value ?? content?.example;

// What a query says of a parameter: what is filled in, or an example where nothing can be left out; each of several by itself.
function asked(one, values) {
  const value = values[one.name] ?? (one.required ? exampleOf(one) : undefined) ?? '';
  const each = Array.isArray(value) ? value : one.schema?.type === 'array' ? value.trim().split(/\s+/) : [value];
  return each.filter(part => part !== '').map(part => [one.name, part]);
}

// The address with what is filled in; `values` by the names of parameters.
function address(base, path, operation, values) {
  const known = operation.parameters ?? [];
  const filled = known.filter(one => one.in === 'path').reduce((text, one) => {
    const value = values[one.name] ?? exampleOf(one);
    return value === undefined ? text : text.replace(`{${one.name}}`, encodeURIComponent(value).replaceAll('%3A', ':'));
  }, path);
  const query = new URLSearchParams(known.filter(one => one.in === 'query').flatMap(one => asked(one, values)));
  return `${base}${filled}${query.size ? `?${query}` : ''}`;
}

const binary = kind => kind && !kind.includes('json');
const shell = text => `'${text.replaceAll("'", "'\\''")}'`;
const saved = operation => Object.keys(operation.responses['200']?.content ?? {}).some(kind => /image|octet|parquet/.test(kind));

function curl(url, method, operation) {
  const [kind, content] = bodyOf(operation) ?? [];
  const parts = ['curl'];
  if ('text/event-stream' in (operation.responses['200']?.content ?? {})) parts.push('-N');
  if (method !== 'get') parts.push('-X', method.toUpperCase());
  if (saved(operation)) parts.push('-o', 'answer');
  if (kind) parts.push('-H', shell(`Content-Type: ${kind}`));
  if (binary(kind)) parts.push('--data-binary', '@photo.png');
  else if (kind) parts.push('-d', shell(JSON.stringify(bodyExample(content) ?? {})));
  return [...parts, shell(url)].join(' ');
}

// A value as Python writes it.
function literal(value) {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object') return `{${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${literal(one)}`).join(', ')}}`;
  return JSON.stringify(value);
}

function python(url, method, operation) {
  const [kind, content] = bodyOf(operation) ?? [];
  const given = [JSON.stringify(url)];
  if (binary(kind)) given.push('content=open("photo.png", "rb").read()', `headers={"Content-Type": "${kind}"}`);
  else if (kind) given.push(`json=${literal(bodyExample(content) ?? {})}`);
  if ('text/event-stream' in (operation.responses['200']?.content ?? {})) {
    return `import httpx\n\nwith httpx.stream("GET", ${given.join(', ')}, timeout=None) as answer:\n    for line in answer.iter_lines():\n        print(line)`;
  }
  const use = saved(operation) ? 'open("answer", "wb").write(answer.content)' : method === 'delete' ? 'print(answer.status_code)' : 'print(answer.json())';
  return `import httpx\n\nanswer = httpx.${method}(${given.join(', ')})\nanswer.raise_for_status()\n${use}`;
}
