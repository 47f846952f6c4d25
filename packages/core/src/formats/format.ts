import type { AnswerTable } from '../answers/answer-table.ts';
import type { Estimate } from '../methods/estimate.ts';
import type { FileHead } from './head.ts';
import type { Sheet } from './sheet.ts';
import type { AnswerSink } from './sink.ts';
import type { SourceReader } from './source.ts';

/** How sure a format is that a file is its own, from 0 (no) to 1 (certain), and why. */
export interface Detection {
  readonly confidence: number;
  /** What speaks for it, for the receipt. */
  readonly reason: string;
}

/** What a format carries, for the matrix in the docs. */
export interface FormatFeatures {
  readonly kind?: boolean;
  readonly status?: boolean;
  readonly time?: boolean;
  readonly duration?: boolean;
  readonly cost?: boolean;
  readonly gold?: boolean;
  readonly soft?: boolean;
  readonly questions?: boolean;
  readonly predictions?: boolean;
}

type Written = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** What a format can write. */
export interface FormatWriters {
  /** Any table; with it, answers, results and workers can be written. */
  sheet?(sheet: Sheet): Written;
  /** The same table page by page: sheets with the same columns, of which no more than one is held. */
  pages?(pages: AsyncIterable<Sheet>): AsyncIterable<Uint8Array>;
  /** Answers in the format's own layout. */
  answers?(tables: readonly AnswerTable[]): Written;
  /** Labels found, in the layout its tool takes in. */
  results?(estimate: Estimate): Written;
}

/**
 * One file format. The registry is all there is to know about formats: reading, detection,
 * `assay formats`, `--help` and the docs' matrix are made from it.
 */
export interface Format {
  readonly id: string;
  /** The name its users know it by. */
  readonly title: string;
  /** One sentence: what the files are and what becomes of them. */
  readonly summary: string;
  /** Extensions without the dot; the first is the one written. */
  readonly extensions: readonly string[];
  /** The page that documents the format, or where its shape was verified. */
  readonly reference?: string;
  /** The kinds of file it can be; forcing it on another is an error. */
  readonly kinds: readonly FileHead['kind'][];
  readonly carries: FormatFeatures;
  /** Is the whole file in memory while it is read? */
  readonly wholeFile?: boolean;
  detect(head: FileHead): Detection;
  /** Puts all answers of a file into the sink. */
  read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void>;
  readonly write?: FormatWriters;
}

/** Not this format. */
export const no: Detection = { confidence: 0, reason: '' };
