/** Answers, methods and results: what needs no file, no network and no Node. */
export * from './answers/answer-table.ts';
export * from './answers/builder.ts';
export * from './answers/dictionary.ts';
export { mergeTables } from './answers/merge.ts';
export * from './answers/receipt.ts';
export * from './errors.ts';
export { Random } from './math/random.ts';
export { type AutoReport, auto } from './methods/auto/auto.ts';
export { expectedAccuracyOf, goldLabels } from './methods/auto/calibrate.ts';
export type { Check, CheckList } from './methods/auto/check-list.ts';
export { dirichletWorkers } from './methods/bayesian/dirichlet-workers.ts';
export { variationalBayes } from './methods/bayesian/variational-bayes.ts';
export * from './methods/dawid-skene/dawid-skene.ts';
export { oneCoin, zenCrowd } from './methods/dawid-skene/one-coin.ts';
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
export { tableNotes } from './methods/table-notes.ts';
export { type TieRule, tieRules } from './methods/ties.ts';
export * from './methods/voting/majority-vote.ts';
export { version } from './version.ts';
