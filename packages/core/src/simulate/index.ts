/** Synthetic and thinned crowds for rehearsals and experiments. */
export * from './thin.ts';
