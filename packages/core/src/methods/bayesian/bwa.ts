import type { AnswerTable } from '../../answers/answer-table.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf } from '../estimate.ts';
import { limitNote } from '../fit-notes.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { notYet, showingProgress } from '../pauses.ts';
import { tableNotes } from '../table-notes.ts';
import { clampGold, isInformed, voteShares } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { coinWorkers } from '../worker-estimates.ts';

/** Absolute change of a score below which it has settled whatever its size. */
const absoluteTolerance = 1e-8;

const options = optionTable({
  shape: {
    kind: 'number',
    default: 15,
    min: 0.01,
    max: 1e12,
    unit: 'answers',
    does: 'Pseudo-answers behind the prior of a worker’s precision.',
    why: 'The paper’s; good on all its sets.',
  },
  pull: {
    kind: 'number',
    default: 1,
    min: 0,
    max: 1e12,
    does: 'Precision with which a task’s score is pulled to the mean of the class.',
    why: 'The paper’s: about as strong as one good answer.',
  },
  correction: {
    kind: 'boolean',
    default: true,
    does: 'Multiply the prior variance by 4(1 − 1/K).',
    why: 'The paper’s; on average half a point better.',
  },
  maxIterations: {
    kind: 'number',
    default: 500,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Most iterations.',
    why: 'Real sets settle in 5 to 40.',
  },
  tolerance: {
    kind: 'number',
    default: 1e-3,
    min: 0,
    max: 1,
    does: 'Relative change of every score at which a class has settled.',
    why: 'The paper’s; 1e-8 changes no accuracy.',
  },
});

/**
 * BWA, Bayesian weighted average: a vote whose weights are learned class by class.
 *
 * Use for very large data or many classes: it is the cheapest model after plain voting, O(N·K) per
 * sweep with 5 to 40 sweeps, and one number per worker and class. It cannot learn a worker who
 * inverts its answers or a class that is systematically missed; use a confusion model there.
 *
 * Each class is a regression on 0/1 indicators: a task's score ~ Normal(mean of the class,
 * 1/pull), an answer's indicator ~ Normal(score, 1/precision of the worker), precision ~ Gamma. The
 * posterior is the positive part of the scores, normalised: not calibrated. The objective, the log
 * posterior of the scores with precisions integrated out and summed over classes, never falls. A
 * class on which every task is unanimous keeps its vote shares.
 *
 * Workers have their agreement with the posterior and `extra.weight`: their precision averaged over
 * classes by frequency, relative to the median worker. Gold tasks keep scores of 0 and 1; answer
 * weights multiply precisions; soft answers count as their most likely class; task priors and test
 * answers are not used. Tasks without answers get the class means.
 *
 * Source: Li, Rubinstein & Cohn 2019, section 4 (BWA), with its data-driven prior rate.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog'], ['t2', 'cy', 'dog']]);
 * fit(bwa, table).label('t1'); // => 'cat'
 */
export const bwa: Method = defineMethod({
  id: 'bwa',
  title: 'Bayesian weighted average (BWA)',
  summary: 'A vote with weights learned class by class; for very large data.',
  citation: 'Li, Rubinstein & Cohn (2019). Exploiting worker correlation for label aggregation in crowdsourcing. ICML.',
  answers: 'categorical',
  family: 'bayesian',
  options,
  monotone: true,
  *fit(table, values, { seed }) {
    const { id: method } = bwa;
    const notes = tableNotes(table);
    if (table.answerCount === 0 || table.classCount < 2) return neutralEstimate(table, method, values, seed, notes);
    if (table.taskPrior !== undefined || table.testCounts !== undefined) {
      notes.push('task priors and test answers are not used by this method');
    }
    yield notYet;
    const regressions = new Regressions(table, values);
    yield notYet;
    const objective: number[] = [];
    let settled = regressions.isUnanimous;
    if (settled) notes.push('every task is unanimous: the vote is kept');
    while (!settled && objective.length < values.maxIterations) {
      const reached = { iteration: objective.length, objective: objective.at(-1) ?? Number.NaN };
      const found = yield* showingProgress(regressions.sweep(values.tolerance), reached);
      objective.push(found.objective);
      yield { iteration: objective.length, objective: found.objective };
      settled = found.settled;
    }
    if (!settled) notes.push(limitNote(values.maxIterations));
    const posterior = regressions.posterior();
    const prior = meanRow(posterior, table.classCount);
    return estimateOf(table, {
      method,
      options: values,
      seed,
      posterior,
      calibrated: false,
      prior,
      workers: coinWorkers(table, posterior, undefined, { weight: regressions.weights(prior) }),
      objective,
      iterations: objective.length,
      converged: settled,
      stopReason: settled ? 'posterior settled' : 'iteration limit',
      notes,
    });
  },
});

/** One regression on indicators per class, all advanced together. */
class Regressions {
  readonly isUnanimous: boolean;
  readonly #table: AnswerTable;
  readonly #shape: number;
  readonly #pull: number;
  /** Prior rate of the precisions per class; 0 where the class is unanimous and left out. */
  readonly #rate: Float64Array;
  readonly #done: Uint8Array;
  /** K×T and K×W: one class after the other. */
  readonly #score: Float64Array;
  readonly #precision: Float64Array;
  readonly #mean: Float64Array;
  readonly #last: Float64Array;
  readonly #answered: Float64Array;
  readonly #informed: Uint8Array;
  readonly #informedCount: number;
  readonly #residual: Float64Array;

  constructor(
    table: AnswerTable,
    values: { readonly shape: number; readonly pull: number; readonly correction: boolean },
  ) {
    const { taskCount, workerCount, classCount, taskStart, worker, weight } = table;
    this.#table = table;
    this.#shape = values.shape;
    this.#pull = values.pull;
    this.#score = new Float64Array(classCount * taskCount);
    this.#precision = new Float64Array(classCount * workerCount);
    this.#mean = new Float64Array(classCount);
    this.#last = new Float64Array(classCount);
    this.#residual = new Float64Array(workerCount);
    this.#answered = new Float64Array(workerCount);
    for (let e = 0; e < worker.length; e++) this.#answered[worker[e]] += weight === undefined ? 1 : weight[e];
    this.#informed = Uint8Array.from({ length: taskCount }, (_, task) => (isInformed(table, task) ? 1 : 0));
    this.#informedCount = this.#informed.reduce((sum, one) => sum + one, 0);
    const shares = voteShares(table);
    const correction = values.correction ? 4 * (1 - 1 / classCount) : 1;
    this.#rate = new Float64Array(classCount);
    for (let task = 0; task < taskCount; task++) {
      for (let k = 0; k < classCount; k++) {
        const share = shares[task * classCount + k];
        this.#rate[k] += (taskStart[task + 1] - taskStart[task]) * share * (1 - share);
      }
    }
    clampGold(table, shares);
    for (let task = 0; task < taskCount; task++) {
      for (let k = 0; k < classCount; k++) this.#score[k * taskCount + task] = shares[task * classCount + k];
    }
    for (let k = 0; k < classCount; k++) this.#rate[k] *= (values.shape * correction) / table.answerCount;
    this.#done = Uint8Array.from(this.#rate, (rate) => (rate > 1e-12 ? 0 : 1));
    this.isUnanimous = this.#done.every((done) => done === 1);
    for (let k = 0; k < classCount; k++) this.#takeMean(k);
  }

  /**
   * Precisions, then scores of every class that has not settled; the objective before the change. Pauses
   * after each class.
   */
  *sweep(tolerance: number): Generator<unknown, { objective: number; settled: boolean }, void> {
    const { classCount } = this.#table;
    let objective = 0;
    let settled = true;
    for (let k = 0; k < classCount; k++) {
      if (this.#done[k] === 0) {
        this.#last[k] = this.#updatePrecisions(k);
        if (this.#updateScores(k, tolerance)) this.#done[k] = 1;
        else settled = false;
        this.#takeMean(k);
        yield;
      }
      objective += this.#last[k];
    }
    return { objective, settled };
  }

  /** T×K: the positive parts of the scores, normalised. */
  posterior(): Float64Array {
    const { taskCount, classCount, gold } = this.#table;
    const rows = new Float64Array(taskCount * classCount);
    for (let task = 0; task < taskCount; task++) {
      let sum = 0;
      for (let k = 0; k < classCount; k++) {
        const score = this.#informed[task] === 1 ? this.#score[k * taskCount + task] : this.#mean[k];
        rows[task * classCount + k] = Math.max(0, score);
        sum += Math.max(0, score);
      }
      for (let k = 0; k < classCount; k++) {
        rows[task * classCount + k] = sum > 0 ? rows[task * classCount + k] / sum : 1 / classCount;
      }
    }
    if (gold !== undefined) clampGold(this.#table, rows);
    return rows;
  }

  /** Precisions averaged over classes by frequency, relative to the median. */
  weights(prior: Float64Array): Float64Array {
    const { workerCount, classCount } = this.#table;
    const weights = new Float64Array(workerCount);
    for (let k = 0; k < classCount; k++) {
      for (let w = 0; w < workerCount; w++) {
        // A unanimous class tells workers apart as little as one precision for all.
        const precision = this.#rate[k] > 0 ? this.#precision[k * workerCount + w] : 0;
        weights[w] += prior[k] * precision;
      }
    }
    const sorted = weights.slice().sort();
    const median = workerCount === 0 ? 0 : (sorted[(workerCount - 1) >> 1] + sorted[workerCount >> 1]) / 2;
    return median > 0 ? weights.map((weight) => weight / median) : weights.fill(1);
  }

  #takeMean(k: number): void {
    const { taskCount } = this.#table;
    let sum = 0;
    for (let task = 0; task < taskCount; task++)
      if (this.#informed[task] === 1) sum += this.#score[k * taskCount + task];
    this.#mean[k] = this.#informedCount === 0 ? 0 : sum / this.#informedCount;
  }

  /** v = (a + r) / (b + Σ(s − x)²); returns the class's part of the objective. */
  #updatePrecisions(k: number): number {
    const { taskCount, workerCount, taskStart, worker, label, weight } = this.#table;
    const score = this.#score.subarray(k * taskCount, (k + 1) * taskCount);
    const residual = this.#residual.fill(0);
    let objective = 0;
    for (let task = 0; task < taskCount; task++) {
      if (this.#informed[task] === 1) objective -= (this.#pull / 2) * (score[task] - this.#mean[k]) ** 2;
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
        const off = score[task] - (label[e] === k ? 1 : 0);
        residual[worker[e]] += off * off * (weight === undefined ? 1 : weight[e]);
      }
    }
    for (let w = 0; w < workerCount; w++) {
      const shape = this.#shape + this.#answered[w];
      const rate = this.#rate[k] + residual[w];
      this.#precision[k * workerCount + w] = shape / rate;
      objective -= (shape / 2) * Math.log(rate);
    }
    return objective;
  }

  /** s = (λμ + Σ v x) / (λ + Σ v); true where every score has settled. */
  #updateScores(k: number, tolerance: number): boolean {
    const { taskCount, workerCount, taskStart, worker, label, weight, gold } = this.#table;
    const pull = this.#pull;
    let settled = true;
    for (let task = 0; task < taskCount; task++) {
      if (taskStart[task + 1] === taskStart[task] || (gold !== undefined && gold[task] >= 0)) continue;
      let above = pull * this.#mean[k];
      let below = pull;
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
        const precision = this.#precision[k * workerCount + worker[e]] * (weight === undefined ? 1 : weight[e]);
        below += precision;
        if (label[e] === k) above += precision;
      }
      const next = below > 0 ? above / below : this.#mean[k];
      const at = k * taskCount + task;
      if (!(Math.abs(next - this.#score[at]) <= absoluteTolerance + tolerance * Math.abs(this.#score[at])))
        settled = false;
      this.#score[at] = next;
    }
    return settled;
  }
}
