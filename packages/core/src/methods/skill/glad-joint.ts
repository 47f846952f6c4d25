import type { AnswerTable } from '../../answers/answer-table.ts';
import { gladPass } from '../../kernels/glad-pass.ts';
import { taskFactors } from '../../kernels/sweep-layout.ts';
import { normalQuantile } from '../../math/normal-quantile.ts';
import { pauseWhenDue } from '../pauses.ts';
import { answersPerWorker } from '../votes.ts';
import {
  type AbilityInformation,
  type GladModel,
  type GladSetting,
  priorFromLogits,
  typicalCurvature,
} from './glad-model.ts';

/** Time of one answer's part of the information, about. */
const nsPerAnswer = 60;

/** Eases beyond this are out of reach: a line search that goes there is called back. */
const farthestEase = 300;
/** Quantiles of the eases that stand for all of them. */
const easeBins = 64;

/**
 * GLAD as its paper has it: the log-posterior of abilities and eases together, labels summed out.
 * Parameters are abilities W, eases T and perhaps K class logits.
 *
 * The information of the abilities has every ease eliminated by the Schur complement. It is exact
 * for this log-posterior, which is not the same as right: a mode over T eases pulls abilities towards
 * their prior.
 */
export function jointGlad(table: AnswerTable, setting: GladSetting): GladModel {
  const { taskCount, workerCount, classCount } = table;
  const { abilityMean, abilitySd, easeMean, easeSd, estimatePrior } = setting;
  const pass = gladPass(table, { ...optional(taskFactors(table)) });
  const prior = new Float64Array(classCount).fill(table.taskPrior === undefined ? 1 / classCount : 1);
  const totals = new Float64Array(classCount);
  const logits = workerCount + taskCount;
  const abilityPrecision = 1 / abilitySd ** 2;
  const easePrecision = 1 / easeSd ** 2;

  function* evaluate(parameters: Float64Array, gradient: Float64Array): Generator<unknown, number, void> {
    const ability = parameters.subarray(0, workerCount);
    const ease = parameters.subarray(workerCount, logits);
    for (const b of ease) if (!(Math.abs(b) <= farthestEase)) return Number.NaN;
    if (estimatePrior) priorFromLogits(parameters, logits, prior);
    pass.setParameters(ability, ease);
    let value = pass.pass(prior);
    yield;
    pass.abilityGradient(gradient.subarray(0, workerCount));
    pass.logEaseGradient(gradient.subarray(workerCount, logits));
    for (let w = 0; w < workerCount; w++) {
      const off = ability[w] - abilityMean;
      value -= 0.5 * abilityPrecision * off * off;
      gradient[w] -= abilityPrecision * off;
    }
    for (let task = 0; task < taskCount; task++) {
      const off = ease[task] - easeMean;
      value -= 0.5 * easePrecision * off * off;
      gradient[workerCount + task] -= easePrecision * off;
    }
    if (!estimatePrior) return value;
    pass.classTotals(totals);
    let all = 0;
    for (let k = 0; k < classCount; k++) all += totals[k];
    for (let k = 0; k < classCount; k++) gradient[logits + k] = totals[k] - all * prior[k];
    return value;
  }

  const posterior = (): Float64Array => pass.posterior(new Float64Array(taskCount * classCount));

  return {
    size: logits + (estimatePrior ? classCount : 0),
    evaluate,
    posterior,
    prior,
    units() {
      const unit = new Float64Array(this.size).fill(1 / Math.sqrt(taskCount / classCount));
      const answered = answersPerWorker(table);
      for (let w = 0; w < workerCount; w++) unit[w] = 1 / Math.sqrt(abilityPrecision + typicalCurvature * answered[w]);
      for (let task = 0; task < taskCount; task++) {
        const answers = table.taskStart[task + 1] - table.taskStart[task];
        unit[workerCount + task] = 1 / Math.sqrt(easePrecision + typicalCurvature * answers);
      }
      return unit;
    },
    start(random, workers, tasks) {
      const start = new Float64Array(this.size);
      start.fill(abilityMean, 0, workerCount).fill(easeMean, workerCount, logits);
      if (random === undefined) return start;
      const abilities = random.fork('abilities');
      for (const w of workers) start[w] += abilitySd * abilities.normal();
      const eases = random.fork('eases');
      for (const task of tasks) start[workerCount + task] += easeSd * eases.normal();
      return start;
    },
    *eases(parameters) {
      const { easeInformation } = yield* informationBlocks(table, setting, parameters, posterior());
      return {
        ease: parameters.slice(workerCount, logits),
        error: easeInformation.map((value) => 1 / Math.sqrt(value)),
      };
    },
    *typicalScales(parameters) {
      const eases: number[] = [];
      for (let task = 0; task < taskCount; task++) {
        if (table.taskStart[task + 1] > table.taskStart[task]) eases.push(parameters[workerCount + task]);
      }
      const sorted = Float64Array.from(eases).sort();
      const count = Math.min(easeBins, sorted.length);
      const scale = Float64Array.from({ length: count }, (_, i) =>
        Math.exp(sorted[Math.floor(((i + 0.5) * sorted.length) / count)]),
      );
      return { scale, weight: new Float64Array(count).fill(1 / count) };
    },
    *intervals(parameters, error, _diagonal, tail) {
      const reach = -normalQuantile(tail);
      return {
        lo: error.map((e, w) => parameters[w] - reach * e),
        hi: error.map((e, w) => parameters[w] + reach * e),
      };
    },
    *information(parameters) {
      const blocks = yield* informationBlocks(table, setting, parameters, posterior());
      yield;
      return jointInformation(blocks);
    },
  };
}

/** The observed information in the form the answers give it. */
interface Blocks {
  readonly table: AnswerTable;
  readonly posterior: Float64Array;
  readonly abilityPrecision: number;
  /** Per answer: w·σ(1 − σ), and its ability-ease entry. */
  readonly curvature: Float64Array;
  readonly cross: Float64Array;
  /** Per task: e^ease, and the entry of the ease itself. */
  readonly scale: Float64Array;
  readonly easeInformation: Float64Array;
  readonly complete: Float64Array;
}

function* informationBlocks(
  table: AnswerTable,
  setting: GladSetting,
  parameters: Float64Array,
  posterior: Float64Array,
): Generator<unknown, Blocks, void> {
  const due = pauseWhenDue();
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
    if (due((taskStart[task + 1] - taskStart[task]) * nsPerAnswer)) yield;
    const times = Math.exp(parameters[workerCount + task]);
    scale[task] = times;
    mass.fill(0);
    let [mean, own, drift] = [0, 0, 0];
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
    // Only away from a maximum can the observed one be negative; the complete one is positive.
    easeInformation[task] = information > 1e-6 * (own + prior) ? information : own + prior;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const s = parameters[worker[answer]] * times;
      const chance = 1 / (1 + Math.exp(-s));
      const q = posterior[row + label[answer]];
      const w = power(answer);
      cross[answer] = times * (curvature[answer] * s - w * q * (mass[label[answer]] - mean) - w * (q - chance));
    }
  }
  return { table, posterior, abilityPrecision, curvature, cross, scale, easeInformation, complete };
}

/** The Schur complement over abilities. */
function jointInformation(blocks: Blocks): AbilityInformation {
  const { table, posterior, abilityPrecision, curvature, cross, scale, easeInformation, complete } = blocks;
  const { taskCount, workerCount, classCount, taskStart, worker, label, weight } = table;
  const diagonal = new Float64Array(workerCount).fill(abilityPrecision);
  for (let task = 0; task < taskCount; task++) {
    const square = scale[task] ** 2;
    for (let a = taskStart[task]; a < taskStart[task + 1]; a++) {
      const q = posterior[task * classCount + label[a]];
      const w = weight === undefined ? 1 : weight[a];
      diagonal[worker[a]] += square * (curvature[a] - w * w * q * (1 - q)) - cross[a] ** 2 / easeInformation[task];
    }
  }
  const perClass = new Float64Array(classCount);
  return {
    diagonal,
    complete,
    dense() {
      const matrix = new Float64Array(workerCount * workerCount);
      for (let w = 0; w < workerCount; w++) matrix[w * workerCount + w] = abilityPrecision;
      for (let task = 0; task < taskCount; task++) {
        const row = task * classCount;
        const square = scale[task] ** 2;
        for (let a = taskStart[task]; a < taskStart[task + 1]; a++) {
          const qa = posterior[row + label[a]];
          const wa = weight === undefined ? 1 : weight[a];
          for (let b = taskStart[task]; b < taskStart[task + 1]; b++) {
            const wb = weight === undefined ? 1 : weight[b];
            const covariance = (label[a] === label[b] ? qa : 0) - qa * posterior[row + label[b]];
            const direct = (a === b ? curvature[a] : 0) - wa * wb * covariance;
            matrix[worker[a] * workerCount + worker[b]] +=
              square * direct - (cross[a] * cross[b]) / easeInformation[task];
          }
        }
      }
      return matrix;
    },
    // biome-ignore lint/correctness/useYield: one product is short
    *multiply(x, out) {
      for (let w = 0; w < workerCount; w++) out[w] = abilityPrecision * x[w];
      for (let task = 0; task < taskCount; task++) {
        const row = task * classCount;
        const square = scale[task] ** 2;
        perClass.fill(0);
        let along = 0;
        for (let a = taskStart[task]; a < taskStart[task + 1]; a++) {
          perClass[label[a]] += (weight === undefined ? 1 : weight[a]) * x[worker[a]];
          along += cross[a] * x[worker[a]];
        }
        let mean = 0;
        for (let k = 0; k < classCount; k++) mean += posterior[row + k] * perClass[k];
        along /= easeInformation[task];
        for (let a = taskStart[task]; a < taskStart[task + 1]; a++) {
          const shared =
            (weight === undefined ? 1 : weight[a]) * posterior[row + label[a]] * (perClass[label[a]] - mean);
          out[worker[a]] += square * (curvature[a] * x[worker[a]] - shared) - cross[a] * along;
        }
      }
    },
  };
}

function optional(taskPrior: Float64Array | undefined): { taskPrior?: Float64Array } {
  return taskPrior === undefined ? {} : { taskPrior };
}
