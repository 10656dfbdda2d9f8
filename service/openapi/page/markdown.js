// Elements, and the little of Markdown that descriptions use, as elements: never as HTML.
const make = (tag, properties = {}, ...inside) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...inside.filter(part => part !== null && part !== undefined && part !== ''));
  return made;
};

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

function inline(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, code, strong, emphasis, label, target] = found;
    parts.push(text.slice(end, found.index));
    if (code !== undefined) parts.push(make('code', {}, code));
    else if (strong !== undefined) parts.push(make('strong', {}, strong));
    else if (emphasis !== undefined) parts.push(make('em', {}, emphasis));
    else parts.push(/^(https?:|\/|#)/.test(target) ? make('a', { href: target }, label) : label);
    end = found.index + whole.length;
  }
  return [...parts, text.slice(end)];
}

// Paragraphs, lists and fenced code, one block after the other.
function markdown(text) {
  const blocks = [];
  const pieces = (text ?? '').split(/^```\w*\n([\s\S]*?)^```$/m);
  pieces.forEach((piece, number) => {
    if (number % 2) return blocks.push(make('pre', { tabIndex: 0 }, piece));
    for (const block of piece.split(/\n\s*\n/).filter(part => part.trim())) {
      const lines = block.trim().split('\n');
      const listed = lines.every(line => /^\s*[-*] /.test(line));
      blocks.push(listed
        ? make('ul', {}, ...lines.map(line => make('li', {}, ...inline(line.replace(/^\s*[-*] /, '')))))
        : make('p', {}, ...inline(lines.map(line => line.trim()).join(' '))));
    }
  });
  return blocks;
}
