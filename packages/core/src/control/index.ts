/** Deciding who answers what next, when to stop, and what money buys. */
export * from './assignment/index.ts';
export * from './budget/index.ts';
export * from './plan/index.ts';
export * from './stopping/index.ts';
export * from './streaming/index.ts';
export * from './turkontrol/index.ts';
