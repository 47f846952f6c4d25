/** Whether labels and workers treat groups of tasks alike, and what to do where they do not. */
export { type AuditOptions, auditDecisions, auditWorkers, type CrowdFairness, type WorkerFairness } from './audit.ts';
export {
  type FairGroupOptions,
  fitByGroup,
  type GroupBorrowing,
  type GroupConfusions,
  groupConfusions,
} from './group-confusions.ts';
export { type GroupIndex, groupIndex, positiveClass, type SoftTruth, type TaskGroups } from './groups.ts';
export {
  type DecisionRecords,
  type FairnessReport,
  type Gap,
  type GroupRate,
  type GroupReport,
  type RateName,
  type RateOptions,
  rateNames,
  ratesByGroup,
} from './rates.ts';
export { type FairShares, shareFairly } from './share-fairly.ts';
export { fitGroupThresholds, type GroupThresholds, type ThresholdOptions, type ThresholdRate } from './thresholds.ts';
