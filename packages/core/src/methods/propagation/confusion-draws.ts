import type { AnswerTable } from '../../answers/answer-table.ts';
import { InputError } from '../../errors.ts';
import { logDirichletNormaliser } from '../../math/dirichlet.ts';
import type { Random } from '../../math/random.ts';
import { betaQuantile } from '../../math/special.ts';
import type { ContentOrder } from '../content-order.ts';
import type { CoinPrior } from './coin-prior.ts';

/** Confusion matrices with weights, standing for a prior. */
export interface ConfusionDraws {
  readonly size: number;
  /** K×K×S, [said][true][draw]: an answer reads one run per true class. */
  readonly theta: Float64Array;
  /** ln weights; with {@link logScale} added they are those of a mean over the prior. */
  readonly logWeight: Float64Array;
  readonly logScale: number;
}

/** Cells are not let below this. */
const leastCell = 1e-12;
/**
 * Proposals around a worker have about this many times the variance of its expected posterior. The
 * true one is wider than that where labels are in doubt; but in many dimensions width costs draws.
 */
function widening(classCount: number): number {
  return Math.max(1.3, 1 + 2 / (classCount * (classCount - 1)));
}

/**
 * Independent draws of Dirichlet rows, the same for every worker. Classes are visited in content
 * order, so that renaming them renames the draws.
 */
export function dirichletDraws(alpha: Float64Array, size: number, order: ContentOrder, random: Random): ConfusionDraws {
  const classCount = order.classes.length;
  const theta = new Float64Array(classCount * classCount * size);
  const parameters = new Float64Array(classCount);
  const row = new Float64Array(classCount);
  for (let s = 0; s < size; s++) {
    for (const truth of order.classes) {
      order.classes.forEach((said, place) => {
        parameters[place] = alpha[truth * classCount + said];
      });
      random.dirichlet(parameters, row);
      order.classes.forEach((said, place) => {
        theta[(said * classCount + truth) * size + s] = clamped(row[place]);
      });
    }
  }
  return { size, theta, logWeight: new Float64Array(size), logScale: -Math.log(size) };
}

/**
 * Draws around one worker's expected answers (`counts` K×K beside the prior `alpha`), a little wider
 * than its posterior, with weights that make them stand for the prior all the same.
 */
export function workerDraws(
  alpha: Float64Array,
  counts: Float64Array,
  size: number,
  order: ContentOrder,
  random: Random,
): ConfusionDraws {
  const classCount = order.classes.length;
  const wider = widening(classCount);
  const proposal = alpha.map((value, cell) => value + counts[cell] / wider);
  const draws = dirichletDraws(proposal, size, order, random);
  for (let truth = 0; truth < classCount; truth++) {
    const from = truth * classCount;
    const constant =
      logDirichletNormaliser(proposal, from, classCount) - logDirichletNormaliser(alpha, from, classCount);
    for (let s = 0; s < size; s++) {
      let log = constant;
      for (let said = 0; said < classCount; said++) {
        const cell = draws.theta[(said * classCount + truth) * size + s];
        log += (alpha[from + said] - proposal[from + said]) * Math.log(cell);
      }
      draws.logWeight[s] += log;
    }
  }
  return draws;
}

/** One accuracy per worker: quantiles of its prior instead of draws, which is far more exact. */
export function coinDraws(prior: CoinPrior, size: number, classCount: number): ConfusionDraws {
  const accuracy: number[] = [];
  const logWeight: number[] = [];
  for (const { weight, right, wrong } of prior.betas) {
    const own = Math.max(1, Math.round(weight * size));
    for (let s = 0; s < own; s++) {
      accuracy.push(betaQuantile((s + 0.5) / own, right, wrong));
      logWeight.push(Math.log(weight / own));
    }
  }
  for (const { weight, accuracy: value } of prior.atoms) {
    accuracy.push(value);
    logWeight.push(Math.log(weight));
  }
  const count = accuracy.length;
  const theta = new Float64Array(classCount * classCount * count);
  for (let said = 0; said < classCount; said++) {
    for (let truth = 0; truth < classCount; truth++) {
      for (let s = 0; s < count; s++) {
        const cell = said === truth ? accuracy[s] : (1 - accuracy[s]) / (classCount - 1);
        theta[(said * classCount + truth) * count + s] = clamped(cell);
      }
    }
  }
  return { size: count, theta, logWeight: Float64Array.from(logWeight), logScale: 0 };
}

/**
 * Given matrices with weights: a weight followed by K×K cells by rows (truth), one after the other.
 *
 * @throws {InputError} invalid-option
 */
export function listedDraws(values: readonly number[], classCount: number): ConfusionDraws {
  const length = 1 + classCount * classCount;
  const refuse = (got: string, fix: string): InputError =>
    new InputError(`invalid atoms: ${got}; ${fix}`, { code: 'invalid-option', path: 'atoms', got, hint: fix });
  if (values.length === 0 || values.length % length !== 0) {
    throw refuse(`${values.length} values`, `give a weight and ${classCount}×${classCount} cells for each`);
  }
  const size = values.length / length;
  const theta = new Float64Array(classCount * classCount * size);
  const logWeight = new Float64Array(size);
  let total = 0;
  for (let s = 0; s < size; s++) total += values[s * length];
  if (!(total > 0)) throw refuse('weights of zero', 'give a positive weight');
  for (let s = 0; s < size; s++) {
    logWeight[s] = Math.log(values[s * length] / total);
    for (let truth = 0; truth < classCount; truth++) {
      const from = s * length + 1 + truth * classCount;
      let sum = 0;
      for (let said = 0; said < classCount; said++) sum += values[from + said];
      if (!(sum > 0)) throw refuse('a row of zeros', 'give rows with a positive sum');
      for (let said = 0; said < classCount; said++) {
        theta[(said * classCount + truth) * size + s] = clamped(values[from + said] / sum);
      }
    }
  }
  return { size, theta, logWeight, logScale: 0 };
}

/** The draws with a worker's own test answers in their weights. */
export function withTestAnswers(draws: ConfusionDraws, table: AnswerTable, w: number): ConfusionDraws {
  const { testCounts, classCount } = table;
  if (testCounts === undefined) return draws;
  const block = classCount * classCount;
  const own = testCounts.subarray(w * block, (w + 1) * block);
  if (own.every((count) => count === 0)) return draws;
  const logWeight = draws.logWeight.slice();
  for (let truth = 0; truth < classCount; truth++) {
    for (let said = 0; said < classCount; said++) {
      const count = own[truth * classCount + said];
      if (count === 0) continue;
      const from = (said * classCount + truth) * draws.size;
      for (let s = 0; s < draws.size; s++) logWeight[s] += count * Math.log(draws.theta[from + s]);
    }
  }
  return { ...draws, logWeight };
}

function clamped(value: number): number {
  return Math.min(1, Math.max(leastCell, value));
}
