import type { AnswerTable } from '../../answers/answer-table.ts';
import type { ContentOrder } from '../content-order.ts';
import { pauseWhenDue } from '../pauses.ts';

/** Time of one class of a task in an epoch, about. */
const nsPerClass = 150;

/**
 * The weights of workers that minimise ½‖η − centre‖² + penalty · Σ hinge over tasks, for given labels
 * z: the hinge of a task is max(0, margin − (score[z] − score[k])) over its other classes k.
 *
 * Dual coordinate ascent: each task holds multipliers α[k] ≥ 0 with Σ ≤ penalty, and an epoch takes
 * every task once, raising or lowering single multipliers and shifting between pairs, each exactly.
 * Multipliers of tasks whose label does not change are kept from one labelling to the next. Classes
 * that nobody gives to a task are all alike: the first takes the multiplier. Tasks and classes are taken
 * in content order, so that neither rows nor names matter.
 *
 * Source: Crammer & Singer 2001; Keerthi et al. 2008 for the pairwise steps.
 */
export class MarginMachine {
  /** W, the weights at present. */
  readonly weights: Float64Array;
  readonly #table: AnswerTable;
  readonly #penalty: number;
  readonly #margin: number;
  readonly #centre: number;
  readonly #order: ContentOrder;
  /** T×K multipliers; entry of the label itself unused. */
  readonly #multiplier: Float64Array;
  readonly #labels: Int32Array;
  /** Scratch: scores, and squared answer weights, of the classes of one task. */
  readonly #score: Float64Array;
  readonly #square: Float64Array;

  constructor(table: AnswerTable, order: ContentOrder, penalty: number, margin: number, centre: number) {
    this.#table = table;
    this.#penalty = penalty;
    this.#margin = margin;
    this.#centre = centre;
    this.#order = order;
    this.weights = new Float64Array(table.workerCount).fill(centre);
    this.#multiplier = new Float64Array(table.taskCount * table.classCount);
    this.#labels = new Int32Array(table.taskCount).fill(-1);
    this.#score = new Float64Array(table.classCount);
    this.#square = new Float64Array(table.classCount);
  }

  /** Takes new labels, -1 for tasks that have no say. Multipliers of changed tasks return to 0. */
  setLabels(labels: Int32Array): void {
    const { classCount } = this.#table;
    for (let task = 0; task < labels.length; task++) {
      if (labels[task] === this.#labels[task]) continue;
      const row = task * classCount;
      this.#multiplier.fill(0, row, row + classCount);
      this.#labels[task] = labels[task];
    }
  }

  /**
   * One pass over the tasks; returns the duality gap at the weights before it, which bounds how far
   * the objective is from its least. Pauses.
   */
  *epoch(): Generator<unknown, number, void> {
    this.#recompute();
    yield;
    const gap = this.#gap();
    yield;
    const due = pauseWhenDue();
    for (const task of this.#order.tasks) {
      if (this.#labels[task] < 0) continue;
      this.#improve(task);
      if (due(this.#table.classCount * nsPerClass)) yield;
    }
    return gap;
  }

  /** ½‖η − centre‖² + penalty · Σ hinge at the present weights and labels. */
  primal(): number {
    let value = 0;
    for (const weight of this.weights) value += 0.5 * (weight - this.#centre) ** 2;
    for (let task = 0; task < this.#labels.length; task++) value += this.#penalty * this.#hinge(task);
    return value;
  }

  /** η = centre + Σ α (1[said z] − 1[said k]), afresh, against rounding and dropped multipliers. */
  #recompute(): void {
    const { taskCount, classCount, taskStart, worker, label, weight } = this.#table;
    this.weights.fill(this.#centre);
    for (let task = 0; task < taskCount; task++) {
      const z = this.#labels[task];
      if (z < 0) continue;
      const row = task * classCount;
      let total = 0;
      for (let k = 0; k < classCount; k++) total += this.#multiplier[row + k];
      if (total === 0) continue;
      for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
        const push = label[answer] === z ? total : -this.#multiplier[row + label[answer]];
        this.weights[worker[answer]] += (weight === undefined ? 1 : weight[answer]) * push;
      }
    }
  }

  /** Primal minus dual: Σ (penalty · hinge − Σ α · (margin − lead)). */
  #gap(): number {
    const { classCount } = this.#table;
    let gap = 0;
    for (let task = 0; task < this.#labels.length; task++) {
      const z = this.#labels[task];
      if (z < 0) continue;
      gap += this.#penalty * this.#hinge(task);
      for (let k = 0; k < classCount; k++) {
        const alpha = this.#multiplier[task * classCount + k];
        if (alpha > 0) gap -= alpha * (this.#margin - (this.#score[z] - this.#score[k]));
      }
    }
    return gap;
  }

  #scores(task: number): void {
    const { taskStart, worker, label, weight } = this.#table;
    this.#score.fill(0);
    this.#square.fill(0);
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const power = weight === undefined ? 1 : weight[answer];
      this.#score[label[answer]] += power * this.weights[worker[answer]];
      this.#square[label[answer]] += power * power;
    }
  }

  #hinge(task: number): number {
    const z = this.#labels[task];
    if (z < 0) return 0;
    this.#scores(task);
    let hinge = 0;
    for (let k = 0; k < this.#score.length; k++) {
      if (k !== z) hinge = Math.max(hinge, this.#margin - (this.#score[z] - this.#score[k]));
    }
    return hinge;
  }

  /** Exact steps on one task's multipliers: the worst class alone, then against the least deserving one. */
  #improve(task: number): void {
    const { classCount } = this.#table;
    const { classes } = this.#order;
    const z = this.#labels[task];
    const row = task * classCount;
    this.#scores(task);
    for (let step = 0; step < 2 * classCount; step++) {
      let total = 0;
      let worst = -1;
      let spare = -1;
      for (let place = 0; place < classCount; place++) {
        const k = classes[place];
        if (k === z) continue;
        total += this.#multiplier[row + k];
        if (worst < 0 || this.#score[k] > this.#score[worst]) worst = k;
        if (this.#multiplier[row + k] > 0 && (spare < 0 || this.#score[k] < this.#score[spare])) spare = k;
      }
      const short = this.#margin - (this.#score[z] - this.#score[worst]);
      const room = this.#penalty - total;
      let moved = 0;
      if (short > 0 && room > 0) {
        const square = this.#square[z] + this.#square[worst];
        if (square > 0) moved = this.#shift(task, worst, -1, Math.min(room, short / square));
      } else if (spare >= 0) {
        const excess = this.#margin - (this.#score[z] - this.#score[spare]);
        if (excess < 0) {
          const step = Math.min(this.#multiplier[row + spare], -excess / (this.#square[z] + this.#square[spare]));
          moved = this.#shift(task, spare, -1, -step);
        } else if (worst !== spare && this.#score[worst] > this.#score[spare]) {
          const square = this.#square[worst] + this.#square[spare];
          const step = (this.#score[worst] - this.#score[spare]) / square;
          moved = this.#shift(task, worst, spare, Math.min(this.#multiplier[row + spare], step));
        }
      }
      if (Math.abs(moved) <= 1e-9 * this.#penalty) break;
    }
  }

  /** Adds to the multiplier of class `up`, taking it from `down` or from none (-1), and moves the weights. */
  #shift(task: number, up: number, down: number, amount: number): number {
    const { classCount, taskStart, worker, label, weight } = this.#table;
    const z = this.#labels[task];
    const row = task * classCount;
    this.#multiplier[row + up] = Math.max(0, this.#multiplier[row + up] + amount);
    if (down >= 0) this.#multiplier[row + down] = Math.max(0, this.#multiplier[row + down] - amount);
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const said = label[answer];
      const sign = said === up ? -1 : said === down || (down < 0 && said === z) ? 1 : 0;
      if (sign === 0) continue;
      const power = weight === undefined ? 1 : weight[answer];
      this.weights[worker[answer]] += sign * amount * power;
    }
    this.#score[up] -= amount * this.#square[up];
    if (down >= 0) this.#score[down] += amount * this.#square[down];
    else this.#score[z] += amount * this.#square[z];
    return amount;
  }
}
