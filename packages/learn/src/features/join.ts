import { type AnswerTable, canonicalRanks, dictionaryOf, InputError, shown } from '@assay/core';
import type { FeatureMatrix } from './matrix.ts';

/** Features with the row of each task of a table. */
export interface TaskFeatures {
  readonly matrix: FeatureMatrix;
  /** Row of each task, or -1 where it has none; T. */
  readonly rowOfTask: Int32Array;
  /** What to know about how rows and tasks were matched. */
  readonly notes: readonly string[];
}

/** What says which row describes which task, besides the features themselves. */
export interface JoinOptions {
  /** Name of the features for messages. */
  readonly file?: string;
  /** Task of each row, from a file of its own. */
  readonly tasks?: ReadonlyMap<number, string>;
  /** Tasks with known labels: when there are as many as rows, rows are in the order of their sorted names. */
  readonly truthTasks?: readonly string[];
}

/**
 * Finds the row of features of each task.
 *
 * In this order: by the names in the features (of files with or without extension); by `tasks`; by `truthTasks`, or the table's tasks,
 * when there are exactly as many as rows: then rows are in the order of sorted task names (numbers
 * by value), and a note says so. Tasks without a row are allowed (the network has no opinion about
 * them), and so are rows of other tasks; both are counted in notes.
 *
 * @throws {InputError} ambiguous-rows where nothing says which row is which; unknown-tasks where no
 *   row belongs to any task; invalid-row
 */
export function joinFeatures(table: AnswerTable, matrix: FeatureMatrix, options: JoinOptions = {}): TaskFeatures {
  const { file = 'features' } = options;
  const notes: string[] = [...(matrix.notes ?? [])];
  const names = namesOf(table, matrix, options, notes);
  const rowOfTask = new Int32Array(table.taskCount).fill(-1);
  let others = 0;
  for (const [row, name] of names) {
    const task = table.tasks.indexOf(name);
    if (task < 0) others++;
    else rowOfTask[task] = row;
  }
  const without = rowOfTask.reduce((count, row) => count + (row < 0 ? 1 : 0), 0);
  if (without === table.taskCount && table.taskCount > 0) {
    const hint = 'check that the ids are the same';
    const sample = `${shown([...names.values()][0])} beside ${shown(table.tasks.name(0))}`;
    throw new InputError(
      `unknown tasks in ${file}: none of its rows belongs to a task of the answers (${sample}); ${hint}`,
      {
        code: 'unknown-tasks',
        path: file,
        hint,
      },
    );
  }
  if (without > 0) notes.push(`${without} tasks have no features: their labels come from the answers alone`);
  if (others > 0) notes.push(`${others} rows of features belong to tasks without answers: ignored`);
  return { matrix, rowOfTask, notes };
}

function namesOf(
  table: AnswerTable,
  matrix: FeatureMatrix,
  { file = 'features', tasks, truthTasks }: JoinOptions,
  notes: string[],
): ReadonlyMap<number, string> {
  if (tasks !== undefined) {
    for (const row of tasks.keys()) {
      if (Number.isInteger(row) && row >= 0 && row < matrix.rows) continue;
      const hint = 'count rows from 0';
      throw new InputError(`invalid row ${row} of ${file}, which has ${matrix.rows}; ${hint}`, {
        code: 'invalid-row',
        path: file,
        got: String(row),
        hint,
      });
    }
    return tasks;
  }
  if (matrix.tasks !== undefined) {
    const known = (list: readonly string[]): number => list.filter((name) => table.tasks.indexOf(name) >= 0).length;
    const { files = matrix.tasks } = matrix;
    const chosen = known(files) > known(matrix.tasks) ? files : matrix.tasks;
    return new Map(chosen.map((name, row) => [row, name]));
  }
  const candidates = [
    { of: 'tasks with a known label', list: truthTasks },
    { of: 'tasks with answers', list: table.tasks.names() },
  ];
  for (const { of, list } of candidates) {
    if (list === undefined || list.length !== matrix.rows) continue;
    notes.push(`${file} has as many rows as there are ${of}: rows were taken in the order of their sorted names`);
    return new Map(sortedNames(list).map((name, row) => [row, name]));
  }
  const hint = 'give --feature-tasks FILE with columns row and task';
  const counts = [
    `${table.taskCount} tasks with answers`,
    ...(truthTasks === undefined ? [] : [`${truthTasks.length} with known labels`]),
  ];
  throw new InputError(`ambiguous rows of ${file}: ${matrix.rows} rows for ${counts.join(', ')}; ${hint}`, {
    code: 'ambiguous-rows',
    path: file,
    got: String(matrix.rows),
    hint,
  });
}

/** Names in canonical order: numbers by value, then text. */
export function sortedNames(names: readonly string[]): string[] {
  const ranks = canonicalRanks(dictionaryOf(names));
  const sorted = new Array<string>(names.length);
  names.forEach((name, index) => {
    sorted[ranks[index]] = name;
  });
  return sorted;
}

/**
 * Reads the cells of a file with columns `row` (from 0) and `task` into a map.
 *
 * @throws {InputError} missing-column, invalid-row
 */
export function rowNames(file: string, cells: readonly (readonly string[])[], column = 'task'): Map<number, string> {
  const header = (cells[0] ?? []).map((name) => name.trim().toLowerCase());
  const [row, task] = [header.indexOf('row'), header.indexOf(column)];
  if (row < 0 || task < 0) {
    const hint = `give a header with "row" and "${column}"`;
    throw new InputError(`missing column in ${shown(file)}: it has ${header.slice(0, 8).join(', ')}; ${hint}`, {
      code: 'missing-column',
      path: file,
      hint,
    });
  }
  const found = new Map<number, string>();
  cells.slice(1).forEach((line, index) => {
    const number = Number(line[row]);
    const name = line[task];
    if (
      line[row]?.trim() !== '' &&
      Number.isInteger(number) &&
      number >= 0 &&
      name !== undefined &&
      !found.has(number)
    ) {
      found.set(number, name);
      return;
    }
    const hint = 'count rows from 0, each once';
    throw new InputError(`invalid row ${shown(line[row] ?? '')} in ${shown(file)}; ${hint}`, {
      code: 'invalid-row',
      path: file,
      line: index + 2,
      got: line[row],
      hint,
    });
  });
  return found;
}
