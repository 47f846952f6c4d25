/** Synthetic crowds, thinned crowds and replays, for rehearsals and experiments. */
export * from './crowd.ts';
export * from './crowd-recipe.ts';
export * from './replay.ts';
export * from './thin.ts';
