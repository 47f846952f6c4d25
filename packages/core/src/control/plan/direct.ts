import { logGamma } from '../../math/gamma-functions.ts';
import type { Pilot } from './pilot.ts';

/** What majority vote gets from `answers` answers a task, read off the pilot itself. */
export interface DirectEstimate {
  readonly answers: number;
  readonly accuracy: number;
  /** Standard deviation of the tasks' expected credit; over √G it is the standard error. */
  readonly taskSd: number;
  /** Gold tasks with at least that many answers. */
  readonly tasks: number;
}

/**
 * The expected accuracy of majority vote when only `answers` of each gold task's answers are drawn: exact.
 *
 * A tie of c classes counts 1/c. Tasks with fewer answers are left out. Per task the sum runs over the ways to draw
 * `answers` from its counts (multivariate hypergeometric); O(G · ways).
 *
 * @example
 * const answers = answersFrom([['t1', 'ana', 'x'], ['t1', 'bo', 'y'], ['t1', 'cy', 'x']]);
 * const { table } = answers.withGold(new Map([['t1', 'x']]));
 * directVote(pilotOf(table), 3).accuracy; // => 1
 */
export function directVote(pilot: Pilot, answers: number): DirectEstimate {
  const { classCount, counts, truth } = pilot;
  let sum = 0;
  let squares = 0;
  let tasks = 0;
  for (let i = 0; i < truth.length; i++) {
    const row = counts.subarray(i * classCount, (i + 1) * classCount);
    let total = 0;
    for (const c of row) total += c;
    if (total < answers || answers < 1) continue;
    const credit = expectedCredit(row, truth[i], answers, total);
    sum += credit;
    squares += credit * credit;
    tasks++;
  }
  const accuracy = tasks === 0 ? Number.NaN : sum / tasks;
  const taskSd = tasks < 2 ? 0 : Math.sqrt(Math.max(0, (squares - sum * accuracy) / (tasks - 1)));
  return { answers, accuracy, taskSd, tasks };
}

function expectedCredit(counts: Float64Array, truth: number, answers: number, total: number): number {
  // The true class first, so that the recursion knows its share when it compares the others.
  const others = Array.from(counts).filter((count, k) => k !== truth && count > 0);
  let credit = 0;
  for (let right = 0; right <= Math.min(counts[truth], answers); right++) {
    const visit = (at: number, left: number, logWays: number, tied: number): void => {
      if (at === others.length) {
        if (left === 0) credit += Math.exp(logWays) / tied;
        return;
      }
      for (let drawn = 0; drawn <= Math.min(others[at], left, right); drawn++) {
        visit(at + 1, left - drawn, logWays + logChoose(others[at], drawn), drawn === right ? tied + 1 : tied);
      }
    };
    if (right > 0) visit(0, answers - right, logChoose(counts[truth], right), 1);
  }
  return credit / Math.exp(logChoose(total, answers));
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}
