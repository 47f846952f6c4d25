import type { AnswerTable } from '../../answers/answer-table.ts';
import { InputError } from '../../errors.ts';

/** The tasks with known labels of a pilot, as the forecast needs them. G gold tasks, K classes. */
export interface Pilot {
  readonly classCount: number;
  /** Table index of each gold task with answers, G. */
  readonly tasks: Int32Array;
  /** Known class of each, G. */
  readonly truth: Int32Array;
  /** People's answers of each by class, G×K. */
  readonly counts: Float64Array;
  /** Table index of the workers that are people, rules or experts and answered a gold task. */
  readonly people: Int32Array;
  /** Table index of the AI workers that answered a gold task. */
  readonly ais: Int32Array;
  /** What each AI said on each gold task, G × AIs; -1 for nothing. */
  readonly aiSaid: Int32Array;
  /** Share of the people's answers in the whole table each of `people` gave; sums to 1. */
  readonly shares: Float64Array;
  /** Mean number of people's answers of a gold task. */
  readonly answersPerTask: number;
}

/**
 * The gold part of a table: counts by class for people, answers by AI.
 *
 * `labels` gives the known class of every task of the table or -1; default the table's gold. Tasks without any answer are
 * left out. O(N).
 *
 * @throws {InputError} missing-classes when fewer than two classes were answered
 */
export function pilotOf(table: AnswerTable, labels: Int32Array | undefined = table.gold): Pilot {
  const { classCount, taskStart, worker, label } = table;
  if (classCount < 2) {
    throw new InputError(`missing classes: the answers have ${classCount}; a plan needs at least 2`, {
      code: 'missing-classes',
      got: String(classCount),
      hint: 'give answers with two or more different labels, or name the classes with --classes',
    });
  }
  const tasks: number[] = [];
  const activity = new Float64Array(table.workerCount);
  const inPilot = new Uint8Array(table.workerCount);
  for (let task = 0; task < table.taskCount; task++) {
    const gold = labels === undefined ? -1 : labels[task];
    if (gold >= 0 && taskStart[task + 1] > taskStart[task]) tasks.push(task);
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      activity[worker[answer]]++;
      if (gold >= 0) inPilot[worker[answer]] = 1;
    }
  }
  // In order of name: sums, and so every draw, must not depend on the order of rows.
  const nameOf = new Map(tasks.map((task) => [task, table.tasks.name(task)]));
  tasks.sort((a, b) => ((nameOf.get(a) as string) < (nameOf.get(b) as string) ? -1 : 1));
  const present = Array.from(inPilot.keys()).filter((w) => inPilot[w] === 1);
  const people = Int32Array.from(present.filter((w) => table.kindOf(w) !== 'ai'));
  const ais = Int32Array.from(present.filter((w) => table.kindOf(w) === 'ai'));
  const aiIndex = new Map(Array.from(ais, (w, i) => [w, i]));
  const counts = new Float64Array(tasks.length * classCount);
  const aiSaid = new Int32Array(tasks.length * ais.length).fill(-1);
  let answers = 0;
  tasks.forEach((task, g) => {
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const ai = aiIndex.get(worker[answer]);
      if (ai !== undefined) aiSaid[g * ais.length + ai] = label[answer];
      else {
        counts[g * classCount + label[answer]]++;
        answers++;
      }
    }
  });
  let total = 0;
  for (const w of people) total += activity[w];
  return {
    classCount,
    tasks: Int32Array.from(tasks),
    truth: Int32Array.from(tasks, (task) => (labels as Int32Array)[task]),
    counts,
    people,
    ais,
    aiSaid,
    shares: Float64Array.from(people, (w) => activity[w] / Math.max(1, total)),
    answersPerTask: tasks.length === 0 ? 0 : answers / tasks.length,
  };
}
