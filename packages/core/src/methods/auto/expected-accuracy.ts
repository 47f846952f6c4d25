import type { AnswerTable } from '../../answers/answer-table.ts';
import { betaQuantile } from '../../math/special.ts';
import { accuracyInterval, meanConfidence } from './calibration.ts';

/** Pseudo-tasks behind the model's own estimate when checked tasks sharpen it. */
const modelTasks = 20;

/**
 * Mean confidence of the final posterior with its interval. Checked tasks sharpen it in two strata,
 * since a check list is not a random sample: tasks where models and majority differ, and the rest.
 * What they say holds for the tasks not checked; the checked ones have their given label and count as right.
 */
export function expectedAccuracy(
  table: AnswerTable,
  posterior: Float64Array,
  models: Float64Array,
  votes: Float64Array,
  contested: number,
  answered: number,
): { value: number; lo: number; hi: number } {
  const strata = checkedStrata(table, posterior, models, votes);
  const checked = strata[0].checked + strata[1].checked;
  if (checked === 0) return accuracyInterval(meanConfidence(table, posterior), answered);
  const weight = [contested / Math.max(1, answered - checked), 0];
  weight[1] = 1 - weight[0];
  let mean = 0;
  let variance = 0;
  strata.forEach((stratum, i) => {
    const a = modelTasks * stratum.confidence + stratum.right;
    const b = modelTasks * (1 - stratum.confidence) + stratum.checked - stratum.right;
    const m = a / (a + b);
    mean += weight[i] * m;
    variance += weight[i] ** 2 * ((m * (1 - m)) / (a + b + 1));
  });
  const size = Math.max(1, (mean * (1 - mean)) / Math.max(variance, 1e-9) - 1);
  const known = checked / answered;
  const whole = (accuracy: number): number => known + (1 - known) * accuracy;
  return {
    value: whole(mean),
    lo: whole(betaQuantile(0.05, mean * size, (1 - mean) * size)),
    hi: whole(betaQuantile(0.95, mean * size, (1 - mean) * size)),
  };
}

interface Stratum {
  /** Mean confidence over the unchecked tasks of the stratum. */
  confidence: number;
  checked: number;
  right: number;
}

/** Tasks where models and a clear majority differ, and all others, with what gold says of each. */
function checkedStrata(
  table: AnswerTable,
  posterior: Float64Array,
  models: Float64Array,
  votes: Float64Array,
): [Stratum, Stratum] {
  const { taskCount, classCount, gold } = table;
  const strata: [Stratum, Stratum] = [
    { confidence: 0, checked: 0, right: 0 },
    { confidence: 0, checked: 0, right: 0 },
  ];
  const open = [0, 0];
  for (let task = 0; task < taskCount; task++) {
    if (table.taskStart[task] === table.taskStart[task + 1]) continue;
    const row = task * classCount;
    let [vote, model, best, tied] = [0, 0, 0, 0];
    for (let k = 1; k < classCount; k++) {
      if (votes[row + k] > votes[row + vote]) vote = k;
      if (models[row + k] > models[row + model]) model = k;
      if (posterior[row + k] > posterior[row + best]) best = k;
    }
    for (let k = 0; k < classCount; k++) if (votes[row + k] === votes[row + vote]) tied++;
    const side = tied === 1 && vote !== model ? 0 : 1;
    if (gold !== undefined && gold[task] >= 0) {
      strata[side].checked++;
      if (best === gold[task]) strata[side].right++;
    } else {
      open[side]++;
      strata[side].confidence += posterior[row + best];
    }
  }
  strata.forEach((stratum, side) => {
    stratum.confidence = open[side] > 0 ? stratum.confidence / open[side] : 0.5;
  });
  return strata;
}
