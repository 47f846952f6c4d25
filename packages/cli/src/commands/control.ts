import { readFile } from 'node:fs/promises';
import { InputError, Random } from '@assay/core';
import {
  type BallotLearningMode,
  checkController,
  checkDocument,
  compareControllers,
  compileModel,
  type LearnedDocument,
  type LearnReport,
  learnModel,
  planBudget,
  readArtifacts,
  readBallots,
  type SimulationSummary,
  type Solution,
  solveModel,
  turkontrolControllers,
  type Utility,
} from '@assay/core/control';
import { openSource } from '@assay/core/node';
import { Command, InvalidArgumentError, Option } from 'commander';
import { listOf, seedFlag } from '../input/flags.ts';
import { moneyOf } from '../input/prices.ts';
import { UsageError, usageError } from '../output/failure.ts';
import { checkWritable, chunksOf, writeAll } from '../output/files.ts';
import { clipped, tableText } from '../output/table.ts';
import { count, counted, fixed } from '../output/words.ts';
import type { Shell } from '../shell.ts';

/** `assay control learn|solve|simulate`: improve-and-vote workflows. */
export function build(shell: Shell): Command {
  const command = new Command('control').addHelpText(
    'after',
    `
A task has one artifact, such as a description. Workers improve it, others vote which of two is better,
and a controller says what to ask next and when to stop.

  assay control learn ballots.csv --improvements artifacts.csv --worth 3 \\
    --improvement-price 0.05 --ballot-price 0.01 -o model.json
  assay control solve model.json
  assay control simulate model.json --controllers fixed,fixed-informed,lookahead-3`,
  );
  command.addCommand(learnCommand(shell));
  command.addCommand(solveCommand(shell));
  command.addCommand(simulateCommand(shell));
  return command;
}

interface LearnFlags {
  readonly improvements: string;
  readonly output?: string;
  readonly improvementPrice: number;
  readonly ballotPrice: number;
  readonly worth: number;
  readonly utility: 'linear' | 'convex';
  readonly worthFrom?: number;
  readonly mode?: BallotLearningMode;
  readonly exponent?: number;
  readonly json?: boolean;
}

function learnCommand(shell: Shell): Command {
  return new Command('learn')
    .description('a model of voters and improvers from logs of ballots and artifacts')
    .argument(
      '<BALLOTS>',
      'file of ballots: worker, vote, and pair or old and new; optionally truth, difficulty, shown_first',
    )
    .requiredOption(
      '--improvements <FILE>',
      'file of artifacts: artifact, from, worker; optionally quality, kind (anchor)',
    )
    .requiredOption('--worth <MONEY>', 'what an artifact of quality 1 is worth', moneyOf)
    .requiredOption('--improvement-price <MONEY>', 'what an improvement costs', moneyOf)
    .requiredOption('--ballot-price <MONEY>', 'what a ballot costs', moneyOf)
    .addOption(
      new Option('--utility <FORM>', 'how worth grows with quality').choices(['linear', 'convex']).default('linear'),
    )
    .option('--worth-from <QUALITY>', 'nothing is worth anything below this quality, all of it from there', shareOf)
    .addOption(
      new Option('--mode <MODE>', 'what is known besides the votes (default: the most that the files give)').choices([
        'known',
        'known-difficulty',
        'unknown',
        'joint',
      ]),
    )
    .option('--exponent <M>', 'M of the difficulty (default: learned from given qualities, else 0.5)', positiveOf)
    .option('-o, --output <FILE>', 'where the model goes (JSON)')
    .option('--json', 'print one JSON document and nothing else on stdout')
    .action((ballots: string, flags: LearnFlags) => learn(ballots, flags, shell));
}

async function learn(path: string, flags: LearnFlags, shell: Shell): Promise<void> {
  const { output } = flags;
  await checkWritable(output === undefined ? [] : [output], [path, flags.improvements]);
  const ballots = await readBallots(await openSource(path));
  const artifacts = await readArtifacts(await openSource(flags.improvements));
  const topMicros = flags.worth;
  const utility: Utility =
    flags.worthFrom === undefined
      ? { kind: flags.utility, topMicros }
      : { kind: 'threshold', topMicros, from: flags.worthFrom };
  const prices = { improvementMicros: flags.improvementPrice, ballotMicros: flags.ballotPrice };
  const { document, report } = learnModel(ballots, artifacts, {
    utility,
    prices,
    mode: flags.mode,
    exponent: flags.exponent,
  });
  shell.signal.throwIfAborted();
  if (output !== undefined)
    await writeAll([{ path: output, content: chunksOf(`${JSON.stringify(document, undefined, 1)}\n`) }]);
  if (flags.json === true) shell.json({ ...document, report: reportJson(report) });
  else {
    shell.print(reportText(document, report, ballots.length));
    for (const note of report.notes) shell.say(`Note: ${note}`);
    for (const misfit of report.misfits) shell.say(`Warning: ${misfit.message}`);
    if (output !== undefined) shell.say(`Wrote ${output}`);
  }
}

function reportJson({ ballots, improvement, exponent, qualities, misfits, notes }: LearnReport): object {
  return {
    mode: ballots.mode,
    converged: ballots.converged,
    population: ballots.population,
    voters: ballots.voters.map(({ worker, ballots: cast, right, gamma, interval }) => ({
      worker,
      ballots: cast,
      right,
      gamma,
      ...interval,
    })),
    improvement: {
      coefficients: improvement.chosen.coefficients,
      intervals: improvement.coefficientIntervals,
      concentration: improvement.concentration,
      concentrationInterval: improvement.concentrationInterval,
    },
    exponent,
    qualities,
    misfits,
    notes,
  };
}

function reportText({ model }: LearnedDocument, report: LearnReport, ballots: number): string {
  const { population, voters, mode } = report.ballots;
  const { improvement, initial } = model;
  const rows = [
    [
      'ballots',
      `${count(ballots)} of ${counted(voters.length, 'voter')} on ${counted(report.ballots.pairs.length, 'pair')} (${mode})`,
    ],
    [
      'voters',
      `ln γ ~ N(${fixed(population.logMean, 2)}, ${fixed(population.logSd, 2)}²), pooled γ ${fixed(population.pooledGamma, 2)}, M ${fixed(model.exponent, 2)}`,
    ],
    [
      'first artifacts',
      `Beta(${fixed(initial.a, 1)}, ${fixed(initial.b, 1)}), mean quality ${fixed(initial.a / (initial.a + initial.b), 2)}`,
    ],
  ];
  if (improvement.kind === 'polynomial') {
    const terms = improvement.coefficients.map(
      (value, power) => `${fixed(value, 2)}${power === 0 ? '' : power === 1 ? ' q' : ` q^${power}`}`,
    );
    const slope = report.improvement.coefficientIntervals[1];
    const interval = slope === undefined ? '' : ` (slope ${fixed(slope.lo, 2)} to ${fixed(slope.hi, 2)})`;
    rows.push([
      'improvements',
      `mean quality ${terms.join(' + ')}${interval}, κ ${fixed(report.improvement.concentration, 1)}`,
    ]);
  }
  const best = [...voters].sort((a, b) => a.gamma - b.gamma);
  const voterRows = best.map(({ worker, ballots: cast, gamma, interval }) => [
    clipped(worker),
    count(cast),
    fixed(gamma, 2),
    `${fixed(interval.lo, 2)} – ${fixed(interval.hi, 2)}`,
  ]);
  const shown =
    voterRows.length > 12 ? [...voterRows.slice(0, 6), ['…', '', '', ''], ...voterRows.slice(-5)] : voterRows;
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  return `${rows.map(([name, text]) => `${name.padEnd(16)}${text}\n`).join('')}\n${tableText(
    [{ title: 'voter, best first' }, right('ballots'), right('error γ'), right('90 % interval')],
    shown,
  )}`;
}

interface SolveFlags {
  readonly depth: number;
  readonly rows: number;
  readonly budget?: number;
  readonly tasks?: number;
  readonly seed: number;
  readonly json?: boolean;
}

function solveCommand(shell: Shell): Command {
  return new Command('solve')
    .description('what the controller will do, why, and what it is worth')
    .argument('<MODEL>', 'the model that learn wrote')
    .addOption(new Option('--depth <N>', 'actions to look ahead').argParser(wholeOf(1, 8)).default(3))
    .addOption(new Option('--rows <N>', 'decisions to show, likeliest first').argParser(wholeOf(1, 1000)).default(12))
    .option('--budget <MONEY>', 'for all tasks together; needs --tasks', moneyOf)
    .option('--tasks <N>', 'number of tasks the budget is for', wholeOf(1, 1e9))
    .addOption(seedFlag())
    .option('--json', 'print one JSON document and nothing else on stdout')
    .action((path: string, flags: SolveFlags) => solve(path, flags, shell));
}

async function solve(path: string, flags: SolveFlags, shell: Shell): Promise<void> {
  if ((flags.budget === undefined) !== (flags.tasks === undefined)) {
    throw new UsageError('missing --tasks or --budget; give both or neither', {
      code: 'missing-flag',
      hint: 'give both or neither',
    });
  }
  const { model } = await readDocument(path);
  const solution = solveModel(model, { depth: flags.depth, seed: flags.seed, rows: flags.rows });
  const plan =
    flags.budget === undefined || flags.tasks === undefined
      ? null
      : planBudget(compileModel(model), flags.tasks, flags.budget, new Random(flags.seed).fork('budget'));
  shell.signal.throwIfAborted();
  const budget = plan === null ? null : { multiplier: plan.multiplier, slack: plan.slack, summary: plan.summary };
  if (flags.json === true) shell.json({ schema: 1, ...solution, budget });
  else {
    shell.print(solutionText(solution));
    if (plan !== null) {
      const { summary, multiplier, slack } = plan;
      shell.print(
        slack
          ? `The budget is more than the controller would spend (${fixed(summary.spent.mean, 2)} a task): it need not be rationed.\n`
          : `To keep the budget decide as if prices were ${fixed(multiplier, 2)} times higher: ${fixed(summary.spent.mean, 2)} a task, quality ${fixed(summary.quality.mean, 3)}.\n`,
      );
    }
  }
}

function solutionText({ policy, lookaheadValue, pointBasedValue, observedBound, schedules }: Solution): string {
  const decisions = policy.map(
    ({ history, probability, explanation }) =>
      `${(history === '' ? 'first artifact' : history).padEnd(16)}${`${fixed(100 * probability, 0)} %`.padStart(5)}  ${explanation}\n`,
  );
  const best = schedules[0];
  return [
    'History: I an improvement, Y and N votes for and against it; the share of tasks that come there\n',
    ...decisions,
    '\n',
    `worth of a task   lookahead ${fixed(lookaheadValue, 2)}, point-based ${fixed(pointBasedValue, 2)}, at most ${fixed(observedBound, 2)} if quality could be seen\n`,
    `best schedule     ${counted(best.iterations, 'improvement')} × ${counted(best.ballots, 'ballot')}: worth ${fixed(best.value, 2)} ± ${fixed(1.96 * best.standardError, 2)} at a cost of ${fixed(best.cost, 2)}\n`,
  ].join('');
}

interface SimulateFlags {
  readonly controllers: readonly string[];
  readonly trials: number;
  readonly allowance?: number;
  readonly seed: number;
  readonly json?: boolean;
}

function simulateCommand(shell: Shell): Command {
  return new Command('simulate')
    .description('controllers side by side on the world the model describes')
    .argument('<MODEL>', 'the model that learn wrote')
    .addOption(
      new Option('--controllers <LIST>', `separated by commas: ${Object.keys(turkontrolControllers).join(' ')}`)
        .argParser(controllersOf)
        .default(['fixed', 'fixed-informed', 'lookahead-3'], 'fixed,fixed-informed,lookahead-3'),
    )
    .addOption(new Option('--trials <N>', 'simulated tasks for each').argParser(wholeOf(1, 1e7)).default(1000))
    .option(
      '--allowance <MONEY>',
      'the most a task may cost (default: no cap, and for fixed what lookahead spends)',
      moneyOf,
    )
    .addOption(seedFlag())
    .option('--json', 'print one JSON document and nothing else on stdout')
    .action((path: string, flags: SimulateFlags) => simulate(path, flags, shell));
}

async function simulate(path: string, flags: SimulateFlags, shell: Shell): Promise<void> {
  const { model } = await readDocument(path);
  const { summaries, fixedAllowanceMicros } = compareControllers(model, {
    controllers: flags.controllers,
    trials: flags.trials,
    seed: flags.seed,
    allowanceMicros: flags.allowance ?? null,
    signal: shell.signal,
    onProgress: (name, done, trials) => shell.progress.bar(`simulating ${name}`, done, trials),
  });
  if (flags.json === true) {
    shell.json({
      schema: 1,
      trials: flags.trials,
      seed: flags.seed,
      fixedAllowance: fixedAllowanceMicros / 1e6,
      summaries,
    });
    return;
  }
  shell.print(summaryText(summaries));
  if (flags.controllers.includes('fixed')) {
    shell.say(
      `Note: fixed may spend ${fixed(fixedAllowanceMicros / 1e6, 2)} a task; name the baseline with every gain, fixed-informed is the honest one`,
    );
  }
}

function summaryText(summaries: readonly SimulationSummary[]): string {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const columns = [
    { title: 'controller' },
    right('worth − cost'),
    right('±'),
    right('quality'),
    right('spent'),
    right('improvements'),
    right('ballots'),
  ];
  const rows = summaries.map(({ controller, netUtility, quality, spent, improvements, ballots }) => [
    controller,
    fixed(netUtility.mean, 3),
    fixed(netUtility.halfWidth, 3),
    fixed(quality.mean, 3),
    fixed(spent.mean, 3),
    fixed(improvements, 2),
    fixed(ballots, 2),
  ]);
  return tableText(columns, rows);
}

async function readDocument(path: string): Promise<LearnedDocument> {
  // Only to refuse folders and missing files in the usual words.
  const { name } = await openSource(path);
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new InputError(`invalid model ${name}: not JSON; give the file that "assay control learn -o" wrote`, {
      code: 'invalid-json',
      path,
      hint: 'give the file that "assay control learn -o" wrote',
      cause,
    });
  }
  return checkDocument(parsed);
}

function controllersOf(text: string): string[] {
  return listOf(text).map((name) => usageError(() => checkController(name)));
}

function shareOf(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('Give a number from 0 to 1.');
  return value;
}

function positiveOf(text: string): number {
  const value = Number(text);
  if (!(value >= 0.001 && value <= 100)) throw new InvalidArgumentError('Give a number from 0.001 to 100.');
  return value;
}

function wholeOf(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
    return value;
  };
}
