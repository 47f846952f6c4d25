import { argmaxRow } from './co-workers.ts';

/** Tasks count as known from this probability on. */
const sure = 0.95;
/** With fewer such tasks all tasks count. */
const fewest = 20;
/** Excess agreement up to this is chance. */
const ignored = 0.1;

/** How far models say the same beyond what their skill explains. */
export interface CopyReport {
  /** Power each model's vote is raised to, 1 for independent ones. */
  readonly power: Float64Array;
  /** P×P: 0 independent, 1 copies. */
  readonly excess: Float64Array;
}

/**
 * The guard against copies: three identical models must not outvote the people.
 *
 * For each pair, the agreement on tasks whose truth the people settle (posterior 0.95, or all tasks
 * where fewer than 20 are) is compared with the agreement two independent models of the same
 * confusions would have; the excess ρ is 0 for independent models and 1 for copies. A model's vote
 * gets the power 1/(1 + Σ ρ) over the others with ρ above 0.1, so P copies count as one.
 *
 * @param opinions T×K for each model, NaN rows without opinion
 * @param people posterior of the people alone, T×K
 */
export function copyGuard(opinions: readonly Float64Array[], people: Float64Array, classCount: number): CopyReport {
  const count = opinions.length;
  const excess = new Float64Array(count * count);
  const power = new Float64Array(count).fill(1);
  if (count < 2 || classCount < 2) return { power, excess };
  const tasks = people.length / classCount;
  const said = opinions.map((matrix) =>
    Int32Array.from({ length: tasks }, (_, task) =>
      Number.isNaN(matrix[task * classCount]) ? -1 : argmaxRow(matrix, task, classCount),
    ),
  );
  const truth = Int32Array.from({ length: tasks }, (_, task) => argmaxRow(people, task, classCount));
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const both = Array.from({ length: tasks }, (_, task) => task).filter((t) => said[a][t] >= 0 && said[b][t] >= 0);
      const known = both.filter((task) => people[task * classCount + truth[task]] >= sure);
      const rho = excessAgreement(known.length >= fewest ? known : both, truth, said[a], said[b], classCount);
      excess[a * count + b] = rho;
      excess[b * count + a] = rho;
    }
  }
  for (let a = 0; a < count; a++) {
    let sum = 0;
    for (let b = 0; b < count; b++) if (excess[a * count + b] > ignored) sum += excess[a * count + b];
    power[a] = 1 / (1 + sum);
  }
  return { power, excess };
}

function excessAgreement(
  tasks: readonly number[],
  truth: Int32Array,
  a: Int32Array,
  b: Int32Array,
  classCount: number,
): number {
  if (tasks.length === 0) return 0;
  const [first, second] = [a, b].map((said) => {
    const counts = new Float64Array(classCount * classCount).fill(1 / classCount);
    for (const task of tasks) counts[truth[task] * classCount + said[task]]++;
    for (let row = 0; row < counts.length; row += classCount) {
      let mass = 0;
      for (let l = 0; l < classCount; l++) mass += counts[row + l];
      for (let l = 0; l < classCount; l++) counts[row + l] /= mass;
    }
    return counts;
  });
  let [same, expected] = [0, 0];
  for (const task of tasks) {
    if (a[task] === b[task]) same++;
    const row = truth[task] * classCount;
    for (let l = 0; l < classCount; l++) expected += first[row + l] * second[row + l];
  }
  const room = tasks.length - expected;
  // Two models that are always right agree by skill alone, but nothing can tell them from copies: identical answers are copies.
  if (same === tasks.length) return 1;
  return room < 1e-9 ? 0 : Math.min(1, Math.max(0, (same - expected) / room));
}
