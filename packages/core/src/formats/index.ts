export type { ColumnChoice, Role } from './columns.ts';
export type { Detection, Format, FormatFeatures } from './format.ts';
export type { FileHead } from './head.ts';
export type { ReadOptions } from './options.ts';
export { type AnswersRead, readAnswers } from './read.ts';
export { readLabels } from './read-labels.ts';
export { formatNamed, formats } from './registry.ts';
export type { AnswerRecord } from './sink.ts';
export { type ByteStream, type Source, sourceOf } from './source.ts';
