import { AccessError } from '../access/index.ts';

/** Tries with a link that does not open which an address has in a minute. */
const mostFailures = 20;
const windowMs = 60_000;
const mostRemembered = 50_000;

/**
 * Counts the tries with links that do not open, by address, and turns away what is beyond twenty a minute.
 *
 * Those who come with a link that opens are neither counted nor kept waiting, whatever others behind the same address do: a
 * whole class may stand there. Guessing is hopeless anyway, with 256 random bits; what is kept small is the noise it makes,
 * in the audit log above all. One per process.
 */
export class Doorkeeper {
  readonly #now: () => number;
  readonly #failures = new Map<string, { count: number; readonly until: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Lets somebody at `address` try what `open` says about their link.
   *
   * @throws {AccessError} where it does not open; status 429 where that has happened too often
   */
  async tried<Result>(address: string | undefined, open: () => Promise<Result>): Promise<Result> {
    try {
      return await open();
    } catch (error) {
      const isRefusal = error instanceof AccessError && address !== undefined;
      if (!isRefusal || this.#failed(address) <= mostFailures) throw error;
      throw Object.assign(new Error('too many unknown links from this address'), { statusCode: 429 });
    }
  }

  /** Counts a failure: how many there were in the last minute, this one included. */
  #failed(address: string): number {
    const known = this.#failures.get(address);
    if (known !== undefined && known.until > this.#now()) return ++known.count;
    if (this.#failures.size >= mostRemembered) this.#failures.clear();
    this.#failures.set(address, { count: 1, until: this.#now() + windowMs });
    return 1;
  }
}
