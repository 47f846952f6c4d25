export * from './plan/index.ts';
export * from './turkontrol/index.ts';
