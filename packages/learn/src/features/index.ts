/** Features of tasks: reading, joining to tasks, pooling, standardisation. */

export { readIdx } from './arrays.ts';
export { type JoinOptions, joinFeatures, rowNames, sortedNames, type TaskFeatures } from './join.ts';
export { chosenRows, type FeatureMatrix, matrixOf, meanPooled } from './matrix.ts';
export {
  decoded,
  type PictureFile,
  type PictureOptions,
  type PixelScale,
  type Pixels,
  readPictures,
} from './pictures.ts';
export { readFeatures } from './read.ts';
export { type StandardisationReport, standardisationOf, standardised } from './standardise.ts';
export { hashedText } from './text.ts';
