/** Methods that learn from answers and features together. */
export { type CoWorker, fixedCoWorkers, NetworkCoWorker, type NetworkSettings, peopleOf } from './co-workers.ts';
export { type CopyReport, copyGuard } from './copies.ts';
export { type HaemFit, type HaemSettings, haem, runHaem } from './haem.ts';
export * from './method.ts';
