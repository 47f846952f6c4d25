/** Estimates that keep up with the answers. */
export * from './drift.ts';
export * from './online-em.ts';
export * from './variational.ts';
