/** Networks that learn from the answers of people, and AI models as co-workers. */
export * from './networks/index.ts';
