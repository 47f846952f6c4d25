import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Random } from '../../math/random.ts';
import type { ContentOrder } from '../content-order.ts';
import type { Progress } from '../method.ts';
import { notYet, pauseWhenDue } from '../pauses.ts';
import { clampGold, startingPosterior } from '../votes.ts';

/** Time of one task's draw, about. */
const nsPerDraw = 1000;

/**
 * Vote shares mixed with a uniform Dirichlet draw per task: `(1 − noise) · share + noise · draw`,
 * T×K. Draws go by task name and by the classes' content order, so neither rows nor names matter.
 * Pauses.
 */
export function* noisyStart(
  table: AnswerTable,
  order: ContentOrder,
  noise: number,
  random: Random,
): Generator<Progress, Float64Array, void> {
  const posterior = startingPosterior(table);
  const { taskCount, classCount } = table;
  const draw = new Float64Array(classCount);
  const flat = new Float64Array(classCount).fill(1);
  const due = pauseWhenDue();
  for (let task = 0; task < taskCount; task++) {
    if (due(nsPerDraw)) yield notYet;
    random.fork(table.tasks.name(task)).dirichlet(flat, draw);
    for (let place = 0; place < classCount; place++) {
      const at = task * classCount + order.classes[place];
      posterior[at] = (1 - noise) * posterior[at] + noise * draw[place];
    }
  }
  clampGold(table, posterior);
  return posterior;
}
