/** Classifiers that treat groups of items alike. */
export { FairLoss, type FairnessCriterion, type GroupedTargets } from './fair-loss.ts';
export { addGroupPenalty, type GroupGap } from './group-penalty.ts';
export { type FairOptions, type FairResult, learnFairly } from './learn-fairly.ts';
