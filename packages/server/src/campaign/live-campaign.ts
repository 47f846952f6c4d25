import { randomInt } from 'node:crypto';
import { classesOf, type Value } from '../protocol/index.ts';
import type { Happening } from '../store/events.ts';
import type { AssignmentState, Json, Store, Task, TaskContent, Worker } from '../store/index.ts';
import { Beliefs } from './beliefs.ts';
import { Closings } from './closings.ts';
import { Estimator } from './estimator.ts';
import type { Report } from './fits.ts';
import { type Header, readHeader } from './header.ts';
import { LeaseNames } from './lease-names.ts';
import { LeaseTime } from './lease-time.ts';
import { Pace } from './pace.ts';
import { Router } from './router.ts';
import { TaskBook } from './task-book.ts';
import { isAnswer, isOver, WorkerBook } from './worker-book.ts';

/** Contents kept in memory. */
const mostContents = 20_000;

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
  readonly router: Router;
  readonly closings: Closings;
  readonly #store: Store;
  readonly #now: () => number;
  readonly #pace = new Pace();
  readonly #estimator: Estimator | undefined;
  readonly #contents = new Map<number, TaskContent>();
  readonly #byPlatform = new Map<string, number>();
  #foreign = new Set<number>();
  #waiting = new Set<number>();
  #header: Header;

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
    this.router = new Router(header, this, randomInt(2 ** 32));
    this.closings = new Closings(store, header, this, (task) => this.router.place(task));
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

  leaseMs(): number {
    return this.#header.settings.leaseMs ?? this.leaseTime.ms;
  }

  /** Answers in the last hour, as far as this process was there. */
  get answersLastHour(): number {
    return this.#pace.lastHour(this.#now());
  }

  /** Answers still to come until every open task has those it may ask for. O(tasks). */
  get answersMissing(): number {
    const { k, accepted } = this.tasks;
    let missing = 0;
    for (const task of this.tasks.real()) if (this.tasks.isOpen(task)) missing += Math.max(0, k[task] - accepted[task]);
    return missing;
  }

  /** May more work come for this worker later, although there is none now? */
  mayHaveMoreLater(worker: WorkerBook): boolean {
    if (this.tasks.open === 0) return false;
    let mine = 0;
    for (const [task, state] of worker.states) {
      if (state !== 'lapsed' && this.tasks.isReal(task) && this.tasks.isOpen(task)) mine++;
    }
    return mine < this.tasks.open;
  }

  // ---------------------------------------------------------------- what happened

  /** Takes note of where a worker stands with a task, and of the value of an answer. Harmless when known already. */
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
    this.router.place(task);
  }

  /** Counts a place as taken while the database is asked for it, or no longer. */
  reserve(task: number, places: 1 | -1): void {
    this.tasks.leases[task] += places;
    this.router.place(task);
  }

  /** Takes note of an answer just given. */
  answered(task: number, worker: number, state: 'accepted' | 'surplus', value: Value, spentMs: number): void {
    this.move(task, worker, state, value);
    this.leaseTime.add(spentMs);
    this.#pace.add(this.#now());
  }

  corrected(task: number, worker: number, value: Value): void {
    if (this.workers[worker]?.states.get(task) !== 'accepted' || this.tasks.isPractice(task)) return;
    this.beliefs?.change(task, worker, value);
    this.router.place(task);
  }

  /** What is due now and then: closings nobody wrote yet, a fresh fit. */
  async tidy(): Promise<void> {
    // Who took an answer decides on it; a second process looks again, in case that one is gone.
    const due = this.#waiting;
    this.#waiting = this.#foreign;
    this.#foreign = new Set();
    await this.closings.settle(due);
    if (this.#estimator?.isDue === true) this.#estimator.anchor(() => this.router.placeAll());
  }

  /** Follows one event of the log, of this process or another; one that is known already changes nothing. */
  async follow({ kind, data, at }: Happening): Promise<void> {
    switch (kind) {
      case 'campaign-changed':
        await this.#readHeader();
        return this.closings.reconsider('controller', this.tasks.real());
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
          this.router.place(task);
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
        if (kind === 'rejected') await this.closings.reconsider('controller', [data.task]);
        return;
      case 'answered':
        if (isOver(this.#stateOf(data))) return;
        this.#pace.add(at);
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
        return this.closings.learn(data.task, kind === 'closed' ? 'closed' : 'open');
      default:
    }
  }

  #stateOf({ task, worker }: { readonly task: number; readonly worker: number }): AssignmentState | undefined {
    return this.workers[worker]?.states.get(task);
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

  async stop(): Promise<void> {
    await this.#estimator?.stop();
  }

  // ---------------------------------------------------------------- reading

  /** What tasks show and what is right, from memory where it is there. */
  async contents(tasks: readonly number[]): Promise<Map<number, TaskContent>> {
    const found = new Map<number, TaskContent>();
    const missing: number[] = [];
    for (const task of tasks) {
      const content = this.#contents.get(task);
      if (content === undefined) missing.push(task);
      else found.set(task, content);
    }
    if (missing.length === 0) return found;
    if (this.#contents.size + missing.length > mostContents) this.#contents.clear();
    for (const content of await this.#store.contents(this.#header.id, missing)) {
      this.#contents.set(content.task, content);
      found.set(content.task, content);
    }
    return found;
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
    await this.closings.settle(this.tasks.real());
    if (this.#estimator?.isDue === true) this.#estimator.anchor(() => this.router.placeAll());
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
    this.router.follow(this.#header);
    this.closings.follow(this.#header);
    await this.router.placeAll();
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
    this.router.grow(this.tasks.role.length);
    this.beliefs?.grow(this.tasks.size, this.workers.length);
    if (role === 'gold' && gold !== undefined) this.beliefs?.settle(task, gold as Value);
    if (role !== 'task') return;
    this.tasks.setStatus(task, status);
    this.router.place(task);
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
