import { AccessError } from '../access/index.ts';

/** Tries with an unknown link that an address has in a minute. */
const mostFailures = 20;
const windowMs = 60_000;
/** Addresses and links remembered. */
const mostRemembered = 50_000;

/**
 * Keeps an address that tries links that are not there from trying on, and nobody else.
 *
 * A whole class may stand behind one address: those who come with a link that has opened lately are never counted nor kept
 * waiting. Guessing is hopeless anyway, with 256 random bits; what is limited is the work it makes. One per process.
 */
export class Doorkeeper {
  readonly #now: () => number;
  readonly #failures = new Map<string, { count: number; readonly until: number }>();
  /** Hashes of links that opened. */
  readonly #good = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Lets somebody at `address` try the link with this hash; whether it opens is up to `open`.
   *
   * @throws status 429 where the address has tried too much
   */
  async tried<Result>(address: string | undefined, hash: string, open: () => Promise<Result>): Promise<Result> {
    if (address === undefined) return open();
    if (this.#failed(address) >= mostFailures && !this.#good.has(hash)) {
      throw Object.assign(new Error('too many unknown links from this address'), { statusCode: 429 });
    }
    try {
      const result = await open();
      remember(this.#good, () => this.#good.add(hash));
      return result;
    } catch (error) {
      if (error instanceof AccessError) {
        this.#good.delete(hash);
        this.#note(address);
      }
      throw error;
    }
  }

  #failed(address: string): number {
    const known = this.#failures.get(address);
    return known !== undefined && known.until > this.#now() ? known.count : 0;
  }

  #note(address: string): void {
    const count = this.#failed(address) + 1;
    const until = count === 1 ? this.#now() + windowMs : (this.#failures.get(address)?.until ?? 0);
    remember(this.#failures, () => this.#failures.set(address, { count, until }));
  }
}

/** Adds to what is remembered, from the beginning where it has become too much. */
function remember(what: { readonly size: number; clear(): void }, add: () => void): void {
  if (what.size >= mostRemembered) what.clear();
  add();
}
