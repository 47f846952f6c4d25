import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AnswerTable } from '@assay/core';
import { readAnswersFile, readLabelsFile } from '@assay/core/node';
import { thin } from '@assay/core/simulate';

/** The public label sets with worker names and truth that the study uses. */
export const labelSets = [
  'bluebird',
  'temp',
  'rte',
  'dog',
  'web',
  'music',
  'labelme',
  'sentpol',
  'medical_cause',
  'ducks',
  'weather',
  'adult',
  'product',
  'trec2010',
  'reuters',
] as const;

/** One crowd of the study: a set with all its answers, or thinned to a number of answers a task. */
export interface Case {
  readonly set: string;
  /** Answers a task, or null for all. */
  readonly most: number | null;
  readonly seed: number;
  readonly table: AnswerTable;
  readonly truth: ReadonlyMap<string, string>;
}

/** All answers of each set, then its thinnings to 2, 3 and 5 where it has more than that on average. */
export async function* cases(folder: string, sets: readonly string[], thinningSeeds: number): AsyncGenerator<Case> {
  for (const set of sets) {
    const plain = join(resolve(folder), set, 'labels.csv');
    const { table } = await readAnswersFile(existsSync(plain) ? plain : `${plain}.gz`);
    const truth = await readLabelsFile(join(resolve(folder), set, 'truth.csv'));
    yield { set, most: null, seed: 0, table, truth };
    for (const most of [2, 3, 5]) {
      if (table.answerCount / table.taskCount <= most) continue;
      for (let seed = 1; seed <= thinningSeeds; seed++)
        yield { set, most, seed, table: thin(table, most, seed), truth };
    }
  }
}
