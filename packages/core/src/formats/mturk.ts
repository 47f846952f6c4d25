import { InputError } from '../errors.ts';
import { type Detection, type Format, no } from './format.ts';
import type { FileHead } from './head.ts';
import { namingColumn } from './id-columns.ts';
import { isObject, textOfValue } from './long-json.ts';
import { chosenByName, statusOf } from './options.ts';
import type { AnswerSink } from './sink.ts';
import type { SourceReader } from './source.ts';
import { columnOf, eachRow, headerOf, jsonCell } from './table-rows.ts';
import { parseMoney, parseTime } from './values.ts';

/**
 * Batch results of Amazon Mechanical Turk.
 *
 * The task is the `Input.` column that names it (the only one, or the only one called like an id),
 * else `HITId`. Answers: `Answer.<field>` as text; radio buttons as one TRUE/FALSE column per
 * option; `Answer.taskAnswers` with JSON. Rejected assignments are kept as rejected.
 */
export const mturk: Format = {
  id: 'mturk',
  title: 'Mechanical Turk batch results',
  summary: 'CSV with HITId, WorkerId and Answer columns of any shape; reward, times and rejections are kept.',
  extensions: ['csv'],
  reference: 'https://docs.aws.amazon.com/AWSMechTurk/latest/RequesterUI/DownloadandUnderstandResults.html',
  kinds: ['table'],
  carries: { status: true, time: true, duration: true, cost: true, questions: true },
  detect,
  read,
};

function detect(head: FileHead): Detection {
  const header = headerOf(head);
  const signs = ['HITId', 'AssignmentId', 'WorkerId', 'AssignmentStatus'].filter((name) => header.includes(name));
  return signs.length >= 3 ? { confidence: 0.95, reason: `it has ${signs.join(', ')}` } : no;
}

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const header = headerOf(head);
  const chosen = chosenByName(sink.options.columns).task;
  const naming = chosen === undefined ? namingColumn(header, 'Input.') : columnOf(header, chosen, `Input.${chosen}`);
  const taskAt = naming >= 0 ? naming : header.indexOf('HITId');
  if (chosen !== undefined && naming < 0) throw unknownColumn(head, chosen);
  if (chosen === undefined && naming >= 0)
    sink.guesses.add(`${header[naming]} names the task (say otherwise with --columns task=HITId)`);
  sink.columns.set(header[taskAt], 'task');
  sink.columns.set('WorkerId', 'worker');
  const at = (name: string): number => header.indexOf(name);
  if (taskAt < 0 || at('WorkerId') < 0) throw unknownColumn(head, taskAt < 0 ? 'HITId' : 'WorkerId');
  const questions = questionsOf(head, header);
  if (questions.length === 0) throw unknownColumn(head, 'Answer.*');
  const [workerAt, statusAt, rewardAt, submitAt, workAt, idAt] = [
    'WorkerId',
    'AssignmentStatus',
    'Reward',
    'SubmitTime',
    'WorkTimeInSeconds',
    'AssignmentId',
  ].map(at);
  await eachRow(reader, head, sink, (row, place) => {
    const cell = (index: number): string => (index < 0 ? '' : row.cells[index]);
    if (idAt >= 0 && !sink.first('mturk assignment', cell(idAt))) {
      sink.note('% {assignment was|assignments were} listed more than once and {counts|count} once');
      return;
    }
    const [cost, time, seconds] = [
      parseMoney(cell(rewardAt)),
      parseTime(cell(submitAt)),
      Number(cell(workAt) || Number.NaN),
    ];
    const common = {
      task: cell(taskAt),
      worker: cell(workerAt),
      status: statusOf(cell(statusAt)) ?? 'ok',
      costMicros: Number.isNaN(cost) ? undefined : cost,
      time: Number.isNaN(time) ? undefined : time,
      durationMs: Number.isNaN(seconds) ? undefined : seconds * 1000,
    };
    for (const { question, answers } of questions) {
      for (const [name, label] of answers(row.cells))
        sink.answer({ ...common, question: name ?? question, label }, place);
    }
  });
}

type Said = readonly [question: string | undefined, label: string | string[] | null];

/** A question and how its answer is found in a row. */
interface Question {
  readonly question: string;
  answers(cells: readonly string[]): readonly Said[];
}

/** The questions the `Answer.` columns hold, by the shape of their cells. */
function questionsOf(head: FileHead, header: readonly string[]): Question[] {
  const columns = header.flatMap((name, at) =>
    name.startsWith('Answer.') ? [{ name: name.slice('Answer.'.length), at }] : [],
  );
  const rows = head.records.slice(1);
  const isFlag = (at: number): boolean =>
    rows.length > 0 && rows.every((cells) => /^(true|false|)$/i.test(cells[at] ?? ''));
  const flags = columns.filter(({ name, at }) => name.includes('.') && isFlag(at));
  const questions: Question[] = [];
  for (const { name, at } of columns) {
    if (flags.some((flag) => flag.at === at)) continue;
    if (name === 'taskAnswers') questions.push({ question: 'label', answers: (cells) => taskAnswers(cells[at]) });
    else questions.push({ question: name, answers: (cells) => [[name, cells[at] === '' ? null : cells[at]]] });
  }
  const groups = Map.groupBy(flags, ({ name }) => name.slice(0, name.indexOf('.')));
  const chosen = (options: readonly { label: string; at: number }[], cells: readonly string[]): string[] | null => {
    const found = options.filter(({ at }) => /^true$/i.test(cells[at])).map(({ label }) => label);
    return found.length === 0 ? null : found;
  };
  const lone = [...groups].filter(([, options]) => options.length === 1);
  for (const [question, options] of groups) {
    if (options.length === 1) continue;
    const named = options.map(({ name, at }) => ({ label: name.slice(question.length + 1), at }));
    questions.push({ question, answers: (cells) => [[question, chosen(named, cells)]] });
  }
  // Radio buttons that were each given a name of their own: the names are the answers.
  const named = lone.map(([label, [{ at }]]) => ({ label, at }));
  if (named.length > 0) questions.push({ question: 'label', answers: (cells) => [['label', chosen(named, cells)]] });
  return questions;
}

/** Crowd HTML: an array with one object, keyed by the name of the element. */
function taskAnswers(cell: string): Said[] {
  if (cell === '') return [[undefined, null]];
  const parsed = jsonCell(cell);
  const answers = Array.isArray(parsed) ? parsed[0] : parsed;
  if (!isObject(answers)) {
    const hint = 'download the results again; Answer.taskAnswers holds JSON';
    throw new InputError(`invalid Answer.taskAnswers ${cell.slice(0, 60)}; ${hint}`, {
      code: 'invalid-json',
      got: cell.slice(0, 60),
      hint,
    });
  }
  return Object.entries(answers).map(([name, value]) => [name, widgetLabel(value)]);
}

/** The label of a crowd element's value: text, `{label}`, `{labels}`, or one flag per option. */
export function widgetLabel(value: unknown): string | string[] | null {
  if (!isObject(value)) return Array.isArray(value) ? texts(value) : emptyToNull(textOfValue(value));
  if ('label' in value) return emptyToNull(textOfValue(value.label));
  if (Array.isArray(value.labels)) return texts(value.labels);
  const flags = Object.entries(value).filter(([, on]) => typeof on === 'boolean');
  if (flags.length > 0) return texts(flags.filter(([, on]) => on === true).map(([name]) => name));
  const inner = Object.values(value);
  return inner.length === 1 ? widgetLabel(inner[0]) : null;
}

function texts(list: readonly unknown[]): string[] | null {
  const found = list.map(textOfValue).filter((text) => text !== null && text !== '') as string[];
  return found.length === 0 ? null : found;
}

function emptyToNull(text: string | null): string | null {
  return text === '' ? null : text;
}

function unknownColumn(head: FileHead, name: string): InputError {
  const hint = `the columns are ${headerOf(head).join(', ')}`;
  return new InputError(`missing column ${name} in ${head.name}; ${hint}`, {
    code: 'missing-column',
    path: head.name,
    line: 1,
    got: name,
    hint,
  });
}
