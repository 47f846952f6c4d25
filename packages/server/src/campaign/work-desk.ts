import type {
  Card,
  CorrectBody,
  NextBody,
  NextReply,
  OwnAnswers,
  Submission,
  SubmissionResult,
  Value,
  Work,
} from '../protocol/index.ts';
import { canonical, problemWith } from '../protocol/values.ts';
import type * as stored from '../store/index.ts';
import { type LiveCampaign, sameValue } from './live-campaign.ts';
import type { Candidate } from './router.ts';
import type { WorkerBook } from './worker-book.ts';

/** Own answers that a worker can look at and correct. */
export const undoable = 10;
/** Candidates beyond those wanted: another process may have taken some. */
const spare = { sqlite: 1, postgres: 5 };

/** A submission that can be stored: its assignment, and its value where it has one. */
interface Accepted {
  readonly sent: Submission;
  readonly key: stored.AssignmentKey;
  readonly value: Value | undefined;
  /** Of practice: was it right? */
  readonly right: boolean | undefined;
}

const foreign = 'this card is not yours: it belongs to another worker or campaign';

/**
 * What workers do: take cards, answer, correct, give back. One per live campaign.
 *
 * Replies hold the worker's own things only: no other's answer, no gold, no role of a task but practice, nothing of what
 * the policy thinks.
 */
export class WorkDesk {
  readonly #live: LiveCampaign;
  readonly #store: stored.Store;
  readonly #now: () => number;

  constructor(live: LiveCampaign, store: stored.Store, now: () => number) {
    this.#live = live;
    this.#store = store;
    this.#now = now;
  }

  /** What the page shows before the first card. */
  work(worker: number, csrf: string): Work {
    const { header, tasks, workers } = this.#live;
    const mine = workers[worker];
    return {
      campaign: {
        name: header.name,
        status: header.status,
        question: header.question,
        instructions: header.instructions,
      },
      worker: {
        name: mine.name,
        answers: mine.answers,
        practice: tasks.practice.length,
        practiceLeft: this.#live.router.practiceLeft(mine),
      },
      limits: { prefetch: Math.min(5, header.settings.concurrency) },
      undo: undoable,
      csrf,
    };
  }

  /**
   * Answers in, cards out. The three operations on the store are asked for in one turn, so they share one commit; they
   * are judged in order, so the places of these answers are free for the new cards.
   */
  async next(worker: number, { want, heartbeat = [], answers = [] }: NextBody): Promise<NextReply> {
    const live = this.#live;
    const mine = live.workers[worker];
    const results = new Map<string, SubmissionResult>();
    const accepted = await this.#check(worker, answers, results);
    const { named, found } = this.#heldBy(worker, heartbeat, accepted, want);
    const { count, quotaLeft, working, candidates } = this.#choose(worker, want - found.length, accepted);

    const { id: campaign, settings } = live.header;
    const now = this.#now();
    const expiresAt = now + live.leaseMs();
    const keys = [...named.values(), ...found].map((task) => ({ campaign, task, worker }));
    // Until the database has spoken, other requests see these places as taken.
    const reserved = candidates.slice(0, count);
    for (const { task } of reserved) live.reserve(task, 1);
    const [stored, kept, leased] = await Promise.all([
      accepted.length > 0 ? this.#store.submit(accepted.map((each) => toStore(each, now))) : [],
      keys.length > 0 ? this.#store.heartbeat(keys, expiresAt) : [],
      candidates.length > 0
        ? this.#store.lease({
            campaign,
            worker,
            candidates: candidates.map(({ task }) => task),
            propensities: candidates.map(({ propensity }) => propensity),
            count,
            most: settings.concurrency,
            expiresAt,
          })
        : [],
      // What the cards will most likely show is read meanwhile.
      live.contents([...found, ...reserved.map(({ task }) => task)]),
    ]).finally(() => {
      for (const { task } of reserved) live.reserve(task, -1);
    });

    for (const { task } of leased) live.move(task, worker, 'leased');
    for (const [i, result] of stored.entries()) this.#note(accepted[i], result, results);
    // Closing goes on by itself: the worker need not wait for it.
    void live.closings.settle(stored.filter(({ state }) => state === 'accepted').map(({ task }) => task));

    const still = new Map(kept.map((lease) => [lease.task, lease]));
    for (const task of named.values()) if (!still.has(task) && mine.held.has(task)) live.move(task, worker, 'lapsed');
    const cards = await this.#cards([...found.flatMap((task) => still.get(task) ?? []), ...leased]);
    return {
      results: [...results.values()],
      leases: cards,
      gone: heartbeat.filter((lease) => !still.has(named.get(lease) ?? -1)),
      left: this.#left(mine, cards.length > 0 ? 'some' : want > 0 ? 'none' : 'not asked', working, quotaLeft),
      instructions: live.header.instructions.version,
      worker: { answers: mine.answers, practiceLeft: live.router.practiceLeft(mine) },
    };
  }

  /** The worker's leases: those named by the page, and those it lost, by a reload or on another device. */
  #heldBy(
    worker: number,
    heartbeat: readonly string[],
    accepted: readonly Accepted[],
    most: number,
  ): { readonly named: ReadonlyMap<string, number>; readonly found: readonly number[] } {
    const named = new Map<string, number>();
    for (const lease of heartbeat) {
      const key = this.#live.leaseNames.parse(lease);
      if (key?.worker === worker) named.set(lease, key.task);
    }
    const known = new Set([...named.values(), ...accepted.map(({ key }) => key.task)]);
    return { named, found: [...this.#live.workers[worker].held].filter((task) => !known.has(task)).slice(0, most) };
  }

  /** The candidates for new cards, as if the answers of the same request were stored. */
  #choose(
    worker: number,
    want: number,
    accepted: readonly Accepted[],
  ): {
    readonly count: number;
    readonly quotaLeft: number;
    readonly working: boolean;
    readonly candidates: readonly Candidate[];
  } {
    const { header, tasks, workers } = this.#live;
    const mine = workers[worker];
    const { quota } = header.settings;
    const answering = accepted.filter(({ key }) => mine.held.has(key.task)).length;
    const taken = mine.answers + accepted.length + mine.held.size - answering;
    const quotaLeft = quota === null ? Number.POSITIVE_INFINITY : quota - taken;
    const count = Math.max(0, Math.min(want, quotaLeft));
    const working = header.status === 'open' && !mine.paused;
    const practiced = {
      done: accepted.filter(({ key }) => tasks.isPractice(key.task)).length,
      right: accepted.filter(({ right }) => right === true).length,
    };
    const candidates =
      count > 0 && working ? this.#live.router.choose(worker, count + spare[this.#store.kind], practiced) : [];
    return { count, quotaLeft, working, candidates };
  }

  /** The latest answers of a worker, without practice. Gold is among them: it would be known by its absence. */
  async ownAnswers(worker: number): Promise<OwnAnswers> {
    const { id } = this.#live.header;
    const answers = (await this.#store.answersOf(id, worker, undoable)).filter(
      ({ task, state, value }) =>
        (state === 'accepted' || state === 'surplus') && value !== null && !this.#live.tasks.isPractice(task),
    );
    const contents = await this.#live.contents(answers.map(({ task }) => task));
    return {
      answers: answers.map((answer) => ({
        lease: this.#live.leaseNames.of(answer),
        task: { content: (contents.get(answer.task)?.content ?? {}) as Card['task']['content'] },
        value: answer.value as Value,
        at: answer.answeredAt ?? answer.leasedAt,
      })),
    };
  }

  /** Replaces one of the latest own answers; practice and what a reviewer turned down stay as they are. */
  async correct(worker: number, lease: string, { value, submission }: CorrectBody): Promise<SubmissionResult> {
    const live = this.#live;
    const refused = (problem: string): SubmissionResult => ({ submission, state: 'refused', problem });
    const key = live.leaseNames.parse(lease);
    if (key === undefined || key.worker !== worker) return refused(foreign);
    const problem = problemWith(live.header.question, value);
    if (problem !== undefined) return refused(problem);
    if (live.header.status === 'closed') return refused('the campaign is closed');
    const latest = await this.#store.answersOf(key.campaign, worker, undoable);
    if (live.tasks.isPractice(key.task) || !latest.some(({ task }) => task === key.task)) {
      return refused(`only the last ${undoable} answers can be changed`);
    }
    const said = canonical(live.header.question, value);
    const corrected = await this.#store.correct({ ...key, submission, value: said as stored.Json }, `worker:${worker}`);
    if (corrected === null) return refused('there is no answer to change');
    live.corrected(key.task, worker, said);
    void live.closings.settle([key.task]);
    return { submission, state: 'saved' };
  }

  async release(worker: number, leases: readonly string[]): Promise<void> {
    const keys = leases.flatMap((lease) => {
      const key = this.#live.leaseNames.parse(lease);
      return key?.worker === worker ? [key] : [];
    });
    if (keys.length === 0) return;
    for (const { task } of await this.#store.release(keys, `worker:${worker}`)) this.#live.move(task, worker, 'lapsed');
  }

  /** Sorts submissions into those to be stored and those refused. Only practice needs a look at what is right. */
  async #check(
    worker: number,
    submissions: readonly Submission[],
    results: Map<string, SubmissionResult>,
  ): Promise<readonly Accepted[]> {
    const { leaseNames, tasks, header } = this.#live;
    const accepted: Accepted[] = [];
    for (const sent of submissions) {
      const key = leaseNames.parse(sent.lease);
      const problem =
        key === undefined || key.worker !== worker || key.task >= tasks.size
          ? foreign
          : sent.value === undefined
            ? undefined
            : problemWith(header.question, sent.value);
      if (problem !== undefined || key === undefined) {
        results.set(sent.submission, { submission: sent.submission, state: 'refused', problem });
        continue;
      }
      const value = sent.value === undefined ? undefined : canonical(header.question, sent.value);
      let right: boolean | undefined;
      if (value !== undefined && tasks.isPractice(key.task)) {
        right = sameValue((await this.#live.contents([key.task])).get(key.task)?.gold, value);
      }
      accepted.push({ sent, key, value, right });
    }
    return accepted;
  }

  /** Takes note of one stored submission and says so to the worker. */
  #note(
    { sent, key, value, right }: Accepted,
    result: stored.SubmissionResult,
    results: Map<string, SubmissionResult>,
  ): void {
    const live = this.#live;
    const { submission } = sent;
    const { task, worker } = key;
    switch (result.state) {
      case 'accepted':
      case 'surplus':
        if (value !== undefined) live.answered(task, worker, result.state, value, sent.spentMs);
        if (right === true) live.workers[worker].practiceRight++;
        break;
      case 'skipped':
        live.move(task, worker, 'skipped');
        break;
      case 'unknown':
        results.set(submission, { submission, state: 'refused', problem: foreign });
        return;
      default:
    }
    const state = value === undefined ? 'skipped' : 'saved';
    results.set(submission, { submission, state, ...this.#feedback(task, right) });
  }

  /** After practice: what would have been right, and why. */
  #feedback(task: number, right: boolean | undefined): Pick<SubmissionResult, 'feedback'> {
    if (right === undefined) return {};
    const content = this.#live.contentNow(task);
    if (content === undefined) return {};
    const { gold, explanation } = content;
    return { feedback: { correct: right, expected: gold as Value, ...(explanation === null ? {} : { explanation }) } };
  }

  async #cards(leases: readonly stored.Lease[]): Promise<Card[]> {
    if (leases.length === 0) return [];
    const contents = await this.#live.contents(leases.map(({ task }) => task));
    return leases.flatMap((lease) => {
      const content = contents.get(lease.task);
      if (content === undefined) return [];
      return {
        lease: this.#live.leaseNames.of(lease),
        task: { content: content.content as Card['task']['content'] },
        practice: this.#live.tasks.isPractice(lease.task),
        expiresAt: lease.expiresAt,
      };
    });
  }

  #left(
    mine: WorkerBook,
    cards: 'some' | 'none' | 'not asked',
    working: boolean,
    quotaLeft: number,
  ): NextReply['left'] {
    if (this.#live.header.status === 'closed') return 'closed';
    if (!working) return 'paused';
    if (cards === 'some' || this.#live.router.practiceLeft(mine) > 0) return 'more';
    if (quotaLeft <= 0 && mine.held.size === 0) return 'done';
    if (!this.#live.mayHaveMoreLater(mine)) return 'done';
    return cards === 'none' ? 'none for now' : 'more';
  }
}

function toStore({ sent, key, value }: Accepted, now: number): stored.Submission {
  const about = {
    ...key,
    submission: sent.submission,
    // Clocks of phones run ahead; nothing is answered in the future.
    at: Math.min(sent.at, now),
    spentMs: sent.spentMs,
    instructionVersion: sent.instructionVersion,
    sawSuggestion: false,
  };
  if (value !== undefined) return { ...about, value: value as stored.Json };
  return { ...about, skipReason: sent.skip?.reason ?? 'other', note: sent.skip?.note };
}
