export * from './turkontrol/index.ts';
