import { InputError, parseOptions, Random } from '@assay/core';
import { writeResults, writeWorkers } from '@assay/core/formats';
import { bootstrapMeans, measureScores, percentileInterval, scoreTasks } from '@assay/core/quality';
import { type FeatureMatrix, joinFeatures } from '@assay/learn/features';
import { type LearnMethod, learn, learnMethodById } from '@assay/learn/methods';
import { Command } from 'commander';
import { readAll } from '../input/answers.ts';
import {
  type FeatureFlags,
  featuresFrom,
  featuresHelp,
  rowTruth,
  testMeasures,
  withFeatureFlags,
} from '../input/features.ts';
import { pairsOf, type ReadingFlags, seedFlag, withReadingFlags } from '../input/flags.ts';
import { usageError } from '../output/failure.ts';
import { checkWritable, chunksOf, writeAll } from '../output/files.ts';
import { receiptLine, receiptNotes, skippedRows } from '../output/receipt.ts';
import { checkOutputName } from '../output/results.ts';
import { count, duration, fixed, withInterval } from '../output/words.ts';
import type { Shell } from '../shell.ts';

interface Flags extends ReadingFlags, FeatureFlags {
  readonly method: LearnMethod;
  readonly option?: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly truth?: string;
  readonly gold?: string;
  readonly predictions?: Readonly<Record<string, string>>;
  readonly testFeatures?: string;
  readonly testTruth?: string;
  readonly output?: string;
  readonly workersOut?: string;
  readonly model?: string;
  readonly json?: boolean;
}

/** `assay learn ANSWERS… --features F`: true labels and a classifier, from answers and features. */
export function build(shell: Shell): Command {
  const command = new Command('learn')
    .argument('<ANSWERS...>', 'files of answers, or - for standard input')
    .option('--features <FILE>', featuresHelp)
    .option(
      '-m, --method <METHOD>',
      'how to learn; "assay methods" lists the methods',
      (id) => usageError(() => learnMethodById(id)),
      learnMethodById('auto'),
    )
    .option('-O, --option <NAME=VALUE>', 'an option of the method (repeatable)', pairsOf)
    .addOption(seedFlag())
    .option('-o, --output <OUT>', 'where the labels go; its extension chooses csv, tsv, jsonl, json or parquet')
    .option('--workers-out <FILE>', 'where the worker report goes')
    .option('--model <FILE>', 'where the trained network goes, as a standard .onnx file')
    .option('--predictions <NAME=FILE>', "a model's labels or probabilities, as an AI worker (repeatable)", pairsOf)
    .option('--gold <FILE>', 'known labels the method may use')
    .option('--truth <FILE>', 'known labels for evaluation only')
    .option('--test-features <FILE>', 'features of other tasks, to test the network on')
    .option('--test-truth <FILE>', 'their true labels: columns row and label, or task and label')
    .option('--json', 'print one JSON document and nothing else on stdout');
  // The default is an object: say its name in the help instead.
  const method = command.options.find((option) => option.long === '--method');
  if (method !== undefined) method.defaultValueDescription = 'auto';
  withReadingFlags(withFeatureFlags(command)).addHelpText('after', () => optionLines(command.opts<Flags>().method));
  return command.action((paths: string[], flags: Flags) => run(paths, flags, shell));
}

async function run(paths: readonly string[], flags: Flags, shell: Shell): Promise<void> {
  const { method, features: featuresPath, model, output, workersOut, gold, truth, predictions = {}, seed } = flags;
  const options = usageError(() => parseOptions(method.options, flags.option));
  const sides = [featuresPath, flags.featureTasks, flags.embedding, gold, truth, flags.testFeatures, flags.testTruth];
  const inputs = [...paths, ...sides, ...Object.values(predictions)].filter((path) => path !== undefined);
  if (output !== undefined) checkOutputName(output, 'results');
  if (workersOut !== undefined) checkOutputName(workersOut, 'workers');
  checkPairs(flags);
  await checkWritable(
    [output, workersOut, model].filter((path) => path !== undefined),
    inputs,
  );

  const answers = await readAll(paths, { ...flags, gold, truth, predictions }, shell);
  const { table, receipt } = answers;
  const say = flags.json === true ? (): void => {} : (line: string): void => shell.say(line);
  say(receiptLine(receipt));
  const joined = featuresPath === undefined ? undefined : await featuresFrom(featuresPath, flags);
  const features =
    joined === undefined || featuresPath === undefined
      ? undefined
      : joinFeatures(table, joined.matrix, {
          file: featuresPath,
          tasks: joined.tasks,
          truthTasks: answers.truth === undefined ? undefined : [...answers.truth.keys()],
        });
  const test =
    flags.testFeatures === undefined || flags.testTruth === undefined
      ? undefined
      : await testSet(flags.testFeatures, flags.testTruth, flags, table.classes.names(), joined?.matrix.columns);

  const from = performance.now();
  const found = await learn(
    method,
    { table, features },
    {
      options,
      seed,
      signal: shell.signal,
      onProgress: ({ stage, done, total }) => shell.progress.show(() => `${method.id}: ${stage} (${done} of ${total})`),
    },
  );
  const elapsedMs = performance.now() - from;
  const { estimate, classifier } = found;
  const notes = [...receiptNotes(receipt), ...answers.notes, ...estimate.notes];
  if (classifier === undefined && (model !== undefined || test !== undefined))
    notes.push('no network was trained: there is no model to write or to test');
  for (const note of notes) say(`Note: ${note}`);

  const scores = answers.truth === undefined ? undefined : scoreTasks(estimate, answers.truth);
  const measures = scores === undefined ? undefined : measureScores(scores);
  const tested =
    test === undefined || classifier === undefined
      ? undefined
      : testMeasures(await classifier.predict(test.matrix), test.truth, table.classCount);
  const files = [];
  if (output !== undefined) files.push({ path: output, content: writeResults(estimate, output) });
  if (workersOut !== undefined) files.push({ path: workersOut, content: writeWorkers(estimate, table, workersOut) });
  if (model !== undefined && classifier !== undefined)
    files.push({ path: model, content: chunksOf(classifier.toOnnx()) });
  shell.signal.throwIfAborted();
  await writeAll(files);

  if (flags.json === true) {
    const { user, system } = process.cpuUsage();
    const { chosen, models } = estimate.extra;
    shell.json({
      schema: 1,
      method: method.id,
      ...(chosen === undefined ? {} : { chosen }),
      seed,
      tasks: table.taskCount,
      workers: table.workerCount,
      classes: table.classCount,
      answers: table.answerCount,
      duplicates: receipt.duplicates,
      skipped: skippedRows(receipt),
      converged: estimate.converged,
      iterations: estimate.iterations,
      objective: estimate.objective.at(-1) ?? null,
      elapsedMs: Math.round(elapsedMs * 10) / 10,
      cpuMs: Math.round((user + system) / 100) / 10,
      ...(measures === undefined
        ? {}
        : { accuracy: measures.accuracy, logLoss: measures.logLoss, ece: measures.ece, coverage: measures.coverage }),
      ...(tested === undefined ? {} : tested),
      ...(models === undefined ? {} : { models }),
      notes,
    });
    return;
  }
  shell.say(`Model: ${method.id} (${method.title}), ${duration(elapsedMs)}`);
  if (scores !== undefined && measures !== undefined) {
    const [means] = bootstrapMeans([scores.credit], 1000, new Random(seed).fork('truth'));
    const { value, lo, hi } = percentileInterval(measures.accuracy, means);
    shell.say(`Truth: accuracy ${withInterval(value, lo, hi)}, log-loss ${fixed(measures.logLoss, 3)}`);
  }
  if (tested !== undefined) {
    const { testAccuracy, testLogLoss, testRows } = tested;
    shell.say(
      `Test: accuracy ${fixed(testAccuracy, 3)}, log-loss ${fixed(testLogLoss, 3)} on ${count(testRows)} other tasks`,
    );
  }
  for (const { path } of files) shell.say(`Wrote ${path}`);
  if (output === undefined) for await (const chunk of writeResults(estimate, 'csv')) await shell.write(chunk);
}

async function testSet(
  path: string,
  truthPath: string,
  flags: FeatureFlags,
  classes: readonly string[],
  columns: number | undefined,
): Promise<{ matrix: FeatureMatrix; truth: Int32Array }> {
  const { matrix } = await featuresFrom(path, { ...flags, featureTasks: undefined });
  if (columns !== undefined && matrix.columns !== columns) {
    const hint = 'give the same features for both';
    throw new InputError(`invalid test features: ${matrix.columns} columns where the others have ${columns}; ${hint}`, {
      code: 'invalid-features',
      path,
      got: String(matrix.columns),
      hint,
    });
  }
  return { matrix, truth: await rowTruth(truthPath, matrix, classes) };
}

function checkPairs({ features, featureTasks, embedding, testFeatures, testTruth }: Flags): void {
  const refuse = (flag: string, other: string): never => {
    const hint = `give ${other} too`;
    throw new InputError(`missing ${other}: ${flag} needs it; ${hint}`, { code: 'missing-option', path: other, hint });
  };
  if (featureTasks !== undefined && features === undefined) refuse('--feature-tasks', '--features');
  if (embedding !== undefined && features === undefined) refuse('--embedding', '--features');
  if (testFeatures !== undefined && testTruth === undefined) refuse('--test-features', '--test-truth');
  if (testTruth !== undefined && testFeatures === undefined) refuse('--test-truth', '--test-features');
  if (testFeatures !== undefined && features === undefined) refuse('--test-features', '--features');
}

function optionLines(method: LearnMethod): string {
  const lines = Object.entries(method.options).map(([name, { default: value, does }]) => `  ${name}=${value}  ${does}`);
  return `\nOptions of ${method.id} (-O NAME=VALUE):\n${lines.join('\n')}`;
}
