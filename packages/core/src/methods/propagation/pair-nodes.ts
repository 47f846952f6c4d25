import { logBeta } from '../../math/gamma-functions.ts';
import { betaQuadrature, type Quadrature } from '../../math/quadrature.ts';
import { logPairDensity, logTests, type PairPrior, type TestPair } from './pair-prior.ts';

/** Nodes a side: up to twice as many answers less one they are exact on the prior's own rule. */
const side = 24;
/** Nodes a side of a rule fitted to the posterior. */
const fittedSide = 32;
/** A fitted rule spreads this many times the posterior's variance. */
const widening = 2;
/** Rules fitted in a row before the last is taken as it is. */
const mostFits = 6;
/** Factors between two rescalings of a product over nodes. */
const rescaleEvery = 12;
/** Nodes with less than this share of the best take no part in a message. */
const negligible = 1e-40;
const edge = 1e-14;

/** Mean and variance of both accuracies of one worker. */
export interface PairMoments {
  readonly mean: readonly [number, number];
  readonly variance: readonly [number, number];
  readonly covariance: number;
  readonly logEvidence: number;
}

/** Beta parameters (first accuracy, second accuracy) of the rule a worker's nodes come from. */
type Proposal = readonly [number, number, number, number];

/**
 * A worker's two accuracies as weighted points.
 *
 * With at most 2·24 − 1 answers the tensor Gauss–Jacobi rule of the prior is exact. Beyond that the
 * nodes come from Betas matched to the mean and twice the variance of the posterior itself, found by
 * repetition and remembered from sweep to sweep, with weights corrected to the prior: 32 nodes a
 * side then resolve it however narrow it is.
 */
export class PairNodes {
  readonly #prior: PairPrior;
  readonly #proposals: (Proposal | undefined)[];
  readonly #exact: { s: Float64Array; t: Float64Array; logWeight: Float64Array };
  #s: Float64Array;
  #t: Float64Array;
  #product: Float64Array;
  #size = 0;
  #log = 0;

  constructor(prior: PairPrior, workerCount: number) {
    this.#prior = prior;
    this.#proposals = new Array(workerCount).fill(undefined);
    this.#exact = exactNodes(prior);
    const most = Math.max(this.#exact.s.length, fittedSide ** 2 + prior.atoms.length);
    this.#s = new Float64Array(most);
    this.#t = new Float64Array(most);
    this.#product = new Float64Array(most);
  }

  /** ln of (class said : other class) for each answer, judged by the worker's other answers. */
  logRatios(
    w: number,
    tests: TestPair,
    right: Float64Array,
    wrong: Float64Array,
    firsts: number,
    count: number,
    out: Float64Array,
  ): void {
    this.#place(w, tests, right, wrong, firsts, count);
    const [s, t, product] = [this.#s, this.#t, this.#product];
    let kept = 0;
    for (let i = 0; i < this.#size; i++) {
      if (product[i] < negligible) continue;
      s[kept] = s[i];
      t[kept] = t[i];
      product[kept++] = product[i];
    }
    for (let j = 0; j < count; j++) {
      const saidFirst = j < firsts;
      const p = right[j];
      const q = wrong[j];
      let plus = 0;
      let minus = 0;
      for (let i = 0; i < kept; i++) {
        const hit = saidFirst ? s[i] : t[i];
        const miss = saidFirst ? 1 - t[i] : 1 - s[i];
        const factor = hit * p + miss * q;
        const without = factor > 0 ? product[i] / factor : 0;
        plus += without * hit;
        minus += without * miss;
      }
      const ratio = Math.log(plus) - Math.log(minus);
      out[j] = Number.isNaN(ratio) ? 0 : ratio;
    }
  }

  posterior(
    w: number,
    tests: TestPair,
    right: Float64Array,
    wrong: Float64Array,
    firsts: number,
    count: number,
  ): PairMoments {
    this.#place(w, tests, right, wrong, firsts, count);
    return this.#moments();
  }

  /** Fills nodes and their weights given the answers. */
  #place(w: number, tests: TestPair, right: Float64Array, wrong: Float64Array, firsts: number, count: number): void {
    const known = tests[0] + tests[1] + tests[2] + tests[3];
    if (count + known <= 2 * side - 1 || this.#prior.betas.length === 0) {
      const { s, t, logWeight } = this.#exact;
      this.#size = s.length;
      this.#s.set(s);
      this.#t.set(t);
      for (let i = 0; i < s.length; i++) {
        this.#product[i] = logWeight[i] + (known > 0 ? logTests(tests, s[i], t[i]) : 0);
      }
      this.#multiply(right, wrong, firsts, count);
      return;
    }
    let proposal = this.#proposals[w] ?? firstProposal(this.#prior, tests, right, wrong, firsts, count);
    for (let fits = 1; ; fits++) {
      this.#fill(proposal, tests);
      this.#multiply(right, wrong, firsts, count);
      const { mean, variance } = this.#moments();
      const next = [...matched(mean[0], variance[0]), ...matched(mean[1], variance[1])] as unknown as Proposal;
      const settled = isNear(proposal, next);
      proposal = next;
      if (settled || fits === mostFits) break;
    }
    this.#proposals[w] = proposal;
  }

  /** Tensor nodes of the proposal with the prior's density over the proposal's as weights. */
  #fill(proposal: Proposal, tests: TestPair): void {
    const [a1, a2, b1, b2] = proposal;
    const first = inside(betaQuadrature(a1, a2, fittedSide));
    const second = inside(betaQuadrature(b1, b2, fittedSide));
    let size = 0;
    for (let i = 0; i < fittedSide; i++) {
      const s = first.node[i];
      const logS = Math.log(first.weight[i]) - (a1 - 1) * Math.log(s) - (a2 - 1) * Math.log1p(-s) + logBeta(a1, a2);
      for (let j = 0; j < fittedSide; j++) {
        const t = second.node[j];
        const logT = Math.log(second.weight[j]) - (b1 - 1) * Math.log(t) - (b2 - 1) * Math.log1p(-t) + logBeta(b1, b2);
        this.#s[size] = s;
        this.#t[size] = t;
        this.#product[size++] = logS + logT + logPairDensity(this.#prior, tests, s, t);
      }
    }
    for (const { weight, accuracy } of this.#prior.atoms) {
      const [s, t] = accuracy.map(within);
      this.#s[size] = s;
      this.#t[size] = t;
      this.#product[size++] = Math.log(weight) + logTests(tests, s, t);
    }
    this.#size = size;
  }

  /** Turns log weights into products over the answers, relative to the greatest, whose log is kept. */
  #multiply(right: Float64Array, wrong: Float64Array, firsts: number, count: number): void {
    const [s, t, product, size] = [this.#s, this.#t, this.#product, this.#size];
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < size; i++) if (product[i] > most) most = product[i];
    for (let i = 0; i < size; i++) product[i] = Math.exp(product[i] - most);
    this.#log = most;
    for (let from = 0; from < count; ) {
      const saidFirst = from < firsts;
      const to = Math.min(saidFirst ? firsts : count, from + rescaleEvery);
      let top = 0;
      for (let i = 0; i < size; i++) {
        const hit = saidFirst ? s[i] : t[i];
        const miss = saidFirst ? 1 - t[i] : 1 - s[i];
        let value = product[i];
        for (let j = from; j < to; j++) value *= hit * right[j] + miss * wrong[j];
        product[i] = value;
        if (value > top) top = value;
      }
      if (top > 0) {
        const scale = 1 / top;
        for (let i = 0; i < size; i++) product[i] *= scale;
        this.#log += Math.log(top);
      }
      from = to;
    }
  }

  #moments(): PairMoments {
    const [s, t, product] = [this.#s, this.#t, this.#product];
    let [sum, s1, t1, s2, t2, st] = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < this.#size; i++) {
      const weight = product[i];
      sum += weight;
      s1 += weight * s[i];
      t1 += weight * t[i];
      s2 += weight * s[i] ** 2;
      t2 += weight * t[i] ** 2;
      st += weight * s[i] * t[i];
    }
    const mean = [s1 / sum, t1 / sum] as const;
    return {
      mean,
      variance: [Math.max(0, s2 / sum - mean[0] ** 2), Math.max(0, t2 / sum - mean[1] ** 2)],
      covariance: st / sum - mean[0] * mean[1],
      logEvidence: this.#log + Math.log(sum),
    };
  }
}

/** The prior's own tensor rule, a union over its parts. */
function exactNodes(prior: PairPrior): { s: Float64Array; t: Float64Array; logWeight: Float64Array } {
  const s: number[] = [];
  const t: number[] = [];
  const logWeight: number[] = [];
  for (const { weight, right, wrong } of prior.betas) {
    const first = inside(betaQuadrature(right[0], wrong[0], side));
    const second = inside(betaQuadrature(right[1], wrong[1], side));
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < side; j++) {
        s.push(first.node[i]);
        t.push(second.node[j]);
        logWeight.push(Math.log(weight) + Math.log(first.weight[i]) + Math.log(second.weight[j]));
      }
    }
  }
  for (const { weight, accuracy } of prior.atoms) {
    s.push(within(accuracy[0]));
    t.push(within(accuracy[1]));
    logWeight.push(Math.log(weight));
  }
  return { s: Float64Array.from(s), t: Float64Array.from(t), logWeight: Float64Array.from(logWeight) };
}

function inside(rule: Quadrature): Quadrature {
  return { node: rule.node.map(within), weight: rule.weight };
}

/** Off 0 and 1, so that what a prior rules out stays possible in case answers insist. */
function within(value: number): number {
  return Math.min(1 - edge, Math.max(edge, value));
}

/** A first guess from the expected right and wrong answers, kept wide. */
function firstProposal(
  prior: PairPrior,
  tests: TestPair,
  right: Float64Array,
  wrong: Float64Array,
  firsts: number,
  count: number,
): Proposal {
  const [part] = prior.betas;
  const counts = [
    part.right[0] + tests[0],
    part.wrong[0] + tests[1],
    part.right[1] + tests[3],
    part.wrong[1] + tests[2],
  ];
  for (let j = 0; j < count; j++) {
    counts[j < firsts ? 0 : 2] += right[j];
    counts[j < firsts ? 3 : 1] += wrong[j];
  }
  const [a1, a2, b1, b2] = counts.map((value) => value / (2 * widening));
  return [a1, a2, b1, b2];
}

/** The Beta with this mean and the widened variance. */
function matched(mean: number, variance: number): readonly [number, number] {
  const m = Math.min(1 - 1e-9, Math.max(1e-9, mean));
  const size = Math.max(0.5, (m * (1 - m)) / Math.max(widening * variance, 1e-14) - 1);
  return [m * size, (1 - m) * size];
}

/** Would nodes of one proposal do for the other? */
function isNear(one: Proposal, other: Proposal): boolean {
  for (let at = 0; at < 4; at += 2) {
    const [sizeOne, sizeOther] = [one[at] + one[at + 1], other[at] + other[at + 1]];
    const ratio = sizeOne / sizeOther;
    if (ratio < 0.6 || ratio > 1.7) return false;
    const [meanOne, meanOther] = [one[at] / sizeOne, other[at] / sizeOther];
    const sd = Math.sqrt((meanOther * (1 - meanOther)) / (sizeOther + 1));
    if (Math.abs(meanOne - meanOther) > 0.5 * sd) return false;
  }
  return true;
}
