import { InputError } from '../errors.ts';
import { type Detection, type Format, no } from './format.ts';
import type { FileHead } from './head.ts';
import { isObject, textOfValue } from './long-json.ts';
import type { AnswerSink } from './sink.ts';
import type { SourceReader } from './source.ts';
import { eachRow, headerOf, jsonCell } from './table-rows.ts';
import { parseTime } from './values.ts';

/**
 * Zooniverse classifications.
 *
 * One answer per classification and workflow task (`T0`, `T1`, …). Volunteers who were not logged in
 * are told apart by their hashed address. Classifications made after a subject was retired are
 * surplus; experts' gold standards are gold.
 */
export const zooniverse: Format = {
  id: 'zooniverse',
  title: 'Zooniverse classifications CSV',
  summary: 'Classification export with JSON in annotations and metadata.',
  extensions: ['csv'],
  reference: 'https://help.zooniverse.org/getting-started/lab-how-to/',
  kinds: ['table'],
  carries: { kind: true, status: true, time: true, duration: true, gold: true, questions: true },
  detect,
  read,
};

const needed = ['classification_id', 'annotations', 'subject_ids'];

function detect(head: FileHead): Detection {
  const header = headerOf(head);
  return needed.every((name) => header.includes(name))
    ? { confidence: 0.95, reason: `it has ${needed.join(', ')}` }
    : no;
}

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const header = headerOf(head);
  const absent = needed.find((name) => !header.includes(name));
  if (absent !== undefined) {
    const hint = 'export the classifications again';
    throw new InputError(`missing column ${absent} in ${head.name}; ${hint}`, {
      code: 'missing-column',
      path: head.name,
      line: 1,
      got: absent,
      hint,
    });
  }
  sink.columns.set('subject_ids', 'task');
  sink.columns.set('user_name', 'worker');
  await eachRow(reader, head, sink, (row) => {
    const cell = (name: string): string => row.cells[header.indexOf(name)] ?? '';
    readClassification(cell, head.name, row.line, sink);
  });
}

function readClassification(cell: (name: string) => string, file: string, line: number, sink: AnswerSink): void {
  const place = { file, line };
  const annotations = jsonCell(cell('annotations'));
  if (!Array.isArray(annotations)) {
    const hint = 'export the classifications again; annotations hold a JSON list';
    throw new InputError(`invalid annotations ${cell('annotations').slice(0, 60)}; ${hint}`, {
      code: 'invalid-json',
      got: cell('annotations').slice(0, 60),
      hint,
    });
  }
  const metadata = jsonCell(cell('metadata'));
  const [details, selection] = isObject(metadata) ? [metadata, metadata.subject_selection_state] : [{}, undefined];
  const retired = isObject(selection) && selection.retired === true;
  if (isObject(selection) && selection.already_seen === true)
    sink.note('% {classification is of a subject its|classifications are of subjects their} volunteer had seen before');
  const [started, finished] = [details.started_at, details.finished_at].map((time) =>
    parseTime(textOfValue(time) ?? ''),
  );
  const time = parseTime(cell('created_at'));
  const common = {
    task: cell('subject_ids'),
    worker:
      cell('user_id') === ''
        ? `anonymous ${cell('user_ip') || cell('user_name')}`
        : cell('user_name') || cell('user_id'),
    kind: /^t/i.test(cell('expert')) ? ('expert' as const) : undefined,
    status: retired ? ('surplus' as const) : undefined,
    time: Number.isNaN(time) ? undefined : time,
    durationMs: Number.isNaN(finished - started) ? undefined : finished - started,
  };
  for (const annotation of annotations) {
    if (!isObject(annotation)) continue;
    const question = textOfValue(annotation.task) ?? 'label';
    const label = labelOf(annotation.value, sink);
    if (label === undefined) continue;
    sink.answer({ ...common, question, label }, place);
    if (/^t/i.test(cell('gold_standard')) && label !== null) sink.gold(question, common.task, label, place);
  }
}

/** A volunteer's answer; undefined for drawings. */
function labelOf(value: unknown, sink: AnswerSink): string | string[] | null | undefined {
  if (isObject(value)) return 'value' in value ? labelOf(value.value, sink) : left(sink);
  if (!Array.isArray(value)) return textOfValue(value);
  if (value.some(isObject)) return left(sink);
  const labels = value.map(textOfValue).filter((label) => label !== null);
  return labels.length === 0 ? null : labels;
}

function left(sink: AnswerSink): undefined {
  sink.note(
    '% {drawing or combined task is|drawings and combined tasks are} no label of a whole subject and {was|were} left out',
  );
  return undefined;
}
