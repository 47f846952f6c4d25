/** What is to be alike between groups of items. */
export interface GroupGap {
  /** Group of each row, from 0; −1 where it is not known: that row takes no part. */
  readonly group: ArrayLike<number>;
  /** The class whose share is to be alike. */
  readonly favourable: number;
  /** λ. */
  readonly weight: number;
  /** How much each row counts; all alike where absent. Give the probability of a true class to compare within it. */
  readonly rowWeight?: ArrayLike<number>;
}

/**
 * λ Σ_g (m_g − m)² of the probabilities F of a batch (rows × K): m_g is the mean probability of the
 * favourable class in group g, m that of all groups. Adds the derivative to `slope` and gives the term.
 *
 * With all rows alike this is demographic parity; weighted by the probability that the truth is the
 * favourable class, equal opportunity. The derivative by f_i is 2λ w_i [(m_g − m)/W_g − Σ_h (m_h − m)/W].
 * Groups without weight in the batch, and batches with one group, add nothing. O(rows + groups).
 *
 * Source: the discrimination score of Calders & Verwer (2010), on soft rates and squared, for any number of
 * groups; as a penalty in training after Kamishima, Akaho, Asoh & Sakuma (2012), who take mutual information.
 *
 * @example
 * const slope = new Float64Array(4);
 * addGroupPenalty(Float64Array.of(0.2, 0.8, 0.6, 0.4), slope, 2, 2, { group: [0, 1], favourable: 1, weight: 1 }).toFixed(2); // => '0.08'
 */
export function addGroupPenalty(
  f: Float64Array,
  slope: Float64Array,
  rows: number,
  classCount: number,
  { group, favourable, weight, rowWeight }: GroupGap,
): number {
  let groups = 0;
  for (let i = 0; i < rows; i++) groups = Math.max(groups, group[i] + 1);
  const mass = new Float64Array(groups);
  const mean = new Float64Array(groups);
  let [allMass, allMean] = [0, 0];
  for (let i = 0; i < rows; i++) {
    if (group[i] < 0) continue;
    const own = rowWeight === undefined ? 1 : rowWeight[i];
    mass[group[i]] += own;
    mean[group[i]] += own * f[i * classCount + favourable];
    allMass += own;
    allMean += own * f[i * classCount + favourable];
  }
  if (!(allMass > 0)) return 0;
  allMean /= allMass;
  let [loss, shared] = [0, 0];
  for (let g = 0; g < groups; g++) {
    // What is left in `mean` is the group's distance from all.
    mean[g] = mass[g] > 0 ? mean[g] / mass[g] - allMean : 0;
    loss += weight * mean[g] ** 2;
    shared += mean[g] / allMass;
  }
  for (let i = 0; i < rows; i++) {
    if (group[i] < 0 || !(mass[group[i]] > 0)) continue;
    const own = rowWeight === undefined ? 1 : rowWeight[i];
    slope[i * classCount + favourable] += 2 * weight * own * (mean[group[i]] / mass[group[i]] - shared);
  }
  return loss;
}
