/** Networks that learn from the answers of people, and AI models as co-workers. */
export * from './fairness/index.ts';
export * from './features/index.ts';
export * from './methods/index.ts';
export * from './networks/index.ts';
export * from './preferences/index.ts';
