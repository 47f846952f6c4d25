/** Answers, methods and results: what needs no file, no network and no Node. */
export * from './answers/answer-table.ts';
export * from './answers/builder.ts';
export * from './answers/dictionary.ts';
export * from './answers/receipt.ts';
export * from './errors.ts';
export { Random } from './math/random.ts';
export { type AutoReport, auto } from './methods/auto/auto.ts';
export type { Check, CheckList } from './methods/auto/check-list.ts';
export { variationalBayes } from './methods/bayesian/variational-bayes.ts';
export { confusionVector } from './methods/dawid-skene/confusion-vector.ts';
export * from './methods/dawid-skene/dawid-skene.ts';
export { learningFromCrowds } from './methods/dawid-skene/learning-from-crowds.ts';
export { oneCoin, zenCrowd } from './methods/dawid-skene/one-coin.ts';
export { pooled } from './methods/dawid-skene/pooled.ts';
export { coinShrunk, pooledShrunk } from './methods/dawid-skene/shrunk.ts';
export {
  Estimate,
  type EstimateJson,
  type EstimateParts,
  estimateOf,
  type WorkerEstimates,
} from './methods/estimate.ts';
export * from './methods/method.ts';
export * from './methods/options.ts';
export { bpOneCoin } from './methods/propagation/bp-one-coin.ts';
export { meanField } from './methods/propagation/mean-field.ts';
export * from './methods/registry.ts';
export { glad } from './methods/skill/glad.ts';
export { mace } from './methods/skill/mace.ts';
export { tableNotes } from './methods/table-notes.ts';
export { type TieRule, tieRules } from './methods/ties.ts';
export { goldWeightedVote } from './methods/voting/gold-weighted-vote.ts';
export { iwmv } from './methods/voting/iwmv.ts';
export * from './methods/voting/majority-vote.ts';
export { surprisinglyPopular } from './methods/voting/surprisingly-popular.ts';
export { twoThirds } from './methods/voting/two-thirds.ts';
export { wawa } from './methods/voting/wawa.ts';
export { weightedVote } from './methods/voting/weighted-vote.ts';
export { zeroBasedSkill } from './methods/voting/zero-based-skill.ts';
export { version } from './version.ts';
