import type { AnswerTable } from '../../answers/answer-table.ts';

/** The model's constants, beside the answers. */
export interface GladSetting {
  readonly abilityMean: number;
  readonly abilitySd: number;
  readonly easeMean: number;
  readonly easeSd: number;
  /** Are the last K parameters the logits of the class prior? Otherwise it is uniform. */
  readonly estimatePrior: boolean;
}

/** One evaluation of the log-posterior; see {@link gladPass}. */
export interface GladPass {
  /**
   * The log-posterior at `parameters` (abilities W, eases T, class logits K if estimated); writes its
   * gradient and the posteriors of the tasks.
   */
  evaluate(parameters: Float64Array, gradient: Float64Array): number;
  /** T×K posteriors at the parameters evaluated last. */
  readonly posterior: Float64Array;
  /** Class prior at the parameters evaluated last, K. */
  readonly prior: Float64Array;
  /** Number of parameters. */
  readonly size: number;
}

/** Products of 1 + e^s are renormalised beyond this. */
const largeProduct = 1e280;

/**
 * E-step and gradient of GLAD in one pass over the answers: Pr(right) = σ(s), s = ability · e^ease,
 * wrong answers even over the other classes.
 *
 * By Fisher's identity the gradient of the marginal log-posterior is that of the complete one under
 * the posterior, so this serves expectation-maximisation and direct ascent alike. Per answer one
 * exponential; the logarithms of 1 + e^s are taken of their product, once a task. O(N + T·K).
 */
export function gladPass(table: AnswerTable, setting: GladSetting): GladPass {
  const { taskCount, workerCount, classCount, taskStart, worker, label, weight, gold, taskPrior } = table;
  const { abilityMean, abilitySd, easeMean, easeSd, estimatePrior } = setting;
  const posterior = new Float64Array(taskCount * classCount);
  const prior = new Float64Array(classCount).fill(1 / classCount);
  const logPrior = new Float64Array(classCount).fill(-Math.log(classCount));
  let most = 0;
  for (let task = 0; task < taskCount; task++) most = Math.max(most, taskStart[task + 1] - taskStart[task]);
  const strength = new Float64Array(most);
  const chance = new Float64Array(most);
  const scores = new Float64Array(classCount);
  const logOthers = Math.log(classCount - 1);
  const abilityPrecision = 1 / (abilitySd * abilitySd);
  const easePrecision = 1 / (easeSd * easeSd);
  const usesPrior = taskPrior === undefined;
  const logits = workerCount + taskCount;

  function evaluate(parameters: Float64Array, gradient: Float64Array): number {
    let objective = 0;
    for (let w = 0; w < workerCount; w++) {
      const off = parameters[w] - abilityMean;
      objective -= 0.5 * abilityPrecision * off * off;
      gradient[w] = -abilityPrecision * off;
    }
    if (estimatePrior) setPrior(parameters);
    let informed = 0;
    if (estimatePrior) gradient.fill(0, logits, logits + classCount);

    for (let task = 0; task < taskCount; task++) {
      const from = taskStart[task];
      const to = taskStart[task + 1];
      const ease = parameters[workerCount + task];
      const off = ease - easeMean;
      objective -= 0.5 * easePrecision * off * off;
      const scale = Math.exp(ease);
      const row = task * classCount;
      for (let k = 0; k < classCount; k++) {
        scores[k] = usesPrior ? logPrior[k] : Math.log(Math.max(taskPrior[row + k], 1e-300));
      }
      let common = 0;
      let product = 1;
      for (let answer = from; answer < to; answer++) {
        const s = parameters[worker[answer]] * scale;
        const small = Math.exp(s < 0 ? s : -s);
        const inverse = 1 / (1 + small);
        strength[answer - from] = s;
        chance[answer - from] = s < 0 ? small * inverse : inverse;
        // ln σ(s) − ln σ(−s) = s: only ln σ(−s) = −max(s, 0) − ln(1 + e^−|s|) needs a logarithm.
        if (weight === undefined) {
          if (s > 0) common -= s;
          product *= 1 + small;
          if (product > largeProduct) {
            common -= Math.log(product);
            product = 1;
          }
          scores[label[answer]] += s + logOthers;
        } else {
          common -= weight[answer] * ((s > 0 ? s : 0) + Math.log1p(small));
          scores[label[answer]] += weight[answer] * (s + logOthers);
        }
      }
      common -= Math.log(product);
      if (weight === undefined) common -= (to - from) * logOthers;
      else for (let answer = from; answer < to; answer++) common -= weight[answer] * logOthers;

      const known = gold === undefined ? -1 : gold[task];
      if (known >= 0) {
        posterior.fill(0, row, row + classCount);
        posterior[row + known] = 1;
        objective += common + scores[known];
      } else {
        let top = scores[0];
        for (let k = 1; k < classCount; k++) if (scores[k] > top) top = scores[k];
        let sum = 0;
        for (let k = 0; k < classCount; k++) {
          const p = Math.exp(scores[k] - top);
          posterior[row + k] = p;
          sum += p;
        }
        for (let k = 0; k < classCount; k++) posterior[row + k] /= sum;
        objective += common + top + Math.log(sum);
      }
      let slope = 0;
      for (let answer = from; answer < to; answer++) {
        const surprise =
          (posterior[row + label[answer]] - chance[answer - from]) * (weight === undefined ? 1 : weight[answer]);
        gradient[worker[answer]] += surprise * scale;
        slope += surprise * strength[answer - from];
      }
      gradient[workerCount + task] = slope - easePrecision * off;
      if (estimatePrior && (to > from || known >= 0)) {
        informed++;
        for (let k = 0; k < classCount; k++) gradient[logits + k] += posterior[row + k];
      }
    }
    if (estimatePrior) for (let k = 0; k < classCount; k++) gradient[logits + k] -= informed * prior[k];
    return objective;
  }

  function setPrior(parameters: Float64Array): void {
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classCount; k++) top = Math.max(top, parameters[logits + k]);
    let sum = 0;
    for (let k = 0; k < classCount; k++) sum += Math.exp(parameters[logits + k] - top);
    for (let k = 0; k < classCount; k++) {
      logPrior[k] = parameters[logits + k] - top - Math.log(sum);
      prior[k] = Math.exp(logPrior[k]);
    }
  }

  return { evaluate, posterior, prior, size: logits + (estimatePrior ? classCount : 0) };
}
