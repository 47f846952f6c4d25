import type { AnswerTable } from '@assay/core';
import { hash32 } from '@assay/core/math';
import { type FeatureMatrix, standardisationOf, standardised, type TaskFeatures } from '../features/index.ts';
import {
  type Architecture,
  gather,
  type Network,
  type Standardisation,
  softmaxRows,
  type TrainingOptions,
  type TrainingSet,
} from '../networks/index.ts';
import type { Classifier } from './method.ts';

/** What tasks are prepared for. */
export interface Preparation {
  /** Makes the network for a number of features and classes. */
  readonly architecture: (matrix: FeatureMatrix, classes: number) => Architecture;
  /** Standardise the features; default true. */
  readonly standardise?: boolean;
}

/**
 * The tasks a network is trained on, those with features and answers (or gold), and their features as
 * the network gets them.
 *
 * Features are standardised by these tasks alone. Tasks are in an order that their names and the seed
 * decide, so that the order of rows never matters.
 */
export class PreparedTasks {
  readonly table: AnswerTable;
  readonly tasks: readonly number[];
  readonly matrix: FeatureMatrix;
  readonly architecture: Architecture;
  readonly rowOfTask: Int32Array;
  readonly notes: readonly string[];
  readonly #standardisation: Standardisation;

  constructor(
    table: AnswerTable,
    { matrix, rowOfTask }: TaskFeatures,
    { architecture, standardise = true }: Preparation,
    seed: number,
  ) {
    this.table = table;
    this.rowOfTask = rowOfTask;
    const key = Uint32Array.from({ length: table.taskCount }, (_, task) => hash32(table.tasks.name(task), seed));
    const informed = (task: number): boolean =>
      table.taskStart[task + 1] > table.taskStart[task] || (table.gold !== undefined && table.gold[task] >= 0);
    this.tasks = Array.from({ length: table.taskCount }, (_, task) => task)
      .filter((task) => rowOfTask[task] >= 0 && informed(task))
      .sort((a, b) => key[a] - key[b] || (table.tasks.name(a) < table.tasks.name(b) ? -1 : 1));
    const found = standardisationOf(matrix, this.rows(this.tasks));
    this.notes = found.constant > 0 ? [`${found.constant} features are constant: they say nothing`] : [];
    const asTheyAre = { mean: found.mean.map(() => 0), scale: found.scale.map(() => 1) };
    this.#standardisation = standardise ? found : asTheyAre;
    this.matrix = standardise ? standardised(matrix, found) : matrix;
    this.architecture = architecture(matrix, table.classCount);
  }

  /** Rows of features of tasks. */
  rows(tasks: readonly number[]): Uint32Array {
    return Uint32Array.from(tasks, (task) => this.rowOfTask[task]);
  }

  /** Tasks with what is believed of them (T×K), to train a network on. */
  trainingSet(tasks: readonly number[], q: Float64Array): TrainingSet {
    const { classCount } = this.table;
    const targets = new Float64Array(tasks.length * classCount);
    tasks.forEach((task, i) => {
      targets.set(q.subarray(task * classCount, (task + 1) * classCount), i * classCount);
    });
    return { x: this.matrix.values, rows: this.rows(tasks), targets };
  }

  /** All tasks with features, with answers or without. */
  get described(): number[] {
    return Array.from(this.rowOfTask.keys()).filter((task) => this.rowOfTask[task] >= 0);
  }

  /** Writes a network's probabilities for tasks into their rows of `result`, T×K. */
  async ask(network: Network, tasks: readonly number[], result: Float64Array): Promise<void> {
    const { classCount } = this.table;
    const x = gather(this.matrix.values, this.rows(tasks), this.matrix.columns);
    const p = softmaxRows(await network.logits(x, tasks.length), classCount);
    tasks.forEach((task, i) => void result.set(p.subarray(i * classCount, (i + 1) * classCount), task * classCount));
  }

  /** A trained network with what must come before it. */
  classifier(network: Network): Classifier {
    const classes = this.table.classes.names();
    const standardisation = this.#standardisation;
    return {
      network,
      standardisation,
      classes,
      predict: (matrix) => network.probabilities(standardised(matrix, standardisation).values, matrix.rows),
      toOnnx: () => network.toOnnx(classes, standardisation),
    };
  }
}

/**
 * Rows per step: at least eight steps an epoch, since a handful of tasks would hardly move a network
 * otherwise; all of them where `batch` is 0.
 */
export function batchSize({ batch = 64 }: TrainingOptions, tasks: number): number {
  if (batch === 0) return Math.max(1, tasks);
  return Math.min(batch, Math.max(8, Math.ceil(tasks / 8)));
}
