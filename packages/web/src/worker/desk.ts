import {
  type Card,
  canonical,
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
import { uniqueName } from '../shared/http.ts';
import { money } from '../shared/money.ts';
import type { Kept } from './kept.ts';
import { optionsOf } from './keys.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import { Post } from './post.ts';
import type { Session } from './session.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import { Tray } from './tray.ts';

/** Where the worker is. */
export type Stage = 'working' | 'left' | 'lost';

/** A practice task that was just answered; `feedback` comes from the server. */
export interface Verdict {
  readonly card: Card;
  readonly value: Value;
  readonly submission: string;
  readonly feedback?: SubmissionResult['feedback'];
}

/**
 * A worker's desk: the card in hand, the next ones, the answers on their way, and everything the worker can do.
 *
 * Nothing waits for the network: an answer is kept on the device and the next card, leased in advance, is there at
 * once; {@link Post} carries both. What a view shows are signals; what keys and buttons do are methods that act on the state
 * as it is now.
 */
export class Desk {
  readonly stage: Signal<Stage> = signal<Stage>('working');
  readonly work: Signal<Work>;
  /** How it stands with the server. */
  readonly post: Post;
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
  /** What they earn, in words; undefined where work is not paid. */
  readonly earned: ReadonlySignal<string | undefined>;

  readonly #session: Session;
  readonly #kept: Kept;
  readonly #outbox: Outbox;
  readonly #tray: Tray;
  readonly #stopwatch: Stopwatch = createStopwatch(() => performance.now());
  /** The draft of the card that an old answer was put on top of. */
  #laidAside: Value | undefined;

  constructor(session: Session, kept: Kept, outbox: Outbox) {
    this.#session = session;
    this.#kept = kept;
    this.#outbox = outbox;
    this.#tray = new Tray(kept, session.scope);
    this.post = new Post(session, outbox, this.#tray, this);
    this.work = signal(session.work);
    this.practiceLeft = signal(session.work.worker.practiceLeft);
    this.saved = signal(session.work.worker.answers);
    this.waiting = outbox.waiting;
    this.earned = computed(() => {
      const { pay } = this.work.value.campaign;
      return pay === undefined ? undefined : money(this.saved.value * pay.micros, pay.currency);
    });
    this.shown = computed(() => this.verdict.value?.card ?? this.correcting.value ?? this.#tray.cards.value[0]);
  }

  /** The cards after the shown one, so that their pictures can be loaded. */
  get upcoming(): readonly Card[] {
    return this.#tray.cards.value.slice(1);
  }

  /** False where the browser stores nothing: then closing the page loses what waits. */
  get isDurable(): boolean {
    return this.#kept.isDurable;
  }

  /** Takes up the work where it was, and keeps in touch from now on. */
  async open(): Promise<void> {
    const [confirms, recent, draft] = await Promise.all([
      this.#kept.get<boolean>('confirms'),
      this.#kept.get<readonly OwnAnswer[]>(this.#key('recent')),
      this.#kept.get<{ readonly lease: Card['lease']; readonly value: Value }>(this.#key('draft')),
      this.#tray.load((lease) => this.#outbox.has(lease)),
    ]);
    this.confirms.value = confirms ?? false;
    this.recent.value = recent ?? [];
    if (draft !== undefined && draft.lease === this.shown.value?.lease) this.draft.value = draft.value;
    effect(() => this.#keepDraft());
    this.post.wake();
    if (this.#session.isKept) void this.#refresh();
    else await this.#recall(this.work.value).catch(() => {});
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
      this.say(problem);
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
    else this.say('Nothing more to undo');
  }

  /** Puts one of the own answers on the desk. */
  change(given: OwnAnswer): void {
    batch(() => {
      if (this.correcting.value === undefined) this.#laidAside = this.draft.value;
      this.correcting.value = given;
      this.draft.value = given.value;
      this.problem.value = undefined;
      this.say('Your earlier answer: change it, or keep it');
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
    const [card] = this.#tray.cards.value;
    if (!this.canSkip || card === undefined) return;
    this.#hand(card, { skip: { reason, note: note.trim() === '' ? undefined : note.trim() } });
    this.say('Skipped');
  }

  /** Stops working: cards go back to others, answers on their way still arrive. */
  leave(): void {
    batch(() => {
      this.stage.value = 'left';
      this.keep();
      this.verdict.value = undefined;
      this.draft.value = undefined;
      this.#session.post('/work/release', { leases: this.#tray.clear() });
    });
    this.post.wake();
  }

  comeBack(): void {
    this.stage.value = 'working';
    this.post.wake();
  }

  /** Another tab took over: do nothing more here. */
  handOver(): void {
    this.post.stop();
  }

  /** The page was hidden or shown, or the network came back. */
  attend(isVisible: boolean): void {
    if (isVisible) this.#stopwatch.resume();
    else this.#stopwatch.pause();
    if (isVisible) this.post.wake();
  }

  /** The page goes away: the card in hand stays leased, the ones in advance are free for others at once. */
  close(): void {
    const leases = this.#tray.lend();
    if (leases.length > 0) this.#session.post('/work/release', { leases });
  }

  /** The page came back from the browser's cache. */
  reopen(): void {
    this.#tray.forgetLent();
    this.post.wake();
  }

  /** How many cards the post should hold. */
  get wanted(): number {
    return this.stage.value === 'working' ? this.work.value.limits.prefetch : 0;
  }

  /** The post brought what the server replied. */
  received(reply: NextReply): void {
    const { results, worker, instructions } = reply;
    batch(() => {
      for (const { submission, state, problem, feedback } of results) {
        void this.#outbox.settle(submission, state === 'refused' ? (problem ?? state) : undefined);
        if (this.verdict.value?.submission === submission) this.#explain(feedback);
      }
      if (this.stage.value === 'working') {
        if (this.shown.value === undefined) this.#stopwatch.restart();
        this.#tray.take(reply, (lease) => this.#outbox.has(lease) || lease === this.verdict.value?.card.lease);
      }
      this.practiceLeft.value = worker.practiceLeft;
      this.saved.value = worker.answers;
    });
    if (instructions !== this.work.value.campaign.instructions.version) void this.#refresh();
  }

  /** The server lets this worker in no more. */
  lost(): void {
    this.stage.value = 'lost';
  }

  /** Has words read aloud. */
  say(words: string): void {
    this.said.value = words;
  }

  #give(value: Value): void {
    const [card] = this.#tray.cards.value;
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
      this.#tray.remove(card.lease);
      this.draft.value = undefined;
      this.problem.value = undefined;
    });
    this.#stopwatch.restart();
    this.post.wake();
    return submission;
  }

  #correct(given: OwnAnswer, value: Value): void {
    if (JSON.stringify(value) !== JSON.stringify(given.value)) {
      void this.#outbox.correct({ lease: given.lease, submission: uniqueName(), value });
      this.#remember(this.recent.value.map((each) => (each.lease === given.lease ? { ...each, value } : each)));
      this.say('Answer changed');
    }
    this.keep();
    this.post.wake();
  }

  #explain(feedback: SubmissionResult['feedback']): void {
    if (this.verdict.value === undefined) return;
    this.verdict.value = feedback === undefined ? undefined : { ...this.verdict.value, feedback };
    if (feedback !== undefined) this.say(feedback.correct ? 'Right' : 'Not what we expected');
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
          this.say('The instructions have changed');
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
}

/** The value that a draft means: fields are drafted as they were written. */
function meantBy(question: Question, draft: Value | undefined): Value {
  if (question.kind === 'multi-label') return canonical(question, draft ?? []);
  const isNumber = question.kind === 'number' || question.kind === 'scale';
  if (!isNumber || typeof draft !== 'string') return draft ?? '';
  return draft.trim() === '' ? '' : Number(draft.trim().replace(',', '.'));
}

/** Opens the desk of a session with all that was kept for it. */
export async function openDesk(session: Session, kept: Kept): Promise<Desk> {
  const desk = new Desk(session, kept, await openOutbox(kept, session.scope));
  await desk.open();
  return desk;
}
