import type { AnswerTable, Random } from '@assay/core';
import type { TaskFeatures } from '../features/index.ts';
import { Network, type TrainingOptions, train } from '../networks/index.ts';
import type { Classifier, LearnContext } from './method.ts';
import { batchSize, type Preparation, PreparedTasks } from './prepared.ts';

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
export interface NetworkSettings extends Preparation {
  readonly training: TrainingOptions;
  /** 0: asked about the tasks it was trained on. F: out of fold. */
  readonly folds: number;
  /** Go on training in each round instead of starting afresh. */
  readonly warm?: boolean;
}

/**
 * A network as a co-worker, trained on {@link PreparedTasks}.
 *
 * Out of fold, each network of a fold sees only the other folds; folds are the same in all rounds,
 * fixed by the names of the tasks. A network for new tasks is trained on all of them when `last`.
 */
export class NetworkCoWorker implements CoWorker {
  readonly name: string;
  readonly trained = true;
  readonly worker = -1;
  readonly #prepared: PreparedTasks;
  readonly #settings: NetworkSettings;
  readonly #context: LearnContext;
  readonly #random: Random;
  readonly #warm: Map<number, Network> = new Map();
  #folds: Uint8Array | undefined;
  #round = 0;
  #network: Network | undefined;
  readonly notes: string[];

  constructor(table: AnswerTable, features: TaskFeatures, settings: NetworkSettings, context: LearnContext) {
    this.#prepared = new PreparedTasks(table, features, settings, context.seed);
    this.#settings = settings;
    this.#context = context;
    this.#random = context.random.fork('network');
    this.notes = [...this.#prepared.notes];
    this.name = this.#prepared.architecture.name;
  }

  /** The network trained on all tasks, once there is one. */
  get classifier(): Classifier | undefined {
    return this.#network === undefined ? undefined : this.#prepared.classifier(this.#network);
  }

  async opinions(q: Float64Array, last: boolean): Promise<Float64Array> {
    const { folds } = this.#settings;
    const { tasks, table, described } = this.#prepared;
    const { classCount, taskCount } = table;
    const result = new Float64Array(taskCount * classCount).fill(Number.NaN);
    const round = this.#round++;
    const outOfFold = folds > 1 && tasks.length >= 2 * folds;
    if (folds > 1 && !outOfFold && round === 0)
      this.notes.push('too few tasks with features for folds: the network is asked about what it was trained on');
    if (outOfFold) {
      this.#folds ??= this.#split(q, folds);
      for (let fold = 0; fold < folds; fold++) {
        this.#context.onProgress({ stage: `round ${round + 1}: ${this.name}, fold`, done: fold, total: folds });
        const of = this.#folds;
        const others = tasks.filter((_, at) => of[at] !== fold);
        const network = await this.#trained(others, q, fold + 1, round);
        const own = tasks.filter((_, at) => of[at] === fold);
        await this.#prepared.ask(network, own, result);
      }
    }
    const unseen = described.filter((task) => Number.isNaN(result[task * classCount]));
    if (!outOfFold || last || unseen.length > 0) {
      this.#context.onProgress({ stage: `round ${round + 1}: ${this.name}`, done: 0, total: 1 });
      this.#network = await this.#trained(tasks, q, 0, round);
      await this.#prepared.ask(this.#network, unseen, result);
    }
    return result;
  }

  async #trained(tasks: readonly number[], q: Float64Array, stream: number, round: number): Promise<Network> {
    const { architecture } = this.#prepared;
    const { warm = false, training } = this.#settings;
    const random = this.#random.fork(`${stream}/${round}`);
    const network = (warm ? this.#warm.get(stream) : undefined) ?? Network.start(architecture, random.fork('start'));
    if (warm) this.#warm.set(stream, network);
    const set = this.#prepared.trainingSet(tasks, q);
    const batch = batchSize(training, tasks.length);
    await train(network, set, { ...training, batch }, { random: random.fork('train'), signal: this.#context.signal });
    return network;
  }

  /** Fold of each of its tasks: the likeliest classes are dealt out evenly. */
  #split(q: Float64Array, folds: number): Uint8Array {
    const { table, tasks } = this.#prepared;
    const { classCount } = table;
    const likeliest = tasks.map((task) => argmaxRow(q, task, classCount));
    const order = tasks.map((_, at) => at).sort((a, b) => likeliest[a] - likeliest[b] || a - b);
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
