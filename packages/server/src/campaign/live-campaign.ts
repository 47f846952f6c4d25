import { randomInt } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Random } from '@assay/core';
import { mostUncertain, type Policy, type PolicyState, TaskQueue, valuePerPrice } from '@assay/core/control';
import { mix32 } from '@assay/core/math';
import { classesOf, type Value } from '../protocol/index.ts';
import type { Happening } from '../store/events.ts';
import type { AssignmentState, Closing, Json, Store, Task, TaskContent, Worker } from '../store/index.ts';
import { Beliefs } from './beliefs.ts';
import { Estimator } from './estimator.ts';
import type { Report } from './fits.ts';
import { type Header, readHeader } from './header.ts';
import { LeaseNames } from './lease-names.ts';
import { LeaseTime } from './lease-time.ts';
import { StopRule } from './stopping.ts';
import { TaskBook, unlimited } from './task-book.ts';
import { isAnswer, isOver, WorkerBook } from './worker-book.ts';

/** Tasks of equal score among which each worker's next one is drawn. */
const shuffle = 16;
/** Contents kept in memory. */
const mostContents = 20_000;

/** A task chosen for a worker. */
export interface Candidate {
  readonly task: number;
  /** The probability of the choice, for unbiased evaluation afterwards. */
  readonly propensity: number;
}

/**
 * A campaign in the memory of one process: enough to decide in microseconds who answers what next and when to stop.
 *
 * Built from the database, kept up by this process's own commits at once and by those of others through the log. Every
 * event may come twice; the database has the last word, so a wrong belief costs a refused candidate and nothing else.
 */
export class LiveCampaign {
  readonly tasks: TaskBook = new TaskBook();
  readonly workers: WorkerBook[] = [];
  readonly leaseNames: LeaseNames;
  readonly leaseTime: LeaseTime;
  /** Undefined for questions without classes. */
  readonly beliefs: Beliefs | undefined;
  readonly #store: Store;
  readonly #now: () => number;
  readonly #random: Random;
  readonly #estimator: Estimator | undefined;
  readonly #queue: TaskQueue;
  readonly #contents = new Map<number, TaskContent>();
  readonly #unclosed = new Map<number, Closing>();
  readonly #byPlatform = new Map<string, number>();
  #foreign = new Set<number>();
  #waiting = new Set<number>();
  #header: Header;
  #policy: Policy;
  #stopRule: StopRule;
  #open = 0;
  #closing: Promise<void> = Promise.resolve();
  readonly #perMinute = new Map<number, number>();

  private constructor(store: Store, header: Header, now: () => number, times: readonly number[]) {
    this.#store = store;
    this.#now = now;
    this.#header = header;
    this.leaseNames = new LeaseNames({ campaign: header.id, seed: header.seed, createdAt: header.createdAt });
    this.leaseTime = new LeaseTime(times);
    const classes = classesOf(header.question);
    this.beliefs = classes === undefined ? undefined : new Beliefs(classes);
    const { beliefs } = this;
    this.#estimator =
      beliefs === undefined
        ? undefined
        : new Estimator(beliefs, () => beliefs.answers(this.tasks.size, this.workers.length), now);
    // Processes that share a database begin at different tasks, so that they seldom want the same place.
    const process = randomInt(2 ** 32);
    this.#queue = new TaskQueue(64, mix32(header.seed, process));
    this.#random = new Random(header.seed).fork(`live/${process}`);
    this.#policy = policyOf(header);
    this.#stopRule = new StopRule(header.settings, classes?.length);
  }

  /** Reads a campaign. About 2 s CPU for 1e6 answers. */
  static async load(store: Store, campaign: number, now: () => number): Promise<LiveCampaign | undefined> {
    const row = await store.campaign(campaign);
    if (row === undefined) return undefined;
    const live = new LiveCampaign(store, await readHeader(store, row), now, await store.workTimes(campaign, 1000));
    await live.#read();
    return live;
  }

  get header(): Header {
    return this.#header;
  }

  get openTasks(): number {
    return this.#open;
  }

  /** Tasks a worker could be given now, of role `task`. */
  get queued(): number {
    return this.#queue.size;
  }

  leaseMs(): number {
    return this.#header.settings.leaseMs ?? this.leaseTime.ms;
  }

  /** Answers in the last hour, as far as this process was there. */
  get answersLastHour(): number {
    const since = minuteOf(this.#now()) - 60;
    let total = 0;
    for (const [minute, answers] of this.#perMinute) {
      if (minute < since) this.#perMinute.delete(minute);
      else total += answers;
    }
    return total;
  }

  /** Answers still to come until every open task has those it may ask for. O(tasks). */
  get answersMissing(): number {
    let missing = 0;
    for (const task of this.#realTasks()) {
      if (this.tasks.closed[task] === 0) missing += Math.max(0, this.tasks.k[task] - this.tasks.accepted[task]);
    }
    return missing;
  }

  // ---------------------------------------------------------------- choosing

  /** How many practice tasks a worker still has to do. */
  practiceLeft(worker: WorkerBook): number {
    const { practiceRight } = this.#header.settings;
    const left = this.tasks.practice.length - worker.practiceDone;
    if (practiceRight > 0 && worker.practiceRight >= practiceRight) return 0;
    return practiceRight > 0 ? Math.min(left, practiceRight - worker.practiceRight) : left;
  }

  /**
   * The tasks to offer a worker, in order of preference: practice first, then by the policy with gold mixed in silently.
   * `practiced` counts practice answers of the same request. O(log T) each.
   */
  choose(number: number, count: number, practiced: { readonly done: number; readonly right: number }): Candidate[] {
    const worker = this.workers[number];
    const chosen = new Set<number>();
    const { practiceRight, goldShare } = this.#header.settings;
    const rightEnough = practiceRight > 0 && worker.practiceRight + practiced.right >= practiceRight;
    if (worker.practiceDone + practiced.done < this.tasks.practice.length && !rightEnough) {
      const open = this.tasks.practice.filter((task) => worker.mayHave(task));
      return open.slice(0, count).map((task) => ({ task, propensity: 1 }));
    }
    const state: PolicyState = {
      queue: this.#queue,
      // A question without classes is scored by the queue alone, which never looks at the stream.
      stream: this.beliefs?.stream as PolicyState['stream'],
      may: (task) => worker.mayHave(task) && !chosen.has(task),
      priceMicros: () => 1,
    };
    const candidates: Candidate[] = [];
    const take = (task: number, propensity: number): void => {
      chosen.add(task);
      candidates.push({ task, propensity });
    };
    while (candidates.length < count) {
      if (goldIsDue(number, worker.given + candidates.length, goldShare, this.#header.seed)) {
        const task = this.#goldFor(number, state);
        if (task !== undefined) {
          take(task, 1);
          continue;
        }
      }
      const next = this.#policy.next(state, number, this.#random);
      if (next.kind === 'none') break;
      take(next.task, next.values.propensity ?? 1);
    }
    return candidates;
  }

  /** A gold task the worker has not had, from a place of the list that differs from worker to worker. */
  #goldFor(worker: number, { may }: PolicyState): number | undefined {
    const { gold } = this.tasks;
    const from = gold.length === 0 ? 0 : mix32(this.#header.seed, worker) % gold.length;
    for (let i = 0; i < gold.length; i++) {
      const task = gold[(from + i) % gold.length];
      if (this.tasks.closed[task] === 0 && may(task, worker)) return task;
    }
    return undefined;
  }

  /** May more work come for this worker later, although there is none now? */
  mayHaveMoreLater(worker: WorkerBook): boolean {
    if (this.#open === 0) return false;
    let mine = 0;
    for (const [task, state] of worker.states) {
      if (state !== 'lapsed' && this.tasks.isReal(task) && this.tasks.closed[task] === 0) mine++;
    }
    return mine < this.#open;
  }

  // ---------------------------------------------------------------- what happened

  /**
   * Takes note of where a worker stands with a task. Harmless when known already.
   *
   * `value` is the answer's where there is one; `right` says of practice whether it was.
   */
  move(task: number, number: number, state: AssignmentState, value?: unknown): void {
    const worker = this.workers[number];
    if (worker === undefined || task >= this.tasks.size) return;
    const before = worker.states.get(task);
    if (before === state) return;
    worker.states.set(task, state);
    const practice = this.tasks.isPractice(task);
    if (before === undefined && !practice) worker.given++;
    if (state === 'leased') worker.held.add(task);
    else worker.held.delete(task);
    if (isAnswer(state) !== isAnswer(before)) {
      const step = isAnswer(state) ? 1 : -1;
      if (practice) worker.practiceDone += step;
      else worker.answers += step;
    } else if (practice && state === 'skipped') worker.practiceDone++;
    if (before === 'leased') this.tasks.leases[task]--;
    if (state === 'leased') this.tasks.leases[task]++;
    if (before === 'accepted') this.tasks.accepted[task]--;
    if (state === 'accepted') this.tasks.accepted[task]++;
    if (this.beliefs !== undefined && !practice) {
      if (before === 'accepted') this.beliefs.change(task, number);
      if (state === 'accepted') this.beliefs.add(task, number, value);
    }
    this.#rescore(task);
  }

  /** Counts a place as taken while the database is asked for it, or no longer. */
  reserve(task: number, places: 1 | -1): void {
    this.tasks.leases[task] += places;
    this.#rescore(task);
  }

  /** Takes note of an answer just given. */
  answered(task: number, worker: number, state: 'accepted' | 'surplus', value: Value, spentMs: number): void {
    this.move(task, worker, state, value);
    this.leaseTime.add(spentMs);
    this.#countAnswer(this.#now());
  }

  #countAnswer(at: number): void {
    const minute = minuteOf(at);
    this.#perMinute.set(minute, (this.#perMinute.get(minute) ?? 0) + 1);
  }

  corrected(task: number, worker: number, value: Value): void {
    if (this.workers[worker]?.states.get(task) !== 'accepted' || this.tasks.isPractice(task)) return;
    this.beliefs?.change(task, worker, value);
    this.#rescore(task);
  }

  /**
   * Closes those of the tasks that need no more answers. Never waits for the database: what cannot be written now is
   * written by {@link tidy}.
   */
  settle(tasks: Iterable<number>): Promise<void> {
    for (const task of tasks) {
      if (!this.tasks.isReal(task) || this.tasks.closed[task] !== 0 || this.#unclosed.has(task)) continue;
      const accepted = this.tasks.accepted[task];
      const stop = this.#stopRule.decide(task, accepted, this.tasks.k[task], this.beliefs?.posterior(task));
      if (stop === undefined) continue;
      this.#queue.remove(task);
      this.#unclosed.set(task, { campaign: this.#header.id, task, ...stop });
    }
    return this.#writeClosings();
  }

  /** Resolves when the closings under way are written. */
  async settled(): Promise<void> {
    await this.#closing;
  }

  #writeClosings(): Promise<void> {
    this.#closing = this.#closing.then(() => this.#writeSome());
    return this.#closing;
  }

  async #writeSome(): Promise<void> {
    if (this.#unclosed.size === 0) return;
    const closings = [...this.#unclosed.values()];
    try {
      await this.#store.close(closings, 'controller');
    } catch {
      // The database is away: the next tick tries again.
      return;
    }
    for (const { task } of closings) {
      this.#unclosed.delete(task);
      this.#setClosed(task, true);
    }
  }

  /** What is due now and then: closings nobody wrote yet, a fresh fit. */
  async tidy(): Promise<void> {
    // Who took an answer decides on it; a second process looks again, in case that one is gone.
    const due = this.#waiting;
    this.#waiting = this.#foreign;
    this.#foreign = new Set();
    await this.settle(due);
    if (this.#estimator?.isDue === true) this.#estimator.anchor(() => this.#rescoreAll());
  }

  /** Follows one event of the log, of this process or another; one that is known already changes nothing. */
  async follow({ kind, data, at }: Happening): Promise<void> {
    switch (kind) {
      case 'campaign-changed':
        await this.#readHeader();
        return this.applySettings('controller');
      case 'instruction-added':
        return this.#readHeader();
      case 'tasks-added':
        data.tasks.forEach(({ role, k, gold }, i) => {
          const task = data.first + i;
          if (task < this.tasks.size) return;
          this.#addTask({ task, role, k, status: 'open' }, gold);
        });
        return;
      case 'task-changed':
        this.#contents.delete(data.task);
        this.tasks.add(data.task, data.role, data.role === 'task' ? this.tasks.k[data.task] : null);
        if (data.role === 'gold') this.beliefs?.settle(data.task, data.gold as Value);
        return;
      case 'k-changed':
        for (const task of data.tasks) {
          this.tasks.k[task] = Math.max(data.k, this.tasks.leases[task] + this.tasks.accepted[task]);
          this.#rescore(task);
        }
        return;
      case 'worker-added':
      case 'worker-changed':
        await this.readWorker(data.worker);
        return;
      case 'leased':
      case 'lapsed':
      case 'released':
        // The answer may be known before the log says that there was a lease.
        if (!isOver(this.#stateOf(data))) this.move(data.task, data.worker, kind === 'leased' ? 'leased' : 'lapsed');
        return;
      case 'skipped':
      case 'rejected':
        this.move(data.task, data.worker, kind);
        if (kind === 'rejected') await this.applySettings('controller', [data.task]);
        return;
      case 'answered':
        if (isOver(this.#stateOf(data))) return;
        this.#countAnswer(at);
        this.move(data.task, data.worker, data.state, data.value);
        if (this.tasks.isPractice(data.task)) {
          const content = (await this.contents([data.task])).get(data.task);
          if (sameValue(content?.gold, data.value)) this.workers[data.worker].practiceRight++;
        } else this.#foreign.add(data.task);
        return;
      case 'corrected':
        return this.corrected(data.task, data.worker, data.value as Value);
      case 'closed':
      case 'reopened':
        return this.#setClosed(data.task, kind === 'closed');
      default:
    }
  }

  #stateOf({ task, worker }: { readonly task: number; readonly worker: number }): AssignmentState | undefined {
    return this.workers[worker]?.states.get(task);
  }

  /** Closes the tasks that need no more answers and opens those again that need some, by the settings of now. */
  async applySettings(actor: string, tasks?: readonly number[]): Promise<void> {
    const unsure: number[] = [];
    for (const task of tasks ?? this.#realTasks()) {
      if (!this.tasks.isReal(task) || this.tasks.closed[task] === 0) continue;
      const accepted = this.tasks.accepted[task];
      const posterior = this.beliefs?.posterior(task);
      if (this.#stopRule.decide(task, accepted, this.tasks.k[task], posterior) === undefined) unsure.push(task);
    }
    if (unsure.length > 0) {
      await this.#store.reopen(this.#header.id, unsure, 'more answers wanted', actor);
      for (const task of unsure) this.#setClosed(task, false);
    }
    await this.settle(tasks ?? this.#realTasks());
  }

  *#realTasks(): Generator<number> {
    for (let task = 0; task < this.tasks.size; task++) if (this.tasks.isReal(task)) yield task;
  }

  #setClosed(task: number, closed: boolean): void {
    if (task >= this.tasks.size || (this.tasks.closed[task] === 1) === closed) return;
    this.tasks.closed[task] = closed ? 1 : 0;
    if (this.tasks.isReal(task)) this.#open += closed ? -1 : 1;
    this.#rescore(task);
  }

  /** Puts a task at its place in the queue, or takes it out while it has no free place. */
  #rescore(task: number): void {
    if (!this.tasks.isReal(task)) return;
    const accepted = this.tasks.accepted[task];
    const leases = this.tasks.leases[task];
    const k = this.tasks.k[task];
    const wanted = k === unlimited ? Number.POSITIVE_INFINITY : this.#stopRule.wanted(accepted, k);
    if (this.tasks.closed[task] !== 0 || this.#unclosed.has(task) || accepted + leases >= wanted) {
      this.#queue.remove(task);
      return;
    }
    // Answers under way will tell something too: each halves what is left to learn.
    const score = this.beliefs === undefined ? -accepted - leases : this.beliefs.stream.entropyOf(task) * 0.5 ** leases;
    this.#queue.set(task, score);
  }

  // ---------------------------------------------------------------- estimates

  /** The most probable label of a task and its probability; nulls where nobody can say. */
  labelOf(task: number): { readonly label: string | null; readonly probability: number | null } {
    const { beliefs } = this;
    if (beliefs === undefined || this.tasks.isPractice(task) || !(beliefs.stream.answersOfTask[task] > 0)) {
      return { label: null, probability: null };
    }
    const posterior = beliefs.posterior(task);
    const best = posterior.indexOf(Math.max(...posterior));
    return { label: beliefs.classes[best] ?? null, probability: posterior[best] };
  }

  /** The number of the worker with this platform id, as far as this process knows. */
  workerOf(platformId: string): number | undefined {
    return this.#byPlatform.get(platformId);
  }

  /** The labels by the default method and what they are worth; see {@link Estimator.report}. */
  async report(): Promise<Report | undefined> {
    return this.#estimator?.report();
  }

  /** In slices of about a millisecond, so that nobody waits. */
  async #rescoreAll(): Promise<void> {
    for (const task of this.#realTasks()) {
      this.#rescore(task);
      if (task % 2000 === 1999) await setImmediate();
    }
  }

  async stop(): Promise<void> {
    await this.#estimator?.stop();
  }

  // ---------------------------------------------------------------- reading

  /** What tasks show and what is right, from memory where it is there. */
  async contents(tasks: readonly number[]): Promise<Map<number, TaskContent>> {
    const missing = tasks.filter((task) => !this.#contents.has(task));
    if (missing.length > 0) {
      if (this.#contents.size + missing.length > mostContents) this.#contents.clear();
      for (const content of await this.#store.contents(this.#header.id, missing))
        this.#contents.set(content.task, content);
    }
    const found = tasks.flatMap((task) => this.#contents.get(task) ?? []);
    return new Map(found.map((content) => [content.task, content]));
  }

  /** A content that was asked for just now. */
  contentNow(task: number): TaskContent | undefined {
    return this.#contents.get(task);
  }

  async #read(): Promise<void> {
    const { id } = this.#header;
    await this.#readTasks();
    for (let after: string | undefined; ; ) {
      const page = await this.#store.workers(id, { after });
      for (const row of page.rows) this.#addWorker(row);
      if (page.next === null) break;
      after = page.next;
    }
    this.beliefs?.grow(this.tasks.size, this.workers.length);
    for (const [task, { gold }] of await this.contents(this.tasks.gold)) this.beliefs?.settle(task, gold as Value);
    for await (const { task, worker, value } of this.#store.answerColumns(id)) {
      for (let i = 0; i < task.length; i++) this.move(task[i], worker[i], 'accepted', JSON.parse(value[i]));
    }
    const states = ['leased', 'lapsed', 'surplus', 'skipped', 'rejected'] as const;
    for (let after: string | undefined; ; ) {
      const page = await this.#store.assignments(id, { states, after });
      for (const { task, worker, state } of page.rows) this.move(task, worker, state);
      if (page.next === null) break;
      after = page.next;
    }
    await this.#readPracticeRight();
    await this.settle(this.#realTasks());
    if (this.#estimator?.isDue === true) this.#estimator.anchor(() => this.#rescoreAll());
  }

  /** How much practice each worker got right: only the answers say. */
  async #readPracticeRight(): Promise<void> {
    if (this.tasks.practice.length === 0 || this.#header.settings.practiceRight === 0) return;
    const contents = await this.contents(this.tasks.practice);
    for (const [number, worker] of this.workers.entries()) {
      for (const task of this.tasks.practice) {
        if (!isAnswer(worker.states.get(task))) continue;
        const answer = await this.#store.assignment({ campaign: this.#header.id, task, worker: number });
        if (sameValue(answer?.value, contents.get(task)?.gold)) worker.practiceRight++;
      }
    }
  }

  async #readHeader(): Promise<void> {
    const row = await this.#store.campaign(this.#header.id);
    if (row === undefined) return;
    this.#header = await readHeader(this.#store, row);
    this.#policy = policyOf(this.#header);
    this.#stopRule = new StopRule(this.#header.settings, this.beliefs?.classes.length);
    for (const task of this.#realTasks()) this.#rescore(task);
  }

  async #readTasks(): Promise<void> {
    for (let after: string | undefined; ; ) {
      const page = await this.#store.tasks(this.#header.id, { after, limit: 10_000 });
      for (const row of page.rows) this.#addTask(row);
      if (page.next === null) break;
      after = page.next;
    }
  }

  #addTask({ task, role, k, status }: Pick<Task, 'task' | 'role' | 'k' | 'status'>, gold?: Json): void {
    this.tasks.add(task, role, k);
    this.#queue.grow(this.tasks.role.length);
    this.beliefs?.grow(this.tasks.size, this.workers.length);
    if (role === 'gold' && gold !== undefined) this.beliefs?.settle(task, gold as Value);
    if (role !== 'task') return;
    this.tasks.closed[task] = status === 'closed' ? 1 : 0;
    if (status === 'open') this.#open++;
    this.#rescore(task);
  }

  /** Takes in a worker who joined, or what changed about one. */
  async readWorker(number: number): Promise<WorkerBook | undefined> {
    const row = await this.#store.worker(this.#header.id, number);
    if (row === undefined) return undefined;
    const known = this.workers[number];
    if (known !== undefined) {
      known.name = row.name;
      known.paused = row.paused;
      return known;
    }
    for (let between = this.workers.length; between < number; between++) await this.readWorker(between);
    this.#addWorker(row);
    this.beliefs?.grow(this.tasks.size, this.workers.length);
    return this.workers[number];
  }

  #addWorker({ worker, name, paused, platformId }: Worker): void {
    this.workers[worker] = new WorkerBook(name, paused);
    if (platformId !== null) this.#byPlatform.set(platformId, worker);
  }
}

/** Are two values the same answer? Both are canonical. */
export function sameValue(a: unknown, b: unknown): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

/** Is a worker's next task a gold one? Each block of 1/share tasks has one, at a place the worker cannot know. */
export function goldIsDue(worker: number, given: number, share: number, seed: number): boolean {
  if (!(share > 0)) return false;
  const block = Math.max(1, Math.round(1 / share));
  return mix32(mix32(seed, worker), Math.floor(given / block)) % block === given % block;
}

function policyOf({ settings, question }: Header): Policy {
  const { explore } = settings;
  return settings.policy === 'value-per-price' && classesOf(question) !== undefined
    ? valuePerPrice({ explore, shuffle })
    : mostUncertain({ explore, shuffle });
}

function minuteOf(time: number): number {
  return Math.floor(time / 60_000);
}
