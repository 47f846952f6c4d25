import { ReferenceConfusionSweep } from './confusion-sweep-reference.ts';
import { WasmConfusionSweep } from './confusion-sweep-wasm.ts';
import { ShardedConfusionSweep, ShardRunner, type ShardTeamFactory, shardCount } from './sharded-confusion-sweep.ts';
import type { SweepAnswers } from './sweep-layout.ts';

export interface ConfusionSweepOptions {
  /** Reserve the memory for posteriors at once rather than at the first sweep that stores them. */
  readonly storePosterior?: boolean;
  /**
   * T×K factors multiplied with the class prior; a gold task is a one-hot row; a row without a
   * positive entry counts as ones. `taskFactors(table)` makes them from gold labels and task priors.
   */
  readonly taskPrior?: Float64Array;
  /** `reference` is plain TypeScript; `auto` chooses by size and by what the machine can run. */
  readonly engine?: 'auto' | 'wasm' | 'reference';
  /** Cells below this are raised to it, default 1e-10; at least 1e-100. Low floors cost speed on tasks of many answers only. */
  readonly floor?: number;
  /**
   * Sweep in shards fixed by the data, on this many threads; default what `setSweepThreads` says, and
   * in one piece where it says nothing. Every number of threads gives the same bits. Threads need
   * `startSweepThreads` of `@assay/core/node`; without it the shards run one after the other.
   */
  readonly threads?: number;
}

export interface ConfusionSweepResult {
  /** Σ ln Σ_k prior[k]·taskPrior·Π table, over the tasks with an answer and the gold tasks. */
  readonly logLikelihood: number;
  /** Largest change of a posterior since the last stored sweep (zeros before the first); NaN if not storing. */
  readonly maxChange: number;
}

/**
 * One E-step and the counts of the following M-step, in one pass over the answers: the common part
 * of Dawid-Skene, its MAP, shrunk, pooled and variational forms.
 *
 * For each task `q[k] ∝ prior[k] · taskPrior[k] · Π table[worker][k][said]` over its answers, and
 * `counts[worker][k][said] += q[k]` for each answer. It multiplies probabilities; there is no
 * logarithm or exponential per answer, task or cell, and products that would leave the range of
 * a double are rescaled class by class, so hundreds of answers per task and cells at the floor
 * are exact to rounding.
 *
 * Cost: about 1 to 9 ns per answer for 2 to 16 classes. Memory: 4 bytes per answer, 16·K² bytes per
 * worker, and 8·K per task once posteriors are stored. An answer table with weights uses the
 * reference engine: each factor is raised to the weight and each count multiplied by it.
 *
 * A task without answers is left out of the likelihood and the totals unless it is gold; its
 * posterior is its prior. An empty table gives a likelihood of 0.
 *
 * @example
 * const { taskCount, classCount } = table;
 * const prior = new Float64Array(classCount).fill(1 / classCount);
 * const smoothing = new Float64Array(classCount * classCount).fill(0.01);
 * const sweep = confusionSweep(table);
 * sweep.scatter(new Float64Array(taskCount * classCount).fill(1 / classCount)); // or the vote shares
 * for (let i = 0; i < 100; i++) {
 *   sweep.normalise(smoothing); // M-step: counts + 0.01, rows to 1
 *   const { logLikelihood } = sweep.sweep(prior, { store: false });
 * }
 */
export interface ConfusionSweep {
  /** Which engine runs: `wasm`, or `reference` with the reason in `note` if it was not asked for. */
  readonly engine: 'wasm' | 'reference';
  readonly note: string | undefined;
  /** W×K×K, [worker][true][said], in (0, 1]; rows need not sum to 1 (variational Bayes gives exp E ln θ). */
  setTable(table: Float64Array): void;
  /** The present W×K×K table [worker][true][said], with its floor. */
  table(out: Float64Array): Float64Array;
  /**
   * M-step in place: `table[w][k][l] = (counts[w][k][l] + added[k][l]) / Σ_l (…)`, `added` K×K.
   * A row without any mass keeps its previous values (uniform at the start). The counts are used up:
   * they read zero afterwards.
   */
  normalise(added: Float64Array): void;
  /** Σ added[k][l] · ln table[w][k][l]: what the prior behind the M-step's `added` adds to an objective. */
  logDensity(added: Float64Array): number;
  /** E-step with the present table and this class prior (K, need not sum to 1), then counts. */
  sweep(prior: Float64Array, options: { readonly store: boolean }): ConfusionSweepResult;
  /** Counts from given posteriors (T×K in the table's order): the start of EM, or a hard E-step. */
  scatter(posterior: Float64Array): void;
  /**
   * Counts from vote shares (the weight of the answers saying a class, rows summing to 1): the usual
   * start of EM, several times as fast as {@link scatter}. The table is uniform afterwards.
   */
  scatterVotes(): void;
  /** W×K×K soft counts [worker][true][said] of the last sweep or scatter. */
  counts(out: Float64Array): Float64Array;
  /** K: Σ of posteriors over tasks with an answer and gold tasks, of the last sweep or scatter. */
  classTotals(out: Float64Array): Float64Array;
  /**
   * T×K posteriors of the last sweep, which must have stored them (else a StateError); a task
   * without answers gets its normalised prior.
   */
  posterior(out: Float64Array): Float64Array;
  /**
   * A sweep that only writes its T×K posteriors, for the end of a fit: it keeps none, which saves 8·K
   * bytes per task. The counts are those of the sweep.
   */
  writePosterior(prior: Float64Array, out: Float64Array): Float64Array;
  /** Frees the memory; the sweep cannot be used afterwards. */
  dispose(): void;
}

/** Who runs shards: one after the other unless `setSweepThreads` was given a team. */
let shardTeam: ShardTeamFactory = (shards) => {
  const runners = shards.map((shard) => new ShardRunner(shard, confusionSweepInOnePiece));
  return {
    run: (step) => runners.forEach((runner) => void runner.run(step)),
    dispose: () => runners.forEach((runner) => void runner.dispose()),
  };
};
let defaultThreads: number | undefined;

/**
 * Makes sweeps of large tables run in shards on `threads` threads from now on, or in one piece again
 * with undefined. Call it once at the start of a program; `@assay/core/node` has the team.
 */
export function setSweepThreads(threads: number | undefined, team?: ShardTeamFactory): void {
  defaultThreads = threads;
  if (team !== undefined) shardTeam = team;
}

/** Below this many answers compiling WebAssembly costs more than it saves. */
const leastWasmAnswers = 20_000;

/**
 * The sweep over `answers`; see {@link ConfusionSweep}.
 *
 * `auto` takes WebAssembly from 20,000 answers on. Without WebAssembly or its 128-bit vectors, with
 * weighted answers, or beyond 4 GB the reference runs and `note` says why.
 */
export function confusionSweep(answers: SweepAnswers, options: ConfusionSweepOptions = {}): ConfusionSweep {
  const threads = options.threads ?? defaultThreads;
  if (threads !== undefined && shardCount(answers) > 1) return openShards(answers, options, threads);
  return confusionSweepInOnePiece(answers, options);
}

function openShards(answers: SweepAnswers, options: ConfusionSweepOptions, threads: number): ConfusionSweep {
  // A sweep without answers tells which engine there will be.
  const none = { ...answers, taskStart: new Uint32Array(1), taskCount: 0 };
  const empty = { ...none, worker: new Uint32Array(), label: new Uint16Array() };
  const engine = options.engine === 'reference' ? 'reference' : 'wasm';
  const probe = confusionSweepInOnePiece(empty, { engine });
  const note = answers.weight === undefined ? probe.note : weightedNote;
  const runs = note === undefined ? probe.engine : 'reference';
  return new ShardedConfusionSweep(answers, options, runs, note, shardTeam, threads);
}

const weightedNote = 'weighted answers run in TypeScript, about five times slower';

/** The sweep on this thread whatever `setSweepThreads` says: what a shard runs. */
export function confusionSweepInOnePiece(answers: SweepAnswers, options: ConfusionSweepOptions): ConfusionSweep {
  const engine = options.engine ?? 'auto';
  if (engine === 'reference' || (engine === 'auto' && answers.worker.length < leastWasmAnswers)) {
    return new ReferenceConfusionSweep(answers, options, undefined);
  }
  if (answers.weight !== undefined) {
    return new ReferenceConfusionSweep(answers, options, weightedNote);
  }
  try {
    return new WasmConfusionSweep(answers, options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const note = `WebAssembly could not be used (${reason}); TypeScript runs instead, about five times slower`;
    return new ReferenceConfusionSweep(answers, options, note);
  }
}
