import { InputError } from '../errors.ts';
import { mostErrors } from './sink.ts';

/** Failures of rows, collected until there are too many to go on. */
export class FailureList {
  readonly #found: InputError[] = [];

  /** Keeps a failure; throws all of them when it is one too many. */
  add(file: string, line: number, code: string, what: string, hint: string, got: string): void {
    this.#found.push(new InputError(`${what}; ${hint}`, { code, path: file, line, got, hint }));
    if (this.#found.length >= mostErrors) this.refuse();
  }

  /** Throws what was found, if anything was. */
  refuse(): void {
    const [first, ...others] = this.#found;
    if (first === undefined) return;
    const { message, code, path, line, got, hint } = first;
    throw new InputError(message, { code, path, line, got, hint }, others);
  }
}
