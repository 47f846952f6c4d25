import { InputError } from '../../errors.ts';

/** A yes-or-no task and a crowd whose members are alike. Losses and the price share one unit. */
export interface StopOrAskProblem {
  /** P(a right answer) for each difficulty; one number where all tasks are alike. */
  readonly accuracy: readonly number[];
  /** P(difficulty), the same length; even by default. */
  readonly difficulty?: readonly number[];
  /** P(the true label is 1), default ½. */
  readonly prior?: number;
  readonly price: number;
  /** Loss of submitting 1 where 0 is true, and of 0 where 1 is true. */
  readonly falseAccept: number;
  readonly falseReject: number;
  /** The most answers. */
  readonly most: number;
}

/** The best policy for a {@link StopOrAskProblem} with its operating characteristics. */
export interface StopOrAskPolicy {
  /** Expected −loss −cost from the start. */
  readonly value: number;
  readonly expectedAnswers: number;
  readonly errorChance: number;
  /** `ask`, or the label to submit, after so many yes and no. */
  action(yes: number, no: number): 'ask' | 0 | 1;
  valueAt(yes: number, no: number): number;
  /** P(the true label is 1). */
  chanceOf(yes: number, no: number): number;
  difficultyAt(yes: number, no: number): Float64Array;
}

/**
 * The exact optimum of asking one more or stopping, by backward induction over the counts of yes and no.
 *
 * Use where the answers of exchangeable workers go into one binary label. It looks as far ahead as answers are allowed: at
 * a state where one more answer cannot change the label the one-step value of information is 0, yet asking can be right.
 * With several difficulties disagreement makes the task look hard, and the policy gives up by itself. O(most² ·
 * difficulties); nothing random.
 *
 * Source: Dai, Lin, Mausam & Weld (2013), Artificial Intelligence 202, the first scenario, solved exactly.
 *
 * @throws {InputError} invalid-problem
 * @example
 * const policy = solveStopOrAsk({ accuracy: [0.7], price: 1, falseAccept: 20, falseReject: 20, most: 15 });
 * policy.action(1, 0); // => 'ask'
 * policy.action(2, 0); // => 1
 */
export function solveStopOrAsk(problem: StopOrAskProblem): StopOrAskPolicy {
  check(problem);
  const { accuracy, most, price, falseAccept, falseReject, prior = 0.5 } = problem;
  const weight = problem.difficulty ?? accuracy.map(() => 1 / accuracy.length);
  const width = most + 1;
  // P(these answers in this order and truth 1 or 0), summed over difficulties.
  const mass = (yes: number, no: number, truth: 0 | 1): number => {
    const [right, wrong] = truth === 1 ? [yes, no] : [no, yes];
    let sum = 0;
    accuracy.forEach((a, d) => {
      sum += weight[d] * a ** right * (1 - a) ** wrong;
    });
    return (truth === 1 ? prior : 1 - prior) * sum;
  };
  const chanceOf = (yes: number, no: number): number => {
    const one = mass(yes, no, 1);
    return one / (one + mass(yes, no, 0));
  };
  const value = new Float64Array(width * width);
  const answers = new Float64Array(width * width);
  const error = new Float64Array(width * width);
  const asks = new Uint8Array(width * width);
  for (let asked = most; asked >= 0; asked--) {
    for (let yes = 0; yes <= asked; yes++) {
      const no = asked - yes;
      const at = yes * width + no;
      const one = chanceOf(yes, no);
      const accept = falseAccept * (1 - one);
      const reject = falseReject * one;
      value[at] = -Math.min(accept, reject);
      error[at] = accept < reject ? 1 - one : one;
      if (asked === most) continue;
      const all = mass(yes, no, 1) + mass(yes, no, 0);
      const next = (mass(yes + 1, no, 1) + mass(yes + 1, no, 0)) / all;
      const [up, down] = [at + width, at + 1];
      const ask = -price + next * value[up] + (1 - next) * value[down];
      if (ask <= value[at] + 1e-12) continue;
      value[at] = ask;
      asks[at] = 1;
      answers[at] = 1 + next * answers[up] + (1 - next) * answers[down];
      error[at] = next * error[up] + (1 - next) * error[down];
    }
  }
  return {
    value: value[0],
    expectedAnswers: answers[0],
    errorChance: error[0],
    action(yes, no) {
      if (yes + no < most && asks[yes * width + no] === 1) return 'ask';
      const one = chanceOf(yes, no);
      return falseAccept * (1 - one) < falseReject * one ? 1 : 0;
    },
    valueAt: (yes, no) => value[yes * width + no],
    chanceOf,
    difficultyAt(yes, no) {
      const chance = Float64Array.from(
        accuracy,
        (a, d) => weight[d] * (prior * a ** yes * (1 - a) ** no + (1 - prior) * a ** no * (1 - a) ** yes),
      );
      const sum = chance.reduce((total, share) => total + share, 0);
      return chance.map((share) => share / sum);
    },
  };
}

/** Value of always asking `answers` (odd or 0) and taking the majority: what the adaptive policy is compared with. */
export function fixedVotes(problem: StopOrAskProblem, answers: number): number {
  const fixed = solveStopOrAsk({ ...problem, price: 0, most: answers });
  return fixed.value - problem.price * answers;
}

function check({ accuracy, difficulty, prior = 0.5, price, falseAccept, falseReject, most }: StopOrAskProblem): void {
  const share = (value: number): boolean => value >= 0 && value <= 1;
  const positive = (value: number): boolean => Number.isFinite(value) && value >= 0;
  const right =
    accuracy.length > 0 &&
    accuracy.every(share) &&
    (difficulty === undefined || (difficulty.length === accuracy.length && difficulty.every(share))) &&
    share(prior) &&
    [price, falseAccept, falseReject].every(positive) &&
    Number.isInteger(most) &&
    most >= 0 &&
    most <= 2000;
  if (right) return;
  const hint = 'give accuracies and a prior in [0, 1], finite losses and price of 0 or more, and at most 2000 answers';
  throw new InputError(`invalid stop-or-ask problem; ${hint}`, { code: 'invalid-problem', hint });
}
