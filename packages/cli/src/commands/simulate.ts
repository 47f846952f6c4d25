import { readFile } from 'node:fs/promises';
import { InputError, shown } from '@assay/core';
import { outputFormat, writeAnswers, writeSheet } from '@assay/core/formats';
import { type CrowdRecipe, crowdOptions, fullRecipe, type SimulatedCrowd, simulateCrowd } from '@assay/core/simulate';
import { Command, InvalidArgumentError } from 'commander';
import { pairsOf, withMethodFlags, withReadingFlags } from '../input/flags.ts';
import { UsageError, usageError } from '../output/failure.ts';
import { checkWritable, writeAll } from '../output/files.ts';
import { tableText } from '../output/table.ts';
import { counted } from '../output/words.ts';
import type { Shell } from '../shell.ts';
import { type ReplayFlags, replayAnswers } from './simulate-replay.ts';

interface Flags extends Omit<ReplayFlags, 'truth'> {
  readonly truth?: string;
  readonly set?: Readonly<Record<string, string>>;
  readonly truthOut?: string;
}

/** `assay simulate [RECIPE]` draws a crowd; `assay simulate ANSWERS… --truth FILE` replays one that exists. */
export function build(shell: Shell): Command {
  const command = new Command('simulate')
    .argument('[FILES...]', 'a recipe (JSON) of a crowd to draw; or, with --truth, files of answers to replay')
    .option('--set <NAME=VALUE>', 'a number of the recipe (repeatable), listed below', pairsOf)
    .option('--truth-out <FILE>', 'where the true labels of the drawn tasks go')
    .option('--truth <FILE>', 'replay: known labels, for evaluation only')
    .option('--runs <N>', 'replays of each strategy', runsOf, 5)
    .option('-o, --output <FILE>', 'where the answers go (default: stdout, as CSV); the drawing (SVG) of a replay');
  withMethodFlags(command).option('--json', 'print one JSON document and nothing else on stdout');
  return withReadingFlags(command)
    .addHelpText('after', recipeText)
    .action((paths: string[], flags: Flags) => {
      const { truth } = flags;
      return truth === undefined ? draw(paths, flags, shell) : replayAnswers(paths, { ...flags, truth }, shell);
    });
}

/** Draws a crowd from a recipe and what was set, and writes its answers and truth. */
async function draw(paths: readonly string[], flags: Flags, shell: Shell): Promise<void> {
  const { output, truthOut, seed } = flags;
  if (paths.length > 1) {
    const hint = 'give one recipe, or --truth to replay answers';
    throw new UsageError(`ambiguous recipe: ${paths.length} files; ${hint}`, { code: 'ambiguous-recipe', hint });
  }
  if (output !== undefined) usageError(() => outputFormat(output, 'answers'));
  if (truthOut !== undefined) usageError(() => outputFormat(truthOut, 'workers'));
  const outputs = [output, truthOut].filter((path) => path !== undefined);
  await checkWritable(outputs, paths);
  const recipe = { ...(paths.length === 0 ? {} : await recipeFrom(paths[0])), ...flags.set } as CrowdRecipe;
  const crowd = simulateCrowd(recipe, seed);
  const { table } = crowd;
  const files = [];
  if (output !== undefined) files.push({ path: output, content: writeAnswers(table, output) });
  if (truthOut !== undefined) files.push({ path: truthOut, content: truthChunks(crowd, truthOut) });
  await writeAll(files);
  if (flags.json === true) {
    const { taskCount: tasks, workerCount: workers, classCount: classes, answerCount: answers } = table;
    shell.json({ schema: 1, seed, recipe: fullRecipe(recipe), tasks, workers, classes, answers, files: outputs });
    return;
  }
  if (output === undefined) for await (const chunk of writeAnswers(table, 'answers.csv')) await shell.write(chunk);
  const { answerCount, taskCount, workerCount } = table;
  shell.say(
    `Drew ${counted(answerCount, 'answer')} of ${counted(workerCount, 'worker')} to ${counted(taskCount, 'task')}, seed ${seed}`,
  );
  for (const path of outputs) shell.say(`Wrote ${path}`);
}

async function recipeFrom(path: string): Promise<Readonly<Record<string, unknown>>> {
  const hint = 'give a JSON object such as { "tasks": 1000, "workers": 50 }, or --truth to replay answers';
  const refuse = (problem: string, cause: unknown): never => {
    throw new InputError(`${problem}; ${hint}`, { code: 'invalid-recipe', path, hint, cause });
  };
  const text = await readFile(path, 'utf8').catch((cause) =>
    refuse(`missing recipe: cannot read ${shown(path)}`, cause),
  );
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    return refuse(`invalid recipe ${shown(path)}: it is not JSON`, cause);
  }
}

function truthChunks({ table, truth }: SimulatedCrowd, format: string): ReturnType<typeof writeSheet> {
  const sheet = {
    length: table.taskCount,
    columns: [
      { name: 'task', kind: 'text', complete: true, at: (task: number) => table.tasks.name(task) },
      { name: 'label', kind: 'text', complete: true, at: (task: number) => table.classes.name(truth[task]) },
    ],
  } as const;
  return writeSheet(sheet, format);
}

function recipeText(): string {
  const rows = Object.entries(crowdOptions).map(([name, spec]) => [`  ${name}`, String(spec.default), spec.does]);
  const columns = [{ title: '  name' }, { title: 'default', align: 'right' as const }, { title: '' }];
  return `\nNumbers of a recipe; in its file also "classes" by name, "prior" and "models":\n${tableText(columns, rows)}`;
}

function runsOf(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 1000)
    throw new InvalidArgumentError('Give a whole number from 1 to 1000.');
  return value;
}
