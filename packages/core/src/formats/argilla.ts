import type { AnswerTable } from '../answers/answer-table.ts';
import { InputError, shown } from '../errors.ts';
import type { Estimate } from '../methods/estimate.ts';
import { type Detection, type Format, no } from './format.ts';
import { type GroupedAnswer, groupByTask } from './group-answers.ts';
import type { FileHead } from './head.ts';
import { jsonValues } from './json-splitter.ts';
import { isObject, type JsonObject, keysOf, textOfValue } from './long-json.ts';
import { chosenByName, kindOf, statusOf } from './options.ts';
import type { AnswerSink, Place } from './sink.ts';
import type { SourceReader } from './source.ts';
import { jsonItems } from './write-text.ts';

/**
 * Argilla records: nested (`to_list()`, `to_json()`) or flattened (`flatten=True`, what goes to the
 * Hub), and the older Hub layout with a struct per question.
 *
 * The nested form has no response status, so all its responses count. Suggestions are answers of AI
 * workers named by their agent; a score of several values becomes nothing, one score is kept as
 * the confidence only by Argilla. Answers are written flattened, because that form keeps the status.
 */
export const argilla: Format = {
  id: 'argilla',
  title: 'Argilla records',
  summary: 'Records with responses and suggestions, nested or flattened, as JSON, JSON lines or Parquet.',
  extensions: ['json', 'jsonl'],
  reference: 'https://docs.argilla.io/latest/how_to_guides/import_export/',
  kinds: ['json', 'jsonl'],
  carries: { kind: true, status: true, questions: true, predictions: true },
  detect,
  read,
  write: {
    answers: (tables) => jsonItems(() => flatRecords(tables)),
    results: (estimate) => jsonItems(() => suggestions(estimate)),
  },
};

function detect(head: FileHead): Detection {
  const first = head.values[0];
  if (!isObject(first)) return no;
  if (isObject(first.fields) && (isObject(first.responses) || isObject(first.suggestions))) {
    return { confidence: 0.95, reason: 'its records have fields, responses and suggestions' };
  }
  return detectFlat(keysOf(head), first);
}

/** Is this the flattened form? Parquet asks too. */
export function detectFlat(keys: readonly string[], first: JsonObject): Detection {
  if (keys.some((key) => key.endsWith('.responses')) || keys.some((key) => key.endsWith('.suggestion'))) {
    return { confidence: 0.95, reason: 'its columns are named like question.responses' };
  }
  const older = keys.filter((key) => isOldResponses(first[key]));
  if (older.length > 0) return { confidence: 0.9, reason: `its column ${older[0]} holds user_id, value and status` };
  return no;
}

/** A list of structs, or a struct of lists, with who said what. */
function isOldResponses(value: unknown): boolean {
  const sample = Array.isArray(value) ? value[0] : value;
  return isObject(sample) && 'user_id' in sample && 'value' in sample;
}

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  for await (const values of jsonValues(reader)) {
    for (const { value, line, index } of values) {
      const place: Place = { file: head.name, line, json: `$[${index}]` };
      sink.attempt(place, () => readRecord(value, place, sink));
    }
  }
}

/** Puts one record of any of the three layouts into the sink. */
export function readRecord(value: unknown, place: Place, sink: AnswerSink): void {
  if (!isObject(value)) {
    const hint = 'export the dataset again';
    throw new InputError(`invalid record ${shown(value)}; ${hint}`, {
      code: 'invalid-record',
      got: shown(value).slice(1, -1),
      hint,
    });
  }
  const key = chosenByName(sink.options.columns).task;
  const fields = isObject(value.fields) ? value.fields : value;
  const task = textOfValue(
    key === undefined ? (value.id ?? value.external_id ?? value._server_id) : (value[key] ?? fields[key]),
  );
  if (task === null || task === '') {
    const hint = 'every record needs an id; choose another column with --columns task=NAME';
    throw new InputError(`missing id of a record; ${hint}`, { code: 'missing-task', hint });
  }
  const before = sink.answered;
  if (isObject(value.fields)) readNested(value, task, place, sink);
  else readFlat(value, task, place, sink);
  if (sink.answered === before) sink.everywhere({ task, worker: '' }, place);
}

function readNested(record: JsonObject, task: string, place: Place, sink: AnswerSink): void {
  for (const [question, responses] of Object.entries(isObject(record.responses) ? record.responses : {})) {
    for (const response of list(responses)) {
      if (!isObject(response)) continue;
      respond(sink, place, task, question, response.value, response.user_id, response.status);
    }
  }
  for (const [question, suggestion] of Object.entries(isObject(record.suggestions) ? record.suggestions : {})) {
    if (isObject(suggestion)) suggest(sink, place, task, question, suggestion.value, suggestion.agent);
  }
}

function readFlat(record: JsonObject, task: string, place: Place, sink: AnswerSink): void {
  for (const [key, value] of Object.entries(record)) {
    if (key.endsWith('.responses')) {
      const question = key.slice(0, -'.responses'.length);
      const [users, statuses, kinds] = ['users', 'status', 'kind'].map((name) => list(record[`${key}.${name}`]));
      for (const [i, said] of list(value).entries()) {
        respond(sink, place, task, question, said, users[i], statuses[i], kinds[i]);
      }
    } else if (key.endsWith('.suggestion')) {
      suggest(sink, place, task, key.slice(0, -'.suggestion'.length), value, record[`${key}.agent`]);
    } else if (isOldResponses(value)) {
      for (const { user_id, value: said, status } of oldResponses(value))
        respond(sink, place, task, key, said, user_id, status);
    }
  }
}

function oldResponses(value: unknown): { user_id: unknown; value: unknown; status: unknown }[] {
  if (Array.isArray(value))
    return value.filter(isObject).map((r) => ({ user_id: r.user_id, value: r.value, status: r.status }));
  if (!isObject(value)) return [];
  const [users, statuses] = [list(value.user_id), list(value.status)];
  return list(value.value).map((said, i) => ({ user_id: users[i], value: said, status: statuses[i] }));
}

function respond(
  sink: AnswerSink,
  place: Place,
  task: string,
  question: string,
  value: unknown,
  user: unknown,
  status: unknown,
  kind?: unknown,
): void {
  const word = textOfValue(status) ?? '';
  sink.answer(
    {
      task,
      worker: textOfValue(user) || sink.options.worker || 'unknown',
      question,
      label: labelOf(value, sink),
      status: word === '' ? undefined : (statusOf(word) ?? 'draft'),
      kind: kindOf(textOfValue(kind) ?? ''),
    },
    place,
  );
}

function suggest(sink: AnswerSink, place: Place, task: string, question: string, value: unknown, agent: unknown): void {
  if (value === null || value === undefined) return;
  sink.answer(
    { task, worker: textOfValue(agent) || 'suggestion', question, label: labelOf(value, sink), kind: 'ai' },
    place,
  );
}

/** A label, several, or the best of a ranking; spans are no label of a whole record. */
function labelOf(value: unknown, sink: AnswerSink): string | string[] | null {
  if (!Array.isArray(value)) return isObject(value) ? textOfValue(value.value ?? null) : textOfValue(value);
  if (!value.some(isObject)) {
    const labels = value.map(textOfValue).filter((label) => label !== null);
    return labels.length === 0 ? null : labels;
  }
  const ranked = value.filter((item): item is JsonObject => isObject(item) && 'rank' in item && 'value' in item);
  if (ranked.length === value.length) {
    sink.note('% {ranking counts|rankings count} as {its|their} first choice');
    const best = Math.min(...ranked.map(({ rank }) => Number(rank)));
    const first = ranked.filter(({ rank }) => Number(rank) === best).map((item) => textOfValue(item.value) ?? '');
    return first.length === 1 ? first[0] : first;
  }
  sink.note('% {span is|spans are} no label of a whole record and {was|were} left out');
  return null;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Argilla's words for what became of a response. */
const statusWords: Readonly<Record<string, string>> = { ok: 'submitted', skip: 'discarded', draft: 'draft' };

function* flatRecords(tables: readonly AnswerTable[]): Generator<unknown, void, void> {
  for (const { task, answers } of groupByTask(tables)) {
    const record: Record<string, unknown> = { id: task };
    const by = Map.groupBy(answers, ({ question }) => question);
    for (const [question, all] of by) {
      // One suggestion per question is all a record holds; other models answer like users.
      const models = all.filter(({ kind, status, label }) => kind === 'ai' && status === 'ok' && label !== null);
      const suggestion: GroupedAnswer | undefined = models.length === 1 ? models[0] : undefined;
      const users = all.filter((answer) => answer !== suggestion);
      record[`${question}.responses`] = users.map(({ label }) => label);
      record[`${question}.responses.users`] = users.map(({ worker }) => worker);
      record[`${question}.responses.status`] = users.map(({ status }) => statusWords[status] ?? status);
      // Argilla knows only people as responders.
      if (users.some(({ kind }) => kind !== 'human'))
        record[`${question}.responses.kind`] = users.map(({ kind }) => kind);
      if (suggestion !== undefined) {
        record[`${question}.suggestion`] = suggestion.label;
        record[`${question}.suggestion.agent`] = suggestion.worker;
      }
    }
    yield record;
  }
}

/** Labels found as records with one suggestion each. */
function* suggestions(estimate: Estimate): Generator<unknown, void, void> {
  for (let task = 0; task < estimate.taskCount; task++) {
    const name = estimate.taskNames.name(task);
    const value = estimate.label(task);
    const suggestion = { value, score: estimate.probability(task), agent: `assay ${estimate.method}` };
    yield {
      id: name,
      fields: { task: name },
      metadata: {},
      suggestions: value === null ? {} : { [estimate.question]: suggestion },
      responses: {},
    };
  }
}
