import { type DuplicateRule, InputError, Random } from '@assay/core';
import { writeSheet } from '@assay/core/formats';
import { openSource, openSources } from '@assay/core/node';
import { type NumberReceipt, type NumberRole, numberRoles, rateNumbers, readNumbers } from '@assay/core/scales';
import { Command, InvalidArgumentError, Option } from 'commander';
import { watched } from '../input/answers.ts';
import { delimiterOf, levelOf, listOf, pairsOf, seedFlag } from '../input/flags.ts';
import { checkWritable, writeAll } from '../output/files.ts';
import {
  type RatedTask,
  type RateMethod,
  type RatingScores,
  type RatingWorker,
  ratedSheet,
  ratedTable,
  ratedTasks,
  ratingWorkers,
  ratingWorkersSheet,
  scoreRatings,
} from '../output/ratings.ts';
import { checkOutputName } from '../output/results.ts';
import { counted, fixed } from '../output/words.ts';
import type { Shell } from '../shell.ts';

/** How numbers are brought together, with what `--help` says of it. */
const methods = {
  mean: 'the plain mean; its interval is from the spread of answers in all tasks',
  median: 'the plain median, without an interval',
  gaussian: 'workers have a bias and a noise of their own, Raykar et al. 2010',
} as const satisfies Record<RateMethod, string>;

interface Flags {
  readonly method: RateMethod;
  readonly output?: string;
  readonly workersOut?: string;
  readonly truth?: string;
  readonly level: number;
  readonly seed: number;
  readonly columns?: Readonly<Partial<Record<NumberRole, string>>>;
  readonly delimiter?: string;
  readonly duplicates?: DuplicateRule;
  readonly worker?: string;
  readonly missing?: readonly string[];
  readonly json?: boolean;
}

const help = `
Methods:
${Object.entries(methods)
  .map(([id, does]) => `  ${id.padEnd(8)}  ${does}`)
  .join('\n')}

VALUES has a row per answer: task, worker, value. See docs/numbers.md.`;

/** `assay rate VALUES…`: one number per task, from answers that are numbers. */
export function build(shell: Shell): Command {
  return new Command('rate')
    .argument('<VALUES...>', 'files of numbers, or - for standard input')
    .addOption(
      new Option('-m, --method <METHOD>', 'how numbers are brought together')
        .choices(Object.keys(methods))
        .default('mean'),
    )
    .option('-o, --output <OUT>', 'where the values go; its extension chooses csv, tsv, jsonl, json or parquet')
    .option('--workers-out <FILE>', 'where the bias and the noise of each worker go')
    .option('--truth <FILE>', 'known numbers for evaluation only: task and value')
    .addOption(new Option('--level <SHARE>', 'how often intervals should cover').argParser(levelOf).default(0.95))
    .addOption(seedFlag())
    .option('--json', 'print one JSON document and nothing else on stdout')
    .option('--columns <LIST>', 'which column is what: task=item,worker=user,value=stars', columnsOf)
    .option('--delimiter <CHAR>', 'the character between cells (default: found; "tab" for a tab)', delimiterOf)
    .addOption(
      new Option('--duplicates <RULE>', 'which counts where a worker answered a task twice (default: last)').choices([
        'last',
        'first',
        'all',
        'error',
      ]),
    )
    .option('--worker <NAME>', 'the worker of rows that name none')
    .option('--missing <LIST>', 'values that mean "no answer" (default: empty, NA, N/A, NaN, null)', listOf)
    .addHelpText('after', help)
    .action((paths: string[], flags: Flags) => rate(paths, flags, shell));
}

async function rate(paths: readonly string[], flags: Flags, shell: Shell): Promise<void> {
  const { method, output, workersOut, truth: truthPath, level } = flags;
  const toFile = output === '-' ? undefined : output;
  const outputs = [toFile, workersOut].filter((path) => path !== undefined);
  for (const path of outputs) checkOutputName(path, 'workers');
  await checkWritable(outputs, truthPath === undefined ? paths : [...paths, truthPath]);
  const sources = (await openSources(paths)).map((source) => watched(source, shell));
  const { answers, receipt } = await readNumbers(sources, flags);
  const truth = truthPath === undefined ? undefined : await knownNumbers(truthPath, shell);
  const ratings = rateNumbers(answers, { random: new Random(flags.seed), level });
  shell.signal.throwIfAborted();
  const rows = ratedTasks(answers, ratings, method);
  const workers = ratingWorkers(answers, ratings);
  const scores = truth === undefined ? undefined : scoreRatings(rows, truth);
  const notes = [...notesOf(receipt), ...ratings.notes];
  if (truth !== undefined && scores === undefined)
    notes.push('no task of --truth has answers: there is nothing to score');
  const files = [];
  if (toFile !== undefined) files.push({ path: toFile, content: writeSheet(ratedSheet(rows), toFile) });
  if (workersOut !== undefined)
    files.push({ path: workersOut, content: writeSheet(ratingWorkersSheet(workers), workersOut) });
  await writeAll(files);
  if (flags.json === true) {
    shell.json(documentOf(flags, receipt, rows, workers, scores, notes));
    return;
  }
  shell.say(receiptLine(receipt));
  for (const note of notes) shell.say(`Note: ${note}`);
  const summary = summaryLines(rows, workers, scores, flags);
  if (toFile !== undefined) {
    for (const line of [...summary, ...outputs.map((path) => `Wrote ${path}`)]) shell.print(`${line}\n`);
    return;
  }
  if (shell.interactive && output === undefined) shell.print(ratedTable(rows, level, 20));
  else for await (const chunk of writeSheet(ratedSheet(rows), 'csv')) await shell.write(chunk);
  for (const line of [...summary, ...outputs.map((path) => `Wrote ${path}`)]) shell.say(line);
}

/** Known numbers by task. @throws {InputError} ambiguous-value where a task has two */
async function knownNumbers(path: string, shell: Shell): Promise<ReadonlyMap<string, number>> {
  const { answers } = await readNumbers(watched(await openSource(path), shell), { worker: 'truth', duplicates: 'all' });
  const known = new Map<string, number>();
  for (let i = 0; i < answers.value.length; i++) {
    const task = answers.tasks.name(answers.task[i]);
    const before = known.get(task);
    if (before !== undefined && before !== answers.value[i]) {
      const hint = 'keep one of them; a known value is one number';
      const what = `ambiguous value of task "${task}": ${before} and ${answers.value[i]}`;
      throw new InputError(`${what}; ${hint}`, { code: 'ambiguous-value', path, got: String(answers.value[i]), hint });
    }
    known.set(task, answers.value[i]);
  }
  return known;
}

function documentOf(
  flags: Flags,
  receipt: NumberReceipt,
  rows: readonly RatedTask[],
  workers: readonly RatingWorker[],
  scores: RatingScores | undefined,
  notes: readonly string[],
): object {
  return {
    schema: 1,
    method: flags.method,
    seed: flags.seed,
    level: flags.level,
    answers: receipt.answers,
    duplicates: receipt.duplicates,
    skipped: receipt.missing,
    ...(scores === undefined ? {} : { scores }),
    tasks: rows,
    workers,
    notes,
  };
}

function summaryLines(
  rows: readonly RatedTask[],
  workers: readonly RatingWorker[],
  scores: RatingScores | undefined,
  { method }: Flags,
): string[] {
  const lines = [`Values: ${counted(rows.length, 'task')} by ${method} (${methods[method]})`];
  const higher = workers.filter(({ biasLo }) => biasLo !== null && biasLo > 0).length;
  const lower = workers.filter(({ biasHi }) => biasHi !== null && biasHi < 0).length;
  if (workers.length > 1)
    lines.push(`Workers: ${workers.length}, ${higher} give higher numbers than the others, ${lower} lower`);
  if (scores !== undefined) {
    const covered = scores.covered === null ? '' : `, ${fixed(scores.covered, 3)} inside their interval`;
    lines.push(
      `Truth: mean error ${fixed(scores.mae, 3)}, root mean square ${fixed(scores.rmse, 3)}, correlation ${fixed(scores.correlation, 3)}${covered}, ${counted(scores.tasks, 'known task')}`,
    );
  }
  return lines;
}

function receiptLine({ answers, tasks, workers, columns }: NumberReceipt): string {
  const parts = [counted(answers, 'number'), counted(tasks, 'task'), counted(workers, 'worker')];
  const named = columns.map(({ from, to }) => (from === to ? to : `${from} → ${to}`));
  return `Read ${parts.join(' · ')}   (columns: ${named.join(', ')})`;
}

function notesOf({ notes, duplicates, missing }: NumberReceipt): string[] {
  return [
    ...notes,
    ...(duplicates > 0 ? [`${counted(duplicates, 'repeated answer')} of one worker to one task (--duplicates)`] : []),
    ...(missing > 0 ? [`${counted(missing, 'row')} without a number`] : []),
  ];
}

function columnsOf(text: string): Readonly<Partial<Record<NumberRole, string>>> {
  let pairs: Record<string, string> = {};
  for (const part of listOf(text)) pairs = pairsOf(part, pairs);
  const unknown = Object.keys(pairs).find((role) => !(numberRoles as readonly string[]).includes(role));
  if (unknown !== undefined) throw new InvalidArgumentError(`A column is one of ${numberRoles.join(', ')}.`);
  return pairs;
}
