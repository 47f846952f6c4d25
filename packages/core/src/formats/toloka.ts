import { InputError } from '../errors.ts';
import { type Detection, type Format, no } from './format.ts';
import type { FileHead } from './head.ts';
import { namingColumn } from './id-columns.ts';
import { chosenByName } from './options.ts';
import type { AnswerSink } from './sink.ts';
import type { SourceReader } from './source.ts';
import { columnOf, eachRow, headerOf } from './table-rows.ts';
import { parseMoney, parseTime } from './values.ts';

/**
 * Toloka's assignments, tab-separated with prefixes `INPUT:`, `OUTPUT:`, `GOLDEN:`, `ASSIGNMENT:`.
 *
 * One answer per row and `OUTPUT:` field. The task is the `INPUT:` field that names it, else
 * `ASSIGNMENT:task_id`, else all inputs together. Non-empty `GOLDEN:` fields are gold.
 */
export const toloka: Format = {
  id: 'toloka',
  title: 'Toloka assignments TSV',
  summary: 'Prefixed columns INPUT, OUTPUT, GOLDEN, ASSIGNMENT; control tasks become gold.',
  extensions: ['tsv'],
  reference: 'https://toloka.ai/docs/guide/result-format/',
  kinds: ['table'],
  carries: { status: true, time: true, duration: true, cost: true, gold: true, questions: true },
  detect,
  read,
};

function detect(head: FileHead): Detection {
  const header = headerOf(head);
  const has = (prefix: string): boolean => header.some((name) => name.startsWith(prefix));
  if (has('OUTPUT:') && (has('INPUT:') || has('ASSIGNMENT:')))
    return { confidence: 0.95, reason: 'its columns begin with INPUT: and OUTPUT:' };
  return no;
}

const statuses: Readonly<Record<string, 'ok' | 'rejected' | 'skip' | 'draft'>> = {
  APPROVED: 'ok',
  SUBMITTED: 'ok',
  ACCEPTED: 'ok',
  REJECTED: 'rejected',
  SKIPPED: 'skip',
  EXPIRED: 'skip',
  ACTIVE: 'draft',
};

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const header = headerOf(head);
  const chosen = chosenByName(sink.options.columns).task;
  const naming = chosen === undefined ? namingColumn(header, 'INPUT:') : columnOf(header, chosen, `INPUT:${chosen}`);
  const taskAt = naming >= 0 ? naming : columnOf(header, 'ASSIGNMENT:task_id');
  const inputs = header.flatMap((name, at) => (name.startsWith('INPUT:') ? [at] : []));
  const workerAt = columnOf(header, 'ASSIGNMENT:worker_id', 'ASSIGNMENT:user_id', 'WORKER:id');
  if (workerAt < 0 && sink.options.worker === undefined) throw missing(head, 'ASSIGNMENT:worker_id');
  const outputs = header.flatMap((name, at) => {
    if (!name.startsWith('OUTPUT:')) return [];
    const question = name.slice('OUTPUT:'.length);
    return [{ question, at, goldAt: header.indexOf(`GOLDEN:${question}`) }];
  });
  sink.columns.set(taskAt >= 0 ? header[taskAt] : 'INPUT:*', 'task');
  const [statusAt, submittedAt, startedAt, rewardAt] = ['status', 'submitted', 'started', 'reward'].map((name) =>
    header.indexOf(`ASSIGNMENT:${name}`),
  );
  await eachRow(reader, head, sink, (row, place) => {
    const cell = (index: number): string => (index < 0 ? '' : row.cells[index]);
    const task = taskAt >= 0 ? cell(taskAt) : inputs.map(cell).join(' | ');
    const [submitted, started] = [parseTime(cell(submittedAt)), parseTime(cell(startedAt))];
    const cost = parseMoney(cell(rewardAt));
    for (const { question, at, goldAt } of outputs) {
      const gold = cell(goldAt);
      if (gold !== '') sink.gold(question, task, gold, place);
      sink.answer(
        {
          task,
          worker: cell(workerAt) || (sink.options.worker ?? ''),
          question,
          label: cell(at) === '' ? null : cell(at),
          status: statuses[cell(statusAt).toUpperCase()] ?? 'ok',
          time: Number.isNaN(submitted) ? undefined : submitted,
          durationMs: Number.isNaN(submitted - started) ? undefined : submitted - started,
          costMicros: Number.isNaN(cost) ? undefined : cost,
        },
        place,
      );
    }
  });
}

function missing(head: FileHead, name: string): InputError {
  const hint = 'export the assignments with their workers, or name one for all with --worker';
  return new InputError(`missing column ${name} in ${head.name}; ${hint}`, {
    code: 'missing-column',
    path: head.name,
    line: 1,
    got: name,
    hint,
  });
}
