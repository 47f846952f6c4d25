/**
 * Markup that is safe to put into a document: made by {@link element}, {@link text} or {@link fragment}, never by
 * gluing strings, so that a hostile label cannot become an element.
 */
export type Markup = string & { readonly [safe]: true };

declare const safe: unique symbol;

/** Attribute values; `undefined` leaves the attribute out, numbers are rounded to a hundredth. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

export type Child = Markup | readonly Child[];

/** The empty piece of markup. */
export const nothing: Markup = '' as Markup;

const names = /^[a-zA-Z][a-zA-Z0-9:-]*$/;

/**
 * An element with attributes and children, as markup of both XML and HTML.
 *
 * @example
 * ```ts
 * import { element, text } from '@assay/figures';
 * element('text', { x: 1 / 3, y: 2 }, text('cat & <dog>')); // => '<text x="0.33" y="2">cat &amp; &lt;dog&gt;</text>'
 * ```
 */
export function element(name: string, attributes: Attributes = {}, ...children: Child[]): Markup {
  if (!names.test(name)) throw new RangeError(`invalid element name "${name}"; use letters, digits and -`);
  let open = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (!names.test(key)) throw new RangeError(`invalid attribute name "${key}"; use letters, digits and -`);
    open += ` ${key}="${typeof value === 'number' ? decimal(value) : escaped(value)}"`;
  }
  const inside = fragment(...children);
  return (inside === '' ? `${open}/>` : `${open}>${inside}</${name}>`) as Markup;
}

/** As {@link element} for HTML, where an empty element still needs its end tag unless it is void. */
export function html(name: string, attributes: Attributes = {}, ...children: Child[]): Markup {
  const markup = element(name, attributes, ...children);
  return markup.endsWith('/>') && fragment(...children) === '' && !voidElements.has(name)
    ? (`${markup.slice(0, -2)}></${name}>` as Markup)
    : markup;
}

const voidElements: ReadonlySet<string> = new Set(['meta', 'br', 'hr', 'col', 'link', 'img', 'input']);

/** Several pieces of markup in a row. */
export function fragment(...children: Child[]): Markup {
  let result = '';
  for (const child of children) result += typeof child === 'string' ? child : fragment(...child);
  return result as Markup;
}

/** Text as markup: escaped, and with characters that XML forbids replaced by U+FFFD. */
export function text(value: string): Markup {
  return escaped(value) as Markup;
}

/** A number for an attribute or a path: rounded to a hundredth, no exponent, never `-0`. */
export function decimal(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`invalid coordinate ${value}; figures draw finite numbers only`);
  const rounded = Math.round(value * 100) / 100;
  if (Math.abs(rounded) >= 1e15) throw new RangeError(`invalid coordinate ${value}; it is too large to draw`);
  return rounded === 0 ? '0' : String(rounded);
}

/** Path data from commands and numbers: `path('M', 0, 1, 'L', 2, 3)` is `M0 1L2 3`. */
export function path(...parts: (string | number)[]): string {
  let data = '';
  let afterNumber = false;
  for (const part of parts) {
    if (typeof part === 'string') data += part;
    else data += afterNumber ? ` ${decimal(part)}` : decimal(part);
    afterNumber = typeof part === 'number';
  }
  return data;
}

const special = /[&<>"']/g;
// XML 1.0 allows tab, line feed, carriage return and everything from U+0020 except surrogates, U+FFFE and U+FFFF.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be replaced
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g;
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(value: string): string {
  return value
    .toWellFormed()
    .replace(forbidden, '\ufffd')
    .replace(special, (character) => entities[character]);
}
