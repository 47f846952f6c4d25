export * from './gamma-functions.ts';
export * from './incomplete.ts';
export * from './logistic.ts';
export * from './normal.ts';
export * from './normal-quantile.ts';
