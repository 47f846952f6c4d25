/** Synthetic and thinned crowds for rehearsals and experiments. */

export * from './replay.ts';
export * from './thin.ts';
