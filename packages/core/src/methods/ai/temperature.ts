const coarse = [0.1, 0.2, 0.5, 0.8, 1, 2, 3, 5, 8];

/** Added to probabilities inside logs. */
const smallest = 1e-300;

/**
 * The temperature at which a model's probabilities fit the vote shares best, by soft cross entropy
 * over the tasks with votes.
 *
 * Above 1 the model was too sure of itself, below 1 too hesitant. Searched on a coarse grid from 0.1
 * to 8, then on nine points around the best. Without votes it is 1.
 *
 * Source: Goh & Mueller (2023), "ActiveLab: Active learning with re-labeling by multiple
 * annotators"; grid as in cleanlab's `multiannotator`.
 *
 * @param model T×K, rows sum to 1
 * @param votes T×K counts
 */
export function bestTemperature(model: Float64Array, votes: Float64Array, classCount: number): number {
  const loss = (temperature: number): number =>
    crossEntropy(tempered(model, temperature, classCount), votes, classCount);
  if (!votes.some((count) => count > 0) || classCount < 2) return 1;
  const at = leastOf(coarse, loss);
  const fine: number[] = [];
  if (at > 0) for (let i = 0; i < 4; i++) fine.push(coarse[at - 1] + ((coarse[at] - coarse[at - 1]) * i) / 4);
  if (at < coarse.length - 1) {
    for (let i = 0; i < 5; i++) fine.push(coarse[at] + ((coarse[at + 1] - coarse[at]) * i) / 4);
  }
  return fine[leastOf(fine, loss)];
}

/** Probabilities to the power 1/temperature, normalised. */
export function tempered(model: Float64Array, temperature: number, classCount: number): Float64Array {
  if (temperature === 1) return model;
  const result = new Float64Array(model.length);
  for (let row = 0; row < model.length; row += classCount) {
    let most = 0;
    for (let k = 0; k < classCount; k++) most = Math.max(most, model[row + k]);
    let sum = 0;
    for (let k = 0; k < classCount; k++) sum += result[row + k] = (model[row + k] / most) ** (1 / temperature);
    for (let k = 0; k < classCount; k++) result[row + k] /= sum;
  }
  return result;
}

function crossEntropy(p: Float64Array, votes: Float64Array, classCount: number): number {
  let [sum, tasks] = [0, 0];
  for (let row = 0; row < p.length; row += classCount) {
    let total = 0;
    for (let k = 0; k < classCount; k++) total += votes[row + k];
    if (total === 0) continue;
    tasks++;
    for (let k = 0; k < classCount; k++) sum -= (votes[row + k] / total) * Math.log(p[row + k] + smallest);
  }
  return sum / tasks;
}

function leastOf(values: readonly number[], loss: (value: number) => number): number {
  const losses = values.map(loss);
  return losses.indexOf(Math.min(...losses));
}
