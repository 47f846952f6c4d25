import { InputError } from '../errors.ts';
import { type Detection, type Format, no } from './format.ts';
import type { FileHead } from './head.ts';
import { jsonValues } from './json-splitter.ts';
import { isObject, keysOf, textOfValue, timeOf } from './long-json.ts';
import { chosenByName } from './options.ts';
import type { AnswerSink, Place } from './sink.ts';
import type { SourceReader } from './source.ts';
import { columnOf, eachRow, headerOf, jsonCell } from './table-rows.ts';

/**
 * Label Studio's flat exports: CSV, TSV and JSON_MIN, one row per annotation, with the keys of the
 * data and one column per control side by side.
 *
 * Nothing in the file says which columns are controls. Taken are those the user names; else columns
 * whose values differ between annotations of one task, hold `{"choices": …}`, or have a twin
 * `_data_<name>` (a data key that collided with the control); else the one with fewest values. The
 * receipt says which.
 */
export const labelStudioFlat: Format = {
  id: 'label-studio-flat',
  title: 'Label Studio CSV, TSV, JSON_MIN',
  summary: 'Flat exports with annotator, annotation_id and one column per control.',
  extensions: ['csv', 'tsv', 'json'],
  reference: 'https://labelstud.io/guide/export',
  kinds: ['table', 'json', 'jsonl'],
  carries: { time: true, duration: true, questions: true },
  detect,
  read,
};

/** Columns Label Studio adds; all others are data or controls. */
const added = [
  'annotator',
  'annotation_id',
  'id',
  'created_at',
  'updated_at',
  'lead_time',
  'agreement',
  'task_id',
  'inner_id',
  'total_annotations',
];

function detect(head: FileHead): Detection {
  const names = head.kind === 'table' ? headerOf(head) : keysOf(head);
  const found = ['annotator', 'annotation_id', 'lead_time'].filter((name) => names.includes(name));
  if (found.length < 2 || !names.includes('id')) return no;
  return { confidence: 0.9, reason: `it has ${found.join(', ')} beside the data` };
}

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const isTable = head.kind === 'table';
  const names = isTable ? headerOf(head) : keysOf(head);
  const samples: Record<string, unknown>[] = isTable
    ? head.records
        .slice(1)
        .map((cells) => Object.fromEntries(names.map((name, at) => [name, exportedValue(cells[at] ?? '')])))
    : head.values.filter(isObject);
  const controls = controlsOf(head, names, samples, sink);
  const taskKey = chosenByName(sink.options.columns).task ?? 'id';
  if (!names.includes(taskKey)) throw missing(head.name, taskKey, names);
  sink.columns.set(taskKey, 'task');
  sink.columns.set('annotator', 'worker');
  for (const control of controls) sink.columns.set(control, 'label');
  const add = (get: (name: string) => unknown, place: Place): void => {
    const id = textOfValue(get('annotation_id'));
    if (id !== null && id !== '' && !sink.first('label-studio annotation', id)) {
      sink.note('% {annotation was|annotations were} exported more than once and {counts|count} once');
      return;
    }
    const annotator = get('annotator');
    const lead = Number(get('lead_time') || Number.NaN);
    for (const question of controls) {
      const record = {
        task: textOfValue(get(taskKey)) ?? '',
        worker:
          (isObject(annotator) ? textOfValue(annotator.email ?? annotator.id) : textOfValue(annotator)) ||
          sink.options.worker ||
          'unknown',
        question,
        label: labelOf(get(question), sink),
        time: timeOf(get('created_at')),
        durationMs: Number.isNaN(lead) ? undefined : Math.round(lead * 1000),
      };
      sink.answer(record, place);
    }
  };
  if (!isTable) {
    for await (const values of jsonValues(reader)) {
      for (const { value, line, index } of values) {
        const place = { file: head.name, line, json: `$[${index}]` };
        if (isObject(value)) sink.attempt(place, () => add((name) => value[name], place));
      }
    }
    return;
  }
  await eachRow(reader, head, sink, (row, place) => {
    add((name) => exportedValue(row.cells[columnOf(names, name)] ?? ''), place);
  });
}

/** A cell as the value it was exported from: JSON only where it holds a structure. */
function exportedValue(cell: string): unknown {
  return /^\s*[[{]/.test(cell) ? (jsonCell(cell) ?? cell) : cell === '' ? null : cell;
}

function controlsOf(
  head: FileHead,
  names: readonly string[],
  samples: readonly Record<string, unknown>[],
  sink: AnswerSink,
): string[] {
  const chosen = chosenByName(sink.options.columns).label;
  if (chosen !== undefined) {
    if (!names.includes(chosen)) throw missing(head.name, chosen, names);
    return [chosen];
  }
  const candidates = names.filter((name) => name !== '' && !added.includes(name) && !name.startsWith('_data_'));
  const certain = candidates.filter((name) => {
    if (names.includes(`_data_${name}`)) return true;
    const byTask = new Map<string, string>();
    return samples.some((sample) => {
      const value = sample[name];
      if (isObject(value) && ('choices' in value || 'taxonomy' in value)) return true;
      if (
        Array.isArray(value) &&
        value.some((item) => isObject(item) && ('labels' in item || 'start' in item || 'x' in item))
      )
        return true;
      const task = String(sample.id);
      const text = JSON.stringify(value ?? null);
      const before = byTask.get(task) ?? text;
      byTask.set(task, before);
      return before !== text;
    });
  });
  const controls = certain.length > 0 ? certain : fewestValues(candidates, samples);
  if (controls.length === 0) {
    const hint = 'name the column of the control with --columns label=NAME';
    throw new InputError(
      `ambiguous columns in ${head.name}: none of ${candidates.join(', ')} is surely a control; ${hint}`,
      {
        code: 'ambiguous-columns',
        path: head.name,
        line: 1,
        got: candidates.join(','),
        hint,
      },
    );
  }
  sink.guesses.add(
    `${controls.join(', ')} taken for the controls of ${head.name}, the other columns for data (say otherwise with --columns label=NAME)`,
  );
  return controls;
}

/** The one column with clearly fewest distinct values, if there is one. */
function fewestValues(candidates: readonly string[], samples: readonly Record<string, unknown>[]): string[] {
  const counts = candidates
    .map((name) => ({ name, distinct: new Set(samples.map((sample) => JSON.stringify(sample[name] ?? null))).size }))
    .sort((a, b) => a.distinct - b.distinct);
  if (counts.length === 0 || (counts.length > 1 && counts[0].distinct === counts[1].distinct)) return [];
  return [counts[0].name];
}

function labelOf(value: unknown, sink: AnswerSink): string | string[] | null {
  if (isObject(value) && Array.isArray(value.choices)) return texts(value.choices);
  if (isObject(value) && Array.isArray(value.taxonomy)) {
    return texts(value.taxonomy.map((path: unknown) => (Array.isArray(path) ? path.join(' > ') : path)));
  }
  if (Array.isArray(value)) {
    if (value.some(isObject)) {
      sink.note(
        '% {region (a box, span or relation) is|regions (boxes, spans, relations) are} no label of a whole task and {was|were} left out',
        value.length,
      );
      return null;
    }
    return texts(value);
  }
  if (isObject(value)) return textOfValue(value.rating ?? value.number ?? value.text ?? null);
  return textOfValue(value);
}

function texts(list: readonly unknown[]): string[] | null {
  const found = list.map(textOfValue).filter((text) => text !== null);
  return found.length === 0 ? null : found;
}

function missing(file: string, name: string, names: readonly string[]): InputError {
  const hint = `the columns are ${names.join(', ')}`;
  return new InputError(`missing column ${name} in ${file}; ${hint}`, {
    code: 'missing-column',
    path: file,
    line: 1,
    got: name,
    hint,
  });
}
