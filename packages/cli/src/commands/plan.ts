import { StateError } from '@assay/core';
import { type Plan, type PlanOptions, type PlanPoint, planFrontier } from '@assay/core/control';
import { frontier } from '@assay/figures';
import { Command, InvalidArgumentError } from 'commander';
import { readAll } from '../input/answers.ts';
import { type MethodFlags, methodFrom, type ReadingFlags, withMethodFlags, withReadingFlags } from '../input/flags.ts';
import { moneyOf, pricesOf, readPrices } from '../input/prices.ts';
import { checkWritable, chunksOf, writeAll } from '../output/files.ts';
import { receiptLine, receiptNotes } from '../output/receipt.ts';
import { tableText } from '../output/table.ts';
import { count, fixed, percent } from '../output/words.ts';
import type { Shell } from '../shell.ts';

interface Flags extends ReadingFlags, MethodFlags {
  readonly budget: number;
  readonly prices: string;
  readonly gold?: string;
  readonly tasks?: number;
  readonly target?: number;
  readonly overhead?: number;
  readonly ai?: readonly string[];
  readonly draws: number;
  readonly output?: string;
  readonly json?: boolean;
}

/** `assay plan ANSWERS… --budget B --prices F`: what money buys, forecast from a pilot. */
export function build(shell: Shell): Command {
  const command = new Command('plan')
    .argument('<ANSWERS...>', "a pilot's answers, or - for standard input")
    .requiredOption('--budget <MONEY>', 'what may be spent, for example 250', moneyOf)
    .requiredOption(
      '--prices <LIST|FILE>',
      'price of an answer: human=0.05,ai=0.002,MODEL=0.01, or a file with lines who,price,family',
    )
    .option('--gold <FILE>', "known labels of the pilot's tasks; 100 make the bands trustworthy")
    .option('--tasks <N>', 'tasks to be labelled (default: as many as the pilot has)', wholeOf)
    .option('--target <ACCURACY>', 'name the cheapest plan that reaches this accuracy, for example 0.95', shareOf)
    .option(
      '--overhead <SHARE>',
      'fees, gold and refused work on top of what people are paid, for example 0.2',
      shareOf,
    )
    .option('--ai <LIST>', 'workers of ANSWERS that are AI models', (text: string) => text.split(','))
    .option('--draws <N>', 'simulated worlds', wholeOf, 40)
    .option('-o, --output <SVG>', 'where the drawing of the frontier goes');
  withMethodFlags(command).option('--json', 'print one JSON document and nothing else on stdout');
  return withReadingFlags(command).action((paths: string[], flags: Flags) => plan(paths, flags, shell));
}

async function plan(paths: readonly string[], flags: Flags, shell: Shell): Promise<void> {
  // Every simulated world is aggregated for every plan: the quickest good method unless another is asked for.
  const { method, options } = flags.method === undefined ? {} : methodFrom(flags);
  const { output } = flags;
  const inputs = [...paths, ...(flags.gold === undefined ? [] : [flags.gold])];
  await checkWritable(output === undefined ? [] : [output], inputs);
  const list = await readPrices(flags.prices);
  const answers = await readAll(paths, flags, shell);
  const say = flags.json === true ? (): void => {} : (line: string): void => shell.say(line);
  say(receiptLine(answers.receipt));
  for (const note of [...receiptNotes(answers.receipt), ...answers.notes]) say(`Note: ${note}`);
  const named = new Set([...(flags.ai ?? []), ...Object.keys(list.micros)]);
  const { table } = answers;
  const workerKind = table.workerKind.map((kind, worker) => (named.has(table.workers.name(worker)) ? 1 : kind));
  const withPeople = workerKind.some((_, worker) => workerKind[worker] !== 1);
  const wanted: PlanOptions = {
    prices: pricesOf(list, withPeople, flags.overhead),
    budgetMicros: flags.budget,
    draws: flags.draws,
    seed: flags.seed,
    ...(flags.tasks === undefined ? {} : { tasks: flags.tasks }),
    ...(flags.target === undefined ? {} : { target: flags.target }),
    ...(method === undefined ? {} : { method, methodOptions: options }),
  };
  const result = await run(planFrontier(table.with({ workerKind }), wanted), shell);
  if (output !== undefined) await writeAll([{ path: output, content: chunksOf(drawing(result)) }]);
  if (flags.json === true) {
    shell.json({ schema: 1, ...result, notes: [...receiptNotes(answers.receipt), ...answers.notes] });
    return;
  }
  shell.print(tableOf(result));
  for (const line of words(result)) shell.print(`${line}\n`);
  for (const warning of result.warnings) say(`Warning: ${warning}`);
  for (const assumption of result.assumptions) say(`Assumes: ${assumption}`);
  if (output !== undefined) say(`Wrote ${output}`);
}

async function run(running: ReturnType<typeof planFrontier>, shell: Shell): Promise<Plan> {
  for (;;) {
    const step = running.next();
    if (step.done === true) return step.value;
    shell.progress.bar('simulating crowds', step.value.done, step.value.total);
    await new Promise<void>((resolve) => setImmediate(resolve));
    if (!shell.signal.aborted) continue;
    const hint = 'run it again to start over';
    throw new StateError(`cancelled before the plan was finished; ${hint}`, { code: 'cancelled', hint });
  }
}

function tableOf(result: Plan): string {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const rows = result.points.map((point, index) => [
    index === result.recommended ? `${point.name} (recommended)` : point.name,
    money(point.costMicros),
    percent(point.accuracy.value),
    `${percent(point.accuracy.lo)} – ${percent(point.accuracy.hi)}`,
    percent(point.vote),
    point.direct === null ? '–' : percent(point.direct),
    point.chance === null ? '' : fixed(point.chance, 2),
    remark(point),
  ]);
  return tableText(
    [
      { title: 'plan' },
      right('cost'),
      right('accuracy'),
      right('90 % band'),
      right('vote'),
      right('vote seen'),
      right(result.points.some(({ chance }) => chance !== null) ? 'reaches target' : ''),
      { title: 'remarks' },
    ],
    rows,
  );
}

function remark(point: PlanPoint): string {
  const parts: string[] = [];
  if (point.method === 'majority-vote' && point.people > 1) parts.push('by plain vote');
  if (!point.affordable) parts.push('over budget');
  if (!point.efficient) parts.push('a cheaper plan is as good');
  return parts.join('; ');
}

function words(result: Plan): string[] {
  const lines = ['', `${result.upperBound ? 'Upper bound: ' : ''}${result.reason}`];
  if (result.reachesTarget !== null) {
    const point = result.points[result.reachesTarget];
    lines.push(
      `Cheapest plan that reaches the target with probability 0.8: ${point.name}, ${money(point.costMicros)}.`,
    );
  }
  if (result.enoughPeople !== null) {
    lines.push(`More than ${count(result.enoughPeople)} people per task add less than half a point each.`);
  }
  if (result.ceiling !== null) {
    lines.push(`A plain vote of ever more people would stop at about ${percent(result.ceiling)}.`);
  }
  return lines;
}

function drawing(result: Plan): string {
  return frontier({
    title: result.upperBound ? 'What the money buys at most' : 'What the money buys',
    points: result.points.map(({ name, costMicros, accuracy }, index) => ({
      label: name,
      cost: costMicros,
      ...accuracy,
      highlight: index === result.recommended,
    })),
  });
}

function money(micros: number): string {
  return (micros / 1e6).toFixed(2);
}

function wholeOf(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('Give a whole number above 0.');
  }
  return value;
}

function shareOf(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 100))
    throw new InvalidArgumentError('Give a share, for example 0.2.');
  return value;
}
