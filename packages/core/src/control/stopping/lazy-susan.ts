import { logGamma } from '../../math/gamma-functions.ts';
import { logSumExp } from '../../math/log-sum-exp.ts';
import { affordable, ask, type Controller, stop } from './controller.ts';

/** Open questions: any text may be the answer, one of them is right. */
export interface OpenQuestion {
  /** θ: how many different wrong answers people find; small means that all fall into the same trap. Default 1. */
  readonly variety?: number;
  /** γ: larger means more errors. Default 1. */
  readonly error?: number;
  /** Values the difficulty may have, even a priori; default 0, 0.1 … 1. */
  readonly difficulties?: readonly number[];
}

/** What is believed after some answers. */
export interface OpenBelief {
  /** P(each distinct answer is right), in the order of `counts`. */
  readonly answers: Float64Array;
  /** P(the right answer was not given yet). */
  readonly unseen: number;
  readonly difficulty: number;
  /** ln P(these answers). */
  readonly logEvidence: number;
}

/**
 * How likely each distinct answer to an open question is right, from how often each was given. Order does not matter.
 *
 * Right answers come with probability (1 − d)^γ; wrong ones fall in with earlier wrong ones like guests of a Chinese
 * restaurant. No answers: nothing is seen. O(answers · difficulties).
 *
 * Source: Lin, Mausam & Weld (2012), UAI, arXiv:1210.4870; closed form of the sequential update.
 *
 * @example
 * openBelief([2, 1]).answers; // [0.4737, 0.2368]
 */
export function openBelief(counts: readonly number[], question: OpenQuestion = {}): OpenBelief {
  const { variety = 1, error = 1, difficulties = tenths } = question;
  const distinct = counts.length;
  const all = counts.reduce((sum, count) => sum + count, 0);
  const tables = counts.reduce((sum, count) => sum + logGamma(count), 0);
  const rising = (r: number): number => logGamma(variety + r) - logGamma(variety);
  const logWeights: number[] = [];
  for (let j = 0; j <= distinct; j++) {
    const right = j < distinct ? counts[j] : 0;
    for (const d of difficulties) {
      const a = (1 - d) ** error;
      const logTables =
        j < distinct
          ? (distinct - 1) * Math.log(variety) + tables - logGamma(right) - rising(all - right)
          : distinct * Math.log(variety) + tables - rising(all);
      logWeights.push(times(right, Math.log(a)) + times(all - right, Math.log(1 - a)) + logTables);
    }
  }
  const logAll = logSumExp(logWeights);
  const share = logWeights.map((value) => Math.exp(value - logAll));
  const count = difficulties.length;
  const mass = (j: number): number => share.slice(j * count, (j + 1) * count).reduce((sum, value) => sum + value, 0);
  return {
    answers: Float64Array.from({ length: distinct }, (_, j) => mass(j)),
    unseen: mass(distinct),
    difficulty: share.reduce((sum, value, i) => sum + value * difficulties[i % count], 0),
    logEvidence: logAll - Math.log(count),
  };
}

/** The best policy of asking or submitting for open questions. */
export interface OpenPolicy {
  readonly value: number;
  readonly expectedAnswers: number;
  readonly accuracy: number;
  /** Ask one more after these counts of distinct answers? */
  asks(counts: readonly number[]): boolean;
}

/**
 * The exact optimum for open questions, over partitions of the answers' counts (272 of them for 12 answers).
 *
 * @param worth of a right submission, in the unit of the price
 */
export function solveOpenQuestion(question: OpenQuestion, worth: number, price: number, most: number): OpenPolicy {
  interface Node {
    value: number;
    answers: number;
    accuracy: number;
    asks: boolean;
  }
  const memo = new Map<string, Node>();
  const visit = (counts: readonly number[]): Node => {
    const key = counts.join();
    const known = memo.get(key);
    if (known !== undefined) return known;
    const belief = openBelief(counts, question);
    const accuracy = Math.max(0, ...belief.answers);
    let node: Node = { value: worth * accuracy, answers: 0, accuracy, asks: false };
    if (counts.reduce((sum, count) => sum + count, 0) < most) {
      const asked = { value: -price, answers: 1, accuracy: 0 };
      for (const { next, chance } of oneMore(counts, belief, question)) {
        const then = visit(next);
        asked.value += chance * then.value;
        asked.answers += chance * then.answers;
        asked.accuracy += chance * then.accuracy;
      }
      if (asked.value > node.value + 1e-12) node = { ...asked, asks: true };
    }
    memo.set(key, node);
    return node;
  };
  const { value, answers, accuracy } = visit([]);
  return {
    value,
    expectedAnswers: answers,
    accuracy,
    asks: (counts) => visit([...counts].sort((a, b) => b - a)).asks,
  };
}

/**
 * Accuracy of always taking `answers` answers and submitting the commonest: what the adaptive policy is compared with.
 *
 * Answers given equally often are equally likely to be right, so ties need no rule.
 */
export function pluralityAccuracy(question: OpenQuestion, answers: number): number {
  const memo = new Map<string, number>();
  const visit = (counts: readonly number[], left: number): number => {
    const key = `${left}:${counts.join()}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const belief = openBelief(counts, question);
    let accuracy = 0;
    if (left === 0) accuracy = belief.answers[0] ?? 0;
    else {
      for (const { next, chance } of oneMore(counts, belief, question)) accuracy += chance * visit(next, left - 1);
    }
    memo.set(key, accuracy);
    return accuracy;
  };
  return visit([], answers);
}

/** What counts may come next, largest first, and how likely each is. */
function oneMore(
  counts: readonly number[],
  belief: OpenBelief,
  question: OpenQuestion,
): { readonly next: readonly number[]; readonly chance: number }[] {
  return Array.from({ length: counts.length + 1 }, (_, j) => {
    const next = counts.slice();
    next[j] = (next[j] ?? 0) + 1;
    const chance = Math.exp(openBelief(next, question).logEvidence - belief.logEvidence);
    return { next: next.sort((a, b) => b - a), chance };
  });
}

export interface OpenQuestionOptions extends OpenQuestion {
  /** What a right submission is worth, in micro-units. */
  readonly worthMicros: number;
  /** The most answers, default 12; the optimum is worked out over all partitions of so many. */
  readonly most?: number;
}

/**
 * LazySusan as a controller: asks the cheapest source while the optimum says so, then submits the likeliest answer.
 *
 * `counts` of the state are those of the distinct answers given so far, in any order; the label of a stop is an index into
 * them, 0 where nothing was given. Make answers alike with {@link canonicalAnswer} before counting.
 *
 * Source: Lin, Mausam & Weld (2012), UAI, arXiv:1210.4870, planned exactly instead of by lookahead.
 */
export function lazySusan({ worthMicros, most = 12, ...question }: OpenQuestionOptions): Controller {
  const id = 'lazy-susan';
  const policies = new Map<number, OpenPolicy>();
  return {
    id,
    decide(state) {
      const given = Array.from(state.counts).filter((count) => count > 0);
      const belief = openBelief(given, question);
      const likely = { ...state, posterior: state.counts };
      const answers = given.reduce((sum, count) => sum + count, 0);
      const values = { answers, unseen: belief.unseen, best: Math.max(0, ...belief.answers) };
      const sources = affordable(state);
      if (sources.length === 0) return stop(id, likely, 'nobody left to ask for the money', values);
      const cheapest = sources.reduce((a, b) => (b.priceMicros < a.priceMicros ? b : a));
      const policy =
        policies.get(cheapest.priceMicros) ?? solveOpenQuestion(question, worthMicros, cheapest.priceMicros, most);
      policies.set(cheapest.priceMicros, policy);
      if (answers >= most) return stop(id, likely, `${answers} answers, the most allowed`, values);
      if (!policy.asks(given)) return stop(id, likely, 'another answer is not worth its price', values);
      return ask(id, cheapest, 'another answer is worth its price', values);
    },
  };
}

/**
 * One spelling for answers that mean the same: Unicode NFC, no outer spaces, single inner ones, lower case, numbers in
 * their shortest form. Keep the raw answer beside it.
 *
 * @example
 * canonicalAnswer('  007.50 '); // => '7.5'
 */
export function canonicalAnswer(text: string): string {
  const plain = text.normalize('NFC').trim().replaceAll(/\s+/g, ' ').toLowerCase();
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) && Math.abs(Number(plain)) < 1e15 ? String(Number(plain)) : plain;
}

const tenths: readonly number[] = Array.from({ length: 11 }, (_, i) => i / 10);

/** 0 · −∞ is 0 here: a power of zero. */
function times(count: number, log: number): number {
  return count === 0 ? 0 : count * log;
}
