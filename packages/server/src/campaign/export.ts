import {
  type AnswerStatus,
  type AnswerTable,
  AnswerTableBuilder,
  auto,
  type Estimate,
  fitAsync,
  InputError,
} from '@assay/core';
import {
  outputFormat,
  type Sheet,
  type SheetColumn,
  writeAnswers,
  writeResults,
  writeSheet,
  writeWorkers,
} from '@assay/core/formats';
import { classesOf, type Question, type Value } from '../protocol/index.ts';
import type { Assignment, Store, Task, Worker } from '../store/index.ts';
import type { Header } from './header.ts';

/** A file to be sent: its name, its kind, its bytes bit by bit. */
export interface ExportedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export type Exported = 'answers' | 'labels' | 'workers';

/** What an answer's state is called in files. */
const statuses: Readonly<Partial<Record<Assignment['state'], AnswerStatus>>> = {
  accepted: 'ok',
  surplus: 'surplus',
  skipped: 'skip',
  rejected: 'rejected',
};

/**
 * Answers, labels or workers of a campaign as a file in any format that is written.
 *
 * Reads the database as it is now, in pages. Practice is left out; gold is in, marked. Answers that do not count are there
 * with their status. Labels are by the default method; of several labels, each is a yes/no question of its own; of
 * numbers the median. Free text has answers only.
 *
 * @throws {InputError} unknown-format, no-labels
 */
export async function exportCampaign(
  store: Store,
  header: Header,
  what: Exported,
  format: string,
): Promise<ExportedFile> {
  const isAnswers = what === 'answers';
  const kind = isAnswers ? 'answers' : what === 'labels' ? 'results' : 'workers';
  const withClasses = hasTables(header.question);
  const named = format.includes('.') ? format : withExtension(format);
  const { format: chosen } = outputFormat(named, withClasses ? kind : 'workers');
  const name = `${fileName(header.name)}-${what}.${chosen.extensions[0]}${/\.gz$/.test(named) ? '.gz' : ''}`;
  const type = mediaTypes[chosen.extensions[0]] ?? 'application/octet-stream';
  const bytes = await contentOf(store, header, what, named);
  return { name, type, bytes };
}

async function contentOf(
  store: Store,
  header: Header,
  what: Exported,
  format: string,
): Promise<AsyncIterable<Uint8Array>> {
  const { question } = header;
  if (!hasTables(question)) {
    const rows = await readRows(store, header.id);
    if (what === 'answers') return writeSheet(answerRows(rows), format);
    if (what === 'workers') return writeSheet(workerRows(rows), format);
    if (question.kind === 'number') return writeSheet(medians(rows), format);
    const hint = 'export the answers instead';
    throw new InputError(`missing labels: free text has none; ${hint}`, {
      code: 'no-labels',
      got: question.kind,
      hint,
    });
  }
  const tables = await answerTables(store, header);
  if (what === 'answers') return writeAnswers(tables, format);
  const estimates: Estimate[] = [];
  for (const table of tables) estimates.push(await fitAsync(auto, table));
  if (what === 'workers') return writeWorkers(estimates[0], tables[0], format);
  return tables.length === 1 ? writeResults(estimates[0], format) : writeSheet(labelSets(estimates, question), format);
}

/** Have the answers of such a question classes? */
function hasTables(question: Question): boolean {
  return classesOf(question) !== undefined || question.kind === 'multi-label';
}

/** A format's id or bare extension as the name of a file. */
function withExtension(format: string): string {
  return ['csv', 'tsv', 'jsonl', 'json', 'parquet'].includes(format) ? `file.${format}` : format;
}

const mediaTypes: Readonly<Record<string, string>> = {
  csv: 'text/csv; charset=utf-8',
  tsv: 'text/tab-separated-values; charset=utf-8',
  json: 'application/json',
  jsonl: 'application/jsonl',
  zip: 'application/zip',
  parquet: 'application/vnd.apache.parquet',
};

/** A name that is safe in a header and in every file system. */
function fileName(name: string): string {
  return (
    name
      .normalize('NFKD')
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60)
      .toLowerCase() || 'campaign'
  );
}

// ------------------------------------------------------------------ reading

interface Rows {
  readonly tasks: ReadonlyMap<number, Task>;
  readonly workers: readonly string[];
  readonly kinds: readonly Worker['kind'][];
  readonly answers: readonly Assignment[];
}

/** Tasks, workers and answers without practice and without leases nobody answered. */
async function readRows(store: Store, campaign: number): Promise<Rows> {
  const tasks = new Map<number, Task>();
  for await (const task of all((after) => store.tasks(campaign, { after, limit: 10_000 }))) {
    if (task.role !== 'practice') tasks.set(task.task, task);
  }
  const workers: Worker[] = [];
  for await (const worker of all((after) => store.workers(campaign, { after }))) workers.push(worker);
  const states = Object.keys(statuses) as Assignment['state'][];
  const answers: Assignment[] = [];
  for await (const answer of all((after) => store.assignments(campaign, { states, after }))) {
    if (tasks.has(answer.task)) answers.push(answer);
  }
  return { tasks, workers: distinctNames(workers), kinds: workers.map(({ kind }) => kind), answers };
}

/** Names of workers; those that several share get their number too. */
export function distinctNames(workers: readonly { readonly name: string; readonly worker: number }[]): string[] {
  const times = new Map<string, number>();
  for (const { name } of workers) times.set(name, (times.get(name) ?? 0) + 1);
  return workers.map(({ name, worker }) => (times.get(name) === 1 ? name : `${name} #${worker}`));
}

async function* all<Row>(
  read: (after: string | undefined) => Promise<{ readonly rows: readonly Row[]; readonly next: string | null }>,
): AsyncGenerator<Row, void, void> {
  for (let after: string | undefined; ; ) {
    const { rows, next } = await read(after);
    yield* rows;
    if (next === null) return;
    after = next;
  }
}

/** The answers as tables: one, or one yes/no table for each of several labels. */
export async function answerTables(store: Store, { id, question }: Header): Promise<AnswerTable[]> {
  const { tasks, workers, kinds, answers } = await readRows(store, id);
  const contents = new Map<number, Value>();
  const goldTasks = [...tasks.values()].filter(({ role }) => role === 'gold').map(({ task }) => task);
  for (const { task, gold } of await store.contents(id, goldTasks)) contents.set(task, gold as Value);
  const labels = question.kind === 'multi-label' ? question.choices.map(({ value }) => value) : [undefined];
  return labels.map((label) => {
    const classes = label === undefined ? classesOf(question) : ['no', 'yes'];
    const say = (value: unknown): string =>
      label === undefined ? String(value) : Array.isArray(value) && value.includes(label) ? 'yes' : 'no';
    const builder = new AnswerTableBuilder({
      classes,
      ...(label === undefined ? {} : { question: `label: ${label}` }),
    });
    for (const { name } of tasks.values()) builder.tasks.add(name);
    for (const answer of answers) {
      const { task, worker, state, value, answeredAt, spentMs, costMicros } = answer;
      builder.add({
        task: tasks.get(task)?.name ?? '',
        worker: workers[worker],
        kind: kinds[worker],
        label: value === null ? null : say(value),
        status: statuses[state],
        ...(answeredAt === null ? {} : { time: answeredAt }),
        ...(spentMs === null ? {} : { durationMs: spentMs }),
        ...(costMicros === null ? {} : { costMicros }),
      });
    }
    const { table } = builder.build();
    const gold = new Map<string, string>();
    for (const [task, value] of contents) {
      const said = say(value);
      // A class nobody could say is no gold for anybody.
      if (table.classes.indexOf(said) >= 0) gold.set(tasks.get(task)?.name ?? '', said);
    }
    return gold.size === 0 ? table : table.withGold(gold).table;
  });
}

// ------------------------------------------------------------------ sheets

function column(name: string, kind: SheetColumn['kind'], at: SheetColumn['at']): SheetColumn {
  return { name, kind, at };
}

/** Answers without classes: `task,worker,kind,value,status,at,duration_ms`. */
function answerRows({ tasks, workers, kinds, answers }: Rows): Sheet {
  const numbers = answers.every(({ value }) => value === null || typeof value === 'number');
  return {
    length: answers.length,
    columns: [
      column('task', 'text', (row) => tasks.get(answers[row].task)?.name ?? null),
      column('worker', 'text', (row) => workers[answers[row].worker]),
      column('kind', 'text', (row) => kinds[answers[row].worker]),
      column('value', numbers ? 'number' : 'text', (row) => answers[row].value as string | number | null),
      column('status', 'text', (row) => statuses[answers[row].state] ?? null),
      column('at', 'time', (row) => answers[row].answeredAt),
      column('duration_ms', 'integer', (row) => answers[row].spentMs),
    ],
  };
}

function workerRows({ workers, kinds, answers }: Rows): Sheet {
  const counted = workers.map(() => 0);
  for (const { worker, state } of answers) if (state === 'accepted') counted[worker]++;
  return {
    length: workers.length,
    columns: [
      column('worker', 'text', (row) => workers[row]),
      column('kind', 'text', (row) => kinds[row]),
      column('answers', 'integer', (row) => counted[row]),
    ],
  };
}

/** Numbers by task: the median, the smallest, the largest. Tasks without answers are left out. */
function medians({ tasks, answers }: Rows): Sheet {
  const byTask = new Map<number, number[]>();
  for (const { task, state, value } of answers) {
    if (state !== 'accepted' || typeof value !== 'number') continue;
    const values = byTask.get(task) ?? [];
    values.push(value);
    byTask.set(task, values);
  }
  const list = [...byTask].map(([task, values]) => ({ task, values: values.sort((a, b) => a - b) }));
  const median = (values: readonly number[]): number =>
    (values[(values.length - 1) >> 1] + values[values.length >> 1]) / 2;
  return {
    length: list.length,
    columns: [
      column('task', 'text', (row) => tasks.get(list[row].task)?.name ?? null),
      column('median', 'number', (row) => median(list[row].values)),
      column('least', 'number', (row) => list[row].values[0]),
      column('most', 'number', (row) => list[row].values[list[row].values.length - 1]),
      column('answers', 'integer', (row) => list[row].values.length),
    ],
  };
}

/** Several labels: those more likely than not as a JSON list, and the probability of each. */
function labelSets(estimates: readonly Estimate[], question: Question): Sheet {
  const labels = question.kind === 'multi-label' ? question.choices.map(({ value }) => value) : [];
  const [first] = estimates;
  const yes = (estimate: Estimate, task: number): number =>
    estimate.posterior[task * estimate.classCount + estimate.classNames.indexOf('yes')];
  return {
    length: first.taskCount,
    columns: [
      column('task', 'text', (task) => first.taskNames.name(task)),
      column('labels', 'text', (task) => JSON.stringify(labels.filter((_, i) => yes(estimates[i], task) > 0.5))),
      column('answers', 'integer', (task) => first.answersPerTask[task]),
      ...labels.map((label, i) => column(`p_${label}`, 'number', (task) => yes(estimates[i], task))),
    ],
  };
}
