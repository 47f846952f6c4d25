/** One element of a parsed document. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: (XmlElement | string)[];
}

/**
 * Parses XML strictly enough to catch what escaping and nesting can get wrong: unbalanced tags, unquoted or repeated
 * attributes, bare `&` and `<`, unknown entities, forbidden characters. Throws on the first fault.
 */
export function parseXml(source: string): XmlElement {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters XML forbids
  const forbidden = source.match(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
  if (forbidden) throw new Error(`forbidden character at ${forbidden.index}`);
  if (!source.isWellFormed()) throw new Error('lone surrogate');
  const root: XmlElement = { name: '#root', attributes: new Map(), children: [] };
  const open: XmlElement[] = [root];
  let at = 0;
  while (at < source.length) {
    const top = open[open.length - 1];
    if (source[at] !== '<') {
      const end = source.indexOf('<', at);
      const stop = end === -1 ? source.length : end;
      top.children.push(decoded(source.slice(at, stop)));
      at = stop;
      continue;
    }
    const closing = /^<\/([a-zA-Z][\w:-]*)>/.exec(source.slice(at, at + 60));
    if (closing) {
      if (top.name !== closing[1]) throw new Error(`</${closing[1]}> closes <${top.name}> at ${at}`);
      open.pop();
      at += closing[0].length;
      continue;
    }
    at = openTag(source, at, open);
  }
  if (open.length !== 1) throw new Error(`<${open[open.length - 1].name}> is not closed`);
  const elements = root.children.filter((child): child is XmlElement => typeof child !== 'string');
  if (elements.length !== 1) throw new Error(`${elements.length} root elements`);
  return elements[0];
}

function openTag(source: string, start: number, open: XmlElement[]): number {
  const name = /^<([a-zA-Z][\w:-]*)/.exec(source.slice(start, start + 60));
  if (!name) throw new Error(`bad tag at ${start}: ${source.slice(start, start + 30)}`);
  let at = start + name[0].length;
  const attributes = new Map<string, string>();
  for (;;) {
    if (source.startsWith('/>', at) || source[at] === '>') break;
    const attribute = /^ ([a-zA-Z][\w:-]*)="/.exec(source.slice(at, at + 60));
    if (!attribute) throw new Error(`bad attribute at ${at}: ${source.slice(at, at + 30)}`);
    at += attribute[0].length;
    const end = source.indexOf('"', at);
    if (end === -1) throw new Error(`attribute without end at ${at}`);
    if (attributes.has(attribute[1])) throw new Error(`attribute ${attribute[1]} twice at ${at}`);
    if (source.slice(at, end).includes('<')) throw new Error(`< in attribute at ${at}`);
    attributes.set(attribute[1], decoded(source.slice(at, end)));
    at = end + 1;
  }
  const element: XmlElement = { name: name[1], attributes, children: [] };
  open[open.length - 1].children.push(element);
  if (source[at] === '>') {
    open.push(element);
    return at + 1;
  }
  return at + 2;
}

function decoded(text: string): string {
  return text.replace(/&([^;\s]*);?/g, (whole, name: string) => {
    const known: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
    if (known[name] === undefined || !whole.endsWith(';')) throw new Error(`bad entity ${whole.slice(0, 20)}`);
    return known[name];
  });
}

/** All elements below and including `element`, in document order. */
export function* everyElement(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) if (typeof child !== 'string') yield* everyElement(child);
}

/** The text inside an element. */
export function textOf(element: XmlElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}
