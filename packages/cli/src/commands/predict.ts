import { EngineError, shown } from '@assay/core';
import type { FeatureMatrix } from '@assay/learn/features';

import { inspectOnnx, loadRuntime, type RuntimeSession } from '@assay/learn/networks';
import { Command } from 'commander';
import { featuresFrom, modelBytes, rowTruth, testMeasures } from '../input/features.ts';
import { checkWritable, writeAll } from '../output/files.ts';
import { count, fixed } from '../output/words.ts';
import type { Shell } from '../shell.ts';

interface Flags {
  readonly features: string;
  readonly featureTasks?: string;
  readonly truth?: string;
  readonly output?: string;
  readonly json?: boolean;
}

/** Rows that go through the model at once. */
const batchRows = 1024;

/** `assay predict MODEL.onnx --features F`: a classifier's probabilities for tasks. */
export function build(shell: Shell): Command {
  return new Command('predict')
    .argument('<MODEL>', 'a classifier as .onnx: one input of rows, one output of probabilities or logits')
    .requiredOption('--features <FILE>', 'numbers that describe the tasks: .npy, .npz, IDX or CSV')
    .option('--feature-tasks <FILE>', 'which row describes which task: columns row (from 0) and task')
    .option('--truth <FILE>', 'known labels for evaluation: columns row and label, or task and label')
    .option('-o, --output <OUT>', 'where the predictions go, as CSV (default: standard output)')
    .option('--json', 'print one JSON document and nothing else on stdout')
    .action((path: string, flags: Flags) => run(path, flags, shell));
}

async function run(path: string, flags: Flags, shell: Shell): Promise<void> {
  const { features, featureTasks, truth, output } = flags;
  const inputs = [path, features, featureTasks, truth].filter((each) => each !== undefined);
  await checkWritable(output === undefined ? [] : [output], inputs);
  const bytes = await modelBytes(path);
  const { metadata } = inspectOnnx(bytes, path);
  const { matrix, tasks } = await featuresFrom(features, featureTasks);
  const { p, classCount } = await probabilities(path, bytes, matrix);
  const classes = classNames(metadata.classes, classCount);
  const known = truth === undefined ? undefined : await rowTruth(truth, matrix, classes);
  const names = Array.from({ length: matrix.rows }, (_, row) => tasks?.get(row) ?? matrix.tasks?.[row] ?? String(row));
  const notes = p.every(Number.isFinite) ? [] : ['the model gave numbers that are not finite'];
  if (tasks === undefined && matrix.tasks === undefined)
    notes.push('rows have no task names: they are numbered from 0');
  shell.signal.throwIfAborted();
  const text = csvOf(names, classes, p);
  if (output !== undefined) await writeAll([{ path: output, content: chunks(text) }]);
  const measured = known === undefined ? undefined : testMeasures(p, known, classCount);
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
  if (output === undefined) shell.print(text);
  else shell.say(`Wrote ${output}`);
}

async function probabilities(
  path: string,
  bytes: Uint8Array,
  matrix: FeatureMatrix,
): Promise<{ p: Float64Array; classCount: number }> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const refuse = (what: string, cause?: unknown): EngineError => {
    const hint = 'give a classifier that takes rows of these features and gives one number per class';
    const message = `invalid model ${path}: ${what}; ${hint}`;
    return new EngineError(message, { code: 'invalid-model', path, hint, cause });
  };
  let session: RuntimeSession;
  try {
    session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 4 });
  } catch (cause) {
    throw refuse(`ONNX Runtime refuses it (${firstLine(cause)})`, cause);
  }
  if (session.inputNames.length !== 1) throw refuse(`it has ${session.inputNames.length} inputs`);
  const name = session.outputNames.find((each) => /prob/i.test(each)) ?? session.outputNames[0];
  const parts: Float32Array[] = [];
  let classCount = 0;
  for (let from = 0; from < matrix.rows; from += batchRows) {
    const rows = Math.min(batchRows, matrix.rows - from);
    const values = matrix.values.subarray(from * matrix.columns, (from + rows) * matrix.columns);
    let data: Float32Array | BigInt64Array;
    try {
      const results = await session.run({
        [session.inputNames[0]]: new Tensor('float32', values, [rows, matrix.columns]),
      });
      data = results[name].data;
    } catch (cause) {
      throw refuse(`it does not run on ${matrix.columns} features (${firstLine(cause)})`, cause);
    }
    if (
      !(data instanceof Float32Array) ||
      data.length % rows !== 0 ||
      (classCount > 0 && data.length !== rows * classCount)
    )
      throw refuse(`its output ${shown(name)} has not the same number of classes for every row`);
    classCount = data.length / rows;
    parts.push(data);
  }
  const p = new Float64Array(matrix.rows * classCount);
  let at = 0;
  for (const part of parts) {
    p.set(part, at);
    at += part.length;
  }
  for (let row = 0; row < p.length; row += classCount) normalise(p.subarray(row, row + classCount));
  return { p, classCount };
}

/** Probabilities stay; anything that does not look like them is taken for logits. */
function normalise(row: Float64Array): void {
  const sum = row.reduce((total, value) => total + value, 0);
  if (Math.abs(sum - 1) < 1e-3 && row.every((value) => value >= 0)) return;
  const most = Math.max(...row);
  let total = 0;
  row.forEach((value, k) => {
    row[k] = Math.exp(value - most);
    total += row[k];
  });
  for (let k = 0; k < row.length; k++) row[k] /= total;
}

function classNames(metadata: string | undefined, count: number): string[] {
  const names: unknown = metadata === undefined ? undefined : parsed(metadata);
  const usable = Array.isArray(names) && names.length === count && names.every((name) => typeof name === 'string');
  return usable ? (names as string[]) : Array.from({ length: count }, (_, k) => String(k));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function csvOf(names: readonly string[], classes: readonly string[], p: Float64Array): string {
  const lines = [`task,label,probability,${classes.map((name) => cell(`p_${name}`)).join(',')}\n`];
  names.forEach((name, row) => {
    const own = p.subarray(row * classes.length, (row + 1) * classes.length);
    const most = Math.max(...own);
    const label = classes[Math.max(0, own.indexOf(most))];
    lines.push(`${[cell(name), cell(label), rounded(most), ...Array.from(own, rounded)].join(',')}\n`);
  });
  return lines.join('');
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(9)));
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function firstLine(cause: unknown): string {
  return String((cause as Error)?.message ?? cause)
    .split('\n')[0]
    .slice(0, 160);
}

async function* chunks(text: string): AsyncGenerator<Uint8Array, void, void> {
  yield new TextEncoder().encode(text);
}
