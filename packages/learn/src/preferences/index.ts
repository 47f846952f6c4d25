/** Learning from answers about pairs: which of two is better, and whether two are the same. */
export { CrowdBradleyTerryLoss } from './crowd-bradley-terry.ts';
export { learnPreferences, type PreferenceOptions, type PreferenceResult } from './learn-preferences.ts';
export { learnSimilarity, type SimilarityOptions, type SimilarityResult } from './learn-similarity.ts';
export { learnTastes, TasteLoss, type TasteOptions, type TasteResult } from './learn-tastes.ts';
export {
  type CrowdMarginLosses,
  conservativeDpoLoss,
  crowdDpoLoss,
  dpoLoss,
  type LogProbabilities,
  type MarginLosses,
  type PerPair,
  policyMargins,
  robustDpoLoss,
} from './policy-losses.ts';
export { type PooledPreferences, pooledPreferences } from './pooled.ts';
export { type SimilarityAnswers, SimilarityLoss } from './similarity-loss.ts';
