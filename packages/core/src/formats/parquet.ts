import { type Format, no } from './format.ts';

/**
 * Parquet: long tables, list columns, lists of structs, Hugging Face's class names, Argilla's
 * flattened records. The library that reads it is loaded when the first such file is met.
 */
export const parquet: Format = {
  id: 'parquet',
  title: 'Parquet',
  summary: 'A long table as columns, or one row per task with lists of labels and workers.',
  extensions: ['parquet'],
  reference: 'https://parquet.apache.org/docs/file-format/',
  kinds: ['parquet'],
  carries: {
    kind: true,
    status: true,
    time: true,
    duration: true,
    cost: true,
    gold: true,
    soft: true,
    questions: true,
  },
  detect: (head) => (head.kind === 'parquet' ? { confidence: 0.8, reason: 'it begins as a Parquet file' } : no),
  read: async (reader, head, sink) => (await import('./parquet-reader.ts')).readParquet(reader, head, sink),
  write: {
    async *sheet(sheet): AsyncGenerator<Uint8Array, void, void> {
      yield* (await import('./parquet-writer.ts')).parquetSheet(sheet);
    },
    async *pages(pages): AsyncGenerator<Uint8Array, void, void> {
      yield* (await import('./parquet-writer.ts')).parquetPages(pages);
    },
  },
};

/**
 * One row per task with lists of labels and annotators, as data sets with several annotators are
 * published on the Hugging Face Hub; classes are numbered and named in the file's metadata.
 */
export const huggingFace: Format = {
  id: 'hugging-face',
  title: 'Hugging Face data set (Parquet with lists)',
  summary: 'Parquet with one row per task: lists label and annotator_id, class names in the metadata.',
  extensions: ['parquet'],
  reference: 'https://huggingface.co/docs/datasets/about_dataset_features',
  kinds: ['parquet'],
  carries: {},
  // Reading tells the layouts apart by the columns, which the beginning of the file does not show.
  detect: () => no,
  read: parquet.read,
  write: {
    async *answers(tables): AsyncGenerator<Uint8Array, void, void> {
      yield* (await import('./parquet-writer.ts')).parquetLists(tables);
    },
  },
};
