import { createHash } from 'node:crypto';
import { InputError } from '@assay/core';
import { type FileRecord, readRecords, type Source } from '@assay/core/formats';
import type { ImportReceipt, Question, Settings, TaskRole } from '../protocol/index.ts';
import type { Actor, Json, NewTask, Store } from '../store/index.ts';
import { type ColumnsSeen, type FoundTask, taskOfRecord } from './task-of-record.ts';

/** The most failures that are collected before an import gives up. */
const mostFailures = 20;
/** Tasks added in one transaction. */
const chunk = 2000;

export interface ImportOptions {
  readonly role?: TaskRole;
  /** A format's id; found from the content by default. */
  readonly format?: string;
}

/** How many answers a task may get at most. */
export function placesOf({ k, adaptive }: Settings): number {
  return adaptive === null ? k : adaptive.most;
}

/**
 * Imports tasks, gold or practice from a file of any format. Nothing is added unless all of it is understood.
 *
 * A task is known by its id, or else by a hash of what is shown; importing a file again changes nothing. New content of
 * a known id replaces the old one as long as nobody was given it. The receipt counts each case.
 *
 * @throws {InputError} with up to 20 failures, each with file, line, value and fix
 */
export async function importTasks(
  store: Store,
  campaign: { readonly id: number; readonly question: Question; readonly settings: Settings },
  source: Source,
  actor: Actor,
  options: ImportOptions = {},
): Promise<ImportReceipt> {
  const role = options.role ?? 'task';
  const seen: ColumnsSeen = { shown: new Set(), hidden: new Set() };
  const tasks = new Map<string, NewTask>();
  const failures: InputError[] = [];
  let repeated = 0;
  await readRecords(
    source,
    (records) => {
      for (const record of records) {
        try {
          const task = newTask(record, campaign, role, seen);
          const before = tasks.get(task.name);
          if (before !== undefined && before.hash !== task.hash && !seenAnswers(seen)) throw twice(record, task.name);
          if (before !== undefined) repeated++;
          else tasks.set(task.name, task);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          failures.push(error);
          if (failures.length >= mostFailures) throw asOne(failures);
        }
      }
    },
    { format: options.format },
  );
  if (failures.length > 0) throw asOne(failures);
  if (tasks.size === 0) throw nothing(source.name);
  const counts = { new: 0, present: 0, changed: 0, locked: 0 };
  const list = [...tasks.values()];
  for (let from = 0; from < list.length; from += chunk) {
    const added = await store.addTasks(campaign.id, list.slice(from, from + chunk), actor);
    for (const { outcome } of added) counts[outcome]++;
  }
  const notes: string[] = [];
  if (seen.shown.size > 0) notes.push(`workers see: ${[...seen.shown].join(', ')}`);
  if (seen.hidden.size > 0) notes.push(`workers do not see: ${[...seen.hidden].join(', ')}`);
  if (repeated > 0) notes.push(`repeated rows of one task: ${repeated}`);
  if (counts.locked > 0)
    notes.push(`changes of tasks that somebody was given already, which stay as they are: ${counts.locked}`);
  return {
    new: counts.new,
    present: counts.present,
    changed: counts.changed,
    skipped: counts.locked + repeated,
    notes,
  };
}

function newTask(
  record: FileRecord,
  { question, settings }: { readonly question: Question; readonly settings: Settings },
  role: TaskRole,
  seen: ColumnsSeen,
): NewTask {
  const found = taskOfRecord(record, question, role, seen);
  if (found === undefined) throw empty(record);
  if (role !== 'task' && found.gold === undefined) throw withoutGold(record, role);
  const hash = hashOf(found, role);
  const name = found.name ?? `${hash.slice(0, 16)}`;
  if (name.length > 500) throw longName(record, name);
  return {
    name,
    hash,
    content: found.content as Json,
    role,
    k: role === 'task' ? placesOf(settings) : null,
    ...(found.gold === undefined ? {} : { gold: found.gold as Json }),
    ...(found.explanation === undefined || role === 'task' ? {} : { explanation: found.explanation }),
  };
}

/** The identity of a task: what is shown, and what is right. */
function hashOf({ content, gold, explanation }: FoundTask, role: TaskRole): string {
  const parts = [content.text, content.image, content.html, Object.entries(content.fields ?? {}), role];
  const known = role === 'task' ? [] : [gold, explanation];
  return createHash('sha256')
    .update(JSON.stringify([parts, known]))
    .digest('hex');
}

/** In files of answers a task stands once per answer, and other columns may differ. */
function seenAnswers(seen: ColumnsSeen): boolean {
  return [...seen.hidden].some((column) => /work|annot|rater|coder|label+er|judge|assess|perform/i.test(column));
}

function asOne(failures: readonly InputError[]): InputError {
  const [{ message, code, path, line, got, hint }, ...others] = failures;
  return new InputError(message, { code, path, line, got, hint }, others);
}

function failure(record: FileRecord, code: string, problem: string, hint: string, got?: string): InputError {
  return new InputError(`${problem}; ${hint}`, { code, path: record.file, line: record.line, got, hint });
}

function empty(record: FileRecord): InputError {
  return failure(
    record,
    'empty-task',
    'missing content: nothing to show in this row',
    'give a text, an image or other columns',
  );
}

function withoutGold(record: FileRecord, role: TaskRole): InputError {
  const hint = 'give the right answer in a column "gold"';
  return failure(record, 'missing-gold', `missing gold label of a ${role} task`, hint);
}

function twice(record: FileRecord, name: string): InputError {
  const hint = 'give every task its own id';
  return failure(
    record,
    'duplicate-task',
    `ambiguous task "${name.slice(0, 60)}": it stands twice with different content`,
    hint,
    name.slice(0, 60),
  );
}

function longName(record: FileRecord, name: string): InputError {
  return failure(record, 'invalid-name', 'invalid id of more than 500 characters', 'shorten the id', name.slice(0, 60));
}

function nothing(name: string): InputError {
  const hint = 'give a file with one row per task';
  return new InputError(`missing tasks in ${name}; ${hint}`, { code: 'no-tasks', path: name, hint });
}
