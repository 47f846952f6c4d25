import { type AnswerTable, InputError } from '@assay/core';
import { readAnswersFile, readLabelsFile } from '@assay/core/node';

/** A public set: its answers and what is true of its tasks. */
export interface RealSet {
  readonly table: AnswerTable;
  readonly truth: ReadonlyMap<string, string>;
}

/**
 * A public set from its folder, packed or not.
 *
 * @throws {InputError} missing-data
 */
export async function realSet(folder: string, name: string): Promise<RealSet> {
  const path = `${folder}/${name}/labels.csv`;
  try {
    const { table } = await readAnswersFile(path).catch(() => readAnswersFile(`${path}.gz`));
    return { table, truth: await readLabelsFile(`${folder}/${name}/truth.csv`) };
  } catch (cause) {
    const hint = 'fetch the public sets as docs/data.md says, or give their folder with --data';
    throw new InputError(`missing data: cannot read the answers of ${name}; ${hint}`, {
      code: 'missing-data',
      path,
      hint,
      cause,
    });
  }
}

/** Share of the tasks with known labels whose label is right. */
export function accuracyOn(
  label: (task: string) => string | null,
  truth: Iterable<readonly [task: string, label: string]>,
): number {
  let [right, all] = [0, 0];
  for (const [task, known] of truth) {
    all++;
    if (label(task) === known) right++;
  }
  return right / all;
}
