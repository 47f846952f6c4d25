export { aliases as columnAliases, type ColumnChoice, type Role, roles } from './columns.ts';
export type { Detection, Format, FormatFeatures } from './format.ts';
export type { FileHead } from './head.ts';
export type { ReadOptions } from './options.ts';
export { type AnswersRead, readAnswers } from './read.ts';
export { readCells } from './read-cells.ts';
export { readLabels } from './read-labels.ts';
export { type FileRecord, readRecords } from './read-records.ts';
export { formatNamed, formats } from './registry.ts';
export type { Cell, Sheet, SheetColumn } from './sheet.ts';
export type { AnswerRecord } from './sink.ts';
export { type ByteStream, fileSource, type RandomAccess, type Source, sourceOf } from './source.ts';
export { missingValues } from './values.ts';
export {
  outputFormat,
  writeAnswers,
  writePages,
  writeResults,
  writeSheet,
  writesInPages,
  writeWorkers,
} from './write.ts';
