import { type AnswerTable, workerKinds } from '../answers/answer-table.ts';
import { isAnswerStatus } from '../answers/builder.ts';
import { InputError, shown } from '../errors.ts';
import type { Estimate } from '../methods/estimate.ts';
import { type Detection, type Format, no } from './format.ts';
import { type GroupedAnswer, groupByTask, numericId } from './group-answers.ts';
import type { FileHead } from './head.ts';
import { jsonValues } from './json-splitter.ts';
import { isObject, type JsonObject, textOfValue, timeOf } from './long-json.ts';
import { chosenByName } from './options.ts';
import type { AnswerRecord, AnswerSink, Place } from './sink.ts';
import type { SourceReader } from './source.ts';
import { jsonLineItems } from './write-text.ts';

/**
 * Prodigy's `db-out`: one JSON line per question and annotator.
 *
 * The task is `_input_hash`. A choice is one question, `label`; a binary decision about a label is a
 * question of that label's name, answered with the label or `not <label>`. `ignore` is a skip. Of
 * repeats the last by `_timestamp` counts. The data set's name before the session's is dropped when
 * all lines share it. The versions of the review recipe are the answers of their sessions.
 */
export const prodigy: Format = {
  id: 'prodigy',
  title: 'Prodigy JSON lines (db-out)',
  summary: 'One line per question and annotator with accept, reject or ignore; choices and binary decisions.',
  extensions: ['jsonl'],
  reference: 'https://prodi.gy/docs/api-interfaces',
  kinds: ['jsonl', 'json'],
  carries: { kind: true, status: true, time: true, questions: true },
  detect,
  read,
  write: {
    answers: (tables) => jsonLineItems(() => lines(tables)),
    results: (estimate) => jsonLineItems(() => resultLines(estimate)),
  },
};

function detect(head: FileHead): Detection {
  const first = head.values[0];
  if (!isObject(first)) return no;
  const signs = ['_input_hash', '_task_hash', '_view_id', '_session_id', '_annotator_id'].filter((key) => key in first);
  if (signs.length < 2) return no;
  return { confidence: 0.95, reason: `its lines have ${signs.join(', ')}` };
}

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const prefix = sessionPrefix(head);
  if (prefix !== '')
    sink.guesses.add(`the data set's name ${shown(prefix)} was dropped from the sessions of ${head.name}`);
  sink.columns.set('_input_hash', 'task');
  sink.columns.set('_annotator_id', 'worker');
  for await (const values of jsonValues(reader)) {
    for (const { value, line } of values) {
      const place = { file: head.name, line };
      sink.attempt(place, () => readLine(value, prefix, place, sink));
    }
  }
}

function sessionOf(line: JsonObject): string | null {
  return textOfValue(line._annotator_id) || textOfValue(line._session_id);
}

/** What stands before the session's own name in all lines: `<data set>-`. */
function sessionPrefix(head: FileHead): string {
  const sessions = head.values.flatMap((value) => (isObject(value) ? [sessionOf(value) ?? ''] : []));
  if (sessions.length === 0 || sessions.some((name) => !name.includes('-'))) return '';
  if (sessions.every((name) => name.startsWith(ownPrefix))) return ownPrefix;
  // Unnamed sessions are called by their date.
  const dated = /^(.*?-)\d{4}-\d\d-\d\d[_T]\d\d-\d\d-\d\d$/;
  let prefix = dated.exec(sessions[0])?.[1] ?? sessions[0];
  for (const name of sessions) while (!name.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix.slice(0, prefix.lastIndexOf('-') + 1);
}

const ownPrefix = 'assay-';

function readLine(line: unknown, prefix: string, place: Place, sink: AnswerSink): void {
  if (!isObject(line)) {
    const hint = 'export the data set with db-out again';
    throw new InputError(`invalid line ${shown(line)}; ${hint}`, {
      code: 'invalid-line',
      got: shown(line).slice(1, -1),
      hint,
    });
  }
  const key = chosenByName(sink.options.columns).task;
  const task = textOfValue(key === undefined ? (line._input_hash ?? line.id ?? line.text) : line[key]);
  if (task === null || task === '') {
    const hint = 'every line has _input_hash; choose another key with --columns task=KEY';
    throw new InputError(`missing ${key ?? '_input_hash'}; ${hint}`, { code: 'missing-task', hint });
  }
  const own = (name: string): string =>
    name.startsWith(prefix) && name.length > prefix.length ? name.slice(prefix.length) : name;
  for (const version of listOf(line.versions)) {
    if (!isObject(version)) continue;
    for (const session of listOf(version.sessions)) {
      answer({ ...line, ...version }, task, own(textOfValue(session) ?? 'unknown'), undefined, place, sink);
    }
  }
  const reviewed = listOf(line.versions).length > 0;
  const worker = own(sessionOf(line) ?? sink.options.worker ?? 'unknown');
  answer(line, task, worker, reviewed ? 'expert' : workerKinds.find((kind) => kind === line.assay_kind), place, sink);
}

function answer(
  line: JsonObject,
  task: string,
  worker: string,
  kind: AnswerRecord['kind'],
  place: Place,
  sink: AnswerSink,
): void {
  const common = { task, worker, kind, time: timeOf(line._timestamp) };
  const decision = textOfValue(line.answer) ?? '';
  const own = textOfValue(line.assay_status) ?? '';
  const status = isAnswerStatus(own) ? own : decision === 'ignore' ? 'skip' : undefined;
  if (Array.isArray(line.options) || Array.isArray(line.accept)) {
    const chosen = listOf(line.accept)
      .map(textOfValue)
      .filter((label) => label !== null);
    const label = chosen.length === 0 ? null : chosen;
    const question = textOfValue(line.assay_question) ?? undefined;
    // Rejecting a choice rejects the item, not the options.
    sink.answer({ ...common, question, label, status: status ?? (decision === 'reject' ? 'skip' : undefined) }, place);
    return;
  }
  const label = textOfValue(line.label);
  if (label !== null) {
    const said = decision === 'accept' ? label : decision === 'reject' ? `not ${label}` : null;
    sink.answer({ ...common, question: label, label: said, status }, place);
    return;
  }
  if (typeof line.user_input === 'string') {
    sink.answer({ ...common, label: decision === 'accept' ? line.user_input : null, status }, place);
    return;
  }
  sink.note('% {line|lines} without a choice or label (spans, images) {was|were} left out');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function* lines(tables: readonly AnswerTable[]): Generator<unknown, void, void> {
  const options = new Map(tables.map((table) => [table.question, optionsOf(table.classes.names())]));
  let id = 0;
  for (const { task, answers } of groupByTask(tables)) {
    for (const answer of answers) yield lineOf(task, answer, options.get(answer.question) ?? [], ++id);
  }
}

function optionsOf(classes: readonly string[]): { id: string; text: string }[] {
  return classes.map((name) => ({ id: name, text: name }));
}

function lineOf(
  task: string,
  { question, worker, kind, label, status, time }: GroupedAnswer,
  options: readonly unknown[],
  id: number,
): unknown {
  return {
    text: task,
    ...identity(task),
    _task_hash: id,
    _view_id: 'choice',
    options,
    accept: label === null ? [] : [label],
    config: { choice_style: 'single' },
    answer: status === 'ok' ? 'accept' : status === 'skip' ? 'ignore' : 'reject',
    ...(time === undefined ? {} : { _timestamp: time >= 1e11 ? time / 1000 : time }),
    _annotator_id: `${ownPrefix}${worker}`,
    _session_id: `${ownPrefix}${worker}`,
    ...(question === 'label' ? {} : { assay_question: question }),
    ...(status === 'ok' || status === 'skip' ? {} : { assay_status: status }),
    ...(kind === 'human' ? {} : { assay_kind: kind }),
  };
}

/** Hashes are numbers; other names go into `id`. */
function identity(task: string): { _input_hash: number } | { id: string } {
  const numeric = numericId(task);
  return typeof numeric === 'number' ? { _input_hash: numeric } : { id: task };
}

/** Labels found as accepted choices, to be loaded as a stream or corrected. */
function* resultLines(estimate: Estimate): Generator<unknown, void, void> {
  const options = optionsOf(estimate.classNames.names());
  for (let task = 0; task < estimate.taskCount; task++) {
    const name = estimate.taskNames.name(task);
    const label = estimate.label(task);
    yield {
      text: name,
      ...identity(name),
      _view_id: 'choice',
      options,
      accept: label === null ? [] : [label],
      answer: label === null ? 'ignore' : 'accept',
      _session_id: `${ownPrefix}${estimate.method}`,
      _annotator_id: `${ownPrefix}${estimate.method}`,
      meta: { probability: estimate.probability(task) },
    };
  }
}
