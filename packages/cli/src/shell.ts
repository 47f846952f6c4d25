import { ProgressLine, type ProgressStream } from './output/progress.ts';

/** A stream for results. */
export interface OutputStream {
  readonly isTTY?: boolean;
  write(bytes: string | Uint8Array): boolean;
  once(event: 'drain', then: (value?: unknown) => void): unknown;
}

/** The part of a process a command may touch. */
export interface ShellProcess {
  readonly stdout: OutputStream;
  readonly stderr: ProgressStream;
  readonly stdin: AsyncIterable<Uint8Array>;
}

/** What a command sees of the world: where results and remarks go, and when to stop. */
export class Shell {
  readonly #process: ShellProcess;
  readonly signal: AbortSignal;
  readonly progress: ProgressLine;

  constructor(from: ShellProcess, signal: AbortSignal) {
    this.#process = from;
    this.signal = signal;
    this.progress = new ProgressLine(from.stderr, () => performance.now());
  }

  get stdin(): AsyncIterable<Uint8Array> {
    return this.#process.stdin;
  }

  /** Does a person look at the results? */
  get interactive(): boolean {
    return this.#process.stdout.isTTY === true;
  }

  /** Text that is a result. */
  print(text: string): void {
    this.progress.clear();
    this.#process.stdout.write(text);
  }

  /** Bytes that are a result; waits where the reader is slow. */
  async write(bytes: Uint8Array): Promise<void> {
    this.progress.clear();
    const { stdout } = this.#process;
    if (stdout.write(bytes) === false) await new Promise((resolve) => stdout.once('drain', resolve));
  }

  /** One JSON document as the result. */
  json(document: unknown): void {
    this.print(`${JSON.stringify(document, finiteOnly, 1)}\n`);
  }

  /** A line for the person, not for programs. */
  say(line: string): void {
    this.progress.clear();
    this.#process.stderr.write(`${line}\n`);
  }
}

/** JSON has no NaN and no infinities: they become null on purpose, not by accident. */
function finiteOnly(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}
