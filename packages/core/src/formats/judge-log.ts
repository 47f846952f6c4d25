import { InputError, shown } from '../errors.ts';
import { type Format, no } from './format.ts';
import type { FileHead } from './head.ts';
import { jsonValues } from './json-splitter.ts';
import { isObject, type JsonObject, keysOf, textOfValue, timeOf } from './long-json.ts';
import type { AnswerSink, Place } from './sink.ts';
import type { SourceReader } from './source.ts';
import { eachRow, headerOf, jsonCell } from './table-rows.ts';

/**
 * Output files of batch interfaces of language models: one JSON line per request with `custom_id`
 * and the model's `response`.
 *
 * The task is `custom_id`, the worker the model, the label the text of the first choice, or its
 * `label` (answer, verdict, …) when the text is JSON. Failed requests, refusals and texts too long for
 * a label are abstentions: kept, never dropped.
 */
export const batchOutput: Format = {
  id: 'batch-output',
  title: 'Language-model batch output',
  summary: 'JSON lines with custom_id and response; a failed or unreadable reply is an abstention.',
  extensions: ['jsonl'],
  reference: 'https://platform.openai.com/docs/guides/batch',
  kinds: ['table', 'jsonl', 'json'],
  carries: { kind: true, status: true, time: true, predictions: true, soft: true },
  detect: (head) => {
    const first = head.values[0];
    if (!isObject(first) || !('custom_id' in first) || !('response' in first || 'result' in first)) return no;
    return { confidence: 0.95, reason: 'its lines have custom_id and response' };
  },
  read: readBatch,
};

/** Longest text taken for a label. */
const longestLabel = 200;

async function readBatch(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  sink.columns.set('custom_id', 'task');
  sink.columns.set('model', 'worker');
  for await (const values of jsonValues(reader)) {
    for (const { value, line } of values) {
      const place = { file: head.name, line };
      sink.attempt(place, () => readReply(value, place, sink));
    }
  }
}

function readReply(value: unknown, place: Place, sink: AnswerSink): void {
  if (!isObject(value)) {
    const hint = 'download the output file again';
    throw new InputError(`invalid line ${shown(value)}; ${hint}`, {
      code: 'invalid-line',
      got: shown(value).slice(1, -1),
      hint,
    });
  }
  const response = isObject(value.response) ? value.response : {};
  const result = isObject(value.result) ? value.result : {};
  const body = isObject(response.body) ? response.body : isObject(result.message) ? result.message : response;
  const task = textOfValue(value.custom_id) ?? '';
  const worker = sink.options.worker ?? textOfValue(body.model) ?? 'model';
  const time = timeOf(body.created ?? body.created_at);
  const text = replyText(body);
  const { label, probabilities } = labelOfReply(text);
  const failed =
    (value.error !== undefined && value.error !== null) ||
    (typeof response.status_code === 'number' && response.status_code >= 400) ||
    result.type === 'errored';
  if (failed || label === null) {
    sink.note('% {reply|replies} failed or held no label; kept as {an abstention|abstentions}');
    sink.answer({ task, worker, kind: 'ai', label: null, status: 'abstain', time }, place);
    return;
  }
  sink.answer({ task, worker, kind: 'ai', label, probabilities, time }, place);
}

/** The text of the first choice, in any of the common layouts. */
function replyText(body: JsonObject): string | null {
  const first = (list: unknown): unknown => (Array.isArray(list) ? list[0] : undefined);
  const choice = first(body.choices);
  if (isObject(choice)) {
    if (isObject(choice.message))
      return textOfValue(choice.message.refusal) === null ? contentText(choice.message.content) : null;
    return contentText(choice.text);
  }
  const output = Array.isArray(body.output)
    ? body.output.find((item) => isObject(item) && item.type === 'message')
    : undefined;
  if (isObject(output)) return contentText(output.content);
  return contentText(body.content ?? body.output_text);
}

function contentText(content: unknown): string | null {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : null;
  const parts = content.flatMap((part) => (isObject(part) && typeof part.text === 'string' ? [part.text] : []));
  return parts.length === 0 ? null : parts.join('');
}

/** A bare label, or JSON with one, perhaps fenced. */
function labelOfReply(text: string | null): { label: string | null; probabilities?: Record<string, number> } {
  if (text === null) return { label: null };
  const bare = text
    .trim()
    .replace(/^```(?:json)?\s*([\s\S]*?)\s*```$/, '$1')
    .trim();
  const parsed = bare.startsWith('{') ? jsonCell(bare) : undefined;
  if (isObject(parsed)) {
    const key = ['label', 'answer', 'verdict', 'choice', 'category', 'class', 'rating'].find((name) => name in parsed);
    const given = isObject(parsed.probs)
      ? parsed.probs
      : isObject(parsed.probabilities)
        ? parsed.probabilities
        : undefined;
    const entries = Object.entries(given ?? {}).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] >= 0,
    );
    const probabilities = entries.some(([, value]) => value > 0) ? Object.fromEntries(entries) : undefined;
    const value = key === undefined ? undefined : parsed[key];
    const label = isObject(value) || Array.isArray(value) ? null : textOfValue(value);
    if (label !== null && label !== '') return { label, probabilities };
    return {
      label: probabilities === undefined ? null : entries.reduce((a, b) => (b[1] > a[1] ? b : a))[0],
      probabilities,
    };
  }
  return { label: bare === '' || bare.length > longestLabel ? null : bare };
}

/**
 * Samples of an Inspect evaluation as a table (`samples_df`): every `score_<scorer>` column is an AI
 * worker that judges the sample; an empty score is an abstention.
 */
export const inspectSamples: Format = {
  id: 'inspect',
  title: 'Inspect samples table',
  summary: 'CSV or JSON lines with id, epoch and score_<scorer> columns; each scorer is a worker.',
  extensions: ['csv', 'jsonl'],
  reference: 'https://inspect.aisi.org.uk/dataframe.html',
  kinds: ['table', 'jsonl', 'json'],
  carries: { kind: true, status: true, predictions: true },
  detect: (head) => {
    const names = head.kind === 'table' ? headerOf(head) : keysOf(head);
    const scorers = names.filter((name) => /^score_./.test(name));
    const own = names.includes('epoch') && (names.includes('id') || names.includes('sample_id'));
    return own && scorers.length > 0
      ? { confidence: 0.9, reason: `it has sample ids, epochs and ${scorers.join(', ')}` }
      : no;
  },
  read: readSamples,
};

async function readSamples(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const names = head.kind === 'table' ? headerOf(head) : keysOf(head);
  const scorers = names.filter((name) => /^score_./.test(name));
  const idKey = names.includes('id') ? 'id' : 'sample_id';
  sink.columns.set(idKey, 'task');
  const add = (get: (name: string) => unknown, place: Place): void => {
    const epoch = textOfValue(get('epoch')) ?? '1';
    const id = textOfValue(get(idKey)) ?? '';
    const task = epoch === '1' || epoch === '' || id === '' ? id : `${id} epoch ${epoch}`;
    for (const scorer of scorers) {
      const worker = scorer.slice('score_'.length);
      const value = get(scorer);
      const label = isObject(value) ? textOfValue(value.value ?? null) : textOfValue(value);
      if (label === null || label === '')
        sink.answer({ task, worker, kind: 'ai', label: null, status: 'abstain' }, place);
      else sink.answer({ task, worker, kind: 'ai', label }, place);
    }
  };
  if (head.kind !== 'table') {
    for await (const values of jsonValues(reader)) {
      for (const { value, line } of values) {
        const place = { file: head.name, line };
        if (isObject(value)) sink.attempt(place, () => add((name) => value[name], place));
      }
    }
    return;
  }
  await eachRow(reader, head, sink, (row, place) => {
    add((name) => row.cells[names.indexOf(name)], place);
  });
}
