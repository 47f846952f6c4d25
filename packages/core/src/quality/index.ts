/** How good labels and workers are: measures against truth, calibration, intervals, agreement. */
export * from './agreement/index.ts';
export * from './bootstrap.ts';
export * from './calibration.ts';
export * from './decisions/index.ts';
export * from './f1.ts';
export * from './fairness/index.ts';
export * from './measures.ts';
export * from './task-scores.ts';
