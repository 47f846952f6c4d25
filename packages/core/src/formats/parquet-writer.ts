import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import type { AnswerTable } from '../answers/answer-table.ts';
import { InputError } from '../errors.ts';
import type { Sheet, SheetColumn } from './sheet.ts';

/** Rows encoded at a time: also the size of row groups. */
const rowsAtOnce = 100_000;
/** The same where others must not wait long for it. */
const rowsOfPages = 4_000;

/** A sheet as Parquet, text dictionary-encoded, one row group at a time. */
export function* parquetSheet(sheet: Sheet): Generator<Uint8Array, void, void> {
  const { schema, columns } = described(sheet);
  const file = new RowGroups(schema, rowsAtOnce);
  yield* file.add(sheet.length, columns);
  yield* file.end();
}

/** Pages of one sheet as Parquet, some to a row group; the first page's columns say what there is. */
export async function* parquetPages(pages: AsyncIterable<Sheet>): AsyncGenerator<Uint8Array, void, void> {
  let file: RowGroups | undefined;
  for await (const page of pages) {
    const { schema, columns } = described(page);
    file ??= new RowGroups(schema, rowsOfPages);
    yield* file.add(page.length, columns);
  }
  if (file !== undefined) yield* file.end();
}

/** The schema of a sheet, and its columns as the writer wants their cells. */
function described(sheet: Sheet): { schema: SchemaElement[]; columns: readonly (Column | SheetColumn)[] } {
  const types = { text: 'STRING', number: 'DOUBLE', integer: 'INT32', boolean: 'BOOLEAN', time: 'TIMESTAMP' } as const;
  const typed = sheet.columns.map(({ name, kind, complete }) => ({
    name,
    type: types[kind],
    data: [],
    nullable: complete !== true,
  }));
  const schema = schemaFromColumnData({ columnData: typed });
  return { schema, columns: sheet.columns.map((column) => (column.kind === 'time' ? asDates(column) : column)) };
}

/** Answers as one row per task with lists, classes numbered and named in Hugging Face's metadata. */
export function* parquetLists(tables: readonly AnswerTable[]): Generator<Uint8Array, void, void> {
  if (tables.length !== 1) {
    const hint = 'choose one question with --question';
    throw new InputError(`ambiguous question: this layout holds the answers to one; ${hint}`, {
      code: 'ambiguous-question',
      hint,
    });
  }
  const [table] = tables;
  const list = (name: string, element: SchemaElement): SchemaElement[] => [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    element,
  ];
  const schema: SchemaElement[] = [
    { name: 'root', num_children: 3 },
    { name: 'task', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    ...list('label', { name: 'element', type: 'INT64', repetition_type: 'OPTIONAL' }),
    ...list('annotator_id', {
      name: 'element',
      type: 'BYTE_ARRAY',
      converted_type: 'UTF8',
      repetition_type: 'OPTIONAL',
    }),
  ];
  const answers = (task: number): number[] =>
    Array.from({ length: table.taskStart[task + 1] - table.taskStart[task] }, (_, i) => table.taskStart[task] + i);
  const columns = [
    { name: 'task', at: (task: number): unknown => table.tasks.name(task) },
    { name: 'label', at: (task: number): unknown => answers(task).map((e) => BigInt(table.label[e])) },
    {
      name: 'annotator_id',
      at: (task: number): unknown => answers(task).map((e) => table.workers.name(table.worker[e])),
    },
  ];
  const features = {
    task: { dtype: 'string', _type: 'Value' },
    label: [{ names: table.classes.names(), _type: 'ClassLabel' }],
    annotator_id: [{ dtype: 'string', _type: 'Value' }],
  };
  const about = [{ key: 'huggingface', value: JSON.stringify({ info: { features } }) }];
  const file = new RowGroups(schema, rowsAtOnce, about);
  yield* file.add(table.taskCount, columns);
  yield* file.end();
}

function asDates({ name, at }: SheetColumn): Column {
  const date = (row: number): Date | null => {
    const time = at(row);
    return typeof time === 'number' ? new Date(time) : null;
  };
  return { name, at: date };
}

interface Column {
  readonly name: string;
  at(row: number): unknown;
}

/** A file on its way out: row groups, then the footer. */
class RowGroups {
  readonly #bytes = new ByteWriter();
  readonly #file: ParquetWriter;
  readonly #size: number;
  #columnData: { readonly name: string; readonly data: unknown[] }[] = [];

  constructor(schema: SchemaElement[], size: number, kvMetadata: { key: string; value: string }[] = []) {
    this.#file = new ParquetWriter({ writer: this.#bytes, schema, kvMetadata, createdBy: 'assay' });
    this.#size = size;
  }

  /** Takes rows; gives the groups that are full. */
  *add(length: number, columns: readonly (Column | SheetColumn)[]): Generator<Uint8Array, void, void> {
    // Row by row: a sheet looks up each row once for all its columns.
    for (let row = 0; row < length; row++) {
      if (this.#columnData.length === 0) this.#columnData = columns.map(({ name }) => ({ name, data: [] }));
      columns.forEach((column, c) => {
        this.#columnData[c].data.push(column.at(row));
      });
      if (this.#columnData[0]?.data.length === this.#size) yield* this.#group();
    }
  }

  *end(): Generator<Uint8Array, void, void> {
    yield* this.#group();
    this.#file.finish();
    yield* this.#taken();
  }

  *#group(): Generator<Uint8Array, void, void> {
    if (this.#columnData.length > 0) this.#file.write({ columnData: this.#columnData, rowGroupSize: this.#size });
    this.#columnData = [];
    yield* this.#taken();
  }

  *#taken(): Generator<Uint8Array, void, void> {
    if (this.#bytes.index === 0) return;
    yield this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
  }
}
