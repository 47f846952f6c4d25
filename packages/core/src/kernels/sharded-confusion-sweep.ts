import type { ConfusionSweep, ConfusionSweepOptions, ConfusionSweepResult } from './confusion-sweep.ts';
import { defaultFloor, dirichletLogs, lowestFloor } from './rescaling.ts';
import { missingPosterior, type SweepAnswers } from './sweep-layout.ts';

/** What a shard is asked to do. */
export type ShardStep = 'sweep' | 'sweep and store' | 'scatter' | 'scatter votes';
export const shardSteps: readonly ShardStep[] = ['sweep', 'sweep and store', 'scatter', 'scatter votes'];

/** One shard: its answers, and the arrays it shares with whoever runs the others. */
export interface ShardInput {
  readonly answers: SweepAnswers;
  readonly options: ConfusionSweepOptions;
  /** W×K×K and K, of all shards. */
  readonly table: Float64Array;
  readonly prior: Float64Array;
  /** W×K×K and K, of this shard. */
  readonly counts: Float64Array;
  readonly totals: Float64Array;
  /** Rows of this shard's tasks, T×K. */
  readonly posterior: Float64Array;
  /** Log-likelihood, largest change. */
  readonly result: Float64Array;
}

/** Runs every shard once per step, on any number of threads, and returns when all are done. */
export interface ShardTeam {
  run(step: ShardStep): void;
  dispose(): void;
}

export type ShardTeamFactory = (shards: readonly ShardInput[], threads: number) => ShardTeam;

/** Does the steps of one shard with a sweep of its own. */
export class ShardRunner {
  readonly #input: ShardInput;
  readonly #sweep: ConfusionSweep;

  constructor(input: ShardInput, open: (answers: SweepAnswers, options: ConfusionSweepOptions) => ConfusionSweep) {
    this.#input = input;
    this.#sweep = open(input.answers, input.options);
  }

  get engine(): 'wasm' | 'reference' {
    return this.#sweep.engine;
  }

  get note(): string | undefined {
    return this.#sweep.note;
  }

  run(step: ShardStep): void {
    const { table, prior, counts, totals, posterior, result } = this.#input;
    if (step === 'scatter') this.#sweep.scatter(posterior);
    else if (step === 'scatter votes') this.#sweep.scatterVotes();
    else {
      const store = step === 'sweep and store';
      this.#sweep.setTable(table);
      const { logLikelihood, maxChange } = this.#sweep.sweep(prior, { store });
      result[0] = logLikelihood;
      result[1] = maxChange;
      if (store) this.#sweep.posterior(posterior);
    }
    this.#sweep.counts(counts);
    this.#sweep.classTotals(totals);
  }

  dispose(): void {
    this.#sweep.dispose();
  }
}

/**
 * How many shards: from the answers and the size of the tables alone, so that results do not depend
 * on the machine. At least 125,000 answers and 16 answers per table cell each, at most 8.
 */
export function shardCount(answers: SweepAnswers): number {
  const cells = answers.workerCount * answers.classCount ** 2;
  return Math.max(1, Math.min(8, Math.floor(answers.worker.length / Math.max(125_000, 16 * cells))));
}

/** An array that other threads can see, where there are such. */
function shared(length: number): Float64Array {
  return new Float64Array(
    typeof SharedArrayBuffer === 'undefined' ? new ArrayBuffer(8 * length) : new SharedArrayBuffer(8 * length),
  );
}

/** Contiguous tasks with about the same number of answers per shard. */
function split(answers: SweepAnswers, count: number): number[] {
  const { taskStart, taskCount } = answers;
  const bounds = [0];
  for (let shard = 1, task = 0; shard < count; shard++) {
    const wanted = (answers.worker.length * shard) / count;
    while (task < taskCount && taskStart[task] < wanted) task++;
    bounds.push(task);
  }
  bounds.push(taskCount);
  return bounds;
}

/**
 * A {@link ConfusionSweep} in shards of tasks, whose counts are added in the order of the shards: the
 * same bits on any number of threads, though not the same last bits as in one piece.
 *
 * The table and the counts of each shard are copied in and out, W·K² doubles per shard and sweep, so
 * it pays from about a million answers on and only where cores are idle.
 */
export class ShardedConfusionSweep implements ConfusionSweep {
  readonly engine: 'wasm' | 'reference';
  readonly note: string | undefined;
  readonly #answers: SweepAnswers;
  readonly #shards: readonly ShardInput[];
  readonly #team: ShardTeam;
  readonly #floor: number;
  readonly #table: Float64Array;
  readonly #prior: Float64Array;
  readonly #counts: Float64Array;
  readonly #totals: Float64Array;
  readonly #posterior: Float64Array;
  #stored = false;

  constructor(
    answers: SweepAnswers,
    options: ConfusionSweepOptions,
    engine: 'wasm' | 'reference',
    note: string | undefined,
    team: ShardTeamFactory,
    threads: number,
  ) {
    const { workerCount, classCount, taskCount, taskStart, worker, label, weight } = answers;
    const cells = workerCount * classCount * classCount;
    this.engine = engine;
    this.note = note;
    this.#answers = answers;
    this.#floor = Math.max(options.floor ?? defaultFloor, lowestFloor);
    this.#table = shared(cells).fill(1 / classCount);
    this.#prior = shared(classCount).fill(1 / classCount);
    this.#counts = new Float64Array(cells);
    this.#totals = new Float64Array(classCount);
    this.#posterior = shared(taskCount * classCount);
    const bounds = split(answers, shardCount(answers));
    this.#shards = bounds.slice(1).map((end, i) => {
      const first = bounds[i];
      const [from, to] = [taskStart[first], taskStart[end]];
      const rows = (columns: Float64Array | undefined): Float64Array | undefined =>
        columns?.subarray(first * classCount, end * classCount);
      return {
        answers: {
          taskStart: taskStart.slice(first, end + 1).map((start) => start - from),
          worker: worker.subarray(from, to),
          label: label.subarray(from, to),
          weight: weight?.subarray(from, to),
          taskCount: end - first,
          workerCount,
          classCount,
        },
        options: { ...options, taskPrior: rows(options.taskPrior), engine, threads: undefined },
        table: this.#table,
        prior: this.#prior,
        counts: shared(cells),
        totals: shared(classCount),
        posterior: rows(this.#posterior) as Float64Array,
        result: shared(2),
      };
    });
    this.#team = team(this.#shards, threads);
  }

  setTable(table: Float64Array): void {
    const floor = this.#floor;
    for (let i = 0; i < table.length; i++) this.#table[i] = table[i] >= floor ? table[i] : floor;
  }

  table(out: Float64Array): Float64Array {
    out.set(this.#table);
    return out;
  }

  normalise(added: Float64Array): void {
    const { classCount } = this.#answers;
    const counts = this.#counts;
    for (let row = 0; row < counts.length; row += classCount) {
      const shape = row % (classCount * classCount);
      let sum = 0;
      for (let k = 0; k < classCount; k++) sum += counts[row + k] + added[shape + k];
      for (let k = 0; sum > 0 && k < classCount; k++) {
        this.#table[row + k] = Math.max((counts[row + k] + added[shape + k]) / sum, this.#floor);
      }
    }
    counts.fill(0);
  }

  logDensity(added: Float64Array): number {
    return dirichletLogs(this.#table, added);
  }

  sweep(prior: Float64Array, options: { readonly store: boolean }): ConfusionSweepResult {
    this.#prior.set(prior);
    this.#stored = options.store;
    this.#team.run(options.store ? 'sweep and store' : 'sweep');
    this.#add();
    let logLikelihood = 0;
    let maxChange = options.store ? 0 : Number.NaN;
    for (const { result } of this.#shards) {
      logLikelihood += result[0];
      if (result[1] > maxChange) maxChange = result[1];
    }
    return { logLikelihood, maxChange };
  }

  scatter(posterior: Float64Array): void {
    this.#posterior.set(posterior);
    this.#stored = false;
    this.#team.run('scatter');
    this.#add();
  }

  scatterVotes(): void {
    this.#stored = false;
    this.#team.run('scatter votes');
    this.#table.fill(1 / this.#answers.classCount);
    this.#add();
  }

  #add(): void {
    this.#counts.fill(0);
    this.#totals.fill(0);
    for (const { counts, totals } of this.#shards) {
      for (let i = 0; i < counts.length; i++) this.#counts[i] += counts[i];
      for (let k = 0; k < totals.length; k++) this.#totals[k] += totals[k];
    }
  }

  counts(out: Float64Array): Float64Array {
    out.set(this.#counts);
    return out;
  }

  classTotals(out: Float64Array): Float64Array {
    out.set(this.#totals);
    return out;
  }

  posterior(out: Float64Array): Float64Array {
    if (!this.#stored) throw missingPosterior();
    out.set(this.#posterior);
    return out;
  }

  writePosterior(prior: Float64Array, out: Float64Array): Float64Array {
    this.sweep(prior, { store: true });
    this.posterior(out);
    this.#stored = false;
    return out;
  }

  dispose(): void {
    this.#team.dispose();
  }
}
