import { InputError } from '../../errors.ts';
import { logBeta } from '../../math/gamma-functions.ts';
import type { NumbersOption } from '../options.ts';

/**
 * What is believed of a worker's two accuracies, on tasks of the first and of the second class: a
 * mixture of pairs of Betas and of single pairs.
 */
export interface PairPrior {
  readonly betas: readonly {
    readonly weight: number;
    readonly right: readonly [number, number];
    readonly wrong: readonly [number, number];
  }[];
  readonly atoms: readonly { readonly weight: number; readonly accuracy: readonly [number, number] }[];
}

/** The options that say a {@link PairPrior}. */
export const pairPriorOptions: {
  readonly right: NumbersOption;
  readonly wrong: NumbersOption;
  readonly mixture: NumbersOption;
  readonly atoms: NumbersOption;
} = {
  right: {
    kind: 'numbers',
    default: [2],
    min: 0.01,
    max: 1e6,
    does: 'First Beta parameter of a worker’s accuracy: one number, or one per true class.',
    why: 'Better than chance, and soon overruled by data.',
  },
  wrong: {
    kind: 'numbers',
    default: [1],
    min: 0.01,
    max: 1e6,
    does: 'Second Beta parameter: one number, or one per true class.',
    why: 'With right 2 the prior accuracy is 2/3 on either class.',
  },
  mixture: {
    kind: 'numbers',
    default: null,
    min: 0,
    max: 1e6,
    does: 'Several priors instead of one: weight, right and wrong on the first class, right and wrong on the second, one after the other.',
    why: 'One pair of Betas fits most crowds.',
  },
  atoms: {
    kind: 'numbers',
    default: null,
    min: 0,
    max: 1e6,
    does: 'Single values instead of Betas, or beside mixture: weight, accuracy on the first and on the second class for each.',
    why: 'Accuracies vary smoothly in real crowds.',
  },
};

/**
 * The prior that the options describe; weights are normalised.
 *
 * @throws {InputError} invalid-option
 */
export function pairPrior(values: {
  readonly right: readonly number[] | null;
  readonly wrong: readonly number[] | null;
  readonly mixture: readonly number[] | null;
  readonly atoms: readonly number[] | null;
}): PairPrior {
  const mixture = rowsOf('mixture', values.mixture, 5);
  const atoms = rowsOf('atoms', values.atoms, 3);
  if (mixture.some(([, ...parameters]) => parameters.some((value) => value < 0.01))) {
    throw refusal('mixture', 'a parameter below 0.01', 'give parameters of at least 0.01');
  }
  if (atoms.some(([, first, second]) => first > 1 || second > 1)) {
    throw refusal('atoms', 'an accuracy above 1', 'give accuracies in 0..1');
  }
  if (mixture.length + atoms.length === 0) {
    const [right, wrong] = [both('right', values.right ?? [2]), both('wrong', values.wrong ?? [1])];
    return { betas: [{ weight: 1, right, wrong }], atoms: [] };
  }
  const total = [...mixture, ...atoms].reduce((sum, [weight]) => sum + weight, 0);
  if (!(total > 0)) throw refusal('mixture', 'weights of zero', 'give a positive weight');
  return {
    betas: mixture
      .filter(([weight]) => weight > 0)
      .map(([weight, a1, a2, b1, b2]) => ({ weight: weight / total, right: [a1, b1], wrong: [a2, b2] })),
    atoms: atoms
      .filter(([weight]) => weight > 0)
      .map(([weight, first, second]) => ({ weight: weight / total, accuracy: [first, second] })),
  };
}

function both(name: string, values: readonly number[]): readonly [number, number] {
  if (values.length === 1) return [values[0], values[0]];
  if (values.length === 2) return [values[0], values[1]];
  throw refusal(name, `${values.length} values`, 'give one number, or one for each of 2 classes');
}

function rowsOf(name: string, values: readonly number[] | null, size: number): number[][] {
  if (values === null) return [];
  if (values.length === 0 || values.length % size !== 0) {
    throw refusal(name, `${values.length} values`, `give ${size} numbers at a time`);
  }
  return Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size));
}

function refusal(name: string, got: string, fix: string): InputError {
  return new InputError(`invalid ${name}: ${got}; ${fix}`, { code: 'invalid-option', path: name, got, hint: fix });
}

/**
 * Test answers a worker gave, by [true][said] in rows of two: they enter as known answers.
 */
export type TestPair = readonly [number, number, number, number];

/** ln of the prior density of accuracies (s, t), the Beta part alone, times the test answers' likelihood. */
export function logPairDensity(prior: PairPrior, tests: TestPair, s: number, t: number): number {
  let most = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const { weight, right, wrong } of prior.betas) {
    const log =
      Math.log(weight) +
      (right[0] - 1) * Math.log(s) +
      (wrong[0] - 1) * Math.log1p(-s) -
      logBeta(right[0], wrong[0]) +
      (right[1] - 1) * Math.log(t) +
      (wrong[1] - 1) * Math.log1p(-t) -
      logBeta(right[1], wrong[1]);
    if (log > most) {
      sum = sum * Math.exp(most - log) + 1;
      most = log;
    } else sum += Math.exp(log - most);
  }
  return most + Math.log(sum) + logTests(tests, s, t);
}

/** ln likelihood of test answers at accuracies (s, t). */
export function logTests(tests: TestPair, s: number, t: number): number {
  return (
    times(tests[0], Math.log(s)) +
    times(tests[1], Math.log1p(-s)) +
    times(tests[2], Math.log1p(-t)) +
    times(tests[3], Math.log(t))
  );
}

/** n · x with 0 · −∞ = 0; what a prior rules out stays finite, in case answers insist. */
export function times(n: number, x: number): number {
  return n === 0 ? 0 : n * Math.max(x, -690);
}
