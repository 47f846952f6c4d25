import { count } from './words.ts';

/** What a progress line needs of a terminal. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Redraw at most every this many milliseconds. */
const redrawMs = 80;
/** Say nothing about work that ends sooner. */
const patienceMs = 300;

/**
 * One line on the terminal that says how far the work is. It is silent in pipes and for work that
 * ends at once, and leaves nothing behind.
 */
export class ProgressLine {
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  readonly #visible: boolean;
  #drawn = false;
  #next: number;

  constructor(stream: ProgressStream, now: () => number) {
    this.#stream = stream;
    this.#now = now;
    this.#visible = stream.isTTY === true;
    this.#next = now() + patienceMs;
  }

  /** Shows a text, now and then. */
  show(text: () => string): void {
    if (!this.#visible || this.#now() < this.#next) return;
    const most = (this.#stream.columns ?? 80) - 1;
    this.#stream.write(`\r\u001b[2K${text().slice(0, most)}`);
    this.#drawn = true;
    this.#next = this.#now() + redrawMs;
  }

  /** Shows a bar for `done` of `total`, or a running count where the total is unknown. */
  bar(title: string, done: number, total?: number): void {
    this.show(() => {
      if (total === undefined || total <= 0) return `${title} ${count(done)}`;
      const share = Math.min(1, done / total);
      const filled = Math.round(share * 24);
      return `${title} [${'='.repeat(filled)}${' '.repeat(24 - filled)}] ${Math.floor(100 * share)} %`;
    });
  }

  /** Removes the line. */
  clear(): void {
    if (this.#drawn) this.#stream.write('\r\u001b[2K');
    this.#drawn = false;
  }
}
