import type { AnswerTable } from '../answers/answer-table.ts';
import { InputError, shown } from '../errors.ts';
import { type Detection, type Format, no } from './format.ts';
import { groupByTask, numericId } from './group-answers.ts';
import type { FileHead } from './head.ts';
import { isObject, textOfValue } from './long-json.ts';
import type { AnswerSink } from './sink.ts';
import type { SourceReader } from './source.ts';

/**
 * peerannot's `answers.json`: `{"<task>": {"<worker>": <label>}}`. Its `metadata.json` may lie in the
 * same folder.
 */
export const peerannot: Format = {
  id: 'peerannot',
  title: 'peerannot answers.json',
  summary: 'An object of tasks, each an object of workers and their labels.',
  extensions: ['json'],
  reference: 'https://peerannot.github.io/',
  kinds: ['json', 'jsonl'],
  carries: {},
  wholeFile: true,
  detect,
  read,
  write: { answers: (tables) => answersJson(tables) },
};

function detect(head: FileHead): Detection {
  const first = head.values[0];
  if (head.kind === 'table' || !isObject(first) || head.values.length !== 1) return no;
  if (isMetadata(first)) return { confidence: 0.9, reason: 'it is a metadata.json' };
  const tasks = Object.values(first);
  if (tasks.length === 0 || !tasks.every(isObject)) return no;
  const scalar = tasks.every((workers) =>
    Object.values(workers as object).every((label) => typeof label === 'number' || typeof label === 'string'),
  );
  return scalar ? { confidence: 0.7, reason: 'it is an object of tasks with an answer per worker' } : no;
}

function isMetadata(value: Readonly<Record<string, unknown>>): boolean {
  return typeof value.n_classes === 'number' && 'n_workers' in value;
}

/** Most bytes of an answers.json: it is parsed as one. */
const most = 512 * 2 ** 20;

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const bytes = await reader.all(most);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const hint = 'copy the file again';
    throw new InputError(`invalid JSON in ${head.name}: ${(cause as Error).message}; ${hint}`, {
      code: 'invalid-json',
      path: head.name,
      hint,
      cause,
    });
  }
  if (!isObject(value)) throw invalid(head.name, value);
  if (isMetadata(value)) return;
  for (const [task, workers] of Object.entries(value)) {
    const place = { file: head.name, json: `$[${JSON.stringify(task)}]` };
    sink.attempt(place, () => {
      if (!isObject(workers)) throw invalid(head.name, workers);
      for (const [worker, label] of Object.entries(workers))
        sink.answer({ task, worker, label: textOfValue(label) }, place);
      if (Object.keys(workers).length === 0) sink.everywhere({ task, worker: '' }, place);
    });
  }
}

function* answersJson(tables: readonly AnswerTable[]): Generator<Uint8Array, void, void> {
  if (tables.length !== 1) {
    const hint = 'choose one question with --question';
    throw new InputError(`ambiguous question: answers.json holds the answers to one; ${hint}`, {
      code: 'ambiguous-question',
      hint,
    });
  }
  const encoder = new TextEncoder();
  let separator = '{\n';
  for (const { task, answers } of groupByTask(tables)) {
    const counted = answers.filter(({ status }) => status === 'ok');
    const labels = counted.map(
      ({ worker, label }) => `${JSON.stringify(worker)}: ${JSON.stringify(numericId(label ?? ''))}`,
    );
    yield encoder.encode(`${separator}${JSON.stringify(task)}: {${labels.join(', ')}}`);
    separator = ',\n';
  }
  yield encoder.encode(separator === '{\n' ? '{}\n' : '\n}\n');
}

function invalid(file: string, value: unknown): InputError {
  const hint = 'every task is an object of workers and labels';
  return new InputError(`invalid answers ${shown(value)}; ${hint}`, {
    code: 'invalid-answers',
    path: file,
    got: shown(value).slice(1, -1),
    hint,
  });
}
