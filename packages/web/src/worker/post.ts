import type { CorrectBody, NextBody, NextReply, SubmissionResult } from '@assay/server/protocol';
import { type Signal, signal } from '@preact/signals';
import { Refused, Unreachable } from '../shared/http.ts';
import { createLoop, type Loop } from './loop.ts';
import type { Outbox } from './outbox.ts';
import { type Session, SessionLost } from './session.ts';
import type { Tray } from './tray.ts';

/** Why answers do not get through just now. */
export type Trouble = 'offline' | 'server';

const heartbeatMs = 30_000;
/** How long to wait for new tasks before asking again. */
const askAgainMs: Readonly<Record<NextReply['left'], number>> = {
  more: 1000,
  'none for now': 4000,
  paused: 5000,
  done: 20_000,
  closed: 20_000,
};
const mostAtOnce = 100;
const longestPauseMs = 30_000;

/** What the post needs to know of the desk, and tells it. */
export interface Correspondent {
  /** How many cards to hold; none when the worker has finished. */
  readonly wanted: number;
  received(reply: NextReply): void;
  lost(): void;
  say(words: string): void;
}

/**
 * Carries answers to the server and cards back, in the same request, one request at a time: when woken, when cards run
 * out, and often enough that leases stay alive while somebody looks.
 *
 * What cannot be sent stays in the outbox and is tried again, later and later, up to half a minute.
 */
export class Post {
  readonly trouble: Signal<Trouble | undefined> = signal();
  /** What the server said of tasks to come. */
  readonly left: Signal<NextReply['left']> = signal('more');

  readonly #session: Session;
  readonly #outbox: Outbox;
  readonly #tray: Tray;
  readonly #desk: Correspondent;
  readonly #loop: Loop;
  #failures = 0;
  #atOnce = mostAtOnce;

  constructor(session: Session, outbox: Outbox, tray: Tray, desk: Correspondent) {
    this.#session = session;
    this.#outbox = outbox;
    this.#tray = tray;
    this.#desk = desk;
    this.#loop = createLoop(() => this.#turn());
  }

  wake(): void {
    this.#loop.wake();
  }

  stop(): void {
    this.#loop.stop();
  }

  /** One turn of the loop: how long until the next. */
  async #turn(): Promise<number> {
    try {
      const waitMs = await this.#exchange();
      this.#failures = 0;
      if (this.trouble.value !== undefined) this.#desk.say('Connected again');
      this.trouble.value = undefined;
      return waitMs;
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #exchange(): Promise<number> {
    const answers = this.#outbox.answers(this.#atOnce);
    const heartbeat = this.#tray.leases;
    const { wanted } = this.#desk;
    const want = Math.max(0, wanted - heartbeat.length);
    if (want > 0 || answers.length > 0 || (heartbeat.length > 0 && isVisible())) {
      const body: NextBody = { want, heartbeat, answers };
      const reply = await this.#session.call<NextReply>('POST', '/work/next', body);
      this.left.value = reply.left;
      this.#desk.received(reply);
    }
    await this.#sendCorrections();
    if (this.#outbox.waiting.value > 0) return 0;
    this.#atOnce = mostAtOnce;
    if (wanted === 0 || !isVisible()) return Number.POSITIVE_INFINITY;
    return this.#tray.cards.value.length === 0 ? askAgainMs[this.left.value] : heartbeatMs;
  }

  async #sendCorrections(): Promise<void> {
    for (const { lease, submission, value } of this.#outbox.corrections()) {
      const body: CorrectBody = { value, submission };
      const refused = await this.#session
        .call<SubmissionResult>('PUT', `/work/answers/${lease}`, body)
        .then(({ state, problem }) => (state === 'refused' ? (problem ?? state) : undefined), whyFinal);
      await this.#outbox.settle(submission, refused);
    }
  }

  /** What a failed exchange means; how long to wait before the next. */
  async #failed(error: unknown): Promise<number> {
    if (error instanceof SessionLost) {
      this.#desk.lost();
      return Number.POSITIVE_INFINITY;
    }
    const answers = this.#outbox.answers(this.#atOnce);
    if (error instanceof Refused && error.isFinal && answers.length > 0) {
      // One bad answer must not hold up the others: send them one by one, and put the bad one aside.
      if (this.#atOnce === 1) await this.#outbox.settle(answers[0].submission, error.message);
      this.#atOnce = 1;
      return 0;
    }
    if (this.trouble.value === undefined) this.#desk.say('No connection: your answers are kept on this device');
    this.trouble.value = error instanceof Unreachable ? 'offline' : 'server';
    this.#tray.useSpare();
    const asked = error instanceof Refused ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, Math.min(longestPauseMs, 1000 * 2 ** Math.min(this.#failures++, 5)));
  }
}

function isVisible(): boolean {
  return document.visibilityState === 'visible';
}

/** The reason a request will never succeed; other failures are thrown on. */
function whyFinal(error: unknown): string {
  if (error instanceof Refused && error.isFinal) return error.message;
  throw error;
}
