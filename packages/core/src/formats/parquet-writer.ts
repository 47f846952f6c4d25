import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import type { AnswerTable } from '../answers/answer-table.ts';
import { InputError } from '../errors.ts';
import type { Sheet, SheetColumn } from './sheet.ts';

/** Rows encoded at a time: also the size of row groups. */
const rowsAtOnce = 100_000;

/** A sheet as Parquet, text dictionary-encoded, one row group at a time. */
export function* parquetSheet(sheet: Sheet): Generator<Uint8Array, void, void> {
  const types = { text: 'STRING', number: 'DOUBLE', integer: 'INT32', boolean: 'BOOLEAN', time: 'TIMESTAMP' } as const;
  const typed = sheet.columns.map(({ name, kind, complete }) => ({
    name,
    type: types[kind],
    data: [],
    nullable: complete !== true,
  }));
  const schema = schemaFromColumnData({ columnData: typed });
  const columns = sheet.columns.map((column) => (column.kind === 'time' ? asDates(column) : column));
  yield* written(schema, sheet.length, columns, []);
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
  yield* written(schema, table.taskCount, columns, [
    { key: 'huggingface', value: JSON.stringify({ info: { features } }) },
  ]);
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

function* written(
  schema: SchemaElement[],
  length: number,
  columns: readonly (Column | SheetColumn)[],
  kvMetadata: { key: string; value: string }[],
): Generator<Uint8Array, void, void> {
  const bytes = new ByteWriter();
  const file = new ParquetWriter({ writer: bytes, schema, kvMetadata, createdBy: 'assay' });
  const taken = function* (): Generator<Uint8Array, void, void> {
    if (bytes.index === 0) return;
    yield bytes.getBytes().slice();
    bytes.index = 0;
  };
  for (let from = 0; from < length; from += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, length - from);
    // Row by row: a sheet looks up each row once for all its columns.
    const data = columns.map(() => new Array<unknown>(rows));
    for (let row = 0; row < rows; row++)
      columns.forEach((column, c) => {
        data[c][row] = column.at(from + row);
      });
    file.write({ columnData: columns.map(({ name }, c) => ({ name, data: data[c] })), rowGroupSize: rowsAtOnce });
    yield* taken();
  }
  file.finish();
  yield* taken();
}
