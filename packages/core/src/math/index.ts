export * from './dirichlet.ts';
export * from './hash.ts';
export * from './log-sum-exp.ts';
export * from './random.ts';
export * from './special.ts';
