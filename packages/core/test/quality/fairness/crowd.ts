import { type AnswerTable, answersFrom, Random } from '@assay/core';

/** A drawn crowd that may wrong group "b": tasks with truth, groups and answers. */
export interface BiasedCrowd {
  readonly table: AnswerTable;
  readonly truth: Map<string, string>;
  readonly groups: Map<string, string>;
}

/**
 * `tasks` tasks of two groups, half positive, with `each` answers from 20 workers who are right with
 * probability 0.75, but call negative tasks of group b positive `gap` more often.
 */
export function biasedCrowd(tasks: number, each: number, gap: number, seed: number, share = 0.5): BiasedCrowd {
  const random = new Random(seed);
  const truth = new Map<string, string>();
  const groups = new Map<string, string>();
  const rows: [string, string, string][] = [];
  for (let t = 0; t < tasks; t++) {
    const yes = random.bernoulli(share);
    const group = random.bernoulli(0.5) ? 'a' : 'b';
    truth.set(`t${t}`, yes ? 'yes' : 'no');
    groups.set(`t${t}`, group);
    const p = yes ? 0.75 : 0.25 + (group === 'b' ? gap : 0);
    const workers = random.permutation(20);
    for (let w = 0; w < each; w++) rows.push([`t${t}`, `w${workers[w]}`, random.bernoulli(p) ? 'yes' : 'no']);
  }
  return { table: answersFrom(rows, { classes: ['no', 'yes'] }), truth, groups };
}
