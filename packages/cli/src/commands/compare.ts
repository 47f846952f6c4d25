import { AssayError, fitAsync, goldLabels, InputError, type Method, Random, shown } from '@assay/core';
import { methodById, methods } from '@assay/core/methods';
import {
  bootstrapMeans,
  calibrationBins,
  calibrationError,
  type Interval,
  mean,
  percentileInterval,
  scoreTasks,
  type TaskScores,
} from '@assay/core/quality';
import { Command } from 'commander';
import { type Answers, readAll } from '../input/answers.ts';
import { isCancelled, methodsOf, type ReadingFlags, seedFlag, withReadingFlags } from '../input/flags.ts';
import { agreementLines, agreementOf } from '../output/agreement.ts';
import { receiptLine, receiptNotes } from '../output/receipt.ts';
import { tableText } from '../output/table.ts';
import { count, counted, duration, fixed, withInterval } from '../output/words.ts';
import type { Shell } from '../shell.ts';

interface Flags extends ReadingFlags {
  readonly truth: string;
  readonly methods?: Method[];
  readonly gold?: string;
  readonly seed: number;
  readonly json?: boolean;
}

/** Resamples for every interval, shared by all methods. */
const draws = 1000;

/** `assay compare ANSWERS… --truth FILE`: every method against known labels. */
export function build(shell: Shell): Command {
  const command = new Command('compare')
    .argument('<ANSWERS...>', 'files of answers, or - for standard input')
    .requiredOption('--truth <FILE>', 'known labels, for evaluation only')
    .option('--methods <LIST>', 'method ids separated by commas, or all', methodsOf)
    .option('--gold <FILE>', 'known labels the methods may use; those tasks are not scored')
    .addOption(seedFlag())
    .option('--json', 'print one JSON document and nothing else on stdout');
  return withReadingFlags(command).action((paths: string[], flags: Flags) => compare(paths, flags, shell));
}

/** One method's fit, or why it could not run. */
interface Outcome {
  readonly method: Method;
  readonly scores?: TaskScores;
  readonly elapsedMs: number;
  readonly converged: boolean;
  readonly error?: string;
}

interface Row {
  readonly method: string;
  readonly accuracy: number;
  readonly lo: number;
  readonly hi: number;
  readonly deltaVote: Interval;
  readonly logLoss: number;
  readonly ece: number;
  readonly elapsedMs: number;
  readonly converged: boolean;
}

async function compare(paths: readonly string[], flags: Flags, shell: Shell): Promise<void> {
  const chosen = flags.methods ?? [...methods];
  const read = await readAll(paths, flags, shell);
  refuseForeignTruth(read, flags.truth);
  const answers = withoutTold(read, flags.truth);
  const say = flags.json === true ? (): void => {} : (line: string): void => shell.say(line);
  say(receiptLine(answers.receipt));
  for (const note of [...receiptNotes(answers.receipt), ...answers.notes]) say(`Note: ${note}`);

  const vote = methodById('majority-vote');
  const baseline = await outcomeOf(vote, answers, flags.seed, shell);
  const outcomes: Outcome[] = [];
  for (const [index, method] of chosen.entries()) {
    shell.progress.bar(`comparing ${method.id}`, index, chosen.length);
    outcomes.push(method.id === vote.id ? baseline : await outcomeOf(method, answers, flags.seed, shell));
  }
  const { tasks, rows } = rowsOf(baseline, outcomes, flags.seed);
  if (flags.json === true) {
    const results = outcomes.map(
      (outcome, index) => rows[index] ?? { method: outcome.method.id, error: outcome.error },
    );
    shell.json({ schema: 1, tasks, results });
  } else shell.print(tableOf(rows, outcomes));
  if (flags.json === true) return;
  for (const { method, error } of outcomes) if (error !== undefined) say(`Note: ${method.id} could not run: ${error}`);
  for (const line of agreementLines(agreementOf(answers.table, flags.seed))) say(line);
  say(
    `Scored on ${counted(tasks, 'task')} with known truth; intervals are 95 % bootstrap over tasks, ${count(draws)} draws`,
  );
}

/** Truth about other tasks compares nothing: most likely the two files name their tasks differently. */
function refuseForeignTruth({ table, truth }: Answers, path: string): void {
  const known = [...(truth?.keys() ?? [])];
  if (table.answerCount === 0 || known.some((task) => table.tasks.indexOf(task) >= 0)) return;
  const hint = 'name the tasks alike in both files';
  const [got] = known;
  const problem = got === undefined ? 'it knows no label' : `none of its tasks has answers, for example ${shown(got)}`;
  throw new InputError(`invalid truth: ${problem}; ${hint}`, { code: 'invalid-truth', path, got, hint });
}

/** Scores leave out tasks whose label the methods were given: a vote told the label would look as good as any model. */
function withoutTold(answers: Answers, path: string): Answers {
  const { table, truth = new Map<string, string>() } = answers;
  const gold = goldLabels(table);
  const left = new Map([...truth].filter(([task]) => !gold.has(task)));
  if (left.size === truth.size) return answers;
  if ([...left.keys()].every((task) => table.tasks.indexOf(task) < 0)) {
    const hint = 'keep some known labels out of the gold';
    throw new InputError(`invalid truth: every task of it is gold, so nothing is left to score; ${hint}`, {
      code: 'invalid-truth',
      path,
      hint,
    });
  }
  const note = `${counted(truth.size - left.size, 'true label')} also given as gold: those tasks are not scored`;
  return { ...answers, truth: left, notes: [...answers.notes, note] };
}

async function outcomeOf(method: Method, answers: Answers, seed: number, shell: Shell): Promise<Outcome> {
  const from = performance.now();
  try {
    const estimate = await fitAsync(method, answers.table, { seed, signal: shell.signal });
    const elapsedMs = performance.now() - from;
    const scores = scoreTasks(estimate, answers.truth ?? new Map());
    return { method, scores, elapsedMs, converged: estimate.converged };
  } catch (error) {
    if (isCancelled(error)) throw error;
    const words = error instanceof AssayError ? error.message : `unexpected failure: ${error}`;
    return { method, elapsedMs: performance.now() - from, converged: false, error: words };
  }
}

/** The measures with intervals; every method and the vote are resampled together. */
function rowsOf(
  baseline: Outcome,
  outcomes: readonly Outcome[],
  seed: number,
): { tasks: number; rows: (Row | undefined)[] } {
  const vote = baseline.scores?.credit ?? new Float64Array(0);
  const credits = outcomes.map(({ scores }) => scores?.credit ?? vote);
  const [voteMeans, ...means] = bootstrapMeans([vote, ...credits], draws, new Random(seed).fork('compare'));
  const rows = outcomes.map(({ method, scores, elapsedMs, converged }, index): Row | undefined => {
    if (scores === undefined) return undefined;
    const accuracy = mean(scores.credit);
    const { lo, hi } = percentileInterval(accuracy, means[index]);
    const differences = means[index].map((value, draw) => value - voteMeans[draw]);
    return {
      method: method.id,
      accuracy,
      lo,
      hi,
      deltaVote: percentileInterval(accuracy - mean(vote), differences),
      logLoss: mean(scores.logLoss),
      ece: calibrationError(calibrationBins(scores.confidence, scores.credit)),
      elapsedMs: Math.round(elapsedMs * 10) / 10,
      converged,
    };
  });
  return { tasks: vote.length, rows };
}

function tableOf(rows: readonly (Row | undefined)[], outcomes: readonly Outcome[]): string {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const lines = rows.map((row, index) => {
    if (row === undefined) return [outcomes[index].method.id, 'could not run', '', '', '', ''];
    const { value, lo, hi } = row.deltaVote;
    return [
      row.method,
      withInterval(row.accuracy, row.lo, row.hi),
      withInterval(value, lo, hi),
      fixed(row.logLoss, 3),
      fixed(row.ece, 3),
      duration(row.elapsedMs) + (row.converged ? '' : ' (not converged)'),
    ];
  });
  return tableText(
    [
      { title: 'method' },
      right('accuracy'),
      right('minus vote'),
      right('log-loss'),
      right('calibration error'),
      right('time'),
    ],
    lines,
  );
}
