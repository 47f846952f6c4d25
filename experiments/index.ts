/** Experiments by id, and what they return. */
export * from './experiment.ts';
export { experiments } from './registry.ts';
