import { InputError } from '../../errors.ts';
import { logBeta } from '../../math/gamma-functions.ts';
import { logSumExp } from '../../math/log-sum-exp.ts';
import { betaQuadrature } from '../../math/quadrature.ts';
import type { Random } from '../../math/random.ts';
import type { NumberOption, NumbersOption } from '../options.ts';

/** Points stay this far inside (0, 1). */
const edge = 1e-14;

/** What is believed of a worker's one accuracy: a mixture of Beta distributions and single values. */
export interface CoinPrior {
  readonly betas: readonly { readonly weight: number; readonly right: number; readonly wrong: number }[];
  readonly atoms: readonly { readonly weight: number; readonly accuracy: number }[];
}

/** The options that say a {@link CoinPrior}. */
export const coinPriorOptions: {
  readonly right: NumberOption;
  readonly wrong: NumberOption;
  readonly mixture: NumbersOption;
  readonly atoms: NumbersOption;
} = {
  right: {
    kind: 'number',
    default: 2,
    min: 0.01,
    max: 1e6,
    unit: 'answers',
    does: 'First parameter of the Beta prior of a worker’s accuracy: pseudo-answers that were right.',
    why: 'Better than chance for two classes, and soon overruled by data.',
  },
  wrong: {
    kind: 'number',
    default: 1,
    min: 0.01,
    max: 1e6,
    unit: 'answers',
    does: 'Second parameter of the Beta prior: pseudo-answers that were wrong.',
    why: 'With right 2 the prior accuracy is 2/3.',
  },
  mixture: {
    kind: 'numbers',
    default: null,
    min: 0,
    max: 1e6,
    does: 'Several Beta priors instead of one: weight, right, wrong for each, one after the other.',
    why: 'One Beta fits most crowds.',
  },
  atoms: {
    kind: 'numbers',
    default: null,
    min: 0,
    max: 1e6,
    does: 'Single accuracies instead of a Beta, or beside mixture: weight, accuracy for each (spammer-hammer: 1,0.5,1,1).',
    why: 'Accuracies vary smoothly in real crowds.',
  },
};

/**
 * The prior that the options describe; weights are normalised.
 *
 * @throws {InputError} invalid-option
 */
export function coinPrior(values: {
  readonly right: number;
  readonly wrong: number;
  readonly mixture: readonly number[] | null;
  readonly atoms: readonly number[] | null;
}): CoinPrior {
  const mixture = grouped('mixture', values.mixture, 3, 'weight, right and wrong');
  const atoms = grouped('atoms', values.atoms, 2, 'weight and accuracy');
  if (mixture.some(([, right, wrong]) => right < 0.01 || wrong < 0.01)) {
    throw refusal('mixture', 'a parameter below 0.01', 'give right and wrong of at least 0.01');
  }
  if (atoms.some(([, accuracy]) => accuracy > 1))
    throw refusal('atoms', 'an accuracy above 1', 'give accuracies in 0..1');
  if (mixture.length + atoms.length === 0) {
    return { betas: [{ weight: 1, right: values.right, wrong: values.wrong }], atoms: [] };
  }
  const total = [...mixture, ...atoms].reduce((sum, [weight]) => sum + weight, 0);
  if (!(total > 0))
    throw refusal(values.mixture === null ? 'atoms' : 'mixture', 'weights of zero', 'give a positive weight');
  return {
    betas: mixture
      .filter(([weight]) => weight > 0)
      .map(([weight, right, wrong]) => ({ weight: weight / total, right, wrong })),
    atoms: atoms.filter(([weight]) => weight > 0).map(([weight, accuracy]) => ({ weight: weight / total, accuracy })),
  };
}

function grouped(name: string, values: readonly number[] | null, size: number, parts: string): number[][] {
  if (values === null) return [];
  if (values.length === 0 || values.length % size !== 0) {
    throw refusal(name, `${values.length} values`, `give ${parts} for each, ${size} numbers at a time`);
  }
  return Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size));
}

function refusal(name: string, got: string, fix: string): InputError {
  return new InputError(`invalid ${name}: ${got}; ${fix}`, { code: 'invalid-option', path: name, got, hint: fix });
}

/** Equally likely draws from the prior in its place: the Monte-Carlo messages of Kim et al. (2022), eq. 42. */
export function drawnCoins(prior: CoinPrior, size: number, random: Random): CoinPrior {
  const { betas, atoms } = prior;
  const weights = [...betas, ...atoms].map(({ weight }) => weight);
  const drawn = Array.from({ length: size }, () => {
    const part = random.categorical(weights);
    const accuracy =
      part < betas.length ? random.beta(betas[part].right, betas[part].wrong) : atoms[part - betas.length].accuracy;
    return { weight: 1 / size, accuracy: Math.min(1 - edge, Math.max(edge, accuracy)) };
  });
  return { betas: [], atoms: drawn };
}

/**
 * ln g(c) for c = 0 … answers: the probability of one sequence of `answers` answers of which c are
 * right, the accuracy integrated out. `testRight` and `testWrong` are known answers that enter the
 * prior.
 */
export function logRightCounts(
  prior: CoinPrior,
  answers: number,
  classCount: number,
  testRight: number,
  testWrong: number,
): Float64Array {
  const logOthers = Math.log(classCount - 1);
  const terms = new Float64Array(prior.betas.length + prior.atoms.length);
  return Float64Array.from({ length: answers + 1 }, (_, right) => {
    const wrong = answers - right;
    let next = 0;
    for (const { weight, right: a, wrong: b } of prior.betas) {
      terms[next++] = Math.log(weight) + logBeta(a + testRight + right, b + testWrong + wrong) - logBeta(a, b);
    }
    for (const { weight, accuracy } of prior.atoms) {
      terms[next++] = Math.log(weight) + power(accuracy, right + testRight) + power(1 - accuracy, wrong + testWrong);
    }
    return logSumExp(terms) - wrong * logOthers;
  });
}

/** n · ln p with 0 · ln 0 = 0; what a prior rules out stays finite, in case answers insist. */
export function power(p: number, n: number): number {
  return n === 0 ? 0 : n * Math.log(Math.max(p, 1e-300));
}

/** An accuracy's distribution as weighted points. */
export interface CoinNodes {
  readonly accuracy: Float64Array;
  readonly logWeight: Float64Array;
  /** Are all points inside (0, 1)? Then products need no logarithms. */
  readonly inside: boolean;
}

/** Sizes of the rules in use: a rule is made once per size. */
const sizes = [2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384] as const;
/** The most nodes {@link coinNodes} can give. */
export function mostCoinNodes(prior: CoinPrior): number {
  return sizes[sizes.length - 1] * prior.betas.length + prior.atoms.length;
}

/**
 * The prior as nodes good for a worker of `answers` answers, from a cache kept by the caller.
 *
 * A message is the integral of a polynomial of degree `answers` in the accuracy, so (answers + 1) / 2
 * Gauss–Jacobi nodes are exact. Beyond that 4·√answers are enough: nodes then lie closer together
 * than the posterior of the accuracy is wide, which leaves an error of about 1e-13; above 9,000
 * answers, where 384 nodes are the most, the accuracy is resolved to about 0.004.
 */
export function coinNodes(prior: CoinPrior, answers: number, cache: Map<number, CoinNodes>): CoinNodes {
  const wanted = prior.betas.length === 0 ? 1 : Math.min((answers + 1) / 2, 4 * Math.sqrt(answers) + 8);
  const size = sizes.find((candidate) => candidate >= wanted) ?? sizes[sizes.length - 1];
  const known = cache.get(size);
  if (known !== undefined) return known;
  const accuracy: number[] = [];
  const logWeight: number[] = [];
  for (const { weight, right, wrong } of prior.betas) {
    const rule = betaQuadrature(right, wrong, size);
    for (let i = 0; i < size; i++) {
      if (!(rule.weight[i] > 0)) continue;
      accuracy.push(Math.min(1 - edge, Math.max(edge, rule.node[i])));
      logWeight.push(Math.log(weight * rule.weight[i]));
    }
  }
  for (const { weight, accuracy: value } of prior.atoms) {
    accuracy.push(value);
    logWeight.push(Math.log(weight));
  }
  const nodes = {
    accuracy: Float64Array.from(accuracy),
    logWeight: Float64Array.from(logWeight),
    inside: accuracy.every((value) => value > 0 && value < 1),
  };
  cache.set(size, nodes);
  return nodes;
}
