import type { AnswerTable } from '../../answers/answer-table.ts';
import { type AlphaOptions, alphaFrom, wholeSums } from './coefficients.ts';
import { classValues, midranks, pairDisagreement } from './scale.ts';

/** How each worker agrees with the others, W each; NaN for workers who share no task. */
export interface WorkerAgreement {
  /** Number of answers to tasks that others answered too. */
  readonly shared: Uint32Array;
  /** Mean probability that a random colleague on the task said the same. */
  readonly agreement: Float64Array;
  /** The same beyond chance: Cohen's kappa with a random colleague. */
  readonly kappa: Float64Array;
  /** Alpha of the answers without this worker's. */
  readonly alphaWithout: Float64Array;
  /** Alpha with everybody − `alphaWithout`: below 0, agreement would rise without the worker. */
  readonly alphaGain: Float64Array;
}

/**
 * Each worker's agreement with the rest: percent, kappa, and what alpha would be without them.
 *
 * Use to see who differs from the crowd; different is not wrong, since the crowd may be wrong
 * together. `kappa` is (P_o − P_e)/(1 − P_e), with P_o the mean share of colleagues on the worker's
 * tasks who said the same and P_e = Σ_k (share of k in the worker's answers) · (share of k among
 * those colleagues). `alphaWithout` drops the worker's answers, and with them tasks left with one
 * answer; on the ordinal scale the midranks of all answers are kept. NaN where it is undefined.
 *
 * O(Σ over answers of the distinct classes of their task + W·K), ratio W·K².
 *
 * Source: kappa with many colleagues: Cohen (1960) averaged over the others, as Conger (1980) does
 * over pairs; leave-one-out alpha: Krippendorff (2019), ch. 12.
 *
 * @throws {InputError} invalid-scale
 * @throws {BudgetError} too-many-classes
 */
export function workerAgreement(table: AnswerTable, options: AlphaOptions = {}): WorkerAgreement {
  const { workerCount, classCount, taskCount, taskStart, worker, label } = table;
  const result: WorkerAgreement = {
    shared: new Uint32Array(workerCount),
    agreement: new Float64Array(workerCount),
    kappa: new Float64Array(workerCount).fill(Number.NaN),
    alphaWithout: new Float64Array(workerCount).fill(Number.NaN),
    alphaGain: new Float64Array(workerCount).fill(Number.NaN),
  };
  const leaveOut = new LeaveOneOut(table, options);
  const own = new Float64Array(classCount);
  const others = new Float64Array(classCount);
  const votes = new TaskVotes(classCount);
  const { start, answers } = table.byWorker;
  for (let w = 0; w < workerCount; w++) {
    own.fill(0);
    others.fill(0);
    let same = 0;
    let shared = 0;
    leaveOut.reset();
    for (let i = start[w]; i < start[w + 1]; ) {
      const task = table.answerTask[answers[i]];
      const next = afterTask(table, i, start[w + 1]);
      const repeats = next - i;
      const size = taskStart[task + 1] - taskStart[task];
      if (size < 2) {
        i = next;
        continue;
      }
      votes.load(label, taskStart[task], taskStart[task + 1]);
      const before = leaveOut.disagreementOf(votes, size);
      for (; i < next; i++) votes.count[label[answers[i]]]--;
      const rest = size - repeats;
      if (rest > 0) {
        for (let j = next - repeats; j < next; j++) {
          const said = label[answers[j]];
          own[said]++;
          shared++;
          same += votes.count[said] / rest;
          for (const k of votes.said) others[k] += votes.count[k] / rest;
        }
      }
      leaveOut.remove(before, votes, rest, label, worker, taskStart[task], taskStart[task + 1], w);
      votes.clear();
    }
    result.shared[w] = shared;
    result.agreement[w] = same / shared;
    if (shared > 0) {
      let chance = 0;
      let saidClasses = 0;
      for (let k = 0; k < classCount; k++) {
        chance += (own[k] / shared) * (others[k] / shared);
        if (own[k] + others[k] > 0) saidClasses++;
      }
      if (saidClasses > 1) result.kappa[w] = (same / shared - chance) / (1 - chance);
    }
    if (taskCount > 0) {
      result.alphaWithout[w] = leaveOut.alpha();
      result.alphaGain[w] = leaveOut.whole - result.alphaWithout[w];
    }
  }
  return result;
}

/** The first place after `i` in the worker's answers that belongs to another task. */
function afterTask(table: AnswerTable, i: number, end: number): number {
  const { answers } = table.byWorker;
  const task = table.answerTask[answers[i]];
  let next = i + 1;
  while (next < end && table.answerTask[answers[next]] === task) next++;
  return next;
}

/** Votes of one task by class, with the list of classes said. */
class TaskVotes {
  readonly count: Float64Array;
  said: number[] = [];
  /** Counts in the order of `said`, for sums over the list. */
  listed: number[] = [];

  constructor(classCount: number) {
    this.count = new Float64Array(classCount);
  }

  load(label: Uint16Array, from: number, to: number): void {
    for (let answer = from; answer < to; answer++) {
      if (this.count[label[answer]]++ === 0) this.said.push(label[answer]);
    }
  }

  clear(): void {
    for (const k of this.said) this.count[k] = 0;
    this.said = [];
  }

  list(): number[] {
    this.listed = this.said.map((k) => this.count[k]);
    return this.listed;
  }
}

/** Alpha without one worker, from the sums of all by what the worker's tasks lose. */
class LeaveOneOut {
  /** Alpha of everybody's answers. */
  readonly whole: number;
  readonly #scale: NonNullable<AlphaOptions['scale']>;
  readonly #positions: Float64Array;
  readonly #totals: Float64Array;
  readonly #wholeTotals: Float64Array;
  readonly #wholeDisagreement: number;
  readonly #wholeAnswers: number;
  #disagreement = 0;
  #answers = 0;

  constructor(table: AnswerTable, options: AlphaOptions) {
    const sums = wholeSums(table, options);
    this.#scale = options.scale ?? 'nominal';
    this.#positions = classValues(this.#scale, table.classes.names(), options.values);
    if (this.#scale === 'ordinal') midranks(sums.totals, this.#positions);
    this.#wholeTotals = sums.totals;
    this.#totals = sums.totals.slice();
    this.#wholeDisagreement = sums.disagreement;
    this.#wholeAnswers = sums.answers;
    this.whole = alphaFrom(sums.answers, sums.disagreement, sums.expectedDisagreement());
  }

  reset(): void {
    this.#totals.set(this.#wholeTotals);
    this.#disagreement = this.#wholeDisagreement;
    this.#answers = this.#wholeAnswers;
  }

  disagreementOf(votes: TaskVotes, size: number): number {
    if (size < 2) return 0;
    return this.#between(votes) / (size - 1);
  }

  /** Takes a task's old share away and adds that of the votes left; one vote left counts no more. */
  remove(
    before: number,
    votes: TaskVotes,
    rest: number,
    label: Uint16Array,
    worker: Uint32Array,
    from: number,
    to: number,
    w: number,
  ): void {
    this.#disagreement += this.disagreementOf(votes, rest) - before;
    for (let answer = from; answer < to; answer++) {
      if (rest >= 2 && worker[answer] !== w) continue;
      this.#totals[label[answer]]--;
      this.#answers--;
    }
  }

  alpha(): number {
    const expected = pairDisagreement(this.#scale, null, this.#totals, 0, this.#totals.length, this.#positions);
    return alphaFrom(this.#answers, Math.max(0, this.#disagreement), expected);
  }

  #between(votes: TaskVotes): number {
    return pairDisagreement(this.#scale, votes.said, votes.list(), 0, votes.said.length, this.#positions);
  }
}
