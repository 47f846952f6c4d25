import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Random } from '../../math/random.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf } from '../estimate.ts';
import { defineMethod, type Method, type Progress } from '../method.ts';
import { optionTable } from '../options.ts';
import { tableNotes } from '../table-notes.ts';
import { tieRules } from '../ties.ts';
import { answersPerWorker, clampGold, voteShares } from '../votes.ts';
import { agreement, agreementWorkers, creditWinners } from '../voting/agreement.ts';
import { meanRow } from '../voting/majority-vote.ts';

const options = optionTable({
  start: {
    kind: 'choice',
    default: 'ones',
    choices: ['ones', 'random'],
    does: 'First messages of workers: all 1, or drawn from a normal distribution with mean and variance 1.',
    why: 'Ten rounds forget most of the start; ones need no luck. The paper draws.',
  },
  iterations: {
    kind: 'number',
    default: 10,
    min: 1,
    max: 10_000,
    integer: true,
    does: 'Rounds of messages.',
    why: 'The paper’s; more rounds amplify what is irregular in real crowds.',
  },
  normalised: {
    kind: 'boolean',
    default: true,
    does: 'Divides each message by the number of messages it sums.',
    why: 'The paper does not; on nine real sets it gains 7 points on average and never falls to chance.',
  },
  tie: {
    kind: 'choice',
    default: 'hashed',
    choices: tieRules,
    does: 'How a tie is decided: by hash of seed and task, first class, largest share overall, or no label.',
    why: 'A hash favours no class and does not depend on the order of rows.',
  },
});

/** Share of tasks decided against a clear majority from which on the result is called doubtful. */
const doubtfulShare = 0.2;

/**
 * KOS: message passing between tasks and workers, a power iteration that weighs workers by how they
 * agree with the rest.
 *
 * Use on crowds assigned at random with about the same number of answers for every task and every
 * worker, for which it is order-optimal. **Unstable on uneven crowds** without `normalised`: a few
 * workers with very many answers take over the leading direction, and the result can be no better
 * than chance (as on the RTE set). A note warns when many tasks are decided against their majority.
 *
 * Two classes in the paper; with more, one class is held against the rest at a time and the highest
 * score wins. The posterior rescales the scores of a task to shares (not calibrated). Answer weights
 * multiply the answers, soft answers count by the difference of their probabilities; gold tasks send
 * fixed messages; tasks without answers are uniform. O(N·K) per round (O(N) for two classes).
 *
 * `workers.accuracy` is the agreement with the labels; `workers.extra.weight` the mean message.
 *
 * Source: Karger, Oh & Shah 2011, algorithm 1. Differs: messages are means, not sums
 * (`normalised: false` reproduces), and rescaled in each round, which changes no sign; deterministic
 * start.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'yes'], ['t1', 'bo', 'yes'], ['t2', 'ana', 'no'], ['t2', 'bo', 'no']]);
 * fit(kos, table).label('t2'); // => 'no'
 */
export const kos: Method = defineMethod({
  id: 'kos',
  title: 'KOS message passing',
  summary: 'Power iteration on agreement; for evenly assigned crowds, unstable elsewhere.',
  citation: 'Karger, Oh & Shah (2011). Iterative learning for reliable crowdsourcing systems. NIPS 24.',
  answers: 'categorical',
  family: 'optimisation',
  options,
  *fit(table, values, { seed, random }) {
    const notes = tableNotes(table);
    const { taskCount, classCount, workerCount } = table;
    if (table.answerCount === 0 || classCount < 2) return neutralEstimate(table, kos.id, values, seed, notes);
    const posterior = new Float64Array(taskCount * classCount);
    const weight = new Float64Array(workerCount);
    // With two classes the second is the first with the sign turned.
    const rounds = classCount === 2 ? 1 : classCount;
    for (let against = 0; against < rounds; against++) {
      const found = yield* passMessages(table, against, values, values.start === 'random' ? random : undefined);
      for (let task = 0; task < taskCount; task++) {
        const row = task * classCount;
        posterior[row + against] = 1 + found.share[task];
        if (classCount === 2) posterior[row + 1] = 1 - found.share[task];
      }
      for (let w = 0; w < workerCount; w++) weight[w] += found.reliability[w] / rounds;
    }
    for (let row = 0; row < posterior.length; row += classCount) {
      let total = 0;
      for (let k = row; k < row + classCount; k++) total += posterior[k];
      for (let k = row; k < row + classCount; k++) posterior[k] = total > 0 ? posterior[k] / total : 1 / classCount;
    }
    clampGold(table, posterior);
    const turned = turnedShare(table, posterior);
    if (turned > doubtfulShare) {
      notes.push(
        `${Math.round(100 * turned)} % of the tasks with a clear majority are decided against it: the messages may have gone astray, as they do on uneven crowds; compare with one-coin`,
      );
    }
    const agreed = agreement(table, creditWinners(table, posterior.slice(), values.tie === 'first'));
    return estimateOf(table, {
      method: kos.id,
      options: values,
      seed,
      posterior,
      calibrated: false,
      prior: meanRow(posterior, classCount),
      workers: agreementWorkers(table, posterior, agreed, answersPerWorker(table), { weight }),
      iterations: values.iterations,
      stopReason: 'iteration limit',
      tieRule: values.tie,
      notes,
    });
  },
});

/** Messages about one class against the rest: the score of each task as a share in [−1, 1], and workers' mean messages. */
function* passMessages(
  table: AnswerTable,
  against: number,
  values: { readonly iterations: number; readonly normalised: boolean },
  random: Random | undefined,
): Generator<Progress, { share: Float64Array; reliability: Float64Array }, void> {
  const { taskCount, classCount, workerCount, answerCount, taskStart, worker, label, weight, soft, gold } = table;
  const said = new Float64Array(answerCount);
  for (let answer = 0; answer < answerCount; answer++) {
    const power = weight === undefined ? 1 : weight[answer];
    const p = soft === undefined ? (label[answer] === against ? 1 : 0) : soft[answer * classCount + against];
    said[answer] = power * (2 * p - 1);
  }
  const toTask = new Float64Array(answerCount).fill(1);
  for (let task = 0; random !== undefined && task < taskCount; task++) {
    const stream = random.fork(table.tasks.name(task));
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) toTask[answer] = stream.normal(1, 1);
  }
  const toWorker = new Float64Array(answerCount);
  const sums = new Float64Array(workerCount);
  const answered = answersPerWorker(table);
  for (let iteration = 1; iteration <= values.iterations; iteration++) {
    sums.fill(0);
    for (let task = 0; task < taskCount; task++) {
      const [from, to] = [taskStart[task], taskStart[task + 1]];
      const known = gold === undefined ? -1 : gold[task];
      const others = Math.max(1, to - from - 1);
      let sum = 0;
      for (let answer = from; answer < to; answer++) sum += said[answer] * toTask[answer];
      for (let answer = from; answer < to; answer++) {
        // A known class speaks as if all the others had been right and fully trusted.
        let message = known < 0 ? sum - said[answer] * toTask[answer] : known === against ? others : -others;
        if (values.normalised) message /= others;
        toWorker[answer] = message;
        sums[worker[answer]] += said[answer] * message;
      }
    }
    let largest = 0;
    for (let answer = 0; answer < answerCount; answer++) {
      const w = worker[answer];
      let message = sums[w] - said[answer] * toWorker[answer];
      if (values.normalised) message /= Math.max(1, answered[w] - 1);
      toTask[answer] = message;
      largest = Math.max(largest, Math.abs(message));
    }
    // Nobody shares two tasks with anybody: there is nothing to pass on, and all are alike.
    if (largest === 0) toTask.fill(1);
    else for (let answer = 0; answer < answerCount; answer++) toTask[answer] /= largest;
    yield { iteration: against * values.iterations + iteration, objective: Number.NaN };
  }
  const share = new Float64Array(taskCount);
  const reliability = new Float64Array(workerCount);
  for (let task = 0; task < taskCount; task++) {
    let sum = 0;
    let size = 0;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      sum += said[answer] * toTask[answer];
      size += Math.abs(said[answer] * toTask[answer]);
      reliability[worker[answer]] += toTask[answer] / Math.max(1, answered[worker[answer]]);
    }
    share[task] = size > 0 ? sum / size : 0;
  }
  return { share, reliability };
}

/** Share of the tasks with a two-thirds majority that are decided against it. */
function turnedShare(table: AnswerTable, posterior: Float64Array): number {
  const { taskCount, classCount, taskStart } = table;
  const votes = voteShares(table);
  let clear = 0;
  let turned = 0;
  for (let task = 0; task < taskCount; task++) {
    if (taskStart[task + 1] - taskStart[task] < 2) continue;
    const row = task * classCount;
    for (let k = row; k < row + classCount; k++) {
      if (votes[k] < 2 / 3) continue;
      clear++;
      for (let other = row; other < row + classCount; other++) {
        if (posterior[other] > posterior[k]) {
          turned++;
          break;
        }
      }
    }
  }
  return clear === 0 ? 0 : turned / clear;
}
