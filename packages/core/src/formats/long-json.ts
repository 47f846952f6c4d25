import { InputError, shown } from '../errors.ts';
import { type ColumnPlan, knownNames, planColumns, type Role } from './columns.ts';
import { type Detection, type Format, no } from './format.ts';
import type { FileHead } from './head.ts';
import { jsonValues } from './json-splitter.ts';
import { chosenByName, kindOf, statusOf } from './options.ts';
import type { AnswerRecord, AnswerSink, Place } from './sink.ts';
import type { SourceReader } from './source.ts';
import { parseMoney, parseTime, timeFromNumber } from './values.ts';
import { jsonArray, jsonArrayPages, jsonLinePages, jsonLines } from './write-text.ts';

const carries = {
  kind: true,
  status: true,
  time: true,
  duration: true,
  cost: true,
  gold: true,
  soft: true,
  questions: true,
};

/** One answer per line as a JSON object. */
export const jsonl: Format = {
  id: 'jsonl',
  title: 'JSON lines, one answer per line',
  summary:
    'Objects with keys for task, worker and label under any of their common names; probs may map classes to probabilities.',
  extensions: ['jsonl', 'ndjson'],
  kinds: ['json', 'jsonl'],
  carries,
  detect: (head) => detectObjects(head, 'jsonl'),
  read: readObjects,
  write: { sheet: jsonLines, pages: jsonLinePages },
};

/** The same objects in one JSON array. */
export const json: Format = {
  id: 'json',
  title: 'JSON array of answers',
  summary: 'As JSON lines, in one array; read in a stream.',
  extensions: ['json'],
  kinds: ['json', 'jsonl'],
  carries,
  detect: (head) => detectObjects(head, 'json'),
  read: readObjects,
  write: { sheet: jsonArray, pages: jsonArrayPages },
};

/** A JSON object, not a list and not null. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function detectObjects(head: FileHead, kind: 'json' | 'jsonl'): Detection {
  if (head.kind !== kind || head.values.length === 0) return no;
  const known = knownNames(keysOf(head));
  if (known >= 2) return { confidence: 0.5, reason: `its objects have ${known} keys of answers` };
  return { confidence: 0.1, reason: 'it holds JSON objects' };
}

/** All keys of the first objects, in order of appearance. */
export function keysOf(head: FileHead): string[] {
  const keys = new Set<string>();
  for (const value of head.values) if (isObject(value)) for (const key of Object.keys(value)) keys.add(key);
  return [...keys];
}

async function readObjects(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const toRecord = objectReader(head.name, keysOf(head), sink);
  for await (const values of jsonValues(reader)) {
    for (const { value, line, index } of values) {
      const place: Place =
        head.kind === 'jsonl' ? { file: head.name, line } : { file: head.name, line, json: `$[${index}]` };
      toRecord(value, place);
    }
  }
}

/**
 * A function that puts one object of a long table into the sink. Parquet rows use it too.
 *
 * @throws {InputError} missing-column, ambiguous-column, unknown-column
 */
export function objectReader(
  file: string,
  keys: readonly string[],
  sink: AnswerSink,
): (value: unknown, place: Place) => void {
  const needed: Role[] = sink.options.worker === undefined ? ['task', 'worker', 'label'] : ['task', 'label'];
  const probsKey = keys.find((key) => key === 'probs' || key === 'probabilities');
  const plan = planColumns(
    file,
    keys,
    chosenByName(sink.options.columns),
    probsKey === undefined ? needed : needed.filter((role) => role !== 'label'),
  );
  for (const { from, to } of plan.columns) sink.columns.set(from, to);
  const key = (role: Role): string | undefined => (plan.at[role] === undefined ? undefined : keys[plan.at[role]]);
  const names = Object.fromEntries(plan.columns.map(({ to }) => [to, key(to as Role)])) as Partial<
    Record<Role, string>
  >;
  // Only logs of language models count tokens and latency.
  const log = keys.some((key) => ['tokens_in', 'tokens_out', 'latency_ms'].includes(key));
  const abstainKey = keys.includes('abstain') ? 'abstain' : undefined;
  return (value, place) => {
    try {
      if (!isObject(value)) throw invalid('answer', value, 'every answer is an object');
      const get = (role: Role): unknown => (names[role] === undefined ? undefined : value[names[role]]);
      const found = recordOf(get, names, plan, keys, value, probsKey, sink);
      const abstained = abstainKey !== undefined && value[abstainKey] === true;
      if (found === undefined) return;
      const record = log && found.kind === undefined ? { ...found, kind: 'ai' as const } : found;
      sink.answer(abstained ? { ...record, label: null, status: 'abstain', probabilities: undefined } : record, place);
      const gold = textOfValue(get('gold'));
      if (gold !== null) sink.gold(record.question ?? 'label', record.task, gold, place);
    } catch (error) {
      sink.failAt(error, place);
    }
  };
}

function recordOf(
  get: (role: Role) => unknown,
  names: Partial<Record<Role, string>>,
  plan: ColumnPlan,
  keys: readonly string[],
  value: JsonObject,
  probsKey: string | undefined,
  sink: AnswerSink,
): AnswerRecord | undefined {
  const task = textOfValue(get('task')) ?? '';
  const worker = names.worker === undefined ? (sink.options.worker ?? '') : (textOfValue(get('worker')) ?? '');
  const label = labelOfValue(get('label'));
  const question = names.question === undefined ? undefined : (textOfValue(get('question')) ?? undefined);
  if (label === null && task === '' && worker !== '') {
    // A row that only names a worker.
    if (sink.wants(question ?? 'label'))
      sink
        .question(question)
        .nameWorker(worker, word(get('kind'), kindOf, 'kind of worker', 'human, ai, rule or expert'));
    return undefined;
  }
  if (label === null && task !== '' && worker === '') {
    if (sink.wants(question ?? 'label')) sink.question(question).taskOf(task);
    const gold = textOfValue(get('gold'));
    if (gold !== null) sink.gold(question ?? 'label', task, gold, { file: '' });
    return undefined;
  }
  const status = word(get('status'), statusOf, 'status', 'ok, skip, abstain, rejected, surplus or draft');
  const kind = word(get('kind'), kindOf, 'kind of worker', 'human, ai, rule or expert');
  const duration = numberOf(get('duration'), 'duration');
  const probabilities = probabilitiesOf(probsKey === undefined ? undefined : value[probsKey], plan, keys, value);
  return {
    task,
    worker,
    ...(label === null && probabilities !== undefined ? {} : { label }),
    question,
    status,
    kind,
    weight: weightOf(get('weight')),
    time: timeOf(get('time')),
    durationMs: duration === undefined ? undefined : duration * (/ms/i.test(names.duration ?? '') ? 1 : 1000),
    costMicros: moneyOf(get('cost'), names.cost ?? ''),
    exposed: get('exposed') === true || get('exposed') === 'true' || get('exposed') === 1,
    probabilities,
    predictedShares: sharesOf(plan, keys, value),
  };
}

/** What the worker expects others to say, from keys `predicted_<class>`. */
function sharesOf(plan: ColumnPlan, keys: readonly string[], value: JsonObject): Record<string, number> | undefined {
  const found: Record<string, number> = {};
  for (const { column, name } of plan.predicted) {
    const share = numberOf(value[keys[column]], 'share');
    if (share === undefined) continue;
    if (!(share >= 0) || share === Number.POSITIVE_INFINITY) throw invalid('share', share, 'shares are at least 0');
    found[name] = share;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

/** A task, worker or class as text exactly as written; null for nothing. */
export function textOfValue(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isNaN(value) ? null : String(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw invalid('value', value, 'expected text, a number or true or false');
}

/** A label as text, or several; null for nothing. */
export function labelOfValue(value: unknown): string | string[] | null {
  if (!Array.isArray(value)) return textOfValue(value);
  const labels = value.map(textOfValue).filter((label) => label !== null);
  return labels.length === 0 ? null : labels;
}

export function timeOf(value: unknown): number | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  const time =
    typeof value === 'number'
      ? timeFromNumber(value)
      : typeof value === 'bigint'
        ? timeFromNumber(Number(value))
        : parseTime(String(value));
  if (Number.isNaN(time))
    throw invalid('time', value, 'write it as 2026-01-02T03:04:05Z or as seconds or milliseconds since 1970');
  return time;
}

function numberOf(value: unknown, what: string): number | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  const number = Number(value);
  if (Number.isNaN(number)) throw invalid(what, value, 'write a number');
  return number;
}

function weightOf(value: unknown): number | undefined {
  const weight = numberOf(value, 'weight');
  if (weight !== undefined && weight < 0) throw invalid('weight', value, 'weights are at least 0');
  return weight;
}

function moneyOf(value: unknown, key: string): number | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  if (/micros/i.test(key)) return numberOf(value, 'cost');
  const micros = parseMoney(String(value));
  if (Number.isNaN(micros)) throw invalid('cost', value, 'write money as 0.05 or "$0.05"');
  return micros;
}

function word<V>(
  value: unknown,
  meaning: (word: string) => V | undefined,
  what: string,
  expected: string,
): V | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  const found = meaning(String(value));
  if (found === undefined) throw invalid(what, value, `write ${expected}`);
  return found;
}

/** Probabilities from an object of classes, or from columns `p_<class>`. */
function probabilitiesOf(
  given: unknown,
  plan: ColumnPlan,
  keys: readonly string[],
  value: JsonObject,
): Record<string, number> | undefined {
  const entries: [string, unknown][] = isObject(given)
    ? Object.entries(given)
    : plan.soft.map(({ column, name }) => [name, value[keys[column]]]);
  const found: Record<string, number> = {};
  let total = 0;
  for (const [name, probability] of entries) {
    const number = numberOf(probability, 'probability');
    if (number === undefined) continue;
    if (!(number >= 0) || number === Number.POSITIVE_INFINITY)
      throw invalid('probability', probability, 'probabilities are finite and at least 0');
    found[name] = number;
    total += number;
  }
  if (Object.keys(found).length === 0) return undefined;
  if (!(total > 0)) throw invalid('probabilities', found, 'at least one must be above 0');
  return found;
}

function invalid(what: string, value: unknown, hint: string): InputError {
  const code = `invalid-${what.replace(/ .*/, '')}`;
  return new InputError(`invalid ${what} ${shown(value)}; ${hint}`, { code, got: shown(value).slice(1, -1), hint });
}
