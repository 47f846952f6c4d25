import { InputError, shown } from '../errors.ts';
import { planColumns, type Role } from './columns.ts';
import { CsvScanner } from './csv-scanner.ts';
import { type FileHead, headOf } from './head.ts';
import { jsonValues } from './json-splitter.ts';
import { isObject, keysOf, textOfValue } from './long-json.ts';
import { layoutOf } from './long-table.ts';
import { chosenByName, type ReadOptions } from './options.ts';
import { detectFormat, forcedFormat } from './registry.ts';
import { AnswerSink, type Place } from './sink.ts';
import { type Source, SourceReader } from './source.ts';
import { isUtf8, missingValues, textOf } from './values.ts';

/**
 * Reads known labels (truth or gold) by task: any readable file with a task column and a label
 * column, called label, truth, gold or value; or an export that carries gold.
 *
 * Rows without a label are left out. A task that has two different labels is an error.
 *
 * @throws {InputError} with up to 20 failures in `all`
 * @example
 * await readLabels(sourceOf('truth.csv', 'task,truth\nt1,cat\n')); // => Map(1) { 't1' => 'cat' }
 */
export async function readLabels(source: Source, options: ReadOptions = {}): Promise<Map<string, string>> {
  const reader = await SourceReader.open(source);
  const sink = new AnswerSink(options);
  try {
    const head = await headOf(reader, options.delimiter);
    const format = options.format === undefined ? detectFormat(head).format : forcedFormat(options.format, head);
    const labels = new LabelCollector(sink, options);
    if (format.id === 'csv' || format.id === 'tsv') await fromTable(reader, head, sink, labels);
    else if (format.id === 'jsonl' || format.id === 'json') await fromObjects(reader, head, sink, labels);
    else {
      await format.read(reader, head, sink);
      return goldOf(sink, source.name);
    }
    sink.finish();
    return labels.found;
  } finally {
    await reader.close();
  }
}

const needed: Role[] = ['task', 'label'];

class LabelCollector {
  readonly found = new Map<string, string>();
  readonly #missing: ReadonlySet<string>;
  readonly #trim: boolean;
  readonly #sink: AnswerSink;

  constructor(sink: AnswerSink, options: ReadOptions) {
    this.#sink = sink;
    this.#trim = options.trim === true;
    const declared = new Set(options.classes);
    this.#missing = new Set((options.missing ?? missingValues).filter((value) => !declared.has(value)));
  }

  add(rawTask: string, rawLabel: string, place: Place): void {
    const [task, label] = this.#trim ? [rawTask.trim(), rawLabel.trim()] : [rawTask, rawLabel];
    if (this.#missing.has(label)) return;
    if (task === '') {
      const hint = 'give every label its task';
      this.#sink.failAt(new InputError(`missing task; ${hint}`, { code: 'missing-task', got: '', hint }), place);
      return;
    }
    const before = this.found.get(task);
    if (before !== undefined && before !== label) {
      const hint = 'keep one of them; a known label is one label';
      const message = `ambiguous label of task ${shown(task)}: ${shown(before)} and ${shown(label)}; ${hint}`;
      this.#sink.failAt(new InputError(message, { code: 'ambiguous-label', got: label, hint }), place);
      return;
    }
    this.found.set(task, label);
  }
}

async function fromTable(
  reader: SourceReader,
  head: FileHead,
  sink: AnswerSink,
  labels: LabelCollector,
): Promise<void> {
  const layout = layoutOf(withGoldAsLabel(head), sink, needed);
  const [taskAt, labelAt] = [layout.plan.at.task as number, layout.plan.at.label as number];
  let skip = layout.header;
  const scanner = new CsvScanner(
    { name: head.name, delimiter: head.delimiter.charCodeAt(0), quoted: sink.options.quoted },
    () => {
      if (skip) {
        skip = false;
        return;
      }
      const place = { file: head.name, line: scanner.line };
      const { bytes, starts, ends, cells } = scanner;
      if (cells <= Math.max(taskAt, labelAt)) {
        const hint = 'give every row a task and a label';
        sink.failAt(
          new InputError(`invalid row of ${cells} cells where the first has ${layout.width}; ${hint}`, {
            code: 'ragged-row',
            hint,
          }),
          place,
        );
        return;
      }
      if (!isUtf8(bytes, starts[taskAt], ends[taskAt]) || !isUtf8(bytes, starts[labelAt], ends[labelAt])) {
        const hint = 'save the file as UTF-8';
        sink.failAt(new InputError(`invalid UTF-8; ${hint}`, { code: 'invalid-utf8', hint }), place);
        return;
      }
      labels.add(textOf(bytes, starts[taskAt], ends[taskAt]), textOf(bytes, starts[labelAt], ends[labelAt]), place);
    },
  );
  for await (const chunk of reader.chunks()) scanner.push(chunk);
  scanner.end();
}

/** Where only a truth column stands, it is the label. */
function withGoldAsLabel(head: FileHead): FileHead {
  const [first, ...rest] = head.records;
  return first === undefined ? head : { ...head, records: [goldAsLabel(first), ...rest] };
}

function goldAsLabel(header: readonly string[]): string[] {
  const isLabel = (name: string): boolean => /^label$/i.test(name.trim());
  const hasWorker = header.some((name) => /^(worker|annotator)/i.test(name));
  const gold = header.findIndex((name) =>
    /^(truth|gold|true.?label|ground.?truth|gold.?label|expert)$/i.test(name.trim()),
  );
  if (gold < 0 || (header.some(isLabel) && !hasWorker)) return [...header];
  return header.map((name, index) => (index === gold ? 'label' : isLabel(name) ? 'said' : name));
}

async function fromObjects(
  reader: SourceReader,
  head: FileHead,
  sink: AnswerSink,
  labels: LabelCollector,
): Promise<void> {
  const keys = keysOf(head);
  const plan = planColumns(head.name, goldAsLabel(keys), chosenByName(sink.options.columns), needed);
  const [taskKey, labelKey] = [keys[plan.at.task as number], keys[plan.at.label as number]];
  for await (const values of jsonValues(reader)) {
    for (const { value, line } of values) {
      if (!isObject(value)) continue;
      const place = { file: head.name, line };
      try {
        labels.add(textOfValue(value[taskKey]) ?? '', textOfValue(value[labelKey]) ?? '', place);
      } catch (error) {
        sink.failAt(error, place);
      }
    }
  }
}

/** The gold labels an export carries; without any, its answers where every task has just one. */
function goldOf(sink: AnswerSink, file: string): Map<string, string> {
  const labels = new Map<string, string>();
  const tables = [...sink.finish().values()].map(({ table }) => table);
  for (const table of tables) {
    for (let task = 0; table.gold !== undefined && task < table.taskCount; task++) {
      if (table.gold[task] >= 0) labels.set(table.tasks.name(task), table.classes.name(table.gold[task]));
    }
  }
  if (labels.size > 0) return labels;
  const [table] = tables;
  if (
    tables.length === 1 &&
    table.answerCount > 0 &&
    table.taskStart.every((start, task) => task === 0 || start - table.taskStart[task - 1] <= 1)
  ) {
    for (let e = 0; e < table.answerCount; e++)
      labels.set(table.tasks.name(table.answerTask[e]), table.classes.name(table.label[e]));
    return labels;
  }
  const hint = 'give a file with a task column and a label column';
  throw new InputError(`missing labels in ${file}: this export marks no answer as true; ${hint}`, {
    code: 'missing-column',
    path: file,
    hint,
  });
}
