import { type Sheet, type SheetColumn, writeSheet } from '@assay/core/formats';
import { OnnxModel } from '@assay/learn/networks';
import { Command } from 'commander';
import {
  type FeatureFlags,
  featuresFrom,
  featuresHelp,
  modelBytes,
  rowTruth,
  testMeasures,
  withFeatureFlags,
} from '../input/features.ts';
import { checkWritable, writeAll } from '../output/files.ts';
import { checkOutputName } from '../output/results.ts';
import { count, fixed } from '../output/words.ts';
import type { Shell } from '../shell.ts';

interface Flags extends FeatureFlags {
  readonly features: string;
  readonly truth?: string;
  readonly output?: string;
  readonly json?: boolean;
}

/** `assay predict MODEL.onnx --features F`: a classifier's probabilities for tasks. */
export function build(shell: Shell): Command {
  const command = new Command('predict')
    .argument('<MODEL>', 'a classifier as .onnx: one input of rows or pictures, one output of probabilities or logits')
    .requiredOption('--features <FILE>', featuresHelp);
  return withFeatureFlags(command)
    .option('--truth <FILE>', 'known labels for evaluation: columns row and label, or task and label')
    .option('-o, --output <OUT>', 'where the predictions go; its extension chooses csv, tsv, jsonl, json or parquet')
    .option('--json', 'print one JSON document and nothing else on stdout')
    .action((path: string, flags: Flags) => run(path, flags, shell));
}

async function run(path: string, flags: Flags, shell: Shell): Promise<void> {
  const { features, featureTasks, embedding, truth, output } = flags;
  const inputs = [path, features, featureTasks, embedding, truth].filter((each) => each !== undefined);
  if (output !== undefined) checkOutputName(output, 'workers');
  await checkWritable(output === undefined ? [] : [output], inputs);
  const model = await OnnxModel.open(await modelBytes(path), path);
  const { matrix, tasks } = await featuresFrom(features, { ...flags, pictureSize: flags.pictureSize ?? model.side });
  const { p, classes } = await model.classify(matrix);
  const known = truth === undefined ? undefined : await rowTruth(truth, matrix, classes);
  const names = Array.from({ length: matrix.rows }, (_, row) => tasks?.get(row) ?? matrix.tasks?.[row] ?? String(row));
  const notes = [...(matrix.notes ?? [])];
  if (tasks === undefined && matrix.tasks === undefined)
    notes.push('rows have no task names: they are numbered from 0');
  shell.signal.throwIfAborted();
  const sheet = predictionsSheet(names, classes, p);
  if (output !== undefined) await writeAll([{ path: output, content: writeSheet(sheet, output) }]);
  const measured = known === undefined ? undefined : testMeasures(p, known, classes.length);
  if (flags.json === true) {
    const rated = measured === undefined ? {} : { accuracy: measured.testAccuracy, logLoss: measured.testLogLoss };
    shell.json({ schema: 1, model: path, rows: matrix.rows, features: matrix.columns, classes, ...rated, notes });
    return;
  }
  for (const note of notes) shell.say(`Note: ${note}`);
  if (measured !== undefined)
    shell.say(
      `Truth: accuracy ${fixed(measured.testAccuracy, 3)}, log-loss ${fixed(measured.testLogLoss, 3)} on ${count(measured.testRows)} rows`,
    );
  if (output === undefined) for await (const chunk of writeSheet(sheet, 'csv')) await shell.write(chunk);
  else shell.say(`Wrote ${output}`);
}

/** `task,label,probability,p_<class>…`, one row per row of features. */
function predictionsSheet(names: readonly string[], classes: readonly string[], p: Float64Array): Sheet {
  const likeliest = names.map((_, row) => {
    const own = p.subarray(row * classes.length, (row + 1) * classes.length);
    return own.indexOf(Math.max(...own));
  });
  const probability = (name: string, of: (row: number) => number): SheetColumn => {
    const at = (row: number): number => Number(p[row * classes.length + of(row)].toPrecision(9));
    return { name, kind: 'number', complete: true, at };
  };
  return {
    length: names.length,
    columns: [
      { name: 'task', kind: 'text', complete: true, at: (row) => names[row] },
      { name: 'label', kind: 'text', complete: true, at: (row) => classes[likeliest[row]] },
      probability('probability', (row) => likeliest[row]),
      ...classes.map((name, k) => probability(`p_${name}`, () => k)),
    ],
  };
}
