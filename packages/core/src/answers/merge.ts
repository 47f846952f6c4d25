import type { AnswerTable } from './answer-table.ts';
import { AnswerTableBuilder } from './builder.ts';

/**
 * One table with the answers of two: a crowd's and a model's, or those of two rounds.
 *
 * `classes` keeps a declared order of classes; without it the order is the canonical one. Tasks and
 * workers of the same name are one. Repeats all count, since each table has settled its own: merge
 * answers of different workers or different tasks. Weights, times, soft answers, kinds, gold and
 * answers that do not count come along; the inputs stay as they are. O(N + names).
 *
 * @example
 * const people = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'dog']]);
 * const model = answersFrom([['t1', 'judge', 'dog']]);
 * mergeTables(people, model).answerCount; // => 3
 */
export function mergeTables(first: AnswerTable, second: AnswerTable, classes?: readonly string[]): AnswerTable {
  const builder = new AnswerTableBuilder({ question: first.question, duplicates: 'all', classes, openClasses: true });
  for (const table of [first, second]) addAll(builder, table);
  return builder.build().table;
}

function addAll(builder: AnswerTableBuilder, table: AnswerTable): void {
  const task = table.tasks.names().map((name) => builder.tasks.add(name));
  const worker = table.workers.names().map((name) => builder.workers.add(name));
  const classNames = table.classes.names();
  const label = classNames.map((name) => builder.classOf(name));
  const { weight, time, durationMs, costMicros } = table;
  const extras = Object.entries({ weight, time, durationMs, costMicros }).filter(([, values]) => values !== undefined);
  for (let w = 0; w < table.workerCount; w++) builder.setKind(worker[w], table.kindOf(w));
  for (let answer = 0; answer < table.answerCount; answer++) {
    builder.append(task[table.answerTask[answer]], worker[table.worker[answer]], label[table.label[answer]]);
    for (const [name, values] of extras) builder.setExtra(name as 'weight', values?.[answer] ?? Number.NaN);
    if (table.exposed?.[answer] === 1) builder.setExposed();
    if (table.soft !== undefined) builder.setProbabilities(softRow(table.soft, answer, classNames));
  }
  for (const { task: t, worker: w, label: said, status, time: at } of table.uncounted) {
    builder.setAside({ task: task[t], worker: worker[w], label: said < 0 ? -1 : label[said], status, time: at });
  }
  table.gold?.forEach((known, t) => {
    if (known >= 0) builder.setGoldIndex(task[t], label[known]);
  });
}

function softRow(soft: Float64Array, answer: number, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name, k) => [name, soft[answer * names.length + k]]));
}
