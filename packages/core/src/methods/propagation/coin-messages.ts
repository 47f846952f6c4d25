import type { AnswerTable } from '../../answers/answer-table.ts';
import { type CoinQuadrature, coinQuadrature } from '../../kernels/bp-one-coin-sweep.ts';
import { pauseWhenDue } from '../pauses.ts';
import { logFloor, type MessageRule } from './class-prior.ts';
import { type CoinNodes, type CoinPrior, coinNodes, logRightCounts, mostCoinNodes, power } from './coin-prior.ts';
import { LeaveOneOut, programmeLimit } from './leave-one-out.ts';
import type { Messages } from './message-loop.ts';

/** Up to here the sum over numbers of right answers costs no more than quadrature. */
const autoProgramme = 16;

/** Time per answer and node of the workers' posteriors, and per message of a sweep, about. */
const nsPerLog = 20;
const nsPerMessage = 250;

/** The posterior of each worker's accuracy. */
export interface CoinPosterior {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** ln of the worker's evidence under the tasks' messages, summed. */
  readonly logEvidence: number;
}

/**
 * The messages of one-coin belief propagation.
 *
 * A worker's message to a task has two distinct values: one for the class said and one for every
 * other. So a message is one number per answer, `push` = ln of their ratio, and a task's message
 * back is needed only at the class said: `right` and `wrong`, which sum to 1 and are both kept
 * because either may be near 0. O(N·K) for the tasks; a worker of r answers costs O(r²) by the
 * dynamic programme, O(r·nodes) by quadrature.
 */
export class CoinMessages implements Messages {
  readonly #table: AnswerTable;
  #logPrior: Float64Array;
  readonly #prior: CoinPrior;
  readonly #rule: MessageRule;
  /** T×K: ln prior plus all pushes. */
  readonly #logit: Float64Array;
  readonly #push: Float64Array;
  readonly #right: Float64Array;
  readonly #wrong: Float64Array;
  readonly #testRight: Float64Array | undefined;
  readonly #testWrong: Float64Array | undefined;
  readonly #rules: Map<number, CoinNodes> = new Map();
  readonly #counts: Map<number, Float64Array> = new Map();
  // Scratch, by position among a worker's answers or by node.
  readonly #quadrature: CoinQuadrature;
  readonly #p: Float64Array;
  readonly #q: Float64Array;
  readonly #out: Float64Array;
  #product: Float64Array = new Float64Array(512);
  #rest: Float64Array = new Float64Array(512);
  readonly #leaveOneOut: LeaveOneOut = new LeaveOneOut();

  constructor(table: AnswerTable, logPrior: Float64Array, prior: CoinPrior, rule: MessageRule) {
    this.#table = table;
    this.#logPrior = logPrior;
    this.#prior = prior;
    this.#rule = rule;
    this.#logit = logPrior.slice();
    this.#push = new Float64Array(table.answerCount);
    this.#right = new Float64Array(table.answerCount);
    this.#wrong = new Float64Array(table.answerCount);
    const { start } = table.byWorker;
    let most = 0;
    for (let w = 0; w < table.workerCount; w++) most = Math.max(most, start[w + 1] - start[w]);
    this.#quadrature = coinQuadrature({
      mostAnswers: most,
      mostNodes: mostCoinNodes(prior),
      answers: table.answerCount,
    });
    this.#p = this.#quadrature.right;
    this.#q = this.#quadrature.wrong;
    this.#out = new Float64Array(most);
    const tests = testTotals(table);
    this.#testRight = tests?.right;
    this.#testWrong = tests?.wrong;
  }

  setLogPrior(logPrior: Float64Array): void {
    this.#logPrior = logPrior;
  }

  *sweep(damping: number): Generator<unknown, number, void> {
    this.#fromTasks();
    yield;
    return yield* this.#fromWorkers(damping);
  }

  /** T×K posteriors with the present messages. */
  posterior(out: Float64Array): Float64Array {
    this.#gather();
    const { taskCount, classCount } = this.#table;
    const logit = this.#logit;
    for (let row = 0; row < taskCount * classCount; row += classCount) {
      let most = logit[row];
      for (let k = 1; k < classCount; k++) most = Math.max(most, logit[row + k]);
      let sum = 0;
      for (let k = 0; k < classCount; k++) {
        out[row + k] = Math.exp(logit[row + k] - most);
        sum += out[row + k];
      }
      for (let k = 0; k < classCount; k++) out[row + k] /= sum;
    }
    return out;
  }

  /** Each worker's accuracy given the tasks' messages, by quadrature. Pauses. */
  *workers(): Generator<unknown, CoinPosterior, void> {
    this.#fromTasks();
    const due = pauseWhenDue();
    const { workerCount } = this.#table;
    const mean = new Float64Array(workerCount);
    const variance = new Float64Array(workerCount);
    let logEvidence = 0;
    for (let w = 0; w < workerCount; w++) {
      const count = this.#load(w);
      const nodes = this.#nodesOf(w, count);
      if (due(count * nodes.accuracy.length * nsPerLog)) yield;
      const most = this.#logProducts(nodes, count);
      let sum = 0;
      let first = 0;
      let second = 0;
      for (let s = 0; s < nodes.accuracy.length; s++) {
        const weight = Math.exp(this.#product[s] - most);
        sum += weight;
        first += weight * nodes.accuracy[s];
        second += weight * nodes.accuracy[s] ** 2;
      }
      mean[w] = first / sum;
      variance[w] = Math.max(0, second / sum - mean[w] ** 2);
      logEvidence += most + Math.log(sum);
    }
    return { mean, variance, logEvidence };
  }

  /**
   * The Bethe approximation of the log evidence at the present messages: Σ ln Z_task + Σ ln Z_worker
   * − Σ ln Z_answer. Exact on forests.
   */
  logEvidence(workerEvidence: number): number {
    const { taskCount, classCount, taskStart } = this.#table;
    const logit = this.#logit;
    let total = workerEvidence;
    for (let task = 0; task < taskCount; task++) {
      const row = task * classCount;
      if (taskStart[task + 1] === taskStart[task]) continue;
      let most = logit[row];
      for (let k = 1; k < classCount; k++) most = Math.max(most, logit[row + k]);
      let sum = 0;
      for (let k = 0; k < classCount; k++) sum += Math.exp(logit[row + k] - most);
      total += most + Math.log(sum);
      // Pushes are relative to the other classes; the missing factor cancels against Z_answer.
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
        total -= logMix(this.#right[e], this.#wrong[e], this.#push[e]);
      }
    }
    return total;
  }

  #gather(): void {
    const { taskCount, classCount, taskStart, label } = this.#table;
    const logit = this.#logit;
    const push = this.#push;
    logit.set(this.#logPrior);
    for (let task = 0; task < taskCount; task++) {
      const row = task * classCount;
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++) logit[row + label[e]] += push[e];
    }
  }

  /** Tasks to workers: the probability that the worker was right, judged by all others. */
  #fromTasks(): void {
    this.#gather();
    const { taskCount, classCount, taskStart, label } = this.#table;
    const logit = this.#logit;
    for (let task = 0; task < taskCount; task++) {
      const first = taskStart[task];
      const end = taskStart[task + 1];
      if (first === end) continue;
      const row = task * classCount;
      let top = 0;
      let second = -1;
      for (let k = 1; k < classCount; k++) {
        if (logit[row + k] > logit[row + top]) {
          second = top;
          top = k;
        } else if (second < 0 || logit[row + k] > logit[row + second]) second = k;
      }
      const most = logit[row + top];
      const next = logit[row + second];
      // Two sums, so that what remains beside the leading class keeps its digits.
      let all = 0;
      let beside = 0;
      for (let k = 0; k < classCount; k++) {
        all += Math.exp(logit[row + k] - most);
        if (k !== top) beside += Math.exp(logit[row + k] - next);
      }
      const besideTop = next + Math.log(beside);
      for (let e = first; e < end; e++) {
        const k = label[e];
        const own = logit[row + k];
        const others = k === top ? besideTop : most + Math.log(all - Math.exp(own - most));
        const odds = own - this.#push[e] - others;
        const small = Math.exp(-Math.abs(odds));
        const large = 1 / (1 + small);
        this.#right[e] = odds >= 0 ? large : small * large;
        this.#wrong[e] = odds >= 0 ? small * large : large;
      }
    }
  }

  *#fromWorkers(damping: number): Generator<unknown, number, void> {
    const due = pauseWhenDue();
    const { workerCount, classCount } = this.#table;
    const { start, answers } = this.#table.byWorker;
    let change = 0;
    for (let w = 0; w < workerCount; w++) {
      const count = this.#load(w);
      if (count === 0) continue;
      if (due(count * nsPerMessage)) yield;
      const limit = this.#rule === 'dynamic-programme' ? programmeLimit(classCount) : autoProgramme;
      if (this.#rule !== 'quadrature' && count <= limit)
        this.#leaveOneOut.logRatios(this.#countsOf(w, count), this.#p, this.#q, count, this.#out);
      else {
        const nodes = this.#nodesOf(w, count);
        if (nodes.inside) this.#products(nodes, count);
        else this.#logMessages(nodes, count);
      }
      const out = this.#out;
      for (let j = 0; j < count; j++) {
        const e = answers[start[w] + j];
        const old = this.#push[e];
        let next = Math.min(-logFloor, Math.max(logFloor, out[j]));
        if (damping > 0) next = damping * old + (1 - damping) * next;
        this.#push[e] = next;
        const moved = Math.abs(asShare(next, classCount) - asShare(old, classCount));
        if (moved > change) change = moved;
      }
    }
    return change;
  }

  /** Copies what tasks say of the worker's answers to scratch; returns how many there are. */
  #load(w: number): number {
    const { start, answers } = this.#table.byWorker;
    const from = start[w];
    const count = start[w + 1] - from;
    const p = this.#p;
    const q = this.#q;
    for (let j = 0; j < count; j++) {
      const e = answers[from + j];
      p[j] = this.#right[e];
      q[j] = this.#wrong[e];
    }
    return count;
  }

  #nodesOf(w: number, count: number): CoinNodes {
    const right = this.#testRight === undefined ? 0 : this.#testRight[w];
    const wrong = this.#testWrong === undefined ? 0 : this.#testWrong[w];
    const nodes = coinNodes(this.#prior, count + right + wrong, this.#rules);
    if (nodes.accuracy.length > this.#product.length) {
      this.#product = new Float64Array(nodes.accuracy.length);
      this.#rest = new Float64Array(nodes.accuracy.length);
    }
    if (right + wrong === 0) return nodes;
    return {
      ...nodes,
      logWeight: nodes.logWeight.map((log, s) => {
        const accuracy = nodes.accuracy[s];
        return log + power(accuracy, right) + power(1 - accuracy, wrong);
      }),
    };
  }

  /** g(c) relative to its greatest, by number of answers where no test answers differ. */
  #countsOf(w: number, count: number): Float64Array {
    const { classCount } = this.#table;
    const right = this.#testRight === undefined ? 0 : this.#testRight[w];
    const wrong = this.#testWrong === undefined ? 0 : this.#testWrong[w];
    const shared = right + wrong === 0;
    const known = shared ? this.#counts.get(count) : undefined;
    if (known !== undefined) return known;
    const logs = logRightCounts(this.#prior, count, classCount, right, wrong);
    const most = logs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const counts = logs.map((log) => Math.exp(log - most));
    if (shared) this.#counts.set(count, counts);
    return counts;
  }

  /** Messages by the kernel, for nodes inside (0, 1). */
  #products(nodes: CoinNodes, count: number): void {
    const { accuracy, logWeight } = nodes;
    const weight = this.#product;
    let most = Number.NEGATIVE_INFINITY;
    for (let s = 0; s < accuracy.length; s++) if (logWeight[s] > most) most = logWeight[s];
    for (let s = 0; s < accuracy.length; s++) weight[s] = Math.exp(logWeight[s] - most);
    this.#quadrature.run(count, accuracy, weight, this.#table.classCount);
    for (let j = 0; j < count; j++) this.#out[j] = Math.log(this.#quadrature.odds[j]);
  }

  /** Messages in logarithms, for accuracies of exactly 0 or 1. */
  #logMessages(nodes: CoinNodes, count: number): void {
    const { accuracy } = nodes;
    const size = accuracy.length;
    const others = this.#table.classCount - 1;
    this.#logProducts(nodes, count);
    const product = this.#product;
    for (let j = 0; j < count; j++) {
      let most = Number.NEGATIVE_INFINITY;
      for (let s = 0; s < size; s++) {
        const rest = product[s] - this.#logFactor(accuracy[s], j);
        this.#rest[s] = rest;
        if (rest > most) most = rest;
      }
      let plus = 0;
      let minus = 0;
      for (let s = 0; s < size; s++) {
        const without = Math.exp(this.#rest[s] - most);
        plus += without * accuracy[s];
        minus += (without * (1 - accuracy[s])) / others;
      }
      this.#out[j] = Math.log(plus) - Math.log(minus);
    }
  }

  /** ln weight + Σ ln factor of every node, into scratch; returns the greatest. */
  #logProducts(nodes: CoinNodes, count: number): number {
    const { accuracy, logWeight } = nodes;
    let most = Number.NEGATIVE_INFINITY;
    for (let s = 0; s < accuracy.length; s++) {
      let log = logWeight[s];
      for (let j = 0; j < count; j++) log += this.#logFactor(accuracy[s], j);
      this.#product[s] = log;
      if (log > most) most = log;
    }
    return most;
  }

  #logFactor(accuracy: number, j: number): number {
    const value = accuracy * this.#p[j] + ((1 - accuracy) / (this.#table.classCount - 1)) * this.#q[j];
    return value > 1e-304 ? Math.log(value) : logFloor;
  }
}

/** The message at the class said, as a probability among the K. */
function asShare(push: number, classCount: number): number {
  return 1 / (1 + (classCount - 1) * Math.exp(-push));
}

/** ln(right · e^push + wrong). */
function logMix(right: number, wrong: number, push: number): number {
  return push > 0 ? push + Math.log(right + wrong * Math.exp(-push)) : Math.log(right * Math.exp(push) + wrong);
}

/** Right and wrong test answers of each worker. */
export function testTotals(table: AnswerTable): { right: Float64Array; wrong: Float64Array } | undefined {
  const { testCounts, workerCount, classCount } = table;
  if (testCounts === undefined) return undefined;
  const right = new Float64Array(workerCount);
  const wrong = new Float64Array(workerCount);
  const block = classCount * classCount;
  testCounts.forEach((count, cell) => {
    const [w, inside] = [Math.floor(cell / block), cell % block];
    if (inside % (classCount + 1) === 0) right[w] += count;
    else wrong[w] += count;
  });
  return { right, wrong };
}
