import { type AnswerTable, fit, InputError, type Method } from '@assay/core';
import { methodById } from '@assay/core/methods';
import { firstAnswers, type ReplayOrder, replayOrder } from '@assay/core/simulate';
import { lines } from '@assay/figures';
import { readAll } from '../input/answers.ts';
import { type MethodFlags, methodFrom, type ReadingFlags } from '../input/flags.ts';
import { checkWritable, chunksOf, writeAll } from '../output/files.ts';
import { receiptLine, receiptNotes } from '../output/receipt.ts';
import { tableText } from '../output/table.ts';
import { count, percent } from '../output/words.ts';
import type { Shell } from '../shell.ts';

export interface ReplayFlags extends ReadingFlags, MethodFlags {
  readonly truth: string;
  readonly runs: number;
  readonly output?: string;
  readonly json?: boolean;
}

const orders: readonly ReplayOrder[] = ['random', 'round-robin', 'adaptive'];
const words: Readonly<Record<ReplayOrder, string>> = {
  random: 'random order',
  'round-robin': 'same number per task',
  adaptive: 'adaptive',
};
const steps = 20;

/** Mean accuracy at each share of the answers, by strategy. */
interface Curve {
  readonly order: ReplayOrder;
  readonly accuracy: readonly number[];
  /** The smallest share that reaches the goal. */
  readonly needed: number;
}

/** What adaptive questions would have saved on answers that exist. */
export async function replayAnswers(paths: readonly string[], flags: ReplayFlags, shell: Shell): Promise<void> {
  const { method, options } =
    flags.method === undefined ? { method: methodById('coin-shrunk'), options: {} } : methodFrom(flags);
  const { output } = flags;
  await checkWritable(output === undefined ? [] : [output], [...paths, flags.truth]);
  const answers = await readAll(paths, flags, shell);
  const { table, truth = new Map<string, string>() } = answers;
  const say = flags.json === true ? (): void => {} : (line: string): void => shell.say(line);
  say(receiptLine(answers.receipt));
  const notes = [...receiptNotes(answers.receipt), ...answers.notes];
  for (const note of notes) say(`Note: ${note}`);
  const scored = [...truth].filter(([task]) => table.tasks.indexOf(task) >= 0);
  if (scored.length === 0) {
    const hint = 'give labels of tasks that have answers';
    throw new InputError(`missing truth: no task of the answers has a known label; ${hint}`, {
      code: 'missing-truth',
      path: flags.truth,
      hint,
    });
  }
  const full = accuracyOf(method, options, table, scored, flags.seed);
  const goal = full - 0.005;
  const curves: Curve[] = [];
  for (const [index, order] of orders.entries()) {
    const sums = new Float64Array(steps);
    for (let run = 0; run < flags.runs; run++) {
      shell.progress.bar('replaying', index * flags.runs + run, orders.length * flags.runs);
      await new Promise<void>((resolve) => setImmediate(resolve));
      shell.signal.throwIfAborted();
      const bought = replayOrder(table, { order, seed: flags.seed + run });
      for (let step = 1; step <= steps; step++) {
        const first = firstAnswers(table, bought, Math.round((table.answerCount * step) / steps));
        sums[step - 1] += accuracyOf(method, options, first, scored, flags.seed) / flags.runs;
      }
    }
    const reached = sums.findIndex((value) => value >= goal);
    curves.push({ order, accuracy: [...sums], needed: reached < 0 ? 1 : (reached + 1) / steps });
  }
  const saved = 1 - curves[2].needed / curves[0].needed;
  if (output !== undefined) await writeAll([{ path: output, content: chunksOf(drawing(curves, table)) }]);
  if (flags.json === true) {
    const { answerCount, taskCount } = table;
    const document = { schema: 1, method: method.id, seed: flags.seed, runs: flags.runs, tasks: taskCount };
    shell.json({ ...document, answers: answerCount, accuracy: full, goal, curves, saved, notes });
    return;
  }
  shell.print(tableOf(curves, table));
  shell.print(
    `\nAll answers reach ${percent(full)}. Within half a point of it: ${curves
      .map(({ order, needed }) => `${words[order]} ${count(needed * table.answerCount)} answers`)
      .join(', ')}. Adaptive saves ${percent(saved)} against random order.\n`,
  );
  if (output !== undefined) say(`Wrote ${output}`);
}

function tableOf(curves: readonly Curve[], table: AnswerTable): string {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const rows = Array.from({ length: steps }, (_, step) => [
    count((table.answerCount * (step + 1)) / steps),
    ...curves.map(({ accuracy }) => percent(accuracy[step])),
  ]);
  return tableText([right('answers'), ...curves.map(({ order }) => right(words[order]))], rows);
}

function drawing(curves: readonly Curve[], table: AnswerTable): string {
  return lines({
    title: 'Accuracy by answers bought',
    x: { label: 'answers' },
    y: { label: 'accuracy', format: 'percent' },
    series: curves.map(({ order, accuracy }) => ({
      name: words[order],
      points: accuracy.map((y, step) => ({ x: Math.round((table.answerCount * (step + 1)) / steps), y })),
    })),
  });
}

function accuracyOf(
  method: Method,
  options: Readonly<Record<string, unknown>>,
  table: AnswerTable,
  truth: readonly (readonly [task: string, label: string])[],
  seed: number,
): number {
  const estimate = fit(method, table, { seed, options });
  let right = 0;
  for (const [task, label] of truth) if (estimate.label(task) === label) right++;
  return right / truth.length;
}
