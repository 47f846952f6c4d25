import type { AnswerTable } from '../answers/answer-table.ts';

/** Workers and classes with fewer answers than this are named in a note. */
const fewAnswers = 5;

/** What a careful colleague would say about these answers before fitting anything. */
export function tableNotes(table: AnswerTable): string[] {
  const notes: string[] = [];
  const { taskCount, workerCount, classCount, answerCount, answersPer } = table;
  if (answerCount === 0) return ['there are no counted answers: every task has the prior'];
  if (classCount === 1) notes.push(`all answers say ${table.classes.name(0)}: nothing can be learned about workers`);
  if (workerCount === 1) notes.push('one worker gave all answers: agreement, and so accuracy, cannot be estimated');
  let empty = 0;
  let single = 0;
  for (let task = 0; task < taskCount; task++) {
    if (answersPer.task[task] === 0) empty++;
    else if (answersPer.task[task] === 1) single++;
  }
  if (empty > 0) notes.push(`${counted(empty, 'task has', 'tasks have')} no counted answer and get the prior`);
  if (single > 0 && single === taskCount - empty) {
    notes.push('one answer a task: accuracy cannot be known from answers');
  } else if (single > 0) {
    notes.push(`${counted(single, 'task has', 'tasks have')} one answer only`);
  }
  let few = 0;
  for (const count of answersPer.worker) if (count < fewAnswers) few++;
  if (few > 0 && workerCount > 1)
    notes.push(`${counted(few, 'worker has', 'workers have')} fewer than ${fewAnswers} answers`);
  const rare = answersPer.class.filter((count) => count < fewAnswers).length;
  if (rare > 0 && classCount > 1) {
    notes.push(
      `${counted(rare, 'class was', 'classes were')} said fewer than ${fewAnswers} times: little is known about them`,
    );
  }
  return notes;
}

/** "1 task has" or "3 tasks have". */
export function counted(count: number, one: string, many: string): string {
  // Not toLocaleString, whose first call loads the tables of a language: 11 ms.
  return `${String(count).replace(/\B(?=(\d{3})+$)/g, ',')} ${count === 1 ? one : many}`;
}
