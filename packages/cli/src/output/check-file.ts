import { extname, resolve } from 'node:path';
import type { Check, CheckList, Estimate } from '@assay/core';
import { type Sheet, writeSheet } from '@assay/core/formats';
import { readLabelsFile } from '@assay/core/node';
import type { PendingFile } from './files.ts';
import { clipped } from './table.ts';
import { count, counted } from './words.ts';

/** Thirty checks nearly always decide between models and majority. */
const worthChecking = 30;

/**
 * The tasks a method wants checked by hand, where it knows any. Ties alone are worth a list only to
 * somebody who asks for it.
 */
export function checkListOf({ extra }: Estimate, asked: boolean): CheckList | undefined {
  const list = extra.checkList as CheckList | undefined;
  if (list === undefined || list.total === 0) return undefined;
  return asked || list.tasks.some(({ why }) => why !== 'tie') ? list : undefined;
}

/**
 * Where the check list goes if nobody says: beside the labels as `labels.check.csv`.
 *
 * Nowhere if that file is read in this run or holds labels: somebody's work is never replaced.
 */
export async function freeCheckPath(
  output: string | undefined,
  inputs: readonly string[],
): Promise<string | undefined> {
  if (output === undefined) return undefined;
  const packed = output.endsWith('.gz') ? output.slice(0, -3) : output;
  const path = `${packed.slice(0, packed.length - extname(packed).length)}.check.csv`;
  if (inputs.some((input) => resolve(input) === resolve(path))) return undefined;
  const filled = await readLabelsFile(path).then(
    (labels) => labels.size > 0,
    () => false,
  );
  return filled ? undefined : path;
}

/** The first thirty checks as a file: fill in the label column and pass it with `--gold`. */
export function checkFile(list: CheckList, path: string): PendingFile {
  const rows = list.tasks.slice(0, worthChecking);
  const text = (name: string, at: (check: Check) => string | null): Sheet['columns'][number] => {
    return { name, kind: 'text', at: (row) => at(rows[row]) };
  };
  const columns = [
    text('task', (check) => check.task),
    text('label', () => null),
    text('models_say', (check) => check.model),
    text('most_say', (check) => check.majority),
    text('why', (check) => check.why),
  ];
  return { path, content: writeSheet({ length: rows.length, columns }, path) };
}

/** What to check first, and where the list is. */
export function checkLines(list: CheckList, path: string | undefined): string[] {
  const some = list.tasks.slice(0, 3).map(({ task, model, majority }) => {
    const choice = model === majority ? model : `${model}, or ${majority} as most said`;
    return `${clipped(task, 24)} (${choice})`;
  });
  const rest = list.total > some.length ? `, … ${count(list.total)} in all` : '';
  const first = counted(Math.min(worthChecking, list.total), 'task');
  const pairs = new Set(
    list.tasks.slice(0, worthChecking).map(({ model, majority }) => [model, majority].sort().join(' and ')),
  );
  const between = pairs.size === 1 ? ` between ${clipped([...pairs][0], 60)}` : '';
  const lines = [`Check these ${first} first, they decide most${between}: ${some.join('; ')}${rest}`];
  if (path !== undefined) lines.push(`Wrote ${path}: fill in its label column and pass it with --gold`);
  else lines.push('Write them with --check-out FILE, fill in the label column and pass it with --gold');
  return lines;
}
