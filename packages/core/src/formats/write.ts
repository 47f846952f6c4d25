import type { AnswerTable } from '../answers/answer-table.ts';
import { InputError, nearNames, shown } from '../errors.ts';
import type { Estimate } from '../methods/estimate.ts';
import type { Format } from './format.ts';
import { formats } from './registry.ts';
import { answersSheet, resultsSheet, type Sheet, workersSheet } from './sheet.ts';

/** A file on its way out, in chunks. */
export type Chunks = AsyncGenerator<Uint8Array, void, void>;

/**
 * The answers of one or several questions as a file: CSV, TSV, JSON lines, JSON, Parquet or another
 * format's layout. Written and read again, they give the same tables.
 *
 * `format` is a format's id or a file name, whose extension decides (`.gz` packs it). A chunk is
 * made only when the one before was taken.
 *
 * @throws {InputError} unknown-format
 * @example
 * for await (const chunk of writeAnswers(table, 'answers.csv')) process.stdout.write(chunk);
 */
export function writeAnswers(tables: AnswerTable | readonly AnswerTable[], format: string): Chunks {
  const list = Array.isArray(tables) ? (tables as readonly AnswerTable[]) : [tables as AnswerTable];
  const { format: chosen, gzip } = outputFormat(format, 'answers');
  const { write } = chosen;
  return packed(write?.answers?.(list) ?? sheetChunks(chosen, () => answersSheet(list)), gzip);
}

/**
 * The labels found as a file: columns `task,label,probability,tie,answers,p_<class>…`, or the layout
 * of another tool (Label Studio tasks with predictions, Argilla records, …).
 *
 * @throws {InputError} unknown-format
 */
export function writeResults(estimate: Estimate, format: string): Chunks {
  const { format: chosen, gzip } = outputFormat(format, 'results');
  return packed(chosen.write?.results?.(estimate) ?? sheetChunks(chosen, () => resultsSheet(estimate)), gzip);
}

/**
 * What is known of each worker as a file: `worker,kind,answers,accuracy,lo,hi`, the method's own
 * numbers and the confusion.
 *
 * @throws {InputError} unknown-format
 */
export function writeWorkers(estimate: Estimate, table: AnswerTable, format: string): Chunks {
  const { format: chosen, gzip } = outputFormat(format, 'workers');
  return packed(
    sheetChunks(chosen, () => workersSheet(estimate, table)),
    gzip,
  );
}

/** Any table as a file of a table format. @throws {InputError} unknown-format */
export function writeSheet(sheet: Sheet, format: string): Chunks {
  const { format: chosen, gzip } = outputFormat(format, 'workers');
  return packed(
    sheetChunks(chosen, () => sheet),
    gzip,
  );
}

/**
 * A table whose rows come page by page, for those that must not be held whole: sheets with the same columns, one after
 * the other, at least one. Page and chunk are made only when the one before was taken.
 *
 * @throws {InputError} unknown-format, also for formats that need the whole; see {@link writesInPages}
 */
export function writePages(pages: AsyncIterable<Sheet>, format: string): Chunks {
  const { format: chosen, gzip } = outputFormat(format, 'workers');
  const { id, write } = chosen;
  if (write?.pages === undefined) {
    const hint = 'choose csv, tsv, jsonl, json or parquet';
    throw new InputError(`unknown format for pages: ${shown(id)}; ${hint}`, { code: 'unknown-format', got: id, hint });
  }
  return packed(write.pages(pages), gzip);
}

/** Can answers be written to this format page by page? @throws {InputError} unknown-format */
export function writesInPages(format: string): boolean {
  return outputFormat(format, 'answers').format.write?.pages !== undefined;
}

/**
 * The format that a format id or file name chooses for output: its extension, or the format named
 * before it, as in `labels.label-studio.json`.
 *
 * @throws {InputError} unknown-format, before anything is written
 */
export function outputFormat(name: string, what: 'answers' | 'results' | 'workers'): { format: Format; gzip: boolean } {
  const gzip = /\.gz$/i.test(name);
  const plain = gzip ? name.slice(0, -3) : name;
  const can = formats.filter(
    ({ write }) => write?.sheet !== undefined || (what !== 'workers' && write?.[what] !== undefined),
  );
  const byId = can.find(({ id }) => id === plain);
  const extension = /\.([a-z0-9]+)$/i.exec(plain)?.[1].toLowerCase();
  const layout = /\.([a-z-]+)\.[a-z0-9]+$/i.exec(plain)?.[1].toLowerCase();
  const found =
    byId ??
    can.find(({ id, write }) => id === layout && write?.sheet === undefined) ??
    can.find(
      ({ extensions, write }) =>
        write?.sheet !== undefined && extension !== undefined && extensions.includes(extension),
    );
  if (found !== undefined) return { format: found, gzip };
  const ids = can.map(({ id }) => id);
  const near = nearNames(extension ?? plain, ids);
  const hint =
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : `end the name in .${tableExtensions().join(', .')}, or choose one of ${ids.join(', ')}`;
  throw new InputError(`unknown format for the ${what}: ${shown(name)}; ${hint}`, {
    code: 'unknown-format',
    path: name,
    got: extension ?? plain,
    hint,
  });
}

function tableExtensions(): string[] {
  return formats.filter(({ write }) => write?.sheet !== undefined).map(({ extensions }) => extensions[0]);
}

async function* sheetChunks(format: Format, sheet: () => Sheet): AsyncGenerator<Uint8Array, void, void> {
  const write = format.write?.sheet;
  if (write === undefined) throw new TypeError(`${format.id} writes no tables`);
  yield* write(sheet());
}

/** The chunks, packed if wanted. */
async function* packed(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, gzip: boolean): Chunks {
  if (!gzip) {
    yield* chunks;
    return;
  }
  const iterator = (async function* (): Chunks {
    yield* chunks;
  })();
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    async cancel(): Promise<void> {
      await iterator.return();
    },
  });
  const reader = stream.pipeThrough(new CompressionStream('gzip')).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
