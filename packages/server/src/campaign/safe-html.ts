/** Elements that may stay, with the attributes they may keep. */
const allowed: ReadonlyMap<string, readonly string[]> = new Map(
  [
    ['p', 'br', 'hr', 'b', 'strong', 'i', 'em', 'u', 's', 'sub', 'sup', 'mark', 'small', 'code', 'pre', 'kbd', 'q'],
    ['blockquote', 'cite', 'ul', 'ol', 'li', 'dl', 'dt', 'dd', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'div', 'span'],
    ['table', 'caption', 'thead', 'tbody', 'tfoot', 'tr', 'figure', 'figcaption', 'ruby', 'rt', 'rp', 'bdi', 'bdo'],
  ]
    .flat()
    .map((name): [string, readonly string[]] => [name, ['title', 'lang', 'dir']])
    .concat([
      ['td', ['colspan', 'rowspan', 'lang', 'dir']],
      ['th', ['colspan', 'rowspan', 'scope', 'lang', 'dir']],
      ['a', ['href', 'title']],
      ['img', ['src', 'alt', 'title', 'width', 'height']],
    ]),
);
const empty = new Set(['br', 'hr', 'img']);
/** Elements that go with all they hold. */
const swallowed = new Set([
  'script',
  'style',
  'template',
  'iframe',
  'object',
  'noscript',
  'textarea',
  'title',
  'svg',
  'math',
]);

const tag = /<(?:!--[\s\S]*?(?:-->|$)|[!?][^>]*(?:>|$)|(\/?)([a-z][a-z0-9-]*)((?:"[^"]*"|'[^']*'|[^"'>])*)(?:>|$))/gi;
const attribute = /([a-z][a-z-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))/gi;

/**
 * HTML reduced to what can do nothing: headings, lists, tables, emphasis, links and pictures, without style or script.
 *
 * The result is built anew from known elements, checked attributes and escaped text, all elements closed in order;
 * nothing of the input is passed through, so what a browser makes of broken input does not matter. Scripts, styles and
 * embedded documents go with their content, other unknown elements leave their text. Links open elsewhere and tell
 * nobody where from. O(n).
 *
 * @example
 * safeHtml('<b onclick="x()">Hi</b><script>y()</script>'); // => '<b>Hi</b>'
 */
export function safeHtml(html: string): string {
  const out: string[] = [];
  const open: string[] = [];
  let from = 0;
  let hidden: string | undefined;
  tag.lastIndex = 0;
  for (let match = tag.exec(html); match !== null; match = tag.exec(html)) {
    const [whole, slash, rawName, attributes] = match;
    if (hidden === undefined) out.push(escaped(html.slice(from, match.index)));
    from = match.index + whole.length;
    if (rawName === undefined) continue;
    const name = rawName.toLowerCase();
    if (hidden !== undefined) {
      if (slash === '/' && name === hidden) hidden = undefined;
      continue;
    }
    if (swallowed.has(name)) {
      if (slash === '') hidden = name;
      continue;
    }
    const may = allowed.get(name);
    if (may === undefined) continue;
    if (slash === '/') {
      const depth = open.lastIndexOf(name);
      while (depth >= 0 && open.length > depth) out.push(`</${open.pop()}>`);
    } else {
      out.push(`<${name}${attributesOf(name, attributes, may)}>`);
      if (!empty.has(name)) open.push(name);
    }
  }
  if (hidden === undefined) out.push(escaped(html.slice(from)));
  while (open.length > 0) out.push(`</${open.pop()}>`);
  return out.join('');
}

function attributesOf(element: string, text: string, may: readonly string[]): string {
  let kept = '';
  const seen = new Set<string>();
  for (const [, rawName, double, single, bare] of text.matchAll(attribute)) {
    const name = rawName.toLowerCase();
    if (!may.includes(name) || seen.has(name)) continue;
    const value = unescaped(double ?? single ?? bare ?? '');
    if (name === 'href' && !isSafeLink(value)) continue;
    if (name === 'src' && !isSafeImage(value)) continue;
    seen.add(name);
    kept += ` ${name}="${escaped(value).replaceAll('"', '&quot;')}"`;
  }
  return element === 'a' ? `${kept} rel="noopener noreferrer nofollow" target="_blank"` : kept;
}

/** An address of a page: web or mail. */
function isSafeLink(address: string): boolean {
  return /^(?:https?:\/\/|mailto:)/i.test(address.trim());
}

/** An address of a picture: on the web, in the address itself, or a path on this server. */
export function isSafeImage(address: string): boolean {
  return (
    /^(?:https?:\/\/|data:image\/(?:png|jpeg|gif|webp|avif);base64,|\/(?!\/))/i.test(address) && !/[\s\\]/.test(address)
  );
}

function escaped(text: string): string {
  // A reference that is well formed stays as it is.
  return text
    .replace(/&(?!(?:[a-z][a-z0-9]{1,30}|#\d{1,7}|#x[0-9a-f]{1,6});)/gi, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/** References in an attribute, as far as they could hide a scheme. */
function unescaped(value: string): string {
  return value
    .replace(/&#(\d{1,7});?/g, (_, code) => character(Number(code)))
    .replace(/&#x([0-9a-f]{1,6});?/gi, (_, code) => character(Number.parseInt(code, 16)))
    .replace(/&(?:colon|tab|newline);/gi, '')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

function character(code: number): string {
  return code >= 0x20 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
}
