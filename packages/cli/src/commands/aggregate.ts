import { type Estimate, fitAsync, type Method, Random } from '@assay/core';
import { writeResults, writeWorkers } from '@assay/core/formats';
import {
  bootstrapMeans,
  type Interval,
  type Measures,
  measureScores,
  percentileInterval,
  scoreTasks,
  type TaskScores,
} from '@assay/core/quality';
import { Command, InvalidArgumentError } from 'commander';
import { decided } from '../decisions.ts';
import { type Answers, readAll, toldNotes } from '../input/answers.ts';
import {
  engineOption,
  type MethodFlags,
  methodFrom,
  pairsOf,
  type ReadingFlags,
  withMethodFlags,
  withReadingFlags,
} from '../input/flags.ts';
import { checkFile, checkLines, checkListOf, freeCheckPath } from '../output/check-file.ts';
import { checkWritable, writeAll } from '../output/files.ts';
import { receiptLine, receiptNotes, skippedRows } from '../output/receipt.ts';
import { checkOutputName, resultsPreview } from '../output/results.ts';
import { count, counted, duration, fixed, withInterval } from '../output/words.ts';
import type { Shell } from '../shell.ts';
import { optionsText } from './methods.ts';

interface Flags extends ReadingFlags, MethodFlags {
  readonly truth?: string;
  readonly gold?: string;
  readonly output?: string;
  readonly workersOut?: string;
  readonly predictions?: Readonly<Record<string, string>>;
  readonly calibrate?: boolean;
  readonly costs?: string;
  readonly abstain?: number;
  readonly checkOut?: string;
  readonly json?: boolean;
}

/** `assay aggregate ANSWERS…`: true labels with probabilities. */
export function build(shell: Shell): Command {
  const command = new Command('aggregate').argument('<ANSWERS...>', 'files of answers, or - for standard input');
  withMethodFlags(command)
    .option('-o, --output <OUT>', 'where the labels go; its extension chooses csv, tsv, jsonl, json or parquet')
    .option('--workers-out <FILE>', 'where the worker report goes')
    .option('--gold <FILE>', 'known labels the method may use')
    .option('--truth <FILE>', 'known labels for evaluation only')
    .option('--calibrate', 'temper the probabilities by gold labels, or by what auto expects of the labels')
    .option('--costs <FILE>', 'what each mistake costs (truth, label, cost); labels are those that cost least')
    .option('--abstain <COST>', 'leave tasks open where a label is expected to cost more', costOf)
    .option('--check-out <FILE>', 'where the tasks to check by hand go (with -o: next to it)')
    .option('--predictions <NAME=FILE>', "a model's labels or probabilities, as an AI worker (repeatable)", pairsOf)
    .addOption(engineOption())
    .option('--json', 'print one JSON document and nothing else on stdout');
  withReadingFlags(command).addHelpText('after', () => {
    const method = command.opts<Flags>().method;
    return method === undefined ? '\nOptions of a method: assay methods METHOD' : `\n${optionsText(method).trimEnd()}`;
  });
  return command.action((paths: string[], flags: Flags) => aggregate(paths, flags, shell));
}

async function aggregate(paths: readonly string[], flags: Flags, shell: Shell): Promise<void> {
  const { method, options } = methodFrom(flags);
  const { output, workersOut, gold, truth, predictions = {} } = flags;
  const toFile = output === '-' ? undefined : output;
  const sideFiles = [gold, truth, flags.costs, ...Object.values(predictions)].filter((path) => path !== undefined);
  const toCheck = flags.checkOut ?? (await freeCheckPath(toFile, sideFiles));
  const outputs = [toFile, workersOut, toCheck].filter((path) => path !== undefined);
  if (toFile !== undefined) checkOutputName(toFile, 'results');
  if (workersOut !== undefined) checkOutputName(workersOut, 'workers');
  if (toCheck !== undefined) checkOutputName(toCheck, 'results');
  await checkWritable(outputs, [...paths, ...sideFiles]);

  const read = await readAll(paths, flags, shell);
  const answers = { ...read, notes: [...read.notes, ...toldNotes(read)] };
  const say = flags.json === true ? (): void => {} : (line: string): void => shell.say(line);
  say(receiptLine(answers.receipt));
  for (const note of [...receiptNotes(answers.receipt), ...answers.notes]) say(`Note: ${note}`);

  const { estimate: fit, elapsedMs } = await fitted(method, options, flags.seed, answers, shell);
  const estimate = await decided(fit, method, options, answers, flags, shell);
  for (const note of estimate.notes) say(`Note: ${note}`);
  const scores = answers.truth === undefined ? undefined : scoreTasks(estimate, answers.truth);
  const measures = scores === undefined ? undefined : measureScores(scores);

  const files = [];
  if (toFile !== undefined) files.push({ path: toFile, content: writeResults(estimate, toFile) });
  if (workersOut !== undefined) {
    files.push({ path: workersOut, content: writeWorkers(estimate, answers.table, workersOut) });
  }
  const checkList = checkListOf(estimate, flags.checkOut !== undefined);
  const written = checkList === undefined ? undefined : toCheck;
  if (checkList !== undefined && written !== undefined) files.push(checkFile(checkList, written));
  shell.signal.throwIfAborted();
  await writeAll(files);

  if (flags.json === true) {
    shell.json(documentOf(estimate, answers, elapsedMs, measures));
    return;
  }
  const summary = summaryLines(method, estimate, answers, elapsedMs, flags);
  if (checkList !== undefined) summary.splice(-1, 0, ...checkLines(checkList, written));
  if (scores !== undefined && measures !== undefined) {
    summary.splice(1, 0, truthLine(scores, measures, flags.seed));
  }
  if (toFile !== undefined) {
    for (const line of summary) shell.print(`${line}\n`);
    return;
  }
  for (const line of summary) shell.say(line);
  if (shell.interactive && output === undefined) shell.print(resultsPreview(estimate, 10));
  else for await (const chunk of writeResults(estimate, 'csv')) await shell.write(chunk);
}

/** Fits with progress on the terminal. */
export async function fitted(
  method: Method,
  options: Readonly<Record<string, unknown>>,
  seed: number,
  { table }: Answers,
  shell: Shell,
): Promise<{ estimate: Estimate; elapsedMs: number }> {
  const from = performance.now();
  const estimate = await fitAsync(method, table, {
    options,
    seed,
    signal: shell.signal,
    onProgress: ({ iteration, objective }) =>
      shell.progress.show(
        () =>
          `${method.id}: sweep ${iteration}${Number.isNaN(objective) ? '' : `, objective ${objective.toPrecision(8)}`}`,
      ),
  });
  return { estimate, elapsedMs: performance.now() - from };
}

function documentOf(
  estimate: Estimate,
  { table, receipt, notes }: Answers,
  elapsedMs: number,
  measures: Measures | undefined,
): Record<string, unknown> {
  const { user, system } = process.cpuUsage();
  const expected = expectedAccuracy(estimate);
  return {
    schema: 1,
    method: estimate.method,
    seed: estimate.seed,
    tasks: table.taskCount,
    workers: table.workerCount,
    classes: table.classCount,
    answers: table.answerCount,
    duplicates: receipt.duplicates,
    skipped: skippedRows(receipt),
    converged: estimate.converged,
    iterations: estimate.iterations,
    objective: estimate.objective.at(-1) ?? null,
    elapsedMs: rounded(elapsedMs),
    cpuMs: rounded((user + system) / 1000),
    ...(measures === undefined
      ? {}
      : { accuracy: measures.accuracy, logLoss: measures.logLoss, ece: measures.ece, coverage: measures.coverage }),
    ...(expected === undefined ? {} : { expectedAccuracy: expected }),
    notes: [...receiptNotes(receipt), ...notes, ...estimate.notes],
  };
}

function costOf(text: string): number {
  const cost = Number(text);
  if (text.trim() === '' || !Number.isFinite(cost))
    throw new InvalidArgumentError('Give a number, in the unit of the costs.');
  return cost;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

function summaryLines(method: Method, estimate: Estimate, answers: Answers, elapsedMs: number, flags: Flags): string[] {
  const { table } = answers;
  const sweeps = counted(estimate.iterations, 'sweep');
  const ending = estimate.converged
    ? `converged in ${sweeps}`
    : `not converged after ${sweeps} (${estimate.stopReason})`;
  const lines = [`Model: ${method.id} (${method.title})   ${ending}, ${duration(elapsedMs)}`];
  const expected = expectedAccuracy(estimate);
  if (expected !== undefined) {
    lines.push(`Expected accuracy: ${withInterval(expected.value, expected.lo, expected.hi)}`);
  }
  const { ties, unsure, against } = comparedWithVote(estimate, answers);
  const remarks = [
    `${counted(against, 'label')} differ from the plain vote`,
    `${counted(unsure, 'label')} below probability 0.8`,
    ...(ties > 0 ? [counted(ties, 'tie')] : []),
  ];
  if (table.taskCount > 0) lines.push(`Labels: ${counted(table.taskCount, 'task')}, ${remarks.join(', ')}`);
  if (flags.output !== undefined && flags.output !== '-') {
    lines.push(`Wrote ${flags.output} (task, label, probability, …)`);
  }
  if (flags.workersOut !== undefined) lines.push(`Wrote ${flags.workersOut} (worker, answers, accuracy, lo, hi, …)`);
  lines.push(`Next: ${nextStep(flags)}`);
  return lines;
}

/** How good the labels are against the truth; the interval is a 95 % bootstrap over tasks. */
function truthLine(scores: TaskScores, measures: Measures, seed: number): string {
  const [means] = bootstrapMeans([scores.credit], 1000, new Random(seed).fork('truth'));
  const { value, lo, hi } = percentileInterval(measures.accuracy, means);
  return (
    `Truth: accuracy ${withInterval(value, lo, hi)}, log-loss ${fixed(measures.logLoss, 3)}, ` +
    `calibration error ${fixed(measures.ece, 3)}, ${count(measures.scored)} of ${count(scores.truthTasks)} known tasks answered`
  );
}

/** The accuracy a method claims for its labels, where it knows. */
function expectedAccuracy({ extra }: Estimate): Interval | undefined {
  const found = extra.expectedAccuracy as Partial<Interval> | undefined;
  const { value, lo, hi } = found ?? {};
  return value === undefined || lo === undefined || hi === undefined ? undefined : { value, lo, hi };
}

/** What to look at after this. */
function nextStep(flags: Flags): string {
  const same = 'the same ANSWERS';
  if (flags.workersOut === undefined) return `"assay workers" with ${same}: who to trust, who to talk to`;
  if (flags.truth === undefined) return `"assay compare" with ${same} and --truth FILE: which method is best here`;
  return `"assay compare" with ${same} and --truth ${flags.truth}: every method beside this one`;
}

/** How far the labels are from counting votes, and how many are open. */
function comparedWithVote(estimate: Estimate, { table }: Answers): { ties: number; unsure: number; against: number } {
  const votes = new Float64Array(table.classCount);
  let [ties, unsure, against] = [0, 0, 0];
  for (let task = 0; task < table.taskCount; task++) {
    if (table.taskStart[task] === table.taskStart[task + 1]) continue;
    votes.fill(0);
    for (let e = table.taskStart[task]; e < table.taskStart[task + 1]; e++)
      votes[table.label[e]] += table.weight?.[e] ?? 1;
    const label = estimate.labelIndex(task);
    if (label >= 0 && votes[label] < votes.reduce((most, vote) => Math.max(most, vote), 0)) against++;
    if (estimate.probability(task) < 0.8) unsure++;
    if (estimate.isTie(task)) ties++;
  }
  return { ties, unsure, against };
}
