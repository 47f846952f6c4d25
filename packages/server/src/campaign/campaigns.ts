import { AssayError, InputError } from '@assay/core';
import type { Happening } from '../store/events.ts';
import type { EventCursor, Store } from '../store/index.ts';
import { LiveCampaign } from './live-campaign.ts';
import { WorkDesk } from './work-desk.ts';

/** One campaign as the server holds it. */
export interface Running {
  readonly live: LiveCampaign;
  readonly desk: WorkDesk;
}

export interface CampaignsOptions {
  readonly now: () => number;
  /** How often leases are taken back and the log is read; default 1 s. */
  readonly tickMs?: number;
  /** What went wrong in the background. */
  readonly onError?: (error: unknown) => void;
}

/**
 * The campaigns of one process: loaded when first asked for, kept up by the log, tidied every second.
 *
 * Any number of processes may do the same on one database.
 */
export class Campaigns {
  readonly #store: Store;
  readonly #options: CampaignsOptions;
  readonly #running = new Map<number, Promise<Running | undefined>>();
  readonly #watchers = new Map<number, Set<() => void>>();
  #cursor: EventCursor | undefined;
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(store: Store, options: CampaignsOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Begins to tick. */
  start(): void {
    const tick = async (): Promise<void> => {
      try {
        await this.tick();
      } catch (error) {
        // The database is away: the next tick tries again.
        if (!(error instanceof AssayError)) this.#options.onError?.(error);
      }
      if (this.#stopped) return;
      this.#timer = setTimeout(tick, this.#options.tickMs ?? 1000);
      this.#timer.unref();
    };
    void tick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const running of this.#running.values()) await (await running.catch(() => undefined))?.live.stop();
    await this.#reading?.catch(() => {});
  }

  /** A campaign by number. @throws {InputError} unknown-campaign */
  async get(campaign: number): Promise<Running> {
    let running = this.#running.get(campaign);
    if (running === undefined) {
      running = this.#load(campaign);
      this.#running.set(campaign, running);
      running.then(
        (found) => found === undefined && this.#running.delete(campaign),
        () => this.#running.delete(campaign),
      );
    }
    const found = await running;
    if (found !== undefined) return found;
    const hint = 'list the campaigns to see their numbers';
    throw new InputError(`unknown campaign ${campaign}; ${hint}`, {
      code: 'unknown-campaign',
      got: String(campaign),
      hint,
    });
  }

  async #load(campaign: number): Promise<Running | undefined> {
    // From here on the log is followed: what happens while loading is not missed, only met twice.
    const end = await this.#store.eventsEnd();
    this.#cursor ??= end;
    const live = await LiveCampaign.load(this.#store, campaign, this.#options.now);
    return live === undefined ? undefined : { live, desk: new WorkDesk(live, this.#store, this.#options.now) };
  }

  /** One round: leases that ran out are taken back, the log is followed, closings and fits are made. */
  async tick(): Promise<void> {
    for (const { campaign, task, worker } of await this.#store.expire(this.#options.now())) {
      (await this.#loaded(campaign))?.live.move(task, worker, 'lapsed');
    }
    await this.catchUp();
    for (const running of this.#running.values()) await (await running)?.live.tidy();
  }

  /** Reads the log up to now. Concurrent calls share the reading. */
  async catchUp(): Promise<void> {
    // A reading under way may have passed the event in question: read once more.
    await this.#reading?.catch(() => {});
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #read(): Promise<void> {
    if (this.#cursor === undefined) return;
    const changed = new Set<number>();
    for (;;) {
      const { events, next } = await this.#store.events(this.#cursor, { limit: 5000 });
      for (const event of events) {
        const running = await this.#loaded(event.campaign);
        await running?.live.follow(event as unknown as Happening);
        changed.add(event.campaign);
      }
      this.#cursor = next;
      if (events.length < 5000) break;
    }
    for (const campaign of changed) for (const call of this.#watchers.get(campaign) ?? []) call();
  }

  #loaded(campaign: number): Promise<Running | undefined> | undefined {
    return this.#running.get(campaign);
  }

  /** Calls back whenever something happened in a campaign; returns how to stop it. */
  watch(campaign: number, call: () => void): () => void {
    const watchers = this.#watchers.get(campaign) ?? new Set();
    this.#watchers.set(campaign, watchers);
    watchers.add(call);
    return () => void watchers.delete(call);
  }
}
