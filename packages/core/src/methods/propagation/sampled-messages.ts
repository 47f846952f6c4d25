import type { AnswerTable } from '../../answers/answer-table.ts';
import { logSumExp, normaliseInPlace, softmaxInPlace } from '../../math/log-sum-exp.ts';
import { pauseWhenDue } from '../pauses.ts';
import { logFloor } from './class-prior.ts';
import { type ConfusionDraws, withTestAnswers } from './confusion-draws.ts';
import type { Messages } from './message-loop.ts';

/** Factors between two rescalings of a product; each is at least the smallest cell. */
const rescaleEvery = 8;
/** Time of one class of one draw, about. */
const nsPerFactor = 6;
/** Rounds of expectation-maximisation that find where a worker's posterior peaks. */
const peakRounds = 30;
/** Draws with less than this share of the best take no part in a message. */
const negligible = 1e-30;

/** What the weighted draws say of each worker. */
export interface SampledWorkers {
  /** W×K×K means and standard deviations, [worker][true][said]. */
  readonly confusion: Float64Array;
  readonly confusionSd: Float64Array;
  readonly accuracy: Float64Array;
  readonly variance: Float64Array;
  /** W: (Σ weight)² / Σ weight², the draws that count. */
  readonly effective: Float64Array;
  /** ln of the workers' evidence under the tasks' messages, summed. */
  readonly logEvidence: number;
}

/**
 * The messages of belief propagation with workers integrated out over weighted confusion matrices.
 *
 * All workers share one set of draws, taken once, so that messages settle and the fit is exact on
 * forests for the discrete prior that the draws are. O(N·K·S) per sweep.
 */
export class SampledMessages implements Messages {
  readonly #table: AnswerTable;
  #logPrior: Float64Array;
  readonly #shared: ConfusionDraws;
  readonly #own: Map<number, ConfusionDraws> = new Map();
  readonly #logit: Float64Array;
  /** N×K log messages from workers, each row's exponentials sum to 1. */
  readonly #message: Float64Array;
  /** Scratch: messages from tasks for one worker's answers, r×K. */
  readonly #incoming: Float64Array;
  readonly #said: Uint16Array;
  #weight: Float64Array;
  #active: Uint32Array;
  #factor: Float64Array;
  #log = 0;

  constructor(table: AnswerTable, logPrior: Float64Array, draws: ConfusionDraws) {
    const { answerCount, classCount, workerCount } = table;
    this.#table = table;
    this.#logPrior = logPrior;
    this.#shared = draws;
    this.#logit = logPrior.slice();
    this.#message = new Float64Array(answerCount * classCount).fill(-Math.log(classCount));
    const { start } = table.byWorker;
    let most = 0;
    for (let w = 0; w < workerCount; w++) most = Math.max(most, start[w + 1] - start[w]);
    this.#incoming = new Float64Array(most * classCount);
    this.#said = new Uint16Array(most);
    this.#weight = new Float64Array(draws.size);
    this.#active = new Uint32Array(draws.size);
    this.#factor = new Float64Array(draws.size);
  }

  get drawCount(): number {
    return this.#shared.size;
  }

  /** Gives one worker draws of its own. */
  setDraws(w: number, draws: ConfusionDraws): void {
    this.#own.set(w, draws);
    if (draws.size <= this.#weight.length) return;
    this.#weight = new Float64Array(draws.size);
    this.#active = new Uint32Array(draws.size);
    this.#factor = new Float64Array(draws.size);
  }

  setLogPrior(logPrior: Float64Array): void {
    this.#logPrior = logPrior;
  }

  *sweep(damping: number): Generator<unknown, number, void> {
    this.#gather();
    yield;
    const due = pauseWhenDue();
    const { workerCount, classCount } = this.#table;
    const { start, answers } = this.#table.byWorker;
    const row = new Float64Array(classCount);
    let change = 0;
    for (let w = 0; w < workerCount; w++) {
      const count = this.#load(w);
      if (count === 0) continue;
      const draws = this.#drawsOf(w);
      if (due(3 * count * draws.size * classCount * nsPerFactor)) yield;
      this.#multiply(draws, count);
      const kept = this.#keep(draws.size);
      for (let j = 0; j < count; j++) {
        this.#outgoing(draws, j, kept, row);
        const at = answers[start[w] + j] * classCount;
        for (let k = 0; k < classCount; k++) {
          row[k] = Math.max(logFloor, row[k]);
          if (damping > 0) row[k] = damping * this.#message[at + k] + (1 - damping) * row[k];
        }
        const total = logSumExp(row, 0, classCount);
        for (let k = 0; k < classCount; k++) {
          const moved = Math.abs(Math.exp(row[k] - total) - Math.exp(this.#message[at + k]));
          if (moved > change) change = moved;
          this.#message[at + k] = row[k] - total;
        }
      }
    }
    return change;
  }

  /** T×K posteriors with the present messages. */
  posterior(out: Float64Array): Float64Array {
    this.#gather();
    out.set(this.#logit);
    const { classCount } = this.#table;
    for (let at = 0; at < out.length; at += classCount) softmaxInPlace(out, at, classCount);
    return out;
  }

  /** As if every task had sent these posteriors (T×K) to its workers: draws that count, W. Pauses. */
  *effectiveAt(posterior: Float64Array): Generator<unknown, Float64Array, void> {
    const { workerCount, classCount } = this.#table;
    const effective = new Float64Array(workerCount);
    const due = pauseWhenDue();
    for (let w = 0; w < workerCount; w++) {
      const count = this.#load(w, posterior);
      const draws = this.#drawsOf(w);
      if (due(count * draws.size * classCount * nsPerFactor)) yield;
      this.#multiply(draws, count);
      effective[w] = this.#effective(draws.size);
    }
    return effective;
  }

  /**
   * Expected answers of one worker by (true, said), K×K: given posteriors T×K, or else where the
   * worker's own posterior peaks under the present messages (expectation-maximisation from the
   * prior `alpha`; messages alone leave out what the worker itself says of the tasks).
   */
  expectedCounts(w: number, alpha: Float64Array, posterior?: Float64Array): Float64Array {
    const { classCount } = this.#table;
    const count = this.#load(w, posterior);
    const counts = new Float64Array(classCount * classCount);
    const theta = new Float64Array(classCount * classCount).fill(1);
    for (let round = 0; round < (posterior === undefined ? peakRounds : 1); round++) {
      if (posterior === undefined) {
        for (let row = 0; row < theta.length; row += classCount) {
          for (let l = row; l < row + classCount; l++) theta[l] = alpha[l] + counts[l];
          normaliseInPlace(theta, row, classCount);
        }
      }
      counts.fill(0);
      for (let j = 0; j < count; j++) {
        const said = this.#said[j];
        let sum = 0;
        for (let k = 0; k < classCount; k++) sum += this.#incoming[j * classCount + k] * theta[k * classCount + said];
        for (let k = 0; k < classCount; k++) {
          const p = this.#incoming[j * classCount + k] * theta[k * classCount + said];
          counts[k * classCount + said] += sum > 0 ? p / sum : 1 / classCount;
        }
      }
    }
    return counts;
  }

  /** Moments of each worker's confusion under the weighted draws. Pauses. */
  *workers(prior: Float64Array): Generator<unknown, SampledWorkers, void> {
    this.#gather();
    yield;
    const due = pauseWhenDue();
    const { workerCount, classCount } = this.#table;
    const block = classCount * classCount;
    const confusion = new Float64Array(workerCount * block);
    const confusionSd = new Float64Array(workerCount * block);
    const accuracy = new Float64Array(workerCount);
    const variance = new Float64Array(workerCount);
    const effective = new Float64Array(workerCount);
    let logEvidence = 0;
    for (let w = 0; w < workerCount; w++) {
      const count = this.#load(w);
      const draws = this.#drawsOf(w);
      if (due((count + classCount) * draws.size * classCount * nsPerFactor)) yield;
      this.#multiply(draws, count);
      const weight = this.#weight;
      let sum = 0;
      for (let s = 0; s < draws.size; s++) sum += weight[s];
      effective[w] = this.#effective(draws.size);
      logEvidence += this.#log + Math.log(sum);
      let meanSquare = 0;
      for (let s = 0; s < draws.size; s++) {
        const share = weight[s] / sum;
        let right = 0;
        for (let truth = 0; truth < classCount; truth++) {
          right += prior[truth] * draws.theta[(truth * classCount + truth) * draws.size + s];
          for (let said = 0; said < classCount; said++) {
            const cell = draws.theta[(said * classCount + truth) * draws.size + s];
            const at = w * block + truth * classCount + said;
            confusion[at] += share * cell;
            confusionSd[at] += share * cell * cell;
          }
        }
        accuracy[w] += share * right;
        meanSquare += share * right * right;
      }
      variance[w] = Math.max(0, meanSquare - accuracy[w] ** 2);
    }
    for (let cell = 0; cell < confusion.length; cell++) {
      confusionSd[cell] = Math.sqrt(Math.max(0, confusionSd[cell] - confusion[cell] ** 2));
    }
    return { confusion, confusionSd, accuracy, variance, effective, logEvidence };
  }

  /** The Bethe approximation of the log evidence; exact on forests for the prior that the draws are. */
  logEvidence(workerEvidence: number): number {
    const { taskCount, classCount, taskStart } = this.#table;
    const row = new Float64Array(classCount);
    let total = workerEvidence;
    for (let task = 0; task < taskCount; task++) {
      if (taskStart[task] === taskStart[task + 1]) continue;
      const at = task * classCount;
      total += logSumExp(this.#logit, at, at + classCount);
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
        for (let k = 0; k < classCount; k++) row[k] = this.#logit[at + k] - this.#message[e * classCount + k];
        // Σ of both messages, the task's normalised.
        total -= logSumExp(this.#logit, at, at + classCount) - logSumExp(row, 0, classCount);
      }
    }
    return total;
  }

  #drawsOf(w: number): ConfusionDraws {
    return this.#own.get(w) ?? withTestAnswers(this.#shared, this.#table, w);
  }

  #gather(): void {
    const { taskCount, classCount, taskStart } = this.#table;
    const logit = this.#logit;
    logit.set(this.#logPrior);
    for (let task = 0; task < taskCount; task++) {
      const at = task * classCount;
      for (let e = taskStart[task] * classCount; e < taskStart[task + 1] * classCount; e += classCount) {
        for (let k = 0; k < classCount; k++) logit[at + k] += this.#message[e + k];
      }
    }
  }

  #effective(size: number): number {
    let sum = 0;
    let squares = 0;
    for (let s = 0; s < size; s++) {
      sum += this.#weight[s];
      squares += this.#weight[s] * this.#weight[s];
    }
    return (sum * sum) / squares;
  }

  #load(w: number, posterior?: Float64Array): number {
    const { classCount, label, answerTask } = this.#table;
    const { start, answers } = this.#table.byWorker;
    const count = start[w + 1] - start[w];
    for (let j = 0; j < count; j++) {
      const e = answers[start[w] + j];
      const to = j * classCount;
      const from = answerTask[e] * classCount;
      this.#said[j] = label[e];
      if (posterior !== undefined) {
        for (let k = 0; k < classCount; k++) this.#incoming[to + k] = posterior[from + k];
        continue;
      }
      for (let k = 0; k < classCount; k++) {
        this.#incoming[to + k] = this.#logit[from + k] - this.#message[e * classCount + k];
      }
      softmaxInPlace(this.#incoming, to, classCount);
    }
    return count;
  }

  /** Σ_z θ[z][said] · incoming[z] of every draw, into scratch. */
  #factors(draws: ConfusionDraws, j: number): Float64Array {
    const { classCount } = this.#table;
    const { size, theta } = draws;
    const factor = this.#factor;
    const from = this.#said[j] * classCount * size;
    const first = this.#incoming[j * classCount];
    for (let s = 0; s < size; s++) factor[s] = theta[from + s] * first;
    for (let k = 1; k < classCount; k++) {
      const p = this.#incoming[j * classCount + k];
      const row = from + k * size;
      for (let s = 0; s < size; s++) factor[s] += theta[row + s] * p;
    }
    return factor;
  }

  /** Weight of every draw times the product over the worker's answers, relative to the greatest. */
  #multiply(draws: ConfusionDraws, count: number): void {
    const { size, logWeight } = draws;
    const weight = this.#weight;
    let most = Number.NEGATIVE_INFINITY;
    for (let s = 0; s < size; s++) if (logWeight[s] > most) most = logWeight[s];
    for (let s = 0; s < size; s++) weight[s] = Math.exp(logWeight[s] - most);
    this.#log = most + draws.logScale;
    for (let j = 0; j < count; j++) {
      const factor = this.#factors(draws, j);
      for (let s = 0; s < size; s++) weight[s] *= factor[s];
      if ((j + 1) % rescaleEvery === 0 || j === count - 1) {
        let top = 0;
        for (let s = 0; s < size; s++) if (weight[s] > top) top = weight[s];
        const scale = 1 / top;
        for (let s = 0; s < size; s++) weight[s] *= scale;
        this.#log += Math.log(top);
      }
    }
  }

  /** Lists the draws that matter; returns how many. */
  #keep(size: number): number {
    let kept = 0;
    for (let s = 0; s < size; s++) if (this.#weight[s] >= negligible) this.#active[kept++] = s;
    return kept;
  }

  /** ln Σ_s weight / factor · θ[k][said], the message back, into `row`. */
  #outgoing(draws: ConfusionDraws, j: number, kept: number, row: Float64Array): void {
    const { classCount } = this.#table;
    const { size, theta } = draws;
    const from = this.#said[j] * classCount * size;
    const incoming = this.#incoming;
    row.fill(0);
    for (let i = 0; i < kept; i++) {
      const s = this.#active[i];
      let factor = 0;
      for (let k = 0; k < classCount; k++) factor += theta[from + k * size + s] * incoming[j * classCount + k];
      const without = this.#weight[s] / factor;
      for (let k = 0; k < classCount; k++) row[k] += without * theta[from + k * size + s];
    }
    for (let k = 0; k < classCount; k++) row[k] = Math.log(row[k]);
  }
}
