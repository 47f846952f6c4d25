/** Features of tasks: reading, joining to tasks, pooling, standardisation. */
export { type JoinOptions, joinFeatures, rowNames, sortedNames, type TaskFeatures } from './join.ts';
export { chosenRows, type FeatureMatrix, matrixOf, meanPooled } from './matrix.ts';
export { readFeatures, readIdx } from './read.ts';
export { type StandardisationReport, standardisationOf, standardised } from './standardise.ts';
