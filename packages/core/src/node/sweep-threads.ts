import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { EngineError } from '../errors.ts';
import { confusionSweepInOnePiece, setSweepThreads } from '../kernels/confusion-sweep.ts';
import { type ShardInput, ShardRunner, type ShardTeam, shardSteps } from '../kernels/sharded-confusion-sweep.ts';

/** Words of the block that main thread and helpers share. */
export const turn = 0;
export const pending = 1;
export const stepAt = 2;
export const failed = 3;

/** What a helper is started with. */
export interface HelperData {
  readonly control: Int32Array;
  readonly shards: readonly ShardInput[];
}

/** A helper that has not answered for this long is taken for lost. */
const patienceMs = 120_000;

/**
 * Lets confusion sweeps of a quarter of a million answers and more run on several threads; the
 * result does not depend on how many. Call it once at the start of a program; off by default, since
 * it pays only where cores are idle. Source of the order of summation: `ShardedConfusionSweep`.
 *
 * @example
 * startSweepThreads(4);
 */
export function startSweepThreads(threads: number = availableParallelism()): void {
  setSweepThreads(threads, (shards, count) => new ThreadTeam(shards, count));
}

/** Sweeps run in one piece on the calling thread again. */
export function stopSweepThreads(): void {
  setSweepThreads(undefined);
}

/**
 * Shards dealt out in turn to the calling thread and its helpers. The calling thread does its own and
 * waits for the others without giving up its turn, so a sweep stays an ordinary call.
 */
class ThreadTeam implements ShardTeam {
  readonly #control: Int32Array = new Int32Array(new SharedArrayBuffer(16));
  readonly #own: readonly ShardRunner[];
  readonly #helpers: readonly Worker[];

  constructor(shards: readonly ShardInput[], threads: number) {
    const members = Math.max(1, Math.min(threads, shards.length));
    const of = (member: number): ShardInput[] => shards.filter((_, i) => i % members === member);
    this.#helpers = Array.from({ length: members - 1 }, (_, i) => {
      const data: HelperData = { control: this.#control, shards: of(i + 1).map(visible) };
      const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
      const helper = new Worker(new URL(`./sweep-helper.${extension}`, import.meta.url), { workerData: data });
      helper.unref();
      return helper;
    });
    this.#own = of(0).map((shard) => new ShardRunner(shard, confusionSweepInOnePiece));
  }

  run(step: (typeof shardSteps)[number]): void {
    const control = this.#control;
    Atomics.store(control, stepAt, shardSteps.indexOf(step));
    Atomics.store(control, pending, this.#helpers.length);
    Atomics.add(control, turn, 1);
    Atomics.notify(control, turn);
    for (const shard of this.#own) shard.run(step);
    for (;;) {
      const left = Atomics.load(control, pending);
      if (Atomics.load(control, failed) !== 0) throw lost('a helper thread failed');
      if (left === 0) return;
      if (Atomics.wait(control, pending, left, patienceMs) === 'timed-out')
        throw lost('a helper thread does not answer');
    }
  }

  dispose(): void {
    for (const shard of this.#own) shard.dispose();
    for (const helper of this.#helpers) void helper.terminate();
  }
}

function lost(what: string): EngineError {
  return new EngineError(`invalid state of the sweep: ${what}; run again without threads`, {
    code: 'sweep-thread',
    hint: 'run again without threads',
  });
}

/** The shard with its answers where every thread can read them; the rest already is. */
function visible(shard: ShardInput): ShardInput {
  const { answers, options } = shard;
  const { taskStart, worker, label, weight, taskCount, workerCount, classCount } = answers;
  const columns = {
    taskStart: toShared(taskStart, new Uint32Array(sharedBytes(taskStart))),
    worker: toShared(worker, new Uint32Array(sharedBytes(worker))),
    label: toShared(label, new Uint16Array(sharedBytes(label))),
    weight: weight && toShared(weight, new Float64Array(sharedBytes(weight))),
  };
  const taskPrior = options.taskPrior && toShared(options.taskPrior, new Float64Array(sharedBytes(options.taskPrior)));
  return {
    ...shard,
    answers: { ...columns, taskCount, workerCount, classCount },
    options: { ...options, taskPrior },
  };
}

function sharedBytes(array: { readonly byteLength: number }): SharedArrayBuffer {
  return new SharedArrayBuffer(array.byteLength);
}

function toShared<T extends Uint32Array | Uint16Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
