export * from './linear-solve.ts';
export * from './singular-values.ts';
export * from './symmetric-eigen.ts';
