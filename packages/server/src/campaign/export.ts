import { auto, type Estimate, fitAsync, InputError } from '@assay/core';
import {
  outputFormat,
  type Sheet,
  writeAnswers,
  writePages,
  writeResults,
  writeSheet,
  writesInPages,
  writeWorkers,
} from '@assay/core/formats';
import type { Store, Task } from '../store/index.ts';
import { answerPages, type People, readPeople } from './export-rows.ts';
import { answersSheet, hasClasses, labelSetsSheet, mediansSheet, workersSheet } from './export-sheets.ts';
import { answerTables } from './export-tables.ts';
import type { Header } from './header.ts';

/** A file to be sent: its name, its kind, its bytes bit by bit. */
export interface ExportedFile {
  readonly name: string;
  readonly type: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export type Exported = 'answers' | 'labels' | 'workers';

/**
 * Answers, labels or workers of a campaign as a file in any format that is written.
 *
 * Reads the database as it is now. Practice is left out; gold is in, marked. Answers that do not count are there with
 * their status. Labels are by the default method; of several labels, each is a yes/no question of its own; of numbers the
 * median. Free text has answers only.
 *
 * Answers in the common formats are read, written and sent page by page, at the pace of whoever takes them: the memory
 * does not depend on how many there are, and other requests are served in between. Labels, workers and the layouts of
 * other tools need all answers at once, about 100 bytes each.
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
  const named = format.includes('.') ? format : withExtension(format);
  const { format: chosen } = outputFormat(named, hasClasses(header.question) ? kind : 'workers');
  const name = `${fileName(header.name)}-${what}.${chosen.extensions[0]}${/\.gz$/.test(named) ? '.gz' : ''}`;
  const type = mediaTypes[chosen.extensions[0]] ?? 'application/octet-stream';
  const people = await readPeople(store, header.id);
  const bytes =
    isAnswers && writesInPages(named)
      ? writePages(await answerSheets(store, header, people), named)
      : hasClasses(header.question)
        ? await estimated(store, header, people, what, named)
        : await counted(store, header, people, what, named);
  return { name, type, bytes };
}

/** The answers as pages of one sheet. Where they have no classes, rows without an answer would say nothing. */
async function answerSheets(store: Store, header: Header, people: People): Promise<AsyncIterable<Sheet>> {
  const { id, question } = header;
  const hasGold = (await store.tasks(id, { role: 'gold', limit: 1 })).rows.length > 0;
  return (async function* (): AsyncGenerator<Sheet> {
    for await (const page of answerPages(store, id, people)) {
      const rows = hasClasses(question) ? page : page.filter(({ answer }) => answer !== null);
      yield answersSheet(rows, people, header, hasGold);
    }
  })();
}

/** What takes an estimate, or a layout that holds all answers to a task together. */
async function estimated(
  store: Store,
  header: Header,
  people: People,
  what: Exported,
  format: string,
): Promise<AsyncIterable<Uint8Array>> {
  const tables = await answerTables(store, header, people);
  if (what === 'answers') return writeAnswers(tables, format);
  const estimates: Estimate[] = [];
  for (const table of tables) estimates.push(await fitAsync(auto, table));
  if (what === 'workers') return writeWorkers(estimates[0], tables[0], format);
  if (tables.length === 1) return writeResults(estimates[0], format);
  return writeSheet(labelSetsSheet(estimates, header.question), format);
}

/** What can be said of numbers and texts. @throws {InputError} no-labels */
async function counted(
  store: Store,
  { id, question }: Header,
  people: People,
  what: Exported,
  format: string,
): Promise<AsyncIterable<Uint8Array>> {
  if (what === 'labels' && question.kind !== 'number') {
    const hint = 'export the answers instead';
    throw new InputError(`missing labels: free text has none; ${hint}`, {
      code: 'no-labels',
      got: question.kind,
      hint,
    });
  }
  const byWorker = new Array<number>(people.size).fill(0);
  const byTask = new Map<number, { readonly task: Task; readonly values: number[] }>();
  for await (const rows of answerPages(store, id, people)) {
    for (const { task, worker, answer } of rows) {
      if (task === null || worker === null || answer?.state !== 'accepted') continue;
      byWorker[worker]++;
      if (what !== 'labels' || typeof answer.value !== 'number') continue;
      const known = byTask.get(task.task) ?? { task, values: [] };
      known.values.push(answer.value);
      byTask.set(task.task, known);
    }
  }
  return writeSheet(what === 'labels' ? mediansSheet([...byTask.values()]) : workersSheet(people, byWorker), format);
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
