import { InputError, shown } from '../errors.ts';
import { type Detection, type Format, no } from './format.ts';
import type { FileHead } from './head.ts';
import { jsonValues } from './json-splitter.ts';
import { isObject, type JsonObject, keysOf, textOfValue } from './long-json.ts';
import { chosenByName } from './options.ts';
import type { AnswerSink, Place } from './sink.ts';
import type { SourceReader } from './source.ts';
import { eachRow, headerOf } from './table-rows.ts';

/**
 * doccano's exports: JSON lines, JSON or CSV, one file per member named after the member, alone, in a
 * folder or in the zip doccano makes.
 *
 * The file's name is the worker; `all.jsonl` has no authors. CSV joins several labels with `#`. In an
 * export of confirmed examples only, an absent example says nothing.
 */
export const doccano: Format = {
  id: 'doccano',
  title: 'doccano JSON lines, JSON, CSV, zip',
  summary: 'One file per member; the worker is the file name.',
  extensions: ['jsonl', 'json', 'csv'],
  reference: 'https://doccano.github.io/doccano/tutorial/#export-dataset',
  kinds: ['table', 'jsonl', 'json'],
  carries: {},
  detect,
  read,
};

function detect(head: FileHead): Detection {
  if (head.kind === 'table') {
    const header = headerOf(head);
    const own =
      header[0] === 'id' &&
      (header[1] === 'text' || header[1] === 'data' || header[1] === 'filename') &&
      header[2] === 'label';
    return own ? { confidence: 0.55, reason: 'its columns are id, text, label' } : no;
  }
  const first = head.values[0];
  if (!isObject(first) || !('id' in first)) return no;
  const keys = keysOf(head);
  const content = ['text', 'data', 'filename'].some((key) => key in first);
  if (!content || keys.some((key) => /worker|annotator$|user/i.test(key))) return no;
  if (Array.isArray(first.label))
    return {
      confidence: keys.includes('Comments') ? 0.9 : 0.7,
      reason: 'its lines have id, text and a list of labels',
    };
  if (Array.isArray(first.entities) || Array.isArray(first.cats))
    return { confidence: 0.7, reason: 'its lines have entities and categories' };
  return no;
}

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const worker = sink.options.worker ?? memberOf(head.name, sink);
  const key = chosenByName(sink.options.columns).task ?? 'id';
  if (head.kind === 'table') {
    await readCsv(reader, head, worker, key, sink);
    return;
  }
  for await (const values of jsonValues(reader)) {
    for (const { value, line, index } of values) {
      const place = head.kind === 'json' ? { file: head.name, line, json: `$[${index}]` } : { file: head.name, line };
      sink.attempt(place, () => readExample(value, worker, key, place, sink));
    }
  }
}

/** The member's name is the file's. */
function memberOf(name: string, sink: AnswerSink): string {
  const stem = (name.split(/[/\\]/).at(-1) ?? name).replace(/(\.[a-z]+)+$/i, '');
  if (stem === 'all' || stem === '' || stem === 'standard input') {
    sink.guesses.add(
      `${name} names no annotators (annotations were shared); all count as one worker, "all" (say otherwise with --worker)`,
    );
    return 'all';
  }
  sink.guesses.add(`the worker of each file is its name, as doccano exports it`);
  return stem;
}

function readExample(value: unknown, worker: string, key: string, place: Place, sink: AnswerSink): void {
  if (!isObject(value)) {
    const hint = 'export the project again';
    throw new InputError(`invalid example ${shown(value)}; ${hint}`, {
      code: 'invalid-example',
      got: shown(value).slice(1, -1),
      hint,
    });
  }
  const task = textOfValue(value[key]) ?? '';
  sink.answer({ task, worker, label: labelOf(value, sink) }, place);
}

function labelOf(value: JsonObject, sink: AnswerSink): string | string[] | null {
  const given = value.label ?? value.cats ?? value.labels;
  if (!Array.isArray(given)) {
    if (given === undefined && Array.isArray(value.entities))
      sink.note('% {example has|examples have} spans only, which are no label of a whole text');
    return textOfValue(given);
  }
  if (given.some((item) => Array.isArray(item) || isObject(item))) {
    sink.note('% {example has|examples have} spans only, which are no label of a whole text');
    return null;
  }
  const labels = given.map(textOfValue).filter((label) => label !== null);
  return labels.length === 0 ? null : labels;
}

async function readCsv(
  reader: SourceReader,
  head: FileHead,
  worker: string,
  key: string,
  sink: AnswerSink,
): Promise<void> {
  const header = headerOf(head);
  const [taskAt, labelAt] = [header.indexOf(key), header.indexOf('label')];
  if (taskAt < 0 || labelAt < 0) {
    const hint = 'export the project again, or choose the id with --columns task=NAME';
    const name = taskAt < 0 ? key : 'label';
    throw new InputError(`missing column ${name} in ${head.name}; ${hint}`, {
      code: 'missing-column',
      path: head.name,
      line: 1,
      got: header.join(','),
      hint,
    });
  }
  await eachRow(reader, head, sink, (row, place) => {
    const labels = row.cells[labelAt].split('#').filter((label) => label !== '');
    sink.answer({ task: row.cells[taskAt], worker, label: labels.length === 0 ? null : labels }, place);
  });
}
