import type { AnswerTable } from '@assay/core';
import type { ConfusionLogits } from './confusion-logits.ts';
import { answerMass } from './coupled-cross-entropy.ts';
import type { Batch, CrowdLoss } from './joint-training.ts';
import { AdamParameters } from './parameters.ts';
import { addTaskVolume } from './volume.ts';

/** Weights and constants of {@link OutlierLoss}. */
export interface OutlierSettings {
  /** μ₁, weight of the penalty of corrections. */
  readonly sparsity: number;
  /** p of the penalty: the smaller, the fewer tasks get corrections. */
  readonly power: number;
  /** μ₂, weight of the volume of the tasks. */
  readonly taskVolume: number;
  /** Rate of proximal steps for the corrections; undefined for Adam at the rate of the workers. */
  readonly proximal: number | undefined;
}

/** ζ: keeps the penalty's derivative finite at zero corrections. */
const smoothing = 1e-8;

/** Probabilities of answers are held between these before they are normalised. */
const [leastAnswer, mostAnswer] = [1e-10, 1 - 1e-10];

/**
 * Coupled cross entropy in which every answer e may differ from what its worker's confusions say: its
 * probabilities are A_uᵀf + e_e, clamped and normalised, with corrections e_e that sum to 0 and are
 * kept rare by μ₁ · mean over tasks of (Σ_e ‖e_e‖² + ζ)^(p/2).
 *
 * Tasks whose answers need corrections are those that class-level confusions do not explain. K numbers
 * per answer (three times that with Adam). Without corrections it is GeoCrowdNet(F).
 *
 * Source: Nguyen, Ibrahim & Fu (2024), eq. 9. Ours: proximal steps for corrections, which leave most
 * tasks without any; Adam moves every correction by its rate whatever the penalty is.
 */
export class OutlierLoss implements CrowdLoss {
  readonly workers: ConfusionLogits;
  /** E×K; the corrections of an answer sum to 0. */
  readonly corrections: AdamParameters;
  readonly #table: AnswerTable;
  readonly #settings: OutlierSettings;
  readonly #p: Float64Array;
  readonly #change: Float64Array;
  #last: Uint32Array = new Uint32Array(0);

  constructor(table: AnswerTable, workers: ConfusionLogits, settings: OutlierSettings) {
    this.workers = workers;
    this.corrections = new AdamParameters(new Float64Array(table.answerCount * table.classCount));
    this.#table = table;
    this.#settings = settings;
    this.#p = new Float64Array(table.classCount);
    this.#change = new Float64Array(table.classCount);
  }

  evaluate(batch: Batch): number {
    const { tasks, f, slope } = batch;
    const { classCount, taskStart, weight } = this.#table;
    const total = answerMass(this.#table, tasks);
    this.#last = tasks;
    let loss = addTaskVolume(f, slope, tasks.length, classCount, this.#settings.taskVolume);
    for (let i = 0; i < tasks.length; i++) {
      for (let e = taskStart[tasks[i]]; e < taskStart[tasks[i] + 1]; e++) {
        loss += this.#answer(e, f, slope, i * classCount, (weight === undefined ? 1 : weight[e]) / total);
      }
      loss += this.#penalty(tasks[i], tasks.length);
    }
    return loss;
  }

  step(rate: number): void {
    const { proximal } = this.#settings;
    this.workers.step(rate);
    if (proximal === undefined) this.corrections.step(rate);
    else this.#descend(proximal);
  }

  /** Squared length of the corrections of each task, T: how badly confusions explain its answers. */
  difficulty(): Float64Array {
    const { taskCount } = this.#table;
    return Float64Array.from({ length: taskCount }, (_, task) => this.#square(task));
  }

  /** −share · log of the probability of answer e, with its derivatives. */
  #answer(e: number, f: Float64Array, slope: Float64Array, row: number, share: number): number {
    const { classCount, worker, label } = this.#table;
    const { confusion, slope: confusionSlope } = this.workers;
    const { values, gradient } = this.corrections;
    const [p, change] = [this.#p, this.#change];
    const block = worker[e] * classCount * classCount;
    let sum = 0;
    for (let l = 0; l < classCount; l++) {
      let plain = values[e * classCount + l];
      for (let k = 0; k < classCount; k++) plain += f[row + k] * confusion[block + k * classCount + l];
      // 0 where it is clamped: no derivative passes there.
      change[l] = plain < leastAnswer || plain > mostAnswer ? 0 : 1;
      p[l] = Math.min(mostAnswer, Math.max(leastAnswer, plain));
      sum += p[l];
    }
    let mean = 0;
    for (let l = 0; l < classCount; l++) {
      change[l] *= share * (1 / sum - (l === label[e] ? 1 / p[l] : 0));
      mean += change[l] / classCount;
    }
    for (let l = 0; l < classCount; l++) {
      gradient[e * classCount + l] += change[l] - mean;
      for (let k = 0; k < classCount; k++) {
        slope[row + k] += confusion[block + k * classCount + l] * change[l];
        confusionSlope[block + k * classCount + l] += f[row + k] * change[l];
      }
    }
    return -share * Math.log(p[label[e]] / sum);
  }

  #penalty(task: number, rows: number): number {
    const { classCount, taskStart } = this.#table;
    const { values, gradient } = this.corrections;
    const pull = this.#pull(task, rows);
    for (let i = taskStart[task] * classCount; i < taskStart[task + 1] * classCount; i++)
      gradient[i] += pull * values[i];
    return (this.#settings.sparsity * (this.#square(task) + smoothing) ** (this.#settings.power / 2)) / rows;
  }

  /** The penalty's derivative by a correction, divided by the correction. */
  #pull(task: number, rows: number): number {
    const { sparsity, power } = this.#settings;
    return (sparsity * power * (this.#square(task) + smoothing) ** (power / 2 - 1)) / rows;
  }

  #square(task: number): number {
    const { classCount, taskStart } = this.#table;
    const { values } = this.corrections;
    let sum = 0;
    for (let i = taskStart[task] * classCount; i < taskStart[task + 1] * classCount; i++) sum += values[i] ** 2;
    return sum;
  }

  /**
   * One proximal step for the answers of the last batch: against the slope of the likelihood, and then
   * to the minimum of the penalty near by. A task's corrections are exactly 0 until its likelihood
   * pulls hard enough.
   */
  #descend(rate: number): void {
    const { classCount, taskStart } = this.#table;
    const { sparsity, power } = this.#settings;
    const { values, gradient } = this.corrections;
    for (const task of this.#last) {
      const [from, to] = [taskStart[task] * classCount, taskStart[task + 1] * classCount];
      const pull = this.#pull(task, this.#last.length);
      let square = 0;
      for (let i = from; i < to; i++) {
        values[i] -= rate * (gradient[i] - pull * values[i]);
        square += values[i] ** 2;
        gradient[i] = 0;
      }
      const length = Math.sqrt(square);
      const kept = shrunkLength(length, (rate * sparsity) / this.#last.length, power) / length;
      for (let i = from; i < to; i++) values[i] = kept > 0 ? values[i] * kept : 0;
    }
  }
}

/** The t ≥ 0 that minimises ½(t − length)² + weight · tᵖ: 0, or what Newton's method finds below `length`. */
function shrunkLength(length: number, weight: number, power: number): number {
  let t = length;
  for (let step = 0; step < 20 && t > 0; step++) {
    const slope = t - length + weight * power * t ** (power - 1);
    const bend = 1 + weight * power * (power - 1) * t ** (power - 2);
    if (bend <= 0) return 0;
    t -= slope / bend;
  }
  return t > 0 && (t - length) ** 2 / 2 + weight * t ** power < length ** 2 / 2 ? t : 0;
}
