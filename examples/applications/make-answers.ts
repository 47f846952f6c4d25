/**
 * Writes answers.csv, people.csv and truth.csv: who is fit for a loan. Drawn, not collected: twelve people look at 600
 * invented applications, five at each. Three of them miss the fit among the young; the others err the same everywhere.
 *
 * Run: node --conditions=source examples/applications/make-answers.ts
 */
import { writeFileSync } from 'node:fs';
import { Random } from '@assay/core';

const applications = 600;
const each = 5;
const names = ['abe', 'bea', 'cal', 'dee', 'eli', 'fox', 'gia', 'hugo', 'ines', 'jon', 'kim', 'lou'];
/** They call a fit young applicant unfit this often. */
const unfair: Readonly<Record<string, number>> = { gia: 0.7, hugo: 0.6, kim: 0.65 };
const wrong = 0.2;

const random = new Random('applications 2');
const answers = ['task,worker,label'];
const people = ['task,age,region'];
const truth = ['task,label'];
for (let i = 1; i <= applications; i++) {
  const task = `a${String(i).padStart(3, '0')}`;
  const age = random.bernoulli(0.4) ? 'young' : 'old';
  const region = ['north', 'south', 'west'][random.categorical([4, 3, 3])];
  const fit = random.bernoulli(0.5);
  people.push(`${task},${age},${region}`);
  if (random.bernoulli(0.5)) truth.push(`${task},${fit ? 'fit' : 'unfit'}`);
  for (const w of random.permutation(names.length).subarray(0, each)) {
    const errs = random.bernoulli(fit && age === 'young' ? (unfair[names[w]] ?? wrong) : wrong);
    answers.push(`${task},${names[w]},${fit !== errs ? 'fit' : 'unfit'}`);
  }
}
for (const [name, lines] of Object.entries({ answers, people, truth }))
  writeFileSync(`${import.meta.dirname}/${name}.csv`, `${lines.join('\n')}\n`);
