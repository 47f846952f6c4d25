import type { AnswerTable } from '../../answers/answer-table.ts';
import { dirichletKl } from '../../math/dirichlet.ts';
import { digamma, logGamma } from '../../math/gamma-functions.ts';
import { pauseWhenDue } from '../pauses.ts';
import { isInformed } from '../votes.ts';
import type { DirichletPrior } from './dirichlet-prior.ts';

/** Time per answer and cell, and per Dirichlet parameter, about. */
const nsPerCell = 2;
const nsPerParameter = 80;
/** Factors between two rescalings of a product, each at least {@link least}. */
const rescaleEvery = 8;
const least = 1e-35;
/** Starting factors are not let below this: an unused subtype may come back. */
const leastStart = 1e-60;

/**
 * The state of one EBCC fit: joint probabilities of class and subtype per task, and the Dirichlet
 * parameters they imply.
 *
 * A cell is a (class, subtype) pair, `class · G + subtype`. Counts and factors lie as
 * [worker][said][cell], so that an answer reads and writes one run. Products are rescaled instead of
 * taken in logarithms. O(N·K·G) per sweep, and a digamma, a log-gamma and an exponential for each
 * worker, said class and cell with answers.
 */
export class EbccState {
  /** T×K·G joint probabilities; zero rows for tasks with neither answers nor gold. */
  readonly joint: Float64Array;
  /** W×K×K·G Dirichlet parameters [worker][said][cell]. */
  readonly beta: Float64Array;
  /** K·G Dirichlet parameters of subtypes within classes. */
  readonly eta: Float64Array;
  /** K Dirichlet parameters of classes. */
  readonly nu: Float64Array;
  readonly #table: AnswerTable;
  readonly #prior: DirichletPrior;
  readonly #subtypes: number;
  readonly #concentration: number;
  readonly #factor: Float64Array;
  readonly #start: Float64Array;
  readonly #product: Float64Array;
  readonly #informed: Uint8Array;

  constructor(table: AnswerTable, prior: DirichletPrior, subtypes: number, concentration: number, joint: Float64Array) {
    const { workerCount, classCount, taskCount } = table;
    const cells = classCount * subtypes;
    this.#table = table;
    this.#prior = prior;
    this.#subtypes = subtypes;
    this.#concentration = concentration;
    this.joint = joint;
    this.beta = new Float64Array(workerCount * classCount * cells);
    this.#factor = new Float64Array(workerCount * classCount * cells);
    this.eta = new Float64Array(cells);
    this.nu = new Float64Array(classCount);
    this.#start = new Float64Array(cells);
    this.#product = new Float64Array(cells);
    this.#informed = Uint8Array.from({ length: taskCount }, (_, task) => (isInformed(table, task) ? 1 : 0));
  }

  /** Parameters from the joint, then a new joint; the bound and the largest change of a class probability. Pauses. */
  *sweep(): Generator<void, { readonly bound: number; readonly change: number }, void> {
    const divergence = this.#updateClasses() + (yield* this.#updateRows());
    const { logSum, change } = yield* this.#updateJoint();
    return { bound: logSum - divergence, change };
  }

  /** T×K class probabilities; tasks without answers get the mean frequencies or their task prior. */
  posterior(): Float64Array {
    const { taskCount, classCount, taskPrior } = this.#table;
    const posterior = new Float64Array(taskCount * classCount);
    const prior = this.classPrior();
    for (let task = 0; task < taskCount; task++) {
      for (let k = 0; k < classCount; k++) {
        const at = task * classCount + k;
        if (this.#informed[task] === 0) {
          posterior[at] = taskPrior === undefined ? prior[k] : taskPrior[at];
          continue;
        }
        const from = at * this.#subtypes;
        for (let m = 0; m < this.#subtypes; m++) posterior[at] += this.joint[from + m];
      }
    }
    return posterior;
  }

  classPrior(): Float64Array {
    const sum = this.nu.reduce((total, value) => total + value, 0);
    return this.nu.map((value) => value / sum);
  }

  /** ν and η from the joint, the starting factor of each cell; the divergences of both. */
  #updateClasses(): number {
    const { taskCount, classCount, taskPrior } = this.#table;
    const { joint, eta, nu } = this;
    const subtypes = this.#subtypes;
    const cells = classCount * subtypes;
    eta.fill(0);
    for (let task = 0; task < taskCount; task++) {
      if (this.#informed[task] === 0) continue;
      for (let c = 0; c < cells; c++) eta[c] += joint[task * cells + c];
    }
    const within = this.#concentration / subtypes;
    const withinPrior = new Float64Array(subtypes).fill(within);
    let divergence = 0;
    let sum = 0;
    for (let k = 0; k < classCount; k++) {
      let mass = 0;
      for (let m = 0; m < subtypes; m++) {
        mass += eta[k * subtypes + m];
        eta[k * subtypes + m] += within;
      }
      divergence += dirichletKl(eta, withinPrior, k * subtypes, subtypes, 0);
      nu[k] = this.#prior.classes[k] + mass;
      sum += nu[k];
    }
    if (taskPrior === undefined) divergence += dirichletKl(nu, this.#prior.classes, 0, classCount);
    const common = digamma(sum);
    for (let k = 0; k < classCount; k++) {
      const frequency = taskPrior === undefined ? digamma(nu[k]) - common : 0;
      let mass = 0;
      for (let m = 0; m < subtypes; m++) mass += eta[k * subtypes + m];
      const inside = digamma(mass);
      for (let m = 0; m < subtypes; m++) {
        const c = k * subtypes + m;
        this.#start[c] = Math.max(leastStart, Math.exp(frequency + digamma(eta[c]) - inside));
      }
    }
    return divergence;
  }

  /** β from the joint, exp(E ln θ) as factors; the divergence of all rows. */
  *#updateRows(): Generator<void, number, void> {
    const due = pauseWhenDue();
    const { taskCount, workerCount, classCount, taskStart, worker, label, weight, testCounts } = this.#table;
    const { joint, beta } = this;
    const subtypes = this.#subtypes;
    const cells = classCount * subtypes;
    const factor = this.#factor;
    beta.fill(0);
    for (let task = 0; task < taskCount; task++) {
      const from = task * cells;
      if (due((taskStart[task + 1] - taskStart[task]) * cells * nsPerCell)) yield;
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
        const to = (worker[e] * classCount + label[e]) * cells;
        const power = weight === undefined ? 1 : weight[e];
        for (let c = 0; c < cells; c++) beta[to + c] += power * joint[from + c];
      }
    }
    const alpha = this.#prior.confusion;
    const plain = alpha.map(digamma);
    let divergence = 0;
    for (let w = 0; w < workerCount; w++) {
      if (due(classCount * cells * nsPerParameter)) yield;
      for (let k = 0; k < classCount; k++) {
        for (let m = 0; m < subtypes; m++) {
          const at = w * classCount * cells + k * subtypes + m;
          let sum = 0;
          let priorSum = 0;
          for (let l = 0; l < classCount; l++) {
            const parameter =
              alpha[k * classCount + l] +
              (testCounts === undefined ? 0 : testCounts[(w * classCount + k) * classCount + l]);
            priorSum += parameter;
            sum += parameter + beta[at + l * cells];
          }
          const common = digamma(sum);
          if (sum > priorSum) divergence += logGamma(sum) - logGamma(priorSum);
          for (let l = 0; l < classCount; l++) {
            const test = testCounts === undefined ? 0 : testCounts[(w * classCount + k) * classCount + l];
            const parameter = alpha[k * classCount + l] + test;
            const count = beta[at + l * cells];
            beta[at + l * cells] = parameter + count;
            const expected =
              (count === 0 && test === 0 ? plain[k * classCount + l] : digamma(parameter + count)) - common;
            if (count > 0) divergence += count * expected - logGamma(parameter + count) + logGamma(parameter);
            factor[at + l * cells] = Math.max(least, Math.exp(expected));
          }
        }
      }
    }
    return divergence;
  }

  *#updateJoint(): Generator<void, { logSum: number; change: number }, void> {
    const due = pauseWhenDue();
    const { taskCount, classCount, taskStart, worker, label, weight, gold, taskPrior } = this.#table;
    const { joint } = this;
    const subtypes = this.#subtypes;
    const cells = classCount * subtypes;
    const product = this.#product;
    const factor = this.#factor;
    let logSum = 0;
    let change = 0;
    for (let task = 0; task < taskCount; task++) {
      if (this.#informed[task] === 0) continue;
      if (due((taskStart[task + 1] - taskStart[task]) * cells * nsPerCell)) yield;
      const known = gold === undefined ? -1 : gold[task];
      for (let k = 0; k < classCount; k++) {
        const frequency = taskPrior === undefined ? 1 : Math.max(leastStart, taskPrior[task * classCount + k]);
        const allowed = known < 0 ? frequency : k === known ? 1 : 0;
        for (let m = 0; m < subtypes; m++) product[k * subtypes + m] = this.#start[k * subtypes + m] * allowed;
      }
      let left = rescaleEvery;
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
        const from = (worker[e] * classCount + label[e]) * cells;
        if (weight === undefined) for (let c = 0; c < cells; c++) product[c] *= factor[from + c];
        else for (let c = 0; c < cells; c++) product[c] *= Math.max(least, factor[from + c] ** weight[e]);
        if (--left === 0) {
          left = rescaleEvery;
          logSum += rescale(product);
        }
      }
      let sum = 0;
      for (let c = 0; c < cells; c++) sum += product[c];
      logSum += Math.log(sum);
      for (let k = 0; k < classCount; k++) {
        let before = 0;
        let after = 0;
        for (let c = k * subtypes; c < (k + 1) * subtypes; c++) {
          const next = product[c] / sum;
          before += joint[task * cells + c];
          after += next;
          joint[task * cells + c] = next;
        }
        if (Math.abs(after - before) > change) change = Math.abs(after - before);
      }
    }
    return { logSum, change };
  }
}

/** Divides by the greatest, in place; the log of it. */
function rescale(product: Float64Array): number {
  let most = 0;
  for (let c = 0; c < product.length; c++) if (product[c] > most) most = product[c];
  const scale = 1 / most;
  for (let c = 0; c < product.length; c++) product[c] *= scale;
  return Math.log(most);
}
