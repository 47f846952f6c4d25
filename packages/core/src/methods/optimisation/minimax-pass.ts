import type { AnswerTable } from '../../answers/answer-table.ts';
import { pauseWhenDue } from '../pauses.ts';

/** Time of one chance of one answer, about. */
const nsPerChance = 40;

/** Evaluates the penalised log-likelihood of minimax conditional entropy; see {@link minimaxPass}. */
export interface MinimaxPass {
  /** Number of parameters: `block` for each worker, then `block` for each task. */
  readonly size: number;
  /** Parameters of one worker or task: K² or, ordinal, 4(K − 1). */
  readonly block: number;
  /**
   * The value at `parameters` and its gradient. With `fixed` (T×K) the value is the expected complete
   * log-likelihood under it, otherwise the marginal one, whose posteriors go to `posterior`. Pauses.
   */
  evaluate(parameters: Float64Array, gradient: Float64Array, fixed?: Float64Array): Generator<unknown, number, void>;
  /** T×K posteriors at the parameters evaluated last without `fixed`. */
  readonly posterior: Float64Array;
  /** Confusion matrices of workers on a task without a pull of its own, W×K×K. */
  confusion(parameters: Float64Array): Float64Array;
}

/**
 * The model of minimax conditional entropy: worker u says l of task i of class k with probability
 * proportional to exp(S_u[k][l] + T_i[k][l]), with quadratic penalties on the workers' scores S and
 * the tasks' scores T; `diagonal` is added where l = k.
 *
 * `ordinal` restricts scores to sums over thresholds s of one number for each of the four blocks
 * (k ≥ s or not) × (l ≥ s or not). One pass costs O(N·K²) exponentials.
 */
export function minimaxPass(
  table: AnswerTable,
  workerPenalty: number,
  taskPenalty: number,
  ordinal: boolean,
  diagonal = 0,
): MinimaxPass {
  const { taskCount, workerCount, classCount, taskStart, worker, label, weight, gold, taskPrior } = table;
  const cells = classCount * classCount;
  const block = ordinal ? 4 * (classCount - 1) : cells;
  const posterior = new Float64Array(taskCount * classCount);
  let most = 0;
  for (let task = 0; task < taskCount; task++) most = Math.max(most, taskStart[task + 1] - taskStart[task]);
  const workerScores = new Float64Array(workerCount * cells);
  const workerSlopes = new Float64Array(workerCount * cells);
  const taskScores = new Float64Array(cells);
  const taskSlopes = new Float64Array(cells);
  const chances = new Float64Array(most * cells);
  const logs = new Float64Array(classCount);
  const firstTask = workerCount * block;

  /** out[k][l] ← the scores that the parameters from `from` on stand for. */
  function expand(parameters: Float64Array, from: number, out: Float64Array, at: number): void {
    if (!ordinal) {
      for (let cell = 0; cell < cells; cell++) out[at + cell] = parameters[from + cell];
      return;
    }
    for (let k = 0; k < classCount; k++) {
      for (let l = 0; l < classCount; l++) {
        let sum = 0;
        for (let s = 1; s < classCount; s++) {
          sum += parameters[from + 4 * (s - 1) + (k >= s ? 2 : 0) + (l >= s ? 1 : 0)];
        }
        out[at + k * classCount + l] = sum;
      }
    }
  }

  /** The gradient by parameters from that by scores, minus the penalty's. */
  function contract(
    slopes: Float64Array,
    at: number,
    x: Float64Array,
    from: number,
    penalty: number,
    g: Float64Array,
  ): void {
    for (let i = from; i < from + block; i++) g[i] = -penalty * x[i];
    if (!ordinal) {
      for (let cell = 0; cell < cells; cell++) g[from + cell] += slopes[at + cell];
      return;
    }
    for (let k = 0; k < classCount; k++) {
      for (let l = 0; l < classCount; l++) {
        const slope = slopes[at + k * classCount + l];
        for (let s = 1; s < classCount; s++) g[from + 4 * (s - 1) + (k >= s ? 2 : 0) + (l >= s ? 1 : 0)] += slope;
      }
    }
  }

  function* evaluate(
    parameters: Float64Array,
    gradient: Float64Array,
    fixed?: Float64Array,
  ): Generator<unknown, number, void> {
    const due = pauseWhenDue();
    let value = 0;
    for (let i = 0; i < firstTask; i++) value -= 0.5 * workerPenalty * parameters[i] * parameters[i];
    for (let i = firstTask; i < parameters.length; i++) value -= 0.5 * taskPenalty * parameters[i] * parameters[i];
    for (let w = 0; w < workerCount; w++) expand(parameters, w * block, workerScores, w * cells);
    workerSlopes.fill(0);
    for (let task = 0; task < taskCount; task++) {
      const row = task * classCount;
      const from = taskStart[task];
      const to = taskStart[task + 1];
      const mine = firstTask + task * block;
      expand(parameters, mine, taskScores, 0);
      for (let k = 0; k < classCount; k++) taskScores[k * classCount + k] += diagonal;
      for (let k = 0; k < classCount; k++) {
        logs[k] = taskPrior === undefined ? -Math.log(classCount) : Math.log(Math.max(taskPrior[row + k], 1e-300));
      }
      for (let answer = from; answer < to; answer++) {
        const power = weight === undefined ? 1 : weight[answer];
        for (let k = 0; k < classCount; k++) {
          const scores = worker[answer] * cells + k * classCount;
          const at = (answer - from) * cells + k * classCount;
          logs[k] += power * rowChances(scores, k * classCount, at, label[answer]);
        }
      }
      const q = fixed ?? posterior;
      if (fixed === undefined) value += settle(task, row);
      else for (let k = 0; k < classCount; k++) if (q[row + k] > 0) value += q[row + k] * logs[k];
      taskSlopes.fill(0);
      for (let answer = from; answer < to; answer++) {
        const power = weight === undefined ? 1 : weight[answer];
        for (let k = 0; k < classCount; k++) {
          const share = power * q[row + k];
          if (share === 0) continue;
          const at = (answer - from) * cells + k * classCount;
          const slopes = worker[answer] * cells + k * classCount;
          for (let l = 0; l < classCount; l++) {
            const slope = share * ((l === label[answer] ? 1 : 0) - chances[at + l]);
            workerSlopes[slopes + l] += slope;
            taskSlopes[k * classCount + l] += slope;
          }
        }
      }
      contract(taskSlopes, 0, parameters, mine, taskPenalty, gradient);
      if (due((to - from) * cells * nsPerChance)) yield;
    }
    for (let w = 0; w < workerCount; w++) {
      contract(workerSlopes, w * cells, parameters, w * block, workerPenalty, gradient);
    }
    return value;
  }

  /** Writes softmax over l of worker + task scores to `chances` and returns the log of that of `said`. */
  function rowChances(scores: number, taskRow: number, at: number, said: number): number {
    let top = Number.NEGATIVE_INFINITY;
    for (let l = 0; l < classCount; l++) {
      const score = workerScores[scores + l] + taskScores[taskRow + l];
      chances[at + l] = score;
      if (score > top) top = score;
    }
    const own = chances[at + said] - top;
    let sum = 0;
    for (let l = 0; l < classCount; l++) {
      const chance = Math.exp(chances[at + l] - top);
      chances[at + l] = chance;
      sum += chance;
    }
    for (let l = 0; l < classCount; l++) chances[at + l] /= sum;
    return own - Math.log(sum);
  }

  /** The posterior of a task from `logs`; returns its log-likelihood. */
  function settle(task: number, row: number): number {
    const known = gold === undefined ? -1 : gold[task];
    if (known >= 0) {
      posterior.fill(0, row, row + classCount);
      posterior[row + known] = 1;
      return logs[known];
    }
    let top = logs[0];
    for (let k = 1; k < classCount; k++) if (logs[k] > top) top = logs[k];
    let sum = 0;
    for (let k = 0; k < classCount; k++) {
      posterior[row + k] = Math.exp(logs[k] - top);
      sum += posterior[row + k];
    }
    for (let k = 0; k < classCount; k++) posterior[row + k] /= sum;
    return top + Math.log(sum);
  }

  function confusion(parameters: Float64Array): Float64Array {
    const result = new Float64Array(workerCount * cells);
    for (let w = 0; w < workerCount; w++) {
      expand(parameters, w * block, result, w * cells);
      for (let k = 0; k < classCount; k++) {
        const row = w * cells + k * classCount;
        result[row + k] += diagonal;
        let top = Number.NEGATIVE_INFINITY;
        for (let l = row; l < row + classCount; l++) top = Math.max(top, result[l]);
        let sum = 0;
        for (let l = row; l < row + classCount; l++) {
          result[l] = Math.exp(result[l] - top);
          sum += result[l];
        }
        for (let l = row; l < row + classCount; l++) result[l] /= sum;
      }
    }
    return result;
  }

  return { size: (workerCount + taskCount) * block, block, evaluate, posterior, confusion };
}
