export * from './lbfgs.ts';
export * from './scalar-search.ts';
