/**
 * What `npm start` runs: the main job on an example of our own making. Sixty support tickets were
 * labelled by six people and two AI models; this finds the true labels, reports on the workers, and
 * says what to look at next. It writes to `dist/first-run/` and ends.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type AnswerTable, type AutoReport, auto, fit } from '@assay/core';
import { readAnswersFile, readLabelsFile } from '@assay/core/node';

const root = join(import.meta.dirname, '..');
const answers = 'examples/tickets/answers.csv';
const folder = 'dist/first-run';

/** Shows a command and runs it as it is shipped. */
function show(command: string): void {
  console.log(`\n$ assay ${command}`);
  const main = join(root, 'packages/cli/dist/main.js');
  const run = spawnSync(process.execPath, [main, ...command.split(' ')], { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) process.exit(run.status ?? 1);
}

/** How often each label was given to a task: "3 billing, 2 question". */
function votesOn(table: AnswerTable, name: string): string {
  const task = table.tasks.indexOf(name);
  const votes = new Map<string, number>();
  for (let e = table.taskStart[task]; e < table.taskStart[task + 1]; e++) {
    const label = table.classes.name(table.label[e]);
    votes.set(label, (votes.get(label) ?? 0) + 1);
  }
  const sorted = [...votes].sort((a, b) => b[1] - a[1]);
  return sorted.map(([label, count]) => `${count} ${label}`).join(', ');
}

mkdirSync(join(root, folder), { recursive: true });
console.log('60 support tickets, each labelled by three of six people and two AI models (all invented).');
console.log('Who is right where they disagree?');
show(`aggregate ${answers} -o ${folder}/labels.csv --workers-out ${folder}/workers.csv`);
show(`workers ${answers}`);

const { table } = await readAnswersFile(join(root, answers));
const texts = await readLabelsFile(join(root, 'examples/tickets/tickets.csv'), {
  columns: { task: 'task', label: 'text' },
});
const estimate = fit(auto, table);
const { checkList } = estimate.extra as unknown as AutoReport;
console.log(`\nLook at these ${checkList.total} tickets next: they decide whether the model or the majority is right.`);
for (const { task } of checkList.tasks) {
  console.log(`  ${task}  → ${estimate.label(task)}  (votes: ${votesOn(table, task)})\n      “${texts.get(task)}”`);
}
console.log('\nYour own file (CSV with task, worker and label):  npx assay aggregate answers.csv -o labels.csv');
console.log('How sure to be of all this:                       npx assay compare answers.csv --truth truth.csv');
