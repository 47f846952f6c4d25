import { InputError } from '../errors.ts';
import { longestRecord } from './source.ts';

const ordinary = 0;
const delimiterByte = 1;
const lineFeed = 2;
const carriageReturn = 3;
const nul = 4;
const quote = 0x22;

export interface ScannerOptions {
  /** The file's name for errors. */
  readonly name: string;
  /** The byte between cells. */
  readonly delimiter: number;
  /** False takes quotation marks for ordinary characters. Default true. */
  readonly quoted?: boolean;
  /** Most bytes of one record; default {@link longestRecord}. */
  readonly longest?: number;
}

/**
 * Splits the bytes of a CSV or TSV file into records and cells where they lie, without making
 * strings.
 *
 * `push` takes chunks cut anywhere; after each record `onRecord` is called and reads `bytes`,
 * `starts`, `ends`, `cells` and `line`, which are valid until it returns. `hashes` holds the running
 * hash of `DictionaryBuilder.addHashed` for the columns marked in `hashed`. Blank lines are skipped.
 * Quotes, doubled quotes, line breaks inside quotes, CR, LF and CRLF ends and a byte order mark are
 * understood; a quotation mark inside an unquoted cell is an ordinary character.
 *
 * Cost: one pass over the bytes; memory: one buffer that grows with the longest record.
 *
 * Source: RFC 4180, with the leniencies named above.
 *
 * @throws {InputError} nul-byte, unclosed-quote, text-after-quote, record-too-long
 */
export class CsvScanner {
  /** Where the cells of the record lie. */
  bytes: Uint8Array = new Uint8Array(1 << 18);
  starts: Int32Array = new Int32Array(32);
  ends: Int32Array = new Int32Array(32);
  hashes: Int32Array = new Int32Array(32);
  /** Columns whose hashes are wanted; the others are skipped over faster. */
  hashed: Uint8Array = new Uint8Array(32);
  /** Number of cells of the record. */
  cells = 0;
  /** Line on which the record begins, from 1. */
  line = 1;
  /** Records seen so far, the present one included. */
  records = 0;
  onRecord: () => void;
  /** Called before the bytes of the records so far are overwritten. */
  onMove: () => void = () => {};
  readonly #name: string;
  readonly #quoted: boolean;
  readonly #longest: number;
  readonly #kind: Uint8Array = new Uint8Array(256);
  #used = 0;
  /** Do not look at a partial record again before it has doubled, so that long ones cost linear time. */
  #lookAgainAt = 0;
  #lineAfter = 1;
  #begun = false;

  constructor(options: ScannerOptions, onRecord: () => void) {
    this.#name = options.name;
    this.#quoted = options.quoted ?? true;
    this.#longest = options.longest ?? longestRecord;
    this.#kind[options.delimiter] = delimiterByte;
    this.#kind[0x0a] = lineFeed;
    this.#kind[0x0d] = carriageReturn;
    this.#kind[0] = nul;
    this.onRecord = onRecord;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length) {
      const room = this.bytes.length - 1 - this.#used;
      const taken = Math.min(room, chunk.length - from);
      this.bytes.set(chunk.subarray(from, from + taken), this.#used);
      this.#used += taken;
      from += taken;
      if (this.#used === this.bytes.length - 1) this.#consume(false);
    }
  }

  /** Ends the file: a last record without a line end is taken. */
  end(): void {
    this.#consume(true);
  }

  /** Hands over all whole records so far; with `final` as {@link end}. */
  flush(final: boolean): void {
    this.#lookAgainAt = 0;
    this.#consume(final);
  }

  #consume(final: boolean): void {
    if (!final && this.#used < this.#lookAgainAt) {
      this.#grow();
      return;
    }
    if (!this.#begun && (this.#used >= 3 || final)) {
      this.#begun = true;
      if (this.bytes[0] === 0xef && this.bytes[1] === 0xbb && this.bytes[2] === 0xbf && this.#used >= 3) {
        this.bytes.copyWithin(0, 3, this.#used);
        this.#used -= 3;
      }
    }
    const rest = this.#scan(final);
    this.onMove();
    const left = this.#used - rest;
    if (left > this.#longest)
      this.#refuse(
        'record-too-long',
        `longer than ${Math.round(this.#longest / 2 ** 20)} MB`,
        'check for an unclosed quotation mark',
      );
    this.bytes.copyWithin(0, rest, this.#used);
    this.#used = left;
    this.#lookAgainAt = left * 2;
    if (left > this.bytes.length / 2) this.#grow();
  }

  #grow(): void {
    const larger = new Uint8Array(this.bytes.length * 2);
    larger.set(this.bytes.subarray(0, this.#used));
    this.bytes = larger;
  }

  /** Scans all whole records; returns where the first partial one begins. */
  #scan(final: boolean): number {
    const bytes = this.bytes;
    const used = this.#used;
    const kind = this.#kind;
    const quoted = this.#quoted;
    // A line feed behind the data ends every inner loop without a test for the end.
    bytes[used] = 0x0a;
    let recordStart = 0;
    let at = 0;
    let cell = 0;
    let lineEnds = 0;
    let whole = false;
    for (;;) {
      if (at === used && cell === 0) return at;
      if (cell === this.starts.length) this.#moreCells();
      let start = at;
      let end = 0;
      let hash = 0x811c9dc5 | 0;
      let what: number;
      let wasQuoted = false;
      if (quoted && bytes[at] === quote && at < used) {
        wasQuoted = true;
        start = ++at;
        let write = -1;
        for (;;) {
          let byte = bytes[at];
          while (byte !== quote && at < used) {
            if (byte === 0x0a) lineEnds++;
            if (byte === 0) this.#refuseNul(lineEnds);
            if (write >= 0) bytes[write++] = byte;
            byte = bytes[++at];
          }
          if (at >= used) {
            if (final) {
              this.line = this.#lineAfter;
              this.#refuse(
                'unclosed-quote',
                'a quotation mark is never closed',
                'close it, or double it if it belongs to the text',
              );
            }
            return recordStart;
          }
          if (at + 1 >= used && !final) return recordStart;
          if (bytes[at + 1] !== quote || at + 1 >= used) break;
          // Compacting moves bytes: a record that turns out to be partial must not be compacted twice.
          if (write < 0) {
            whole ||= this.#wholeRecord(at, final);
            if (!whole) return recordStart;
            write = at;
          }
          bytes[write++] = quote;
          at += 2;
        }
        end = write < 0 ? at : write;
        at++;
        what = kind[bytes[at]];
        if (what !== delimiterByte && what !== lineFeed && what !== carriageReturn) {
          this.line = this.#lineAfter;
          this.#refuse(
            'text-after-quote',
            'text follows a closing quotation mark',
            'double the quotation marks that belong to the text',
          );
        }
        if (this.hashed[cell] !== 0) for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
      } else if (this.hashed[cell] !== 0) {
        let byte = bytes[at];
        while (kind[byte] === ordinary) {
          hash = Math.imul(hash ^ byte, 0x01000193);
          byte = bytes[++at];
        }
        what = kind[byte];
        end = at;
      } else {
        while (kind[bytes[at]] === ordinary) at++;
        what = kind[bytes[at]];
        end = at;
      }
      if (what === nul) this.#refuseNul(lineEnds);
      if (at >= used && !final) return recordStart;
      this.starts[cell] = start;
      this.ends[cell] = end;
      this.hashes[cell] = hash;
      cell++;
      if (what === delimiterByte) {
        at++;
        continue;
      }
      if (what === carriageReturn) {
        if (at + 1 >= used && !final) return recordStart;
        if (bytes[at + 1] === 0x0a && at + 1 < used) at++;
      }
      lineEnds++;
      at = Math.min(at + 1, used);
      this.line = this.#lineAfter;
      if (cell > 1 || end > start || wasQuoted) {
        this.cells = cell;
        this.records++;
        this.onRecord();
      }
      this.#lineAfter += lineEnds;
      lineEnds = 0;
      cell = 0;
      whole = false;
      recordStart = at;
    }
  }

  /** Does the record that is being scanned at `at`, inside quotes, end in the buffer? */
  #wholeRecord(at: number, final: boolean): boolean {
    if (final) return true;
    const { bytes } = this;
    let inside = true;
    let cellStart = false;
    for (let i = at; i < this.#used; i++) {
      const byte = bytes[i];
      if (inside) {
        if (byte === quote) {
          if (i + 1 >= this.#used) return false;
          if (bytes[i + 1] === quote) i++;
          else inside = false;
        }
      } else if (byte === quote && cellStart) inside = true;
      else if (byte === 0x0a) return true;
      // A carriage return needs the byte after it.
      else if (byte === 0x0d) return i + 1 < this.#used;
      cellStart = !inside && this.#kind[byte] === delimiterByte;
    }
    return false;
  }

  #moreCells(): void {
    const double = (array: Int32Array): Int32Array => {
      const larger = new Int32Array(array.length * 2);
      larger.set(array);
      return larger;
    };
    this.starts = double(this.starts);
    this.ends = double(this.ends);
    this.hashes = double(this.hashes);
    const hashed = new Uint8Array(this.starts.length);
    hashed.set(this.hashed);
    this.hashed = hashed;
  }

  #refuseNul(lineEnds: number): never {
    this.line = this.#lineAfter + lineEnds;
    return this.#refuse('nul-byte', 'a NUL byte, so this is not UTF-8 text', 'save the file as UTF-8 text');
  }

  #refuse(code: string, what: string, hint: string): never {
    this.line = Math.max(this.line, this.#lineAfter);
    throw new InputError(`invalid record in ${this.#name}, line ${this.line}: ${what}; ${hint}`, {
      code,
      path: this.#name,
      line: this.line,
      hint,
    });
  }
}
