/** Rankings from pairwise preferences: scores, how sure they are, and how reliable each worker is. */

export { type ComparisonRole, comparisonRoles } from './comparison-columns.ts';
export {
  type Comparisons,
  canonicalOrder,
  checkPairs,
  invalidPairs,
  type NamedComparisons,
} from './comparisons.ts';
export {
  addReliabilityPrior,
  certainLogit,
  checkReliabilityPrior,
  crowdComparison,
  type ReliabilityPrior,
  startLogit,
  tieOrNot,
} from './crowd-bradley-terry.ts';
export { type ItemGroups, itemGroups } from './item-groups.ts';
export { type NextPair, type NextPairsOptions, nextPairs } from './next-pairs.ts';
export { type RankingOptions, type RankingResult, rankComparisons, settleReliabilities } from './rank-comparisons.ts';
export { type RankIntervalOptions, type RankIntervals, rankIntervals } from './rank-intervals.ts';
export {
  type ComparisonReceipt,
  type ComparisonsRead,
  type ReadComparisonsOptions,
  readComparisons,
} from './read-comparisons.ts';
export type { InformationOptions } from './score-information.ts';
