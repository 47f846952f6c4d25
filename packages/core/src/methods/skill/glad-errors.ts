import type { AnswerTable } from '../../answers/answer-table.ts';
import { cholesky } from '../../math/linear-solve.ts';
import type { Random } from '../../math/random.ts';
import type { GladSetting } from './glad-pass.ts';

/** Sampling: probes, and the relative residual at which each system counts as solved. */
const probes = 24;
const solved = 1e-4;
const mostSteps = 60;

/** Standard errors at the optimum of GLAD. */
export interface GladErrors {
  /** Of each worker's ability, W. */
  readonly ability: Float64Array;
  /** Of each task's ease with abilities known, T: a lower bound. */
  readonly ease: Float64Array;
  /** False where the observed information was not positive and the complete-data one was used. */
  readonly observed: boolean;
}

/**
 * Standard errors of abilities from the observed information: the exact second derivatives of the
 * marginal log-posterior, in which the labels' uncertainty is contained, with every ease eliminated
 * by the Schur complement.
 *
 * Inverting only the diagonal would be too sure: abilities share the errors of the eases. Up to `mostDense`
 * workers the W×W complement is inverted; above, the diagonal of its inverse is sampled with
 * Rademacher probes and conjugate gradients (Hutchinson 1990; Bekas, Kokiopoulou & Saad 2007),
 * O(N) per step. Yields between probes. `order` fixes who gets which random sign.
 */
export function* gladErrors(
  table: AnswerTable,
  setting: GladSetting,
  parameters: Float64Array,
  posterior: Float64Array,
  order: Uint32Array,
  random: Random,
  mostDense = 600,
): Generator<void, GladErrors, void> {
  const blocks = informationBlocks(table, setting, parameters, posterior);
  const { workerCount } = table;
  const ease = blocks.easeInformation.map((value) => 1 / Math.sqrt(value));
  if (workerCount <= mostDense) {
    const dense = denseComplement(table, blocks);
    const factor = cholesky(dense, workerCount);
    if (factor !== undefined) return { ability: rootDiagonal(factor, workerCount), ease, observed: true };
    return { ability: blocks.complete.map((value) => 1 / Math.sqrt(value)), ease, observed: false };
  }
  const ability = yield* sampledDiagonal(table, blocks, order, random);
  if (ability !== undefined) return { ability, ease, observed: true };
  return { ability: blocks.complete.map((value) => 1 / Math.sqrt(value)), ease, observed: false };
}

/** The observed information in the form the answers give it. */
interface Blocks {
  readonly table: AnswerTable;
  /** Per answer: w·σ(1 − σ), and e^ease of its task times its weight-one slope c (the ability-ease entry). */
  readonly curvature: Float64Array;
  readonly cross: Float64Array;
  /** Per task: e^ease and the entry of the ease itself. */
  readonly scale: Float64Array;
  readonly easeInformation: Float64Array;
  readonly posterior: Float64Array;
  readonly abilityPrecision: number;
  /** Complete-data information of each ability. */
  readonly complete: Float64Array;
}

function informationBlocks(
  table: AnswerTable,
  setting: GladSetting,
  parameters: Float64Array,
  posterior: Float64Array,
): Blocks {
  const { taskCount, workerCount, classCount, answerCount, taskStart, worker, label, weight } = table;
  const abilityPrecision = 1 / setting.abilitySd ** 2;
  const curvature = new Float64Array(answerCount);
  const cross = new Float64Array(answerCount);
  const scale = new Float64Array(taskCount);
  const easeInformation = new Float64Array(taskCount);
  const complete = new Float64Array(workerCount).fill(abilityPrecision);
  const mass = new Float64Array(classCount);
  const power = (answer: number): number => (weight === undefined ? 1 : weight[answer]);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const times = Math.exp(parameters[workerCount + task]);
    scale[task] = times;
    mass.fill(0);
    let mean = 0;
    let own = 0;
    let drift = 0;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const s = parameters[worker[answer]] * times;
      const chance = 1 / (1 + Math.exp(-s));
      const w = power(answer);
      curvature[answer] = w * chance * (1 - chance);
      mass[label[answer]] += w * s;
      mean += posterior[row + label[answer]] * w * s;
      own += curvature[answer] * s * s;
      drift += w * (posterior[row + label[answer]] - chance) * s;
      complete[worker[answer]] += curvature[answer] * times * times;
    }
    let spread = 0;
    for (let k = 0; k < classCount; k++) spread += posterior[row + k] * (mass[k] - mean) ** 2;
    const prior = 1 / setting.easeSd ** 2;
    const information = own - spread - drift + prior;
    easeInformation[task] = information > 1e-6 * (own + prior) ? information : own + prior;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const s = parameters[worker[answer]] * times;
      const chance = 1 / (1 + Math.exp(-s));
      const q = posterior[row + label[answer]];
      const w = power(answer);
      cross[answer] = times * (curvature[answer] * s - w * q * (mass[label[answer]] - mean) - w * (q - chance));
    }
  }
  return { table, curvature, cross, scale, easeInformation, posterior, abilityPrecision, complete };
}

/** The Schur complement over abilities, W×W, O(Σ answers²). */
function denseComplement(table: AnswerTable, blocks: Blocks): Float64Array {
  const { taskCount, workerCount, classCount, taskStart, worker, label, weight } = table;
  const { curvature, cross, scale, easeInformation, posterior, abilityPrecision } = blocks;
  const dense = new Float64Array(workerCount * workerCount);
  for (let w = 0; w < workerCount; w++) dense[w * workerCount + w] = abilityPrecision;
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const square = scale[task] * scale[task];
    for (let a = taskStart[task]; a < taskStart[task + 1]; a++) {
      const qa = posterior[row + label[a]];
      const wa = weight === undefined ? 1 : weight[a];
      for (let b = taskStart[task]; b < taskStart[task + 1]; b++) {
        const wb = weight === undefined ? 1 : weight[b];
        const covariance = (label[a] === label[b] ? qa : 0) - qa * posterior[row + label[b]];
        const direct = (a === b ? curvature[a] : 0) - wa * wb * covariance;
        dense[worker[a] * workerCount + worker[b]] += square * direct - (cross[a] * cross[b]) / easeInformation[task];
      }
    }
  }
  return dense;
}

/** √diag of the inverse, from the Cholesky factor: columns of L⁻¹ have its squares as sums. */
function rootDiagonal(factor: Float64Array, n: number): Float64Array {
  const diagonal = new Float64Array(n);
  const column = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    column.fill(0, j);
    let total = 0;
    for (let i = j; i < n; i++) {
      let sum = i === j ? 1 : 0;
      for (let k = j; k < i; k++) sum -= factor[i * n + k] * column[k];
      column[i] = sum / factor[i * n + i];
      total += column[i] * column[i];
    }
    diagonal[j] = Math.sqrt(total);
  }
  return diagonal;
}

function* sampledDiagonal(
  table: AnswerTable,
  blocks: Blocks,
  order: Uint32Array,
  random: Random,
): Generator<void, Float64Array | undefined, void> {
  const { taskCount, workerCount, classCount, taskStart, worker, label, weight } = table;
  const { curvature, cross, scale, easeInformation, posterior, abilityPrecision } = blocks;
  const diagonal = new Float64Array(workerCount).fill(abilityPrecision);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const square = scale[task] * scale[task];
    for (let a = taskStart[task]; a < taskStart[task + 1]; a++) {
      const q = posterior[row + label[a]];
      const w = weight === undefined ? 1 : weight[a];
      diagonal[worker[a]] +=
        square * (curvature[a] - w * w * q * (1 - q)) - (cross[a] * cross[a]) / easeInformation[task];
    }
  }
  if (diagonal.some((value) => !(value > 0))) return undefined;
  const root = diagonal.map(Math.sqrt);
  const perClass = new Float64Array(classCount);

  /** out ← D^−½ S D^−½ x. */
  function multiply(x: Float64Array, out: Float64Array): void {
    for (let w = 0; w < workerCount; w++) out[w] = (abilityPrecision * x[w]) / root[w];
    for (let task = 0; task < taskCount; task++) {
      const row = task * classCount;
      const square = scale[task] * scale[task];
      perClass.fill(0);
      let along = 0;
      for (let a = taskStart[task]; a < taskStart[task + 1]; a++) {
        const value = x[worker[a]] / root[worker[a]];
        perClass[label[a]] += (weight === undefined ? 1 : weight[a]) * value;
        along += cross[a] * value;
      }
      let mean = 0;
      for (let k = 0; k < classCount; k++) mean += posterior[row + k] * perClass[k];
      along /= easeInformation[task];
      for (let a = taskStart[task]; a < taskStart[task + 1]; a++) {
        const w = weight === undefined ? 1 : weight[a];
        const shared = w * posterior[row + label[a]] * (perClass[label[a]] - mean);
        out[worker[a]] += square * ((curvature[a] * x[worker[a]]) / root[worker[a]] - shared) - cross[a] * along;
      }
    }
    for (let w = 0; w < workerCount; w++) out[w] /= root[w];
  }

  const estimate = new Float64Array(workerCount);
  const signs = new Float64Array(workerCount);
  const solution = new Float64Array(workerCount);
  const residual = new Float64Array(workerCount);
  const direction = new Float64Array(workerCount);
  const product = new Float64Array(workerCount);
  for (let probe = 0; probe < probes; probe++) {
    const stream = random.fork(`errors/${probe}`);
    for (const w of order) signs[w] = stream.bernoulli(0.5) ? 1 : -1;
    solution.fill(0);
    residual.set(signs);
    direction.set(signs);
    let norm = workerCount;
    for (let step = 0; step < mostSteps && norm > solved * solved * workerCount; step++) {
      multiply(direction, product);
      let bend = 0;
      for (let w = 0; w < workerCount; w++) bend += direction[w] * product[w];
      if (!(bend > 0)) return undefined;
      const length = norm / bend;
      let next = 0;
      for (let w = 0; w < workerCount; w++) {
        solution[w] += length * direction[w];
        residual[w] -= length * product[w];
        next += residual[w] * residual[w];
      }
      for (let w = 0; w < workerCount; w++) direction[w] = residual[w] + (next / norm) * direction[w];
      norm = next;
      yield;
    }
    for (let w = 0; w < workerCount; w++) estimate[w] += (signs[w] * solution[w]) / probes;
  }
  // The diagonal of an inverse is never below the inverse of the diagonal.
  return estimate.map((value, w) => Math.sqrt(Math.max(1, value)) / root[w]);
}
