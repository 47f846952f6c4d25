import type { AnswerTable } from '../../answers/answer-table.ts';
import { logBeta, logGamma } from '../../math/gamma-functions.ts';
import { logFloor, type MessageRule } from './class-prior.ts';
import { LeaveOneOut, programmeLimit, rightCountLaw } from './leave-one-out.ts';
import type { Messages } from './message-loop.ts';
import { PairNodes } from './pair-nodes.ts';
import { type PairPrior, type TestPair, times } from './pair-prior.ts';

/** Up to here sums over numbers of right answers are preferred to quadrature. */
const autoProgramme = 300;

/** The posterior of each worker's two accuracies. */
export interface PairPosterior {
  /** W×2 means and variances, W covariances. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly covariance: Float64Array;
  /** ln of the workers' evidence under the tasks' messages, summed. */
  readonly logEvidence: number;
}

/**
 * The messages of belief propagation for two classes and two accuracies per worker.
 *
 * A message is the log-odds of the second class. With the worker's tasks split by what it said, the
 * evidence depends on two numbers only: how many of those it called first are first (a), and how
 * many it called second are second (b). One number is summed out with its law, the other handled by
 * leave-one-out sums. O(answers²) a worker; beyond 300 answers a tensor quadrature over the two
 * accuracies fitted to where their posterior lies.
 */
export class PairMessages implements Messages {
  readonly #table: AnswerTable;
  #logPrior: Float64Array;
  /** ln f₂ − ln f₁ of each task. */
  readonly #field: Float64Array;
  readonly #prior: PairPrior;
  readonly #rule: MessageRule;
  readonly #message: Float64Array;
  /** Probability of the first and of the second class, judged without the answer. */
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  readonly #logit: Float64Array;
  readonly #nodes: PairNodes;
  readonly #leaveOneOut: LeaveOneOut = new LeaveOneOut();
  // Scratch of one worker: its answers, those it called first before those it called second.
  readonly #answer: Uint32Array;
  readonly #right: Float64Array;
  readonly #wrong: Float64Array;
  readonly #out: Float64Array;
  readonly #law: Float64Array;
  readonly #summed: Float64Array;
  #joint: Float64Array = new Float64Array(0);

  constructor(table: AnswerTable, logPrior: Float64Array, prior: PairPrior, rule: MessageRule) {
    this.#table = table;
    this.#prior = prior;
    this.#rule = rule;
    this.#logPrior = logPrior;
    this.#field = new Float64Array(table.taskCount);
    this.setLogPrior(logPrior);
    this.#logit = this.#field.slice();
    this.#message = new Float64Array(table.answerCount);
    this.#first = new Float64Array(table.answerCount);
    this.#second = new Float64Array(table.answerCount);
    const { start } = table.byWorker;
    let most = 0;
    for (let w = 0; w < table.workerCount; w++) most = Math.max(most, start[w + 1] - start[w]);
    this.#answer = new Uint32Array(most);
    this.#right = new Float64Array(most);
    this.#wrong = new Float64Array(most);
    this.#out = new Float64Array(most);
    this.#law = new Float64Array(most + 1);
    this.#summed = new Float64Array(most + 1);
    this.#nodes = new PairNodes(prior, table.workerCount);
  }

  setLogPrior(logPrior: Float64Array): void {
    this.#logPrior = logPrior;
    for (let t = 0; t < this.#field.length; t++) this.#field[t] = logPrior[2 * t + 1] - logPrior[2 * t];
  }

  sweep(damping: number): number {
    this.#fromTasks();
    let change = 0;
    for (let w = 0; w < this.#table.workerCount; w++) {
      const [firsts, count] = this.#load(w);
      if (count === 0) continue;
      const limit = this.#rule === 'dynamic-programme' ? programmeLimit(2) : autoProgramme;
      if (this.#rule !== 'quadrature' && count <= limit) this.#programme(w, firsts, count);
      else this.#nodes.logRatios(w, this.#testsOf(w), this.#right, this.#wrong, firsts, count, this.#out);
      for (let j = 0; j < count; j++) {
        const e = this.#answer[j];
        const old = this.#message[e];
        // The ratio favours the class said.
        let next = Math.min(-logFloor, Math.max(logFloor, j < firsts ? -this.#out[j] : this.#out[j]));
        if (damping > 0) next = damping * old + (1 - damping) * next;
        this.#message[e] = next;
        const moved = Math.abs(1 / (1 + Math.exp(-next)) - 1 / (1 + Math.exp(-old)));
        if (moved > change) change = moved;
      }
    }
    return change;
  }

  /** T×2 posteriors with the present messages. */
  posterior(out: Float64Array): Float64Array {
    this.#gather();
    for (let t = 0; t < this.#table.taskCount; t++) {
      const small = Math.exp(-Math.abs(this.#logit[t]));
      const large = 1 / (1 + small);
      out[2 * t] = this.#logit[t] > 0 ? small * large : large;
      out[2 * t + 1] = this.#logit[t] > 0 ? large : small * large;
    }
    return out;
  }

  /** Each worker's two accuracies given the tasks' messages, by quadrature. */
  workers(): PairPosterior {
    this.#fromTasks();
    const { workerCount } = this.#table;
    const mean = new Float64Array(2 * workerCount);
    const variance = new Float64Array(2 * workerCount);
    const covariance = new Float64Array(workerCount);
    let logEvidence = 0;
    for (let w = 0; w < workerCount; w++) {
      const [firsts, count] = this.#load(w);
      const found = this.#nodes.posterior(w, this.#testsOf(w), this.#right, this.#wrong, firsts, count);
      mean.set(found.mean, 2 * w);
      variance.set(found.variance, 2 * w);
      covariance[w] = found.covariance;
      logEvidence += found.logEvidence;
    }
    return { mean, variance, covariance, logEvidence };
  }

  /** The Bethe approximation of the log evidence; exact on forests. */
  logEvidence(workerEvidence: number): number {
    const { taskCount, taskStart } = this.#table;
    const logPrior = this.#logPrior;
    let total = workerEvidence;
    for (let t = 0; t < taskCount; t++) {
      if (taskStart[t] === taskStart[t + 1]) continue;
      const shift = this.#logit[t] - this.#field[t];
      total += logAdd(logPrior[2 * t], logPrior[2 * t + 1] + shift);
      for (let e = taskStart[t]; e < taskStart[t + 1]; e++) {
        total -= logAdd(Math.log(this.#first[e]), Math.log(this.#second[e]) + this.#message[e]);
      }
    }
    return total;
  }

  #gather(): void {
    const { taskCount, taskStart } = this.#table;
    for (let t = 0; t < taskCount; t++) {
      let logit = this.#field[t];
      for (let e = taskStart[t]; e < taskStart[t + 1]; e++) logit += this.#message[e];
      this.#logit[t] = logit;
    }
  }

  #fromTasks(): void {
    this.#gather();
    const { taskCount, taskStart } = this.#table;
    for (let t = 0; t < taskCount; t++) {
      for (let e = taskStart[t]; e < taskStart[t + 1]; e++) {
        const odds = this.#logit[t] - this.#message[e];
        const small = Math.exp(-Math.abs(odds));
        const large = 1 / (1 + small);
        this.#second[e] = odds > 0 ? large : small * large;
        this.#first[e] = odds > 0 ? small * large : large;
      }
    }
  }

  /** Sorts a worker's answers by what was said; returns how many said the first class, and all. */
  #load(w: number): readonly [number, number] {
    const { byWorker, label } = this.#table;
    const { start, answers } = byWorker;
    let count = 0;
    for (let i = start[w]; i < start[w + 1]; i++) {
      const e = answers[i];
      if (label[e] === 0) this.#put(count++, e, this.#first[e], this.#second[e]);
    }
    const firsts = count;
    for (let i = start[w]; i < start[w + 1]; i++) {
      const e = answers[i];
      if (label[e] === 1) this.#put(count++, e, this.#second[e], this.#first[e]);
    }
    return [firsts, count];
  }

  #put(j: number, e: number, right: number, wrong: number): void {
    this.#answer[j] = e;
    this.#right[j] = right;
    this.#wrong[j] = wrong;
  }

  #testsOf(w: number): TestPair {
    const tests = this.#table.testCounts;
    return tests === undefined ? [0, 0, 0, 0] : [tests[4 * w], tests[4 * w + 1], tests[4 * w + 2], tests[4 * w + 3]];
  }

  #programme(w: number, firsts: number, count: number): void {
    const seconds = count - firsts;
    this.#fillJoint(firsts, seconds, this.#testsOf(w));
    const joint = this.#joint;
    const law = this.#law;
    const summed = this.#summed;
    const [rightFirst, wrongFirst] = [this.#right.subarray(0, firsts), this.#wrong.subarray(0, firsts)];
    const [rightSecond, wrongSecond] = [this.#right.subarray(firsts, count), this.#wrong.subarray(firsts, count)];
    if (firsts > 0) {
      rightCountLaw(rightSecond, wrongSecond, seconds, law);
      for (let a = 0; a <= firsts; a++) {
        let sum = 0;
        for (let b = 0; b <= seconds; b++) sum += law[b] * joint[a * (seconds + 1) + b];
        summed[a] = sum;
      }
      this.#leaveOneOut.logRatios(summed, rightFirst, wrongFirst, firsts, this.#out);
    }
    if (seconds > 0) {
      rightCountLaw(rightFirst, wrongFirst, firsts, law);
      summed.fill(0, 0, seconds + 1);
      for (let a = 0; a <= firsts; a++) {
        for (let b = 0; b <= seconds; b++) summed[b] += law[a] * joint[a * (seconds + 1) + b];
      }
      this.#leaveOneOut.logRatios(summed, rightSecond, wrongSecond, seconds, this.#out.subarray(firsts));
    }
  }

  /** g(a, b) relative to its greatest: evidence of a right among the firsts and b among the seconds. */
  #fillJoint(firsts: number, seconds: number, tests: TestPair): void {
    const size = (firsts + 1) * (seconds + 1);
    if (this.#joint.length < size) this.#joint = new Float64Array(size);
    const joint = this.#joint.fill(Number.NEGATIVE_INFINITY, 0, size);
    for (const { weight, right, wrong } of this.#prior.betas) {
      // First class: a right, seconds − b wrong. Second class: b right, firsts − a wrong.
      const [a1, a2] = [right[0] + tests[0], wrong[0] + tests[1]];
      const [b1, b2] = [right[1] + tests[3], wrong[1] + tests[2]];
      const constant = Math.log(weight) - logBeta(right[0], wrong[0]) - logBeta(right[1], wrong[1]);
      const [rightA, wrongA] = [logGammas(a1, firsts), logGammas(a2, seconds)];
      const [rightB, wrongB] = [logGammas(b1, seconds), logGammas(b2, firsts)];
      const [sumA, sumB] = [logGammas(a1 + a2, firsts + seconds), logGammas(b1 + b2, firsts + seconds)];
      for (let a = 0; a <= firsts; a++) {
        for (let b = 0; b <= seconds; b++) {
          const log =
            constant +
            (rightA[a] + wrongA[seconds - b] - sumA[a + seconds - b]) +
            (rightB[b] + wrongB[firsts - a] - sumB[b + firsts - a]);
          joint[a * (seconds + 1) + b] = logAdd(joint[a * (seconds + 1) + b], log);
        }
      }
    }
    for (const { weight, accuracy } of this.#prior.atoms) {
      const [s, t] = accuracy;
      for (let a = 0; a <= firsts; a++) {
        for (let b = 0; b <= seconds; b++) {
          const log =
            Math.log(weight) +
            times(tests[0] + a, Math.log(s)) +
            times(tests[1] + seconds - b, Math.log1p(-s)) +
            times(tests[3] + b, Math.log(t)) +
            times(tests[2] + firsts - a, Math.log1p(-t));
          joint[a * (seconds + 1) + b] = logAdd(joint[a * (seconds + 1) + b], log);
        }
      }
    }
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < size; i++) if (joint[i] > most) most = joint[i];
    for (let i = 0; i < size; i++) joint[i] = Math.exp(joint[i] - most);
  }
}

/** ln Γ(from + i) for i = 0 … count. */
function logGammas(from: number, count: number): Float64Array {
  const values = new Float64Array(count + 1);
  for (let i = 0; i <= count; i++) values[i] = logGamma(from + i);
  return values;
}

/** ln(eˣ + eʸ). */
export function logAdd(x: number, y: number): number {
  const most = x > y ? x : y;
  return most === Number.NEGATIVE_INFINITY ? most : most + Math.log1p(Math.exp(-Math.abs(x - y)));
}
