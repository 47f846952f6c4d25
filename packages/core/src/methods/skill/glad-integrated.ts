import type { AnswerTable } from '../../answers/answer-table.ts';
import { softmaxInPlace } from '../../math/log-sum-exp.ts';
import { normalQuantile } from '../../math/normal-quantile.ts';
import { normalQuadrature } from '../../math/quadrature.ts';
import { pauseWhenDue } from '../pauses.ts';
import { answersPerWorker } from '../votes.ts';
import {
  type AbilityInformation,
  type GladModel,
  type GladSetting,
  priorFromLogits,
  typicalCurvature,
} from './glad-model.ts';

/** Values of the ease at which its integral is taken. */
const nodeCount = 15;
/** Time per answer and node of a pass, and of a grid point of an interval, about. */
const nsPerNode = 50;
const nsPerGridNode = 3;
/** Most cells task × class × node kept for the information; beyond, they are worked out again and again. */
const mostCells = 2 ** 26;

/**
 * GLAD with every ease integrated out under its normal prior (15-point Gauss-Hermite): the
 * log-posterior of the abilities alone. Parameters are abilities W and perhaps K class logits.
 *
 * With the eases' uncertainty inside, abilities are not pulled towards their prior and their standard
 * errors cover. At given nodes σ and its logarithm depend on worker and node only, so an evaluation
 * takes W·15 exponentials, T·K·15 more for the tasks, and additions per answer. The posterior of a
 * task averages over its ease.
 */
export function integratedGlad(table: AnswerTable, setting: GladSetting): GladModel {
  const { taskCount, workerCount, classCount, taskStart, worker, label, weight, gold, taskPrior } = table;
  const { abilityMean, abilitySd, easeMean, easeSd, estimatePrior } = setting;
  const nodes = normalQuadrature(nodeCount, easeMean, easeSd);
  const scale = nodes.node.map(Math.exp);
  const logNode = nodes.weight.map(Math.log);
  const prior = new Float64Array(classCount).fill(1 / classCount);
  const logPrior = new Float64Array(classCount).fill(-Math.log(classCount));
  const logOthers = Math.log(classCount - 1);
  const precision = 1 / abilitySd ** 2;
  const cells = classCount * nodeCount;

  /** Per worker and node: s, ln σ(−s), σ(s). */
  const margin = new Float64Array(workerCount * nodeCount);
  const logWrong = new Float64Array(workerCount * nodeCount);
  const right = new Float64Array(workerCount * nodeCount);
  /** One task: joint probabilities of class and node (K×nodes), and of the node. */
  const joint = new Float64Array(cells);
  const node = new Float64Array(nodeCount);
  const posterior = new Float64Array(taskCount * classCount);
  const ease = new Float64Array(taskCount);
  const easeSdOf = new Float64Array(taskCount);

  function setParameters(parameters: Float64Array): void {
    if (estimatePrior) {
      priorFromLogits(parameters, workerCount, prior);
      for (let k = 0; k < classCount; k++) logPrior[k] = Math.log(prior[k]);
    }
    for (let w = 0; w < workerCount; w++) {
      for (let h = 0; h < nodeCount; h++) {
        const at = w * nodeCount + h;
        const s = parameters[w] * scale[h];
        const tail = Math.exp(-Math.abs(s));
        margin[at] = s;
        logWrong[at] = -(s > 0 ? s : 0) - Math.log1p(tail);
        right[at] = s < 0 ? tail / (1 + tail) : 1 / (1 + tail);
      }
    }
  }

  /** Fills `joint` and `node` for a task; returns its log-likelihood. */
  function expect(task: number): number {
    const row = task * classCount;
    node.set(logNode);
    for (let k = 0; k < classCount; k++) {
      const log = taskPrior === undefined ? logPrior[k] : Math.log(Math.max(taskPrior[row + k], 1e-300));
      joint.fill(log, k * nodeCount, (k + 1) * nodeCount);
    }
    let constant = 0;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const w = weight === undefined ? 1 : weight[answer];
      const from = worker[answer] * nodeCount;
      const said = label[answer] * nodeCount;
      constant += w * logOthers;
      for (let h = 0; h < nodeCount; h++) {
        node[h] += w * logWrong[from + h];
        joint[said + h] += w * (margin[from + h] + logOthers);
      }
    }
    const known = gold === undefined ? -1 : gold[task];
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classCount; k++) {
      if (known >= 0 && k !== known) continue;
      for (let h = 0; h < nodeCount; h++) top = Math.max(top, joint[k * nodeCount + h] + node[h]);
    }
    let sum = 0;
    for (let k = 0; k < classCount; k++) {
      for (let h = 0; h < nodeCount; h++) {
        const at = k * nodeCount + h;
        joint[at] = known >= 0 && k !== known ? 0 : Math.exp(joint[at] + node[h] - top);
        sum += joint[at];
      }
    }
    node.fill(0);
    for (let at = 0; at < cells; at++) {
      joint[at] /= sum;
      node[at % nodeCount] += joint[at];
    }
    return top + Math.log(sum) - constant;
  }

  function* evaluate(parameters: Float64Array, gradient: Float64Array): Generator<unknown, number, void> {
    setParameters(parameters);
    const due = pauseWhenDue();
    let value = 0;
    for (let w = 0; w < workerCount; w++) {
      const off = parameters[w] - abilityMean;
      value -= 0.5 * precision * off * off;
      gradient[w] = -precision * off;
    }
    if (estimatePrior) gradient.fill(0, workerCount);
    let informed = 0;
    for (let task = 0; task < taskCount; task++) {
      const row = task * classCount;
      value += expect(task);
      if (due((taskStart[task + 1] - taskStart[task]) * nodeCount * nsPerNode)) yield;
      for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
        const from = worker[answer] * nodeCount;
        const said = label[answer] * nodeCount;
        let slope = 0;
        for (let h = 0; h < nodeCount; h++) slope += scale[h] * (joint[said + h] - node[h] * right[from + h]);
        gradient[worker[answer]] += weight === undefined ? slope : weight[answer] * slope;
      }
      for (let k = 0; k < classCount; k++) {
        let q = 0;
        for (let h = 0; h < nodeCount; h++) q += joint[k * nodeCount + h];
        posterior[row + k] = q;
      }
      let [mean, square] = [0, 0];
      for (let h = 0; h < nodeCount; h++) {
        mean += node[h] * nodes.node[h];
        square += node[h] * nodes.node[h] ** 2;
      }
      ease[task] = mean;
      easeSdOf[task] = Math.sqrt(Math.max(0, square - mean * mean));
      if (estimatePrior && (taskStart[task + 1] > taskStart[task] || (gold !== undefined && gold[task] >= 0))) {
        informed++;
        for (let k = 0; k < classCount; k++) gradient[workerCount + k] += posterior[row + k];
      }
    }
    if (estimatePrior) for (let k = 0; k < classCount; k++) gradient[workerCount + k] -= informed * prior[k];
    return value;
  }

  /**
   * Minus the second derivatives: for answers e, f of one task with slopes
   * g = w·scale·(1[said = class] − σ), E[w·scale²·σ(1 − σ)] on the diagonal minus Cov(g_e, g_f) over
   * class and node.
   */
  function* information(): Generator<unknown, AbilityInformation, void> {
    const due = pauseWhenDue();
    const kept = taskCount * cells <= mostCells ? new Float64Array(taskCount * cells) : undefined;
    for (let task = 0; kept !== undefined && task < taskCount; task++) {
      expect(task);
      kept.set(joint, task * cells);
      if (due((taskStart[task + 1] - taskStart[task]) * nodeCount * nsPerNode)) yield;
    }
    const load = (task: number): void => {
      if (kept === undefined) {
        expect(task);
        return;
      }
      node.fill(0);
      for (let at = 0; at < cells; at++) {
        joint[at] = kept[task * cells + at];
        node[at % nodeCount] += joint[at];
      }
    };
    // Per answer of weight 1: E[scale²·σ(1 − σ)], and the mean slope.
    const curvature = new Float64Array(table.answerCount);
    const slope = new Float64Array(table.answerCount);
    const diagonal = new Float64Array(workerCount).fill(precision);
    const complete = new Float64Array(workerCount).fill(precision);
    for (let task = 0; task < taskCount; task++) {
      if (due((taskStart[task + 1] - taskStart[task]) * nodeCount * nsPerNode)) yield;
      load(task);
      for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
        const [from, said] = [worker[answer] * nodeCount, label[answer] * nodeCount];
        const w = weight === undefined ? 1 : weight[answer];
        let square = 0;
        for (let h = 0; h < nodeCount; h++) {
          const [hit, miss] = [scale[h] * (1 - right[from + h]), -scale[h] * right[from + h]];
          const wrong = node[h] - joint[said + h];
          curvature[answer] -= node[h] * hit * miss;
          slope[answer] += joint[said + h] * hit + wrong * miss;
          square += joint[said + h] * hit * hit + wrong * miss * miss;
        }
        complete[worker[answer]] += w * curvature[answer];
        diagonal[worker[answer]] += w * curvature[answer] - w * w * (square - slope[answer] ** 2);
      }
    }

    function dense(): Float64Array {
      const matrix = new Float64Array(workerCount * workerCount);
      for (let w = 0; w < workerCount; w++) matrix[w * workerCount + w] = precision;
      for (let task = 0; task < taskCount; task++) {
        load(task);
        for (let a = taskStart[task]; a < taskStart[task + 1]; a++) {
          const wa = weight === undefined ? 1 : weight[a];
          const [fromA, saidA] = [worker[a] * nodeCount, label[a] * nodeCount];
          matrix[worker[a] * workerCount + worker[a]] += wa * curvature[a];
          for (let b = taskStart[task]; b < taskStart[task + 1]; b++) {
            const wb = weight === undefined ? 1 : weight[b];
            const [fromB, saidB] = [worker[b] * nodeCount, label[b] * nodeCount];
            let product = 0;
            for (let h = 0; h < nodeCount; h++) {
              const both = saidA === saidB ? joint[saidA + h] : 0;
              const [ra, rb] = [right[fromA + h], right[fromB + h]];
              product += scale[h] ** 2 * (both - joint[saidA + h] * rb - joint[saidB + h] * ra + node[h] * ra * rb);
            }
            matrix[worker[a] * workerCount + worker[b]] -= wa * wb * (product - slope[a] * slope[b]);
          }
        }
      }
      return matrix;
    }

    const perClass = new Float64Array(classCount);
    const perNode = new Float64Array(nodeCount);
    const total = new Float64Array(nodeCount);
    function* multiply(x: Float64Array, out: Float64Array): Generator<unknown, void, void> {
      const duringProduct = pauseWhenDue();
      for (let w = 0; w < workerCount; w++) out[w] = precision * x[w];
      for (let task = 0; task < taskCount; task++) {
        if (duringProduct((taskStart[task + 1] - taskStart[task]) * nodeCount * nsPerNode)) yield;
        load(task);
        perClass.fill(0);
        perNode.fill(0);
        for (let a = taskStart[task]; a < taskStart[task + 1]; a++) {
          const value = (weight === undefined ? 1 : weight[a]) * x[worker[a]];
          perClass[label[a]] += value;
          for (let h = 0; h < nodeCount; h++) perNode[h] += value * right[worker[a] * nodeCount + h];
        }
        // joint ← P · t with t[k][h] = Σ x·g = scale[h]·(perClass[k] − perNode[h]).
        let mean = 0;
        total.fill(0);
        for (let k = 0; k < classCount; k++) {
          for (let h = 0; h < nodeCount; h++) {
            const value = joint[k * nodeCount + h] * scale[h] * (perClass[k] - perNode[h]);
            joint[k * nodeCount + h] = value;
            total[h] += value;
            mean += value;
          }
        }
        for (let a = taskStart[task]; a < taskStart[task + 1]; a++) {
          const [from, said] = [worker[a] * nodeCount, label[a] * nodeCount];
          let covariance = -mean * slope[a];
          for (let h = 0; h < nodeCount; h++) covariance += scale[h] * (joint[said + h] - right[from + h] * total[h]);
          out[worker[a]] += (weight === undefined ? 1 : weight[a]) * (curvature[a] * x[worker[a]] - covariance);
        }
      }
    }
    return { diagonal, complete, dense, multiply };
  }

  return {
    size: workerCount + (estimatePrior ? classCount : 0),
    evaluate,
    posterior: () => posterior,
    prior,
    units() {
      const unit = new Float64Array(this.size).fill(1 / Math.sqrt(taskCount / classCount));
      const answered = answersPerWorker(table);
      for (let w = 0; w < workerCount; w++) unit[w] = 1 / Math.sqrt(precision + typicalCurvature * answered[w]);
      return unit;
    },
    start(random, workers) {
      const start = new Float64Array(this.size).fill(abilityMean, 0, workerCount);
      if (random === undefined) return start;
      const abilities = random.fork('abilities');
      for (const w of workers) start[w] += abilitySd * abilities.normal();
      return start;
    },
    // biome-ignore lint/correctness/useYield: copying is short
    *eases() {
      return { ease: ease.slice(), error: easeSdOf.slice() };
    },
    *typicalScales() {
      const due = pauseWhenDue();
      const spread = new Float64Array(nodeCount);
      let count = 0;
      for (let task = 0; task < taskCount; task++) {
        if (taskStart[task + 1] === taskStart[task]) continue;
        if (due((taskStart[task + 1] - taskStart[task]) * nodeCount * nsPerNode)) yield;
        expect(task);
        count++;
        for (let h = 0; h < nodeCount; h++) spread[h] += node[h];
      }
      return { scale, weight: spread.map((total) => total / Math.max(1, count)) };
    },
    intervals,
    information,
  };

  /**
   * Quantiles of each ability's own posterior, which is skew: on a grid around the mode, with the
   * others held, stretched by what the others' uncertainty adds to the standard error.
   */
  function* intervals(
    parameters: Float64Array,
    error: Float64Array,
    diagonal: Float64Array,
    tail: number,
  ): Generator<unknown, { lo: Float64Array; hi: Float64Array }, void> {
    const due = pauseWhenDue();
    const alone = diagonal.map((value) => 1 / Math.sqrt(Math.max(value, precision)));
    if (workerCount * gridCount * nodeCount > mostCells) {
      const reach = -normalQuantile(tail);
      return {
        lo: error.map((e, w) => parameters[w] - reach * e),
        hi: error.map((e, w) => parameters[w] + reach * e),
      };
    }
    const chances = new Float64Array(workerCount * gridCount * nodeCount);
    const logDensity = new Float64Array(workerCount * gridCount);
    for (let w = 0; w < workerCount; w++) {
      if (due(gridCount * nodeCount * 10 * nsPerGridNode)) yield;
      for (let g = 0; g < gridCount; g++) {
        const ability = parameters[w] + gridStep(g) * alone[w];
        logDensity[w * gridCount + g] = -0.5 * precision * (ability - abilityMean) ** 2;
        for (let h = 0; h < nodeCount; h++) {
          chances[(w * gridCount + g) * nodeCount + h] = 1 / (1 + Math.exp(-ability * scale[h]));
        }
      }
    }
    const hit = new Float64Array(nodeCount);
    const miss = new Float64Array(nodeCount);
    for (let task = 0; task < taskCount; task++) {
      expect(task);
      if (due((taskStart[task + 1] - taskStart[task]) * gridCount * nodeCount * nsPerGridNode)) yield;
      for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
        const [w, said] = [worker[answer], label[answer] * nodeCount];
        const power = weight === undefined ? 1 : weight[answer];
        // The others' word on class and ease: the joint without this answer's own factor.
        for (let h = 0; h < nodeCount; h++) {
          const chance = Math.min(1 - 1e-12, Math.max(1e-12, right[w * nodeCount + h]));
          hit[h] = joint[said + h] / chance ** power;
          miss[h] = (node[h] - joint[said + h]) / (1 - chance) ** power;
        }
        for (let g = 0; g < gridCount; g++) {
          const from = (w * gridCount + g) * nodeCount;
          let likelihood = 0;
          if (weight === undefined) {
            for (let h = 0; h < nodeCount; h++) {
              likelihood += hit[h] * chances[from + h] + miss[h] * (1 - chances[from + h]);
            }
          } else {
            for (let h = 0; h < nodeCount; h++) {
              likelihood += hit[h] * chances[from + h] ** power + miss[h] * (1 - chances[from + h]) ** power;
            }
          }
          logDensity[w * gridCount + g] += Math.log(likelihood);
        }
      }
    }
    const lo = new Float64Array(workerCount);
    const hi = new Float64Array(workerCount);
    const density = new Float64Array(gridCount);
    for (let w = 0; w < workerCount; w++) {
      density.set(logDensity.subarray(w * gridCount, (w + 1) * gridCount));
      softmaxInPlace(density, 0, gridCount);
      const at = quantilesOnGrid(density, tail);
      lo[w] = parameters[w] + at[0] * Math.max(alone[w], error[w]);
      hi[w] = parameters[w] + at[1] * Math.max(alone[w], error[w]);
    }
    return { lo, hi };
  }
}

/** Grid of an ability's posterior in standard errors: from −5 to 8, since the long tail is above. */
const gridCount = 40;
function gridStep(g: number): number {
  return -5 + (13 * g) / (gridCount - 1);
}

/** Where the cumulated density passes `tail` and 1 − `tail`, in standard errors. */
function quantilesOnGrid(density: Float64Array, tail: number): [number, number] {
  const width = gridStep(1) - gridStep(0);
  const found: [number, number] = [0, 0];
  [tail, 1 - tail].forEach((share, i) => {
    let below = 0;
    for (let g = 0; g < density.length; g++) {
      if (below + density[g] >= share || g === density.length - 1) {
        found[i] = gridStep(g) + width * ((share - below) / density[g] - 0.5);
        return;
      }
      below += density[g];
    }
  });
  return found;
}
