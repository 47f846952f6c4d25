/** Methods that learn from answers and features together. */
export { aggnet } from './aggnet.ts';
export { auto } from './auto.ts';
export { bayesdgc } from './bayesian/bayesdgc.ts';
export { type CoWorker, fixedCoWorkers, NetworkCoWorker, type NetworkSettings, peopleOf } from './co-workers.ts';
export type { ConfusionRule } from './confusions.ts';
export { type CopyReport, copyGuard } from './copies.ts';
export { crowdlabMethod } from './crowdlab.ts';
export * from './end-to-end/index.ts';
export { type HaemFit, type HaemSettings, haem, runHaem } from './haem.ts';
export { mbem } from './mbem.ts';
export * from './method.ts';
export { type Preparation, PreparedTasks } from './prepared.ts';
export { deepBp } from './propagation/deepbp.ts';
export { deepMf } from './propagation/deepmf.ts';
export { raykar } from './raykar.ts';
export { learnMethodById, learnMethods } from './registry.ts';
export * from './selection.ts';
