import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Random } from '../../math/random.ts';
import type { Progress } from '../method.ts';
import { notYet, pauseWhenDue } from '../pauses.ts';
import { clampGold, startingPosterior } from '../votes.ts';

/** Where EM starts: vote shares, the majority alone (two tie rules), or vote shares mixed with noise. */
export type Start = 'votes' | 'majority' | 'majority-first' | 'random';
export const starts: readonly Start[] = ['votes', 'majority', 'majority-first', 'random'];

/** Time of one task's draw, about. */
const nsPerDraw = 1000;

/** Share of noise in a random start beside the vote shares. */
const noise = 0.5;

/**
 * The T×K posteriors a fit starts from.
 *
 * `majority` puts everything on the leading class; tied leaders share, or with `majority-first` the
 * first of them takes all, as published figures of hard Dawid-Skene do. `random` mixes vote shares
 * half and half with a uniform Dirichlet draw, drawn per task by its name, so that the order of
 * rows does not matter. Pauses.
 */
export function* startFrom(table: AnswerTable, start: Start, random: Random): Generator<Progress, Float64Array, void> {
  const posterior = startingPosterior(table);
  const { taskCount, classCount } = table;
  if (start === 'votes') return posterior;
  const draw = new Float64Array(classCount);
  const flat = new Float64Array(classCount).fill(1);
  const due = pauseWhenDue();
  for (let task = 0; task < taskCount; task++) {
    if (due(nsPerDraw)) yield notYet;
    const row = posterior.subarray(task * classCount, (task + 1) * classCount);
    if (start === 'majority') shareAmongLeaders(row);
    else if (start === 'majority-first') oneHot(row, firstLeader(row));
    else {
      random.fork(table.tasks.name(task)).dirichlet(flat, draw);
      for (let k = 0; k < classCount; k++) row[k] = (1 - noise) * row[k] + noise * draw[k];
    }
  }
  clampGold(table, posterior);
  return posterior;
}

function shareAmongLeaders(row: Float64Array): void {
  const most = Math.max(...row) * (1 - 1e-12);
  let leaders = 0;
  for (const share of row) if (share >= most) leaders++;
  for (let k = 0; k < row.length; k++) row[k] = row[k] >= most ? 1 / leaders : 0;
}

function firstLeader(row: Float64Array): number {
  const most = Math.max(...row) * (1 - 1e-12);
  return row.findIndex((share) => share >= most);
}

function oneHot(row: Float64Array, k: number): void {
  row.fill(0);
  row[k] = 1;
}
