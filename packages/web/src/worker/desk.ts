import {
  type Card,
  type CorrectBody,
  canonical,
  type NextBody,
  type NextReply,
  type OwnAnswer,
  type OwnAnswers,
  problemWith,
  type Question,
  type SkipReason,
  type Submission,
  type SubmissionResult,
  type Value,
  type Work,
} from '@assay/server/protocol';
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { Refused, Unreachable, uniqueName } from '../shared/http.ts';
import type { Kept } from './kept.ts';
import { optionsOf } from './keys.ts';
import { createLoop, type Loop } from './loop.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import { type Session, SessionLost } from './session.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';

/** Where the worker is. */
export type Stage = 'welcome' | 'working' | 'left' | 'lost';

/** A practice task that was just answered; `feedback` comes from the server. */
export interface Verdict {
  readonly card: Card;
  readonly value: Value;
  readonly submission: string;
  readonly feedback?: SubmissionResult['feedback'];
}

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

/**
 * A worker's desk: the card in hand, the next ones, the answers on their way, and everything the worker can do.
 *
 * Nothing waits for the network: an answer is kept on the device and the next card, leased in advance, is there at
 * once. One loop sends answers and fetches cards in the same request. What a view shows are signals; what keys and
 * buttons do are methods that act on the state as it is now.
 */
export class Desk {
  readonly stage: Signal<Stage>;
  readonly work: Signal<Work>;
  readonly left: Signal<NextReply['left']> = signal('more');
  readonly trouble: Signal<Trouble | undefined> = signal();
  /** The value being put together, or the one being corrected. */
  readonly draft: Signal<Value | undefined> = signal();
  /** What is wrong with the draft, in words. */
  readonly problem: Signal<string | undefined> = signal();
  readonly correcting: Signal<OwnAnswer | undefined> = signal();
  readonly verdict: Signal<Verdict | undefined> = signal();
  /** The latest own answers, newest first. */
  readonly recent: Signal<readonly OwnAnswer[]> = signal([]);
  /** The instructions changed and have not been read since. */
  readonly hasNewInstructions: Signal<boolean> = signal(false);
  /** Read aloud by screen readers. */
  readonly said: Signal<string> = signal('');
  /** Does a choice wait for Next, or does it count at once? */
  readonly confirms: Signal<boolean> = signal(false);
  readonly practiceLeft: Signal<number>;
  /** What is on the desk: a practice task just answered, an old answer, or the next card. */
  readonly shown: ReadonlySignal<Pick<Card, 'lease' | 'task'> | undefined>;
  readonly waiting: ReadonlySignal<number>;
  /** Answers the server has. */
  readonly saved: Signal<number>;

  readonly #cards: Signal<readonly Card[]> = signal([]);
  readonly #session: Session;
  readonly #kept: Kept;
  readonly #outbox: Outbox;
  readonly #loop: Loop;
  readonly #stopwatch: Stopwatch = createStopwatch(() => performance.now());
  #failures = 0;
  #atOnce = mostAtOnce;
  /** Cards that were given back when the page closed; good again if the network is away. */
  #spare: readonly Card[] = [];
  /** The draft of the card that an old answer was put on top of. */
  #laidAside: Value | undefined;

  constructor(session: Session, kept: Kept, outbox: Outbox) {
    this.#session = session;
    this.#kept = kept;
    this.#outbox = outbox;
    this.#loop = createLoop(() => this.#turn());
    this.stage = signal(session.isResumed ? 'working' : 'welcome');
    this.work = signal(session.work);
    this.practiceLeft = signal(session.work.worker.practiceLeft);
    this.saved = signal(session.work.worker.answers);
    this.waiting = outbox.waiting;
    this.shown = computed(() => this.verdict.value?.card ?? this.correcting.value ?? this.#cards.value[0]);
  }

  /** The cards after the shown one, so that their pictures can be loaded. */
  get upcoming(): readonly Card[] {
    return this.#cards.value.slice(1);
  }

  /** False where the browser stores nothing: then closing the page loses what waits. */
  get isDurable(): boolean {
    return this.#kept.isDurable;
  }

  /** Takes up the work where it was, and keeps in touch from now on. */
  async open(): Promise<void> {
    const [confirms, cards, spare, recent, draft] = await Promise.all([
      this.#kept.get<boolean>('confirms'),
      this.#kept.get<readonly Card[]>(this.#key('cards')),
      this.#kept.get<readonly Card[]>(this.#key('spare')),
      this.#kept.get<readonly OwnAnswer[]>(this.#key('recent')),
      this.#kept.get<{ readonly lease: Card['lease']; readonly value: Value }>(this.#key('draft')),
    ]);
    this.confirms.value = confirms ?? false;
    const isOpen = ({ lease }: Card): boolean => !this.#outbox.has(lease);
    this.#cards.value = (cards ?? []).filter(isOpen);
    this.#spare = (spare ?? []).filter(isOpen);
    this.recent.value = recent ?? [];
    if (draft !== undefined && draft.lease === this.shown.value?.lease) this.draft.value = draft.value;
    effect(() => this.#keepDraft());
    if (this.stage.value === 'working') {
      this.#loop.wake();
      void this.#refresh();
    } else {
      void this.#recall(this.work.value).catch(() => {});
    }
  }

  /** Begins the work, with a name where the worker gave one. */
  start(name: string): void {
    this.stage.value = 'working';
    if (name.trim() !== '') void this.#session.rename(name.trim()).catch(() => {});
    this.#loop.wake();
  }

  /** Chooses one of the buttons. */
  choose(index: number): void {
    const { question } = this.work.value.campaign;
    const option = optionsOf(question)[index];
    if (option === undefined || this.shown.value === undefined || this.verdict.value !== undefined) return;
    this.problem.value = undefined;
    if (question.kind === 'multi-label') {
      const chosen = Array.isArray(this.draft.value) ? this.draft.value : [];
      const has = chosen.includes(option.value);
      this.draft.value = has ? chosen.filter((each) => each !== option.value) : [...chosen, String(option.value)];
    } else {
      this.draft.value = option.value;
      if (!this.confirms.value) this.next();
    }
  }

  /** Takes what stands in the field. */
  write(written: string): void {
    this.problem.value = undefined;
    this.draft.value = written;
  }

  /** Remembers whether a choice waits for Next. */
  setConfirms(confirms: boolean): void {
    this.confirms.value = confirms;
    void this.#kept.put('confirms', confirms);
  }

  /** Gives the draft as the answer, or goes on after practice. */
  next(): void {
    if (this.verdict.value !== undefined) {
      this.#afterPractice();
      return;
    }
    if (this.shown.value === undefined) return;
    const { question } = this.work.value.campaign;
    const value = meantBy(question, this.draft.value);
    const problem = problemWith(question, value);
    if (problem !== undefined) {
      this.problem.value = problem;
      this.said.value = problem;
      return;
    }
    if (this.correcting.value !== undefined) this.#correct(this.correcting.value, value);
    else this.#give(value);
  }

  /** Brings back the last answer, and then the one before it, to be changed. */
  undo(): void {
    if (this.verdict.value !== undefined) return;
    const at = this.recent.value.findIndex(({ lease }) => lease === this.correcting.value?.lease);
    const earlier = this.recent.value[at + 1];
    if (earlier !== undefined) this.change(earlier);
    else this.said.value = 'Nothing more to undo';
  }

  /** Puts one of the own answers on the desk. */
  change(given: OwnAnswer): void {
    batch(() => {
      if (this.correcting.value === undefined) this.#laidAside = this.draft.value;
      this.correcting.value = given;
      this.draft.value = given.value;
      this.problem.value = undefined;
      this.said.value = 'Your earlier answer: change it, or keep it';
    });
  }

  /** Leaves an old answer as it is. */
  keep(): void {
    if (this.correcting.value === undefined) return;
    batch(() => {
      this.correcting.value = undefined;
      this.draft.value = this.#laidAside;
      this.problem.value = undefined;
      this.#laidAside = undefined;
    });
  }

  /** Can the shown card be skipped? An answer that was given cannot. */
  get canSkip(): boolean {
    return this.verdict.value === undefined && this.correcting.value === undefined && this.shown.value !== undefined;
  }

  skip(reason: SkipReason, note: string): void {
    const [card] = this.#cards.value;
    if (!this.canSkip || card === undefined) return;
    this.#hand(card, { skip: { reason, note: note.trim() === '' ? undefined : note.trim() } });
    this.said.value = 'Skipped';
  }

  /** Stops working: cards go back to others, answers on their way still arrive. */
  leave(): void {
    this.#session.post('/work/release', { leases: this.#cards.value.map(({ lease }) => lease) });
    batch(() => {
      this.stage.value = 'left';
      this.keep();
      this.verdict.value = undefined;
      this.draft.value = undefined;
      this.#cards.value = [];
    });
    this.#keepCards();
    this.#loop.wake();
  }

  comeBack(): void {
    this.stage.value = 'working';
    this.#loop.wake();
  }

  /** Another tab took over: do nothing more here. */
  handOver(): void {
    this.#loop.stop();
  }

  /** The page was hidden or shown, or the network came back. */
  attend(isVisible: boolean): void {
    if (isVisible) this.#stopwatch.resume();
    else this.#stopwatch.pause();
    if (isVisible) this.#loop.wake();
  }

  /** The page goes away: the card in hand stays leased, the ones in advance are free for others at once. */
  close(): void {
    const [card, ...others] = this.#cards.value;
    if (others.length === 0) return;
    this.#session.post('/work/release', { leases: others.map(({ lease }) => lease) });
    void this.#kept.put(this.#key('spare'), others);
    void this.#kept.put(this.#key('cards'), [card]);
  }

  /** The page came back from the browser's cache. */
  reopen(): void {
    this.#cards.value = this.#cards.value.slice(0, 1);
    this.#loop.wake();
  }

  #give(value: Value): void {
    const [card] = this.#cards.value;
    const submission = this.#hand(card, { value });
    if (card.practice) {
      this.verdict.value = { card, value, submission };
      return;
    }
    const given: OwnAnswer = { lease: card.lease, task: card.task, value, at: Date.now() };
    this.#remember([given, ...this.recent.value].slice(0, this.work.value.undo));
  }

  /** Takes a card off the desk and sends what the worker did with it. */
  #hand(card: Card, did: Pick<Submission, 'value' | 'skip'>): string {
    const submission = uniqueName();
    const answer: Submission = {
      ...did,
      lease: card.lease,
      submission,
      spentMs: this.#stopwatch.spentMs,
      at: Date.now(),
      instructionVersion: this.work.value.campaign.instructions.version,
    };
    batch(() => {
      void this.#outbox.give(answer);
      this.#cards.value = this.#cards.value.filter(({ lease }) => lease !== card.lease);
      this.draft.value = undefined;
      this.problem.value = undefined;
    });
    this.#stopwatch.restart();
    this.#keepCards();
    this.#loop.wake();
    return submission;
  }

  #correct(given: OwnAnswer, value: Value): void {
    if (JSON.stringify(value) !== JSON.stringify(given.value)) {
      void this.#outbox.correct({ lease: given.lease, submission: uniqueName(), value });
      this.#remember(this.recent.value.map((each) => (each.lease === given.lease ? { ...each, value } : each)));
      this.said.value = 'Answer changed';
    }
    this.keep();
    this.#loop.wake();
  }

  #afterPractice(): void {
    // Without its explanation a practice task would have taught nothing.
    if (this.verdict.value?.feedback === undefined) return;
    this.verdict.value = undefined;
    this.#stopwatch.restart();
  }

  #remember(answers: readonly OwnAnswer[]): void {
    this.recent.value = answers;
    void this.#kept.put(this.#key('recent'), answers);
  }

  #keepCards(): void {
    void this.#kept.put(this.#key('cards'), this.#cards.value);
    void this.#kept.remove(this.#key('spare'));
  }

  /** Only text takes long enough to write that losing it would hurt. */
  #keepDraft(): void {
    const value = this.draft.value;
    const lease = this.shown.value?.lease;
    if (this.work.value.campaign.question.kind !== 'text' || this.correcting.value !== undefined) return;
    void this.#kept.put(this.#key('draft'), { lease, value });
  }

  #key(what: string): string {
    return `${what}/${this.#session.scope}`;
  }

  /** One turn of the loop: how long until the next. */
  async #turn(): Promise<number> {
    try {
      const waitMs = await this.#exchange();
      this.#failures = 0;
      if (this.trouble.value !== undefined) this.said.value = 'Connected again';
      this.trouble.value = undefined;
      return waitMs;
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** Sends answers and fetches cards, in one request. */
  async #exchange(): Promise<number> {
    const isWorking = this.stage.value === 'working';
    const answers = this.#outbox.answers(this.#atOnce);
    const held = this.#cards.value.map(({ lease }) => lease);
    const want = isWorking ? Math.max(0, this.work.value.limits.prefetch - held.length) : 0;
    if (want > 0 || answers.length > 0 || (held.length > 0 && isVisible())) {
      this.#received(
        await this.#session.call<NextReply>('POST', '/work/next', {
          want,
          heartbeat: held,
          answers,
        } satisfies NextBody),
      );
    }
    for (const { lease, submission, value } of this.#outbox.corrections()) {
      const refused = await this.#session
        .call<SubmissionResult>('PUT', `/work/answers/${lease}`, { value, submission } satisfies CorrectBody)
        .then(({ state, problem }) => (state === 'refused' ? (problem ?? state) : undefined), whyFinal);
      await this.#outbox.settle(submission, refused);
    }
    if (this.#outbox.waiting.value > 0) return 0;
    this.#atOnce = mostAtOnce;
    if (!isWorking || !isVisible()) return Number.POSITIVE_INFINITY;
    return this.#cards.value.length === 0 ? askAgainMs[this.left.value] : heartbeatMs;
  }

  #received(reply: NextReply): void {
    batch(() => {
      for (const { submission, state, problem, feedback } of reply.results) {
        void this.#outbox.settle(submission, state === 'refused' ? (problem ?? 'refused') : undefined);
        if (this.verdict.value?.submission !== submission) continue;
        this.verdict.value = feedback === undefined ? undefined : { ...this.verdict.value, feedback };
        if (feedback !== undefined) this.said.value = feedback.correct ? 'Right' : 'Not what we expected';
      }
      if (this.stage.value === 'working') this.#take(reply);
      this.left.value = reply.left;
      this.practiceLeft.value = reply.worker.practiceLeft;
      this.saved.value = reply.worker.answers;
    });
    if (reply.instructions !== this.work.value.campaign.instructions.version) void this.#refresh();
  }

  /** Puts new cards under those in hand and drops those that went to others, except one being looked at. */
  #take({ leases, gone }: NextReply): void {
    const held = this.#cards.value.filter(({ lease }, index) => index === 0 || !gone.includes(lease));
    const known = new Set([...held.map(({ lease }) => lease), this.verdict.value?.card.lease]);
    const fresh = leases.filter(({ lease }) => !known.has(lease) && !this.#outbox.has(lease));
    if (held.length === 0 && fresh.length > 0) this.#stopwatch.restart();
    this.#cards.value = [...held, ...fresh];
    this.#spare = [];
    this.#keepCards();
  }

  async #refresh(): Promise<void> {
    try {
      const before = this.work.value.campaign.instructions.version;
      const work = await this.#session.refresh();
      const isNew = work.campaign.instructions.version !== before;
      await this.#recall(work);
      batch(() => {
        this.work.value = work;
        if (isNew && this.stage.value === 'working') {
          this.hasNewInstructions.value = true;
          this.said.value = 'The instructions have changed';
        }
      });
    } catch {
      // The loop meets the same trouble and says so.
    }
  }

  /** On another device than before, the latest answers come from the server. */
  async #recall(work: Work): Promise<void> {
    if (this.recent.value.length > 0 || work.worker.answers === 0) return;
    const { answers } = await this.#session.call<OwnAnswers>('GET', '/work/answers');
    if (this.recent.value.length === 0) this.#remember(answers);
  }

  /** What a failed exchange means; how long to wait before the next. */
  async #failed(error: unknown): Promise<number> {
    if (error instanceof SessionLost) {
      this.stage.value = 'lost';
      return Number.POSITIVE_INFINITY;
    }
    const refusedForGood = error instanceof Refused && error.isFinal;
    const answers = this.#outbox.answers(this.#atOnce);
    if (refusedForGood && answers.length > 0) {
      // One bad answer must not hold up the others: send them one by one, and put the bad one aside.
      if (this.#atOnce === 1) await this.#outbox.settle(answers[0].submission, error.message);
      this.#atOnce = 1;
      return 0;
    }
    this.#failures++;
    const isAway = error instanceof Unreachable;
    if (this.trouble.value === undefined) this.said.value = 'No connection: your answers are kept on this device';
    this.trouble.value = isAway ? 'offline' : 'server';
    if (this.#spare.length > 0) {
      this.#cards.value = [...this.#cards.value, ...this.#spare];
      this.#spare = [];
    }
    const asked = error instanceof Refused ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(asked, Math.min(30_000, 500 * 2 ** Math.min(this.#failures, 6)));
  }
}

/** The value that a draft means: fields are drafted as they were written. */
function meantBy(question: Question, draft: Value | undefined): Value {
  if (question.kind === 'multi-label') return canonical(question, draft ?? []);
  const isNumber = question.kind === 'number' || question.kind === 'scale';
  if (!isNumber || typeof draft !== 'string') return draft ?? '';
  return draft.trim() === '' ? '' : Number(draft.trim().replace(',', '.'));
}

function isVisible(): boolean {
  return document.visibilityState === 'visible';
}

/** The reason a request will never succeed; other failures are thrown on. */
function whyFinal(error: unknown): string {
  if (error instanceof Refused && error.isFinal) return error.message;
  throw error;
}

/** Opens the desk of a session with all that was kept for it. */
export async function openDesk(session: Session, kept: Kept): Promise<Desk> {
  const desk = new Desk(session, kept, await openOutbox(kept, session.scope));
  await desk.open();
  return desk;
}
