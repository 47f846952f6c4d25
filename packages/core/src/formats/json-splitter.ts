import { InputError } from '../errors.ts';
import { longestRecord, type SourceReader } from './source.ts';

/** One element of a JSON array or one line of JSON lines, not parsed yet. */
export interface JsonPiece {
  readonly text: string;
  /** Line on which it begins, from 1. */
  readonly line: number;
  /** Its number, from 0. */
  readonly index: number;
}

/** The deepest nesting that is parsed; JSON.parse of deeper text could exhaust the stack. */
const deepest = 500;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** What the bytes of JSON are to the splitter: 0 is of no interest. */
const kinds = new Uint8Array(256);
const [quoteKind, openKind, closeKind, commaKind, lineKind, otherKind] = [1, 2, 3, 4, 5, 6];
for (let byte = 0x21; byte < 256; byte++) kinds[byte] = otherKind;
kinds[0x22] = quoteKind;
kinds[0x5b] = openKind;
kinds[0x7b] = openKind;
kinds[0x5d] = closeKind;
kinds[0x7d] = closeKind;
kinds[0x2c] = commaKind;
kinds[0x0a] = lineKind;

/**
 * Cuts a JSON document into the elements of its top-level array, or into its top-level values (JSON
 * lines, or one object), without parsing them. Chunks may be cut anywhere.
 *
 * @throws {InputError} invalid-json, record-too-long, too-deep
 */
export class JsonSplitter {
  readonly #name: string;
  readonly #longest: number;
  #bytes: Uint8Array = new Uint8Array(1 << 17);
  #used = 0;
  #at = 0;
  /** Start of the value that is being scanned, or -1 between values. */
  #start = -1;
  #startLine = 1;
  #depth = 0;
  #inString = false;
  /** 1 when the next byte is escaped. */
  #escaped = false;
  #array: boolean | undefined;
  #closed = false;
  #comma = false;
  #line = 1;
  #index = 0;

  constructor(name: string, longest: number = longestRecord) {
    this.#name = name;
    this.#longest = longest;
  }

  /** The pieces that `chunk` completes. */
  *push(chunk: Uint8Array): Generator<JsonPiece, void, void> {
    if (this.#used + chunk.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + chunk.length));
      larger.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#used);
    this.#used += chunk.length;
    yield* this.#scan();
    const keep = this.#start >= 0 ? this.#start : this.#at;
    this.#bytes.copyWithin(0, keep, this.#used);
    this.#used -= keep;
    this.#at -= keep;
    if (this.#start >= 0) this.#start = 0;
    if (this.#used > this.#longest) {
      throw this.#error(
        'record-too-long',
        `one value is longer than ${Math.round(this.#longest / 2 ** 20)} MB`,
        'split it, or check for an unclosed quotation mark',
      );
    }
  }

  /** Ends the document. */
  *end(): Generator<JsonPiece, void, void> {
    if (this.#start >= 0 && this.#depth === 0 && !this.#inString) yield this.#piece(this.#used);
    if (this.#start >= 0)
      throw this.#error('invalid-json', 'the file ends in the middle of a value', 'copy or export the file again');
    if (this.#array === true && !this.#closed)
      throw this.#error('invalid-json', 'the file ends before its array is closed', 'copy or export the file again');
  }

  *#scan(): Generator<JsonPiece, void, void> {
    const used = this.#used;
    for (; this.#at < used; this.#at++) {
      const byte = this.#bytes[this.#at];
      if (this.#inString) {
        this.#skipString();
        continue;
      }
      const kind = kinds[byte];
      if (kind === 0) {
        if (this.#depth === 0 && this.#start >= 0) yield this.#piece(this.#at);
        continue;
      }
      if (kind === lineKind) {
        if (this.#depth === 0 && this.#start >= 0) yield this.#piece(this.#at);
        this.#line++;
        continue;
      }
      if (this.#depth > 0) {
        if (kind === quoteKind) this.#inString = true;
        else if (kind === openKind) this.#deeper();
        else if (kind === closeKind && --this.#depth === 0) yield this.#piece(this.#at + 1);
        continue;
      }
      // Outside of any value, or in a bare number or word.
      if (this.#array === undefined) {
        if (byte === 0xef || byte === 0xbb || byte === 0xbf) continue;
        this.#array = byte === 0x5b;
        if (this.#array) continue;
      }
      if (this.#closed) throw this.#error('invalid-json', 'text follows the closing bracket of the array', 'remove it');
      if (kind === commaKind || kind === closeKind) {
        if (this.#start >= 0) yield this.#piece(this.#at);
        if (kind === closeKind && this.#array && byte === 0x5d) this.#closed = true;
        else if (kind === closeKind || !this.#array)
          throw this.#error('invalid-json', `unexpected ${String.fromCharCode(byte)}`, 'correct the JSON');
        else this.#comma = true;
        continue;
      }
      if (this.#start >= 0) continue;
      if (this.#array && this.#index > 0 && !this.#comma)
        throw this.#error('invalid-json', 'a comma is missing between two elements', 'correct the JSON');
      this.#start = this.#at;
      this.#startLine = this.#line;
      if (kind === quoteKind) {
        this.#inString = true;
        this.#depth = 0;
      } else if (kind === openKind) this.#deeper();
    }
  }

  /** Moves to the end of the string, or of the bytes. */
  #skipString(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    if (this.#escaped) {
      this.#escaped = false;
      at++;
    }
    for (; at < this.#used; at++) {
      const byte = bytes[at];
      if (byte === 0x5c) {
        at++;
        if (at >= this.#used) this.#escaped = true;
      } else if (byte === 0x22) {
        this.#inString = false;
        break;
      } else if (byte === 0x0a) throw this.#error('invalid-json', 'a line break inside a string', 'correct the JSON');
    }
    this.#at = Math.min(at, this.#inString ? this.#used - 1 : at);
  }

  #deeper(): void {
    if (++this.#depth > deepest)
      throw this.#error(
        'too-deep',
        `nested more than ${deepest} deep`,
        'this is no export of a labelling tool; check the file',
      );
  }

  #piece(end: number): JsonPiece {
    const from = this.#start;
    this.#start = -1;
    this.#comma = false;
    let text: string;
    try {
      text = decoder.decode(this.#bytes.subarray(from, end));
    } catch {
      throw this.#error('invalid-utf8', 'broken UTF-8', 'save the file as UTF-8');
    }
    return { text, line: this.#startLine, index: this.#index++ };
  }

  #error(code: string, what: string, hint: string): InputError {
    const line = this.#start >= 0 ? this.#startLine : this.#line;
    return new InputError(`invalid JSON in ${this.#name}, line ${line}: ${what}; ${hint}`, {
      code,
      path: this.#name,
      line,
      hint,
    });
  }
}

/** The pieces of the beginning of a document, as far as they are whole. */
export function* splitJson(bytes: Uint8Array, complete: boolean): Generator<JsonPiece, void, void> {
  const splitter = new JsonSplitter('');
  yield* splitter.push(bytes);
  if (complete) yield* splitter.end();
}

/** A parsed element of a JSON document or of JSON lines, with its place. */
export interface JsonValue {
  readonly value: unknown;
  readonly line: number;
  readonly index: number;
}

/**
 * The values of a JSON array, of JSON lines or of one JSON object, one after another: the file never
 * has to fit in memory, only its largest element.
 */
export async function* jsonValues(reader: SourceReader): AsyncGenerator<JsonValue[], void, void> {
  const splitter = new JsonSplitter(reader.name);
  for await (const chunk of reader.chunks()) {
    for (let from = 0; from < chunk.length; from += sliceBytes) {
      const values = parsed(splitter.push(chunk.subarray(from, from + sliceBytes)), reader.name);
      if (values.length > 0) yield values;
    }
  }
  yield parsed(splitter.end(), reader.name);
}

const sliceBytes = 1 << 16;

function parsed(pieces: Iterable<JsonPiece>, file: string): JsonValue[] {
  const values: JsonValue[] = [];
  for (const { text, line, index } of pieces) {
    try {
      values.push({ value: JSON.parse(text), line, index });
    } catch (cause) {
      throw new InputError(`invalid JSON in ${file}, line ${line}: ${(cause as Error).message}; correct that value`, {
        code: 'invalid-json',
        path: file,
        line,
        got: text.slice(0, 60),
        hint: 'correct that value, or export the file again',
        cause,
      });
    }
  }
  return values;
}
