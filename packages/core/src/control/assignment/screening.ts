import { incompleteBeta } from '../../math/incomplete.ts';

/** What a sequential test of a worker says so far. */
export interface Screening {
  readonly verdict: 'accept' | 'reject' | 'go on';
  readonly logRatio: number;
  readonly accept: number;
  readonly reject: number;
}

export interface ScreeningOptions {
  /** Accuracy of a good worker, default 0.8, and of one to be turned away, default 0.5. */
  readonly good?: number;
  readonly bad?: number;
  /** P(accept a bad worker), default 0.05; P(reject a good one), default 0.1. */
  readonly falseAccept?: number;
  readonly falseReject?: number;
}

/**
 * Wald's sequential probability ratio test on answers to gold questions: the fewest questions for its error rates.
 *
 * A worker of accuracy 0.9 needs about 10 questions, one of 0.7 about 19 at the defaults; use {@link trusted} where that is
 * too dear.
 *
 * @example
 * screen([true, true, false]).verdict; // => 'go on'
 */
export function screen(outcomes: readonly boolean[], options: ScreeningOptions = {}): Screening {
  const { good = 0.8, bad = 0.5, falseAccept = 0.05, falseReject = 0.1 } = options;
  const accept = Math.log((1 - falseReject) / falseAccept);
  const reject = Math.log(falseReject / (1 - falseAccept));
  let logRatio = 0;
  for (const right of outcomes) {
    logRatio += right ? Math.log(good / bad) : Math.log((1 - good) / (1 - bad));
    if (logRatio >= accept) return { verdict: 'accept', logRatio, accept, reject };
    if (logRatio <= reject) return { verdict: 'reject', logRatio, accept, reject };
  }
  return { verdict: 'go on', logRatio, accept, reject };
}

/** P(accuracy > least) after gold questions, from Beta(2, 1). Turn away below 0.05, promote above 0.95, from 5 on. */
export function trusted(right: number, wrong: number, least: number): number {
  return 1 - incompleteBeta(least, 2 + right, 1 + wrong);
}
