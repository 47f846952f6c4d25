import { InputError, shown } from '@assay/core';
import { columnAliases, type FileRecord, readRecords } from '@assay/core/formats';
import { openSource } from '@assay/core/node';
import type { TaskGroups } from '@assay/core/quality';
import type { Shell } from '../shell.ts';
import { watched } from './answers.ts';

/** More values than this are no groups but measurements. */
const mostGroups = 20;

/**
 * Groups of tasks by attribute: a file with a task column and one column per attribute. Empty cells are
 * tasks without a group.
 *
 * @throws {InputError} missing-column, unknown-column, ambiguous-group, invalid-attribute and those of `readRecords`
 */
export async function readAttributes(
  path: string,
  wanted: readonly string[] | undefined,
  shell: Shell,
): Promise<ReadonlyMap<string, TaskGroups>> {
  const found = new Map<string, Map<string, string>>();
  let columns: { task: string; attributes: readonly string[] } | undefined;
  await readRecords(watched(await openSource(path), shell), (records) => {
    for (const record of records) {
      columns ??= columnsOf(path, Object.keys(record.values), wanted);
      for (const attribute of columns.attributes) take(record, columns.task, attribute, found);
    }
  });
  for (const [attribute, groups] of found) {
    const names = new Set(groups.values());
    if (names.size <= mostGroups) continue;
    const hint = `put the values into at most ${mostGroups} groups, or name other columns with --attribute`;
    throw new InputError(`invalid attribute ${shown(attribute)}: it has ${names.size} values; ${hint}`, {
      code: 'invalid-attribute',
      path,
      got: attribute,
      hint,
    });
  }
  return found;
}

function take(
  { values, file, line }: FileRecord,
  taskColumn: string,
  attribute: string,
  found: Map<string, Map<string, string>>,
): void {
  const task = textOf(values[taskColumn]);
  const group = textOf(values[attribute]);
  const groups = found.get(attribute) ?? new Map<string, string>();
  found.set(attribute, groups);
  if (task === '' || group === '') return;
  const before = groups.get(task);
  if (before !== undefined && before !== group) {
    const hint = 'keep one row per task';
    throw new InputError(
      `ambiguous ${shown(attribute)} of task ${shown(task)}: ${shown(before)} and ${shown(group)}; ${hint}`,
      { code: 'ambiguous-group', path: file, line, got: group, hint },
    );
  }
  groups.set(task, group);
}

function columnsOf(
  path: string,
  header: readonly string[],
  wanted: readonly string[] | undefined,
): { task: string; attributes: readonly string[] } {
  const plain = (name: string): string => name.toLowerCase().replace(/[_\-\s.]/g, '');
  const refuse = (code: string, what: string, hint: string, got: string): InputError =>
    new InputError(`${what}; ${hint}`, { code, path, line: 1, got, hint });
  const task = columnAliases.task.flat().flatMap((alias) => header.filter((name) => plain(name) === alias))[0];
  if (task === undefined) {
    const what = `missing task column in ${path}: none of ${shown(header.join(','))} is called task, item, id or alike`;
    throw refuse('missing-column', what, 'rename it to task', header.join(','));
  }
  const others = header.filter((name) => name !== task);
  const unknown = wanted?.find((name) => !others.includes(name));
  if (unknown !== undefined) {
    const what = `unknown attribute ${shown(unknown)} in ${path}`;
    throw refuse('unknown-column', what, `the attributes are ${others.join(', ')}`, unknown);
  }
  if (others.length === 0) {
    const hint = 'give a column for each attribute, for example task,age';
    throw refuse('missing-column', `missing attributes in ${path}: it has a task column only`, hint, header.join(','));
  }
  return { task, attributes: wanted ?? others };
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value).trim();
}
