import { flooredPrior, writeNormalised } from './confusion-sweep-reference.ts';
import { gladKernel } from './generated/glad.generated.ts';
import { type KernelEngine, type KernelMemory, MemoryPlan, openMemory } from './kernel-memory.ts';
import { logRescaleFactor } from './rescaling.ts';
import { isOneHot, type SweepAnswers, type SweepLayout, sweepLayout, usableFactors } from './sweep-layout.ts';

export interface GladPassOptions {
  /** T×K factors multiplied with the class prior; a gold task is a one-hot row. See `taskFactors`. */
  readonly taskPrior?: Float64Array;
  /** `auto` takes WebAssembly from 20,000 answers on. */
  readonly engine?: KernelEngine;
}

/**
 * Posteriors, log-likelihood and both gradients of GLAD in one pass over the answers.
 *
 * Worker w is right on task i with probability `σ(ability[w] · e^logEase[i])`, wrong answers are even
 * over the other classes. `pass` does the E-step at the present parameters and leaves the gradient of
 * the expected complete log-likelihood, which at these posteriors **is** the gradient of the
 * log-likelihood itself (Fisher's identity), so that a quasi-Newton method may climb it directly and
 * needs far fewer passes than EM with many inner steps. `surrogate` keeps the posteriors of the last
 * pass: the M-step objective and its gradient.
 *
 * One exponential per answer, two at a time in WASM: about 8 ns per answer, 16 to 25 in TypeScript.
 * Memory: 6 bytes per answer, 8·(3 + K) per task. A weight multiplies all terms of its answer.
 *
 * Source: Whitehill, Ruvolo, Wu, Bergsma & Movellan 2009, section 3.1 and supplement; wrong answers of
 * more than two classes uniform.
 *
 * @example
 * const glad = gladPass(table);
 * glad.setParameters(new Float64Array(table.workerCount).fill(1), new Float64Array(table.taskCount));
 * const logLikelihood = glad.pass(new Float64Array(table.classCount).fill(1 / table.classCount));
 * const slope = glad.abilityGradient(new Float64Array(table.workerCount));
 */
export interface GladPass {
  readonly engine: 'wasm' | 'reference';
  readonly note: string | undefined;
  /** `ability` W, any sign; `logEase` T, within ±300 (e^logEase is the inverse difficulty). */
  setParameters(ability: Float64Array, logEase: Float64Array): void;
  /** E-step; the log-likelihood of the answers under this class prior (K). */
  pass(prior: Float64Array): number;
  /** Σ_e q[said] ln σ + (1 − q[said]) (ln(1 − σ) − ln(K − 1)) with the posteriors of the last pass. */
  surrogate(): number;
  /** W, of the last pass or surrogate. */
  abilityGradient(out: Float64Array): Float64Array;
  /** T, of the last pass or surrogate; 0 for a task without answers. */
  logEaseGradient(out: Float64Array): Float64Array;
  /** K: Σ of posteriors over tasks with an answer and gold tasks, of the last pass. */
  classTotals(out: Float64Array): Float64Array;
  /** T×K posteriors of the last pass. */
  posterior(out: Float64Array): Float64Array;
}

/** The pass over `answers`; see {@link GladPass}. */
export function gladPass(answers: SweepAnswers, options: GladPassOptions = {}): GladPass {
  return new MemoryGladPass(answers, options);
}

interface Places {
  readonly logPrior: number;
  readonly totals: number;
  readonly row: number;
  readonly margins: number;
  readonly shares: number;
  readonly workers: number;
  readonly answers: number;
  readonly labels: number;
  readonly logEase: number;
  readonly ease: number;
  readonly gradient: number;
  readonly logFactors: number;
  readonly posterior: number;
}

/** Objective and constants of the kernel. */
const headBytes = 256;
const linearAt = 0;
const productAt = 2;
const exponentsAt = 4;

class MemoryGladPass implements GladPass {
  readonly #answers: SweepAnswers;
  readonly #layout: SweepLayout;
  readonly #memory: KernelMemory;
  readonly #places: Places;
  readonly #taskPrior: Float64Array | undefined;
  readonly #weight: Float64Array | undefined;
  readonly #logWrong: number;
  #goldLogLikelihood = 0;
  #prior: Float64Array;

  constructor(answers: SweepAnswers, options: GladPassOptions) {
    const { classCount, workerCount, taskStart, worker, label, weight } = answers;
    this.#answers = answers;
    this.#layout = sweepLayout(taskStart);
    this.#taskPrior = usableFactors(options.taskPrior, classCount);
    this.#logWrong = Math.log(Math.max(1, classCount - 1));
    const { order, blocks } = this.#layout;
    const most = blocks.length === 0 ? 0 : blocks[blocks.length - 2];
    const plan = new MemoryPlan(headBytes);
    const places = {
      logPrior: plan.take(classCount, 8),
      totals: plan.take(classCount, 8),
      row: plan.take(classCount + 1, 8),
      margins: plan.take(most + 1, 8),
      shares: plan.take(most + 1, 8),
      workers: plan.take(workerCount, 16),
      answers: plan.take(worker.length, 4),
      labels: plan.take(worker.length, 2),
      logEase: plan.take(order.length + 1, 8),
      ease: plan.take(order.length + 1, 8),
      gradient: plan.take(order.length, 8),
      logFactors: this.#taskPrior === undefined ? 0 : plan.take(order.length * classCount, 8),
      posterior: plan.take(order.length * classCount, 8),
    };
    this.#places = places;
    const engine = weight === undefined ? (options.engine ?? 'auto') : 'reference';
    this.#memory = openMemory({ name: 'glad', base64: gladKernel }, plan, engine, worker.length);
    this.#memory.run?.init();
    this.#prior = new Float64Array(classCount).fill(1 / classCount);
    this.#weight = weight === undefined ? undefined : new Float64Array(weight.length);
    const { words, halves, doubles } = this.#memory;
    let next = 0;
    let row = places.logFactors / 8;
    for (const task of order) {
      for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
        words[places.answers / 4 + next] = places.workers + 16 * worker[answer];
        halves[places.labels / 2 + next] = label[answer];
        if (this.#weight !== undefined && weight !== undefined) this.#weight[next] = weight[answer];
        next++;
      }
      if (this.#taskPrior === undefined) continue;
      for (let k = 0; k < classCount; k++) doubles[row++] = Math.log(this.#taskPrior[task * classCount + k]);
    }
  }

  get engine(): 'wasm' | 'reference' {
    return this.#memory.engine;
  }

  get note(): string | undefined {
    return this.#weight === undefined
      ? this.#memory.note
      : 'weighted answers run in TypeScript, about three times slower';
  }

  setParameters(ability: Float64Array, logEase: Float64Array): void {
    const { doubles, run } = this.#memory;
    const { order } = this.#layout;
    const { workers, logEase: logEaseAt, ease } = this.#places;
    for (let worker = 0; worker < ability.length; worker++) doubles[workers / 8 + 2 * worker] = ability[worker];
    for (let i = 0; i < order.length; i++) doubles[logEaseAt / 8 + i] = logEase[order[i]];
    if (run !== undefined) run.exponentials(logEaseAt, ease, order.length);
    else for (let i = 0; i < order.length; i++) doubles[ease / 8 + i] = Math.exp(doubles[logEaseAt / 8 + i]);
  }

  pass(prior: Float64Array): number {
    const { doubles } = this.#memory;
    const { classCount } = this.#answers;
    const { logPrior, totals } = this.#places;
    this.#prior = flooredPrior(prior);
    for (let k = 0; k < classCount; k++) doubles[logPrior / 8 + k] = Math.log(this.#prior[k]);
    doubles.fill(0, totals / 8, totals / 8 + classCount);
    const logLikelihood = this.#over(false);
    this.#addGoldWithoutAnswers();
    return logLikelihood + this.#goldLogLikelihood;
  }

  surrogate(): number {
    return this.#over(true);
  }

  #over(frozen: boolean): number {
    const { doubles, run } = this.#memory;
    const { blocks } = this.#layout;
    const { classCount, workerCount, worker } = this.#answers;
    const { workers, logPrior, totals, row, margins, shares } = this.#places;
    for (let w = 0; w < workerCount; w++) doubles[workers / 8 + 2 * w + 1] = 0;
    doubles[linearAt] = 0;
    doubles.fill(1, productAt, productAt + 2);
    doubles.fill(0, exponentsAt, exponentsAt + 2);
    let { answers, labels, ease, gradient, posterior, logFactors } = this.#places;
    for (let block = 0; block < blocks.length; block += 2) {
      const count = blocks[block];
      const tasks = blocks[block + 1];
      if (run === undefined) this.#passTasks(answers / 4, labels / 2, tasks, count, frozen, ease / 8, posterior / 8);
      else {
        const arrays = [ease, gradient, posterior, logPrior, logFactors, totals, row, margins, shares];
        run.pass(answers, labels, tasks, count, classCount, frozen ? 1 : 0, this.#logWrong, ...arrays);
      }
      answers += 4 * count * tasks;
      labels += 2 * count * tasks;
      ease += 8 * tasks;
      gradient += 8 * tasks;
      posterior += 8 * classCount * tasks;
      if (logFactors !== 0) logFactors += 8 * classCount * tasks;
    }
    const logs = Math.log(doubles[productAt]) + Math.log(doubles[productAt + 1]);
    const rescalings = doubles[exponentsAt] + doubles[exponentsAt + 1];
    let answerWeight = worker.length;
    if (this.#weight !== undefined) answerWeight = this.#weight.reduce((a, b) => a + b, 0);
    return doubles[linearAt] + logs - rescalings * logRescaleFactor - answerWeight * this.#logWrong;
  }

  /** The same in TypeScript; indices instead of addresses. */
  #passTasks(
    answers: number,
    labels: number,
    tasks: number,
    count: number,
    frozen: boolean,
    easeAt: number,
    posteriorAt: number,
  ): void {
    const { doubles, words, halves } = this.#memory;
    const { classCount } = this.#answers;
    const places = this.#places;
    const weight = this.#weight;
    const logWrong = this.#logWrong;
    const row = places.row / 8;
    const logPrior = places.logPrior / 8;
    const totals = places.totals / 8;
    let linear = doubles[linearAt];
    for (let i = 0; i < tasks; i++, answers += count, labels += count, posteriorAt += classCount) {
      const ease = doubles[easeAt + i];
      if (!frozen) {
        const factors = places.logFactors / 8 + posteriorAt - places.posterior / 8;
        for (let k = 0; k < classCount; k++) {
          doubles[row + k] = doubles[logPrior + k] + (places.logFactors === 0 ? 0 : doubles[factors + k]);
        }
        for (let j = 0; j < count; j++) {
          const scale = weight === undefined ? 1 : weight[answers + j - places.answers / 4];
          doubles[row + halves[labels + j]] += scale * (doubles[words[answers + j] >>> 3] * ease + logWrong);
        }
        let most = doubles[row];
        for (let k = 1; k < classCount; k++) if (doubles[row + k] > most) most = doubles[row + k];
        let sum = 0;
        for (let k = 0; k < classCount; k++) {
          const value = Math.exp(doubles[row + k] - most);
          doubles[posteriorAt + k] = value;
          sum += value;
        }
        for (let k = 0; k < classCount; k++) {
          doubles[posteriorAt + k] /= sum;
          doubles[totals + k] += doubles[posteriorAt + k];
        }
        linear += most + Math.log(sum);
      }
      let slope = 0;
      for (let j = 0; j < count; j++) {
        const at = words[answers + j] >>> 3;
        const margin = doubles[at] * ease;
        const q = doubles[posteriorAt + halves[labels + j]];
        const tail = Math.exp(-Math.abs(margin));
        const right = margin >= 0 ? 1 / (1 + tail) : tail / (1 + tail);
        const scale = weight === undefined ? 1 : weight[answers + j - places.answers / 4];
        linear -= scale * ((margin > 0 ? margin : 0) + Math.log1p(tail));
        if (frozen) linear += scale * q * (margin + logWrong);
        const gap = scale * (q - right);
        doubles[at + 1] += gap * ease;
        slope += gap * margin;
      }
      doubles[(places.gradient - places.ease) / 8 + easeAt + i] = slope;
    }
    doubles[linearAt] = linear;
  }

  /** Known classes count and have a probability even when nobody answered. */
  #addGoldWithoutAnswers(): void {
    const { classCount } = this.#answers;
    const taskPrior = this.#taskPrior;
    this.#goldLogLikelihood = 0;
    if (taskPrior === undefined) return;
    for (const task of this.#layout.empty) {
      if (!isOneHot(taskPrior, task * classCount, classCount)) continue;
      for (let k = 0; k < classCount; k++) {
        const value = taskPrior[task * classCount + k];
        if (!(value > 0)) continue;
        this.#memory.doubles[this.#places.totals / 8 + k]++;
        this.#goldLogLikelihood += Math.log(this.#prior[k] * value);
      }
    }
  }

  abilityGradient(out: Float64Array): Float64Array {
    const first = this.#places.workers / 8;
    for (let w = 0; w < this.#answers.workerCount; w++) out[w] = this.#memory.doubles[first + 2 * w + 1];
    return out;
  }

  logEaseGradient(out: Float64Array): Float64Array {
    const { order, empty } = this.#layout;
    const first = this.#places.gradient / 8;
    for (let i = 0; i < order.length; i++) out[order[i]] = this.#memory.doubles[first + i];
    for (const task of empty) out[task] = 0;
    return out;
  }

  classTotals(out: Float64Array): Float64Array {
    const at = this.#places.totals / 8;
    out.set(this.#memory.doubles.subarray(at, at + this.#answers.classCount));
    return out;
  }

  posterior(out: Float64Array): Float64Array {
    const { doubles } = this.#memory;
    const { classCount } = this.#answers;
    const taskPrior = this.#taskPrior;
    let at = this.#places.posterior / 8;
    for (const task of this.#layout.order) {
      for (let k = 0; k < classCount; k++) out[task * classCount + k] = doubles[at++];
    }
    for (const task of this.#layout.empty) {
      const row = task * classCount;
      const start = taskPrior === undefined ? this.#prior : this.#prior.map((p, k) => p * taskPrior[row + k]);
      writeNormalised(start, out, row);
    }
    return out;
  }
}
