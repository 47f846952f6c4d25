import type { AnswerTable } from '../answers/answer-table.ts';
import type { Random } from '../math/random.ts';
import type { Estimate } from '../methods/estimate.ts';
import { quantileSorted } from '../quality/bootstrap.ts';
import { accuraciesOf, classShares, LeftOutPosterior } from './left-out-posterior.ts';

/** What is to be said of a worker. */
export type WorkerVerdict =
  /** Answers hardly depend on the task. */
  | 'guesses'
  /** Answers depend on the task the wrong way round. */
  | 'turned over'
  /** Neither guessing nor knowing can be ruled out. */
  | 'unclear'
  /** Says a class more often when it is true. */
  | 'informative'
  /** Too few answers to say. */
  | 'too few';

/** How much one worker's answers say. Numbers are NaN where there is nothing to say. */
export interface WorkerInformation {
  readonly worker: string;
  readonly answers: number;
  /** 0 where answers do not depend on the task, 1 where they tell its class for certain, right or turned over. */
  readonly score: number;
  /** Ends of the 95 % interval of the score. */
  readonly lo: number;
  readonly hi: number;
  /** Σ π_k (θ_kk − s_k): above 0 where the worker says a class more often when it is true; with its interval's ends. */
  readonly direction: number;
  readonly directionLo: number;
  readonly directionHi: number;
  readonly verdict: WorkerVerdict;
}

export interface SpammerOptions {
  readonly random: Random;
  /** A worker with fewer answers is not judged, default 20. */
  readonly least?: number;
  /** A worker whose whole interval lies below this guesses, default 0.05. */
  readonly threshold?: number;
}

const [burnIn, kept] = [50, 150];

/** Pseudo-answers for every cell of a confusion matrix. */
const pseudoAnswers = 0.5;

/**
 * Who guesses: how much each worker's answers depend on the task, with an interval.
 *
 * Use to find workers to leave out or to talk to. The score is 0 for one who answers the same way
 * whatever is shown, and 1 for one who separates the classes perfectly, even if turned over, which
 * `direction` tells. The worker's confusion matrix is drawn from its posterior given what *the others*
 * say of each task, so nobody is judged by answers he gave himself. Only who is surely below the
 * threshold is said to guess; few answers mean a wide interval and no verdict.
 *
 * It cannot tell a guesser from a careful worker where the others guess. With fewer than two classes
 * scores are NaN and the verdict is `too few`. The order of rows does not matter. O(200 · N · K).
 *
 * Source: Raykar & Yu (2012), JMLR 13, the spammer score; pairs of classes weighted by their shares, which
 * changes nothing where all are alike, and the posterior from the others' answers are ours.
 *
 * @example
 * const rows = Array.from({ length: 60 }, (_, t): [string, string, string][] =>
 *   ['ana', 'bo', 'cy', 'mo'].map((w, i) => [`t${t}`, w, i < 3 ? (t % 2 ? 'cat' : 'dog') : 'cat']),
 * ).flat();
 * const table = answersFrom(rows);
 * findSpammers(table, fit(majorityVote, table), { random: new Random(1) }).map(({ verdict }) => verdict); // => ['informative', 'informative', 'informative', 'guesses']
 */
export function findSpammers(table: AnswerTable, estimate: Estimate, options: SpammerOptions): WorkerInformation[] {
  const { random, least = 20, threshold = 0.05 } = options;
  const others = new LeftOutPosterior(table, classShares(estimate), accuraciesOf(table, estimate));
  return Array.from({ length: table.workerCount }, (_, w) => {
    const answers = table.byWorker.start[w + 1] - table.byWorker.start[w];
    const worker = table.workers.name(w);
    if (answers < least || table.classCount < 2) return unknown(worker, answers);
    const draws = new ConfusionDraws(table, others, w, random.fork(worker));
    const [scores, directions] = [new Float64Array(kept), new Float64Array(kept)];
    for (let draw = 0; draw < kept; draw++) {
      draws.next();
      [scores[draw], directions[draw]] = [draws.score(), draws.direction()];
    }
    const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / kept;
    const [score, direction] = [mean(scores), mean(directions)];
    scores.sort();
    directions.sort();
    const [lo, hi] = [quantileSorted(scores, 0.025), quantileSorted(scores, 0.975)];
    const [directionLo, directionHi] = [quantileSorted(directions, 0.025), quantileSorted(directions, 0.975)];
    const verdict =
      hi < threshold ? 'guesses' : directionHi < 0 ? 'turned over' : directionLo < 0 ? 'unclear' : 'informative';
    return { worker, answers, score, lo, hi, direction, directionLo, directionHi, verdict };
  });
}

function unknown(worker: string, answers: number): WorkerInformation {
  const nothing = Number.NaN;
  return {
    ...{ worker, answers, score: nothing, lo: nothing, hi: nothing },
    ...{ direction: nothing, directionLo: nothing, directionHi: nothing, verdict: 'too few' },
  };
}

/** A worker's confusion matrix drawn again and again: true classes given the matrix, the matrix given true classes. */
class ConfusionDraws {
  /** θ, K×K, rows are true classes. */
  readonly confusion: Float64Array;
  readonly #said: Uint16Array;
  /** Posterior of each answered task without this worker, n×K. */
  readonly #others: Float64Array;
  readonly #shares: Float64Array;
  readonly #counts: Float64Array;
  readonly #random: Random;
  readonly #classCount: number;

  constructor(table: AnswerTable, others: LeftOutPosterior, worker: number, random: Random) {
    const { classCount, byWorker, label, answerTask } = table;
    const own = byWorker.answers.subarray(byWorker.start[worker], byWorker.start[worker + 1]);
    // By name of the task, so that draws do not depend on the order of rows.
    const names = Array.from(own, (answer) => table.tasks.name(answerTask[answer]));
    const order = Array.from(own.keys()).sort((a, b) => (names[a] < names[b] ? -1 : 1));
    this.#classCount = classCount;
    this.#shares = others.shares;
    this.#random = random;
    this.#said = Uint16Array.from(order, (i) => label[own[i]]);
    this.#others = new Float64Array(own.length * classCount);
    order.forEach((i, at) => {
      const row = this.#others.subarray(at * classCount, (at + 1) * classCount);
      others.without(answerTask[own[i]], own[i], -1, row);
    });
    this.confusion = new Float64Array(classCount * classCount).fill(1 / classCount);
    this.#counts = new Float64Array(classCount * classCount);
    for (let i = 0; i < burnIn; i++) this.next();
  }

  next(): void {
    const count = this.#classCount;
    const { confusion } = this;
    const counts = this.#counts;
    const weights = new Float64Array(count);
    counts.fill(pseudoAnswers);
    for (let i = 0; i < this.#said.length; i++) {
      const said = this.#said[i];
      for (let k = 0; k < count; k++) weights[k] = this.#others[i * count + k] * confusion[k * count + said];
      counts[this.#random.categorical(weights) * count + said]++;
    }
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let l = 0; l < count; l++) {
        const drawn = this.#random.gamma(counts[k * count + l]);
        confusion[k * count + l] = drawn;
        sum += drawn;
      }
      for (let l = 0; l < count; l++) confusion[k * count + l] /= sum;
    }
  }

  /** Σ_{k<k′} π_k π_k′ ‖θ_k − θ_k′‖² as a share of what a perfect worker has. */
  score(): number {
    const count = this.#classCount;
    const shares = this.#shares;
    let score = 0;
    let perfect = 0;
    for (let k = 0; k < count; k++) {
      for (let other = 0; other < k; other++) {
        let square = 0;
        for (let l = 0; l < count; l++)
          square += (this.confusion[k * count + l] - this.confusion[other * count + l]) ** 2;
        score += shares[k] * shares[other] * square;
        perfect += 2 * shares[k] * shares[other];
      }
    }
    return score / perfect;
  }

  /** Σ π_k θ_kk less what the same answers would hit if they were dealt to tasks at random. */
  direction(): number {
    const count = this.#classCount;
    const shares = this.#shares;
    let direction = 0;
    for (let k = 0; k < count; k++) {
      let said = 0;
      for (let other = 0; other < count; other++) said += shares[other] * this.confusion[other * count + k];
      direction += shares[k] * (this.confusion[k * count + k] - said);
    }
    return direction;
  }
}
