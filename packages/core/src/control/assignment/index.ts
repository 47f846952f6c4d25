/** Who answers what: scores of tasks for workers, screening, allocation. */
export * from './activelab-queue.ts';
export * from './allocation.ts';
export * from './f-score.ts';
export * from './gold-insertion.ts';
export * from './knowledge-gradient.ts';
export * from './message-passing.ts';
export * from './policy.ts';
export * from './relabelling.ts';
export * from './screening.ts';
export * from './task-queue.ts';
