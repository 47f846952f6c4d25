/** Experiments by id, and what they return. */
export * from './experiment.ts';
export { fileMemory } from './memory.ts';
export { experiments } from './registry.ts';
