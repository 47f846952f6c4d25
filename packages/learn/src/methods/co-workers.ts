import type { AnswerTable, Random } from '@assay/core';
import { hash32 } from '@assay/core/math';
import { type FeatureMatrix, standardisationOf, standardised, type TaskFeatures } from '../features/index.ts';
import {
  type Architecture,
  gather,
  Network,
  type Standardisation,
  softmaxRows,
  type TrainingOptions,
  train,
} from '../networks/index.ts';
import type { Classifier, LearnContext } from './method.ts';

/** A model that says something about tasks: fixed, or trained on what is believed of them. */
export interface CoWorker {
  readonly name: string;
  /** Is it trained here? Fixed models keep what they said. */
  readonly trained: boolean;
  /** Index of the worker in the table, or -1 for networks. */
  readonly worker: number;
  /**
   * Probabilities T×K, a row of NaN where it has no opinion. A network is trained on `q` first; `last`
   * says that the network itself is wanted afterwards.
   */
  opinions(q: Float64Array, last: boolean): Promise<Float64Array>;
}

/** The people of a table: answers of workers of kind `ai` are left out, workers keep their index. */
export function peopleOf(table: AnswerTable): AnswerTable {
  const counted: number[] = [];
  const taskStart = new Uint32Array(table.taskCount + 1);
  for (let task = 0; task < table.taskCount; task++) {
    for (let e = table.taskStart[task]; e < table.taskStart[task + 1]; e++)
      if (table.kindOf(table.worker[e]) !== 'ai') counted.push(e);
    taskStart[task + 1] = counted.length;
  }
  if (counted.length === table.answerCount) return table;
  const weight = table.weight;
  return table.with({
    taskStart,
    worker: Uint32Array.from(counted, (e) => table.worker[e]),
    label: Uint16Array.from(counted, (e) => table.label[e]),
    weight: weight === undefined ? undefined : Float64Array.from(counted, (e) => weight[e]),
    time: undefined,
    durationMs: undefined,
    costMicros: undefined,
    exposed: undefined,
    soft: undefined,
    predicted: undefined,
  });
}

/** The models among the workers of a table, with what they said: probabilities where they gave them. */
export function fixedCoWorkers(table: AnswerTable): CoWorker[] {
  const { taskCount, classCount, taskStart, worker, label, soft } = table;
  const said = new Map<number, Float64Array>();
  for (let task = 0; task < taskCount; task++) {
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      if (table.kindOf(worker[e]) !== 'ai') continue;
      const opinions = said.get(worker[e]) ?? new Float64Array(taskCount * classCount).fill(Number.NaN);
      said.set(worker[e], opinions);
      for (let k = 0; k < classCount; k++)
        opinions[task * classCount + k] = soft === undefined ? (label[e] === k ? 1 : 0) : soft[e * classCount + k];
    }
  }
  return [...said]
    .sort(([a], [b]) => a - b)
    .map(([index, opinions]) => ({
      name: table.workers.name(index),
      trained: false,
      worker: index,
      opinions: () => Promise.resolve(opinions),
    }));
}

/** How a network takes part. */
export interface NetworkSettings {
  /** Makes the network for a number of features and classes. */
  readonly architecture: (matrix: FeatureMatrix, classes: number) => Architecture;
  readonly training: TrainingOptions;
  /** 0: asked about the tasks it was trained on. F: out of fold. */
  readonly folds: number;
  /** Standardise the features; default true. */
  readonly standardise?: boolean;
  /** Go on training in each round instead of starting afresh. */
  readonly warm?: boolean;
}

/**
 * A network as a co-worker.
 *
 * Features are standardised by the tasks it trains on: those with answers (or gold) and features. Out
 * of fold, each network of a fold sees only the other folds; folds are the same in all rounds, fixed
 * by the names of the tasks. A network for new tasks is trained on all of them when `last`.
 */
export class NetworkCoWorker implements CoWorker {
  readonly name: string;
  readonly trained = true;
  readonly worker = -1;
  readonly #table: AnswerTable;
  readonly #features: TaskFeatures;
  readonly #matrix: FeatureMatrix;
  readonly #standardisation: Standardisation;
  readonly #architecture: Architecture;
  readonly #settings: NetworkSettings;
  readonly #context: LearnContext;
  readonly #random: Random;
  /** Tasks it trains on, in an order that their names decide. */
  readonly #tasks: readonly number[];
  readonly #warm: Map<number, Network> = new Map();
  #folds: Uint8Array | undefined;
  #round = 0;
  #network: Network | undefined;
  readonly notes: string[] = [];

  constructor(table: AnswerTable, features: TaskFeatures, settings: NetworkSettings, context: LearnContext) {
    this.#table = table;
    this.#features = features;
    this.#settings = settings;
    this.#context = context;
    this.#random = context.random.fork('network');
    const key = Uint32Array.from({ length: table.taskCount }, (_, task) =>
      hash32(table.tasks.name(task), context.seed),
    );
    const informed = (task: number): boolean =>
      table.taskStart[task + 1] > table.taskStart[task] || (table.gold !== undefined && table.gold[task] >= 0);
    this.#tasks = Array.from({ length: table.taskCount }, (_, task) => task)
      .filter((task) => features.rowOfTask[task] >= 0 && informed(task))
      .sort((a, b) => key[a] - key[b] || (table.tasks.name(a) < table.tasks.name(b) ? -1 : 1));
    const rows = Uint32Array.from(this.#tasks, (task) => features.rowOfTask[task]);
    const found = standardisationOf(features.matrix, rows);
    if (found.constant > 0) this.notes.push(`${found.constant} features are constant: they say nothing`);
    const asTheyAre = { mean: found.mean.map(() => 0), scale: found.scale.map(() => 1) };
    this.#standardisation = settings.standardise === false ? asTheyAre : found;
    this.#matrix = settings.standardise === false ? features.matrix : standardised(features.matrix, found);
    this.#architecture = settings.architecture(features.matrix, table.classCount);
    this.name = this.#architecture.name;
  }

  /** The network trained on all tasks, once there is one. */
  get classifier(): Classifier | undefined {
    const network = this.#network;
    if (network === undefined) return undefined;
    const classes = this.#table.classes.names();
    const standardisation = this.#standardisation;
    return {
      network,
      standardisation,
      classes,
      predict: (matrix) => network.probabilities(standardised(matrix, standardisation).values, matrix.rows),
      toOnnx: () => network.toOnnx(classes, standardisation),
    };
  }

  async opinions(q: Float64Array, last: boolean): Promise<Float64Array> {
    const { folds } = this.#settings;
    const { classCount, taskCount } = this.#table;
    const result = new Float64Array(taskCount * classCount).fill(Number.NaN);
    const round = this.#round++;
    const outOfFold = folds > 1 && this.#tasks.length >= 2 * folds;
    if (folds > 1 && !outOfFold && round === 0)
      this.notes.push('too few tasks with features for folds: the network is asked about what it was trained on');
    if (outOfFold) {
      this.#folds ??= this.#split(q, folds);
      for (let fold = 0; fold < folds; fold++) {
        this.#context.onProgress({ stage: `round ${round + 1}: ${this.name}, fold`, done: fold, total: folds });
        const of = this.#folds;
        const network = await this.#trained(
          this.#tasks.filter((_, at) => of[at] !== fold),
          q,
          fold + 1,
          round,
        );
        await this.#ask(
          network,
          this.#tasks.filter((_, at) => of[at] === fold),
          result,
        );
      }
    }
    const unseen = Array.from({ length: taskCount }, (_, task) => task).filter(
      (task) => this.#features.rowOfTask[task] >= 0 && Number.isNaN(result[task * classCount]),
    );
    if (!outOfFold || last || unseen.length > 0) {
      this.#context.onProgress({ stage: `round ${round + 1}: ${this.name}`, done: 0, total: 1 });
      this.#network = await this.#trained(this.#tasks, q, 0, round);
      await this.#ask(this.#network, unseen, result);
    }
    return result;
  }

  async #trained(tasks: readonly number[], q: Float64Array, stream: number, round: number): Promise<Network> {
    const { classCount } = this.#table;
    const { warm = false, training } = this.#settings;
    const random = this.#random.fork(`${stream}/${round}`);
    const network =
      (warm ? this.#warm.get(stream) : undefined) ?? Network.start(this.#architecture, random.fork('start'));
    if (warm) this.#warm.set(stream, network);
    const targets = new Float64Array(tasks.length * classCount);
    tasks.forEach((task, i) => {
      targets.set(q.subarray(task * classCount, (task + 1) * classCount), i * classCount);
    });
    const rows = Uint32Array.from(tasks, (task) => this.#features.rowOfTask[task]);
    const set = { x: this.#matrix.values, rows, targets };
    // At least eight steps an epoch: a handful of tasks would hardly move the network otherwise.
    const batch = Math.min(training.batch ?? 64, Math.max(8, Math.ceil(tasks.length / 8)));
    await train(network, set, { ...training, batch }, { random: random.fork('train'), signal: this.#context.signal });
    return network;
  }

  async #ask(network: Network, tasks: readonly number[], result: Float64Array): Promise<void> {
    const { classCount } = this.#table;
    const rows = Uint32Array.from(tasks, (task) => this.#features.rowOfTask[task]);
    const logits = await network.logits(gather(this.#matrix.values, rows, this.#matrix.columns), rows.length);
    const p = softmaxRows(logits, classCount);
    tasks.forEach((task, i) => void result.set(p.subarray(i * classCount, (i + 1) * classCount), task * classCount));
  }

  /** Fold of each of its tasks: the likeliest classes are dealt out evenly. */
  #split(q: Float64Array, folds: number): Uint8Array {
    const { classCount } = this.#table;
    const likeliest = this.#tasks.map((task) => argmaxRow(q, task, classCount));
    const order = this.#tasks.map((_, at) => at).sort((a, b) => likeliest[a] - likeliest[b] || a - b);
    const result = new Uint8Array(order.length);
    order.forEach((at, i) => {
      result[at] = i % folds;
    });
    return result;
  }
}

/** The likeliest class of a task, the lowest where several are. */
export function argmaxRow(q: Float64Array, task: number, classCount: number): number {
  let best = 0;
  for (let k = 1; k < classCount; k++) if (q[task * classCount + k] > q[task * classCount + best]) best = k;
  return best;
}
