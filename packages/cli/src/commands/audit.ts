import { type Estimate, goldLabels, InputError, Random } from '@assay/core';
import { findCopying, findSpammers } from '@assay/core/audit';
import { writeResults, writeSheet } from '@assay/core/formats';
import {
  auditDecisions,
  auditWorkers,
  fitGroupThresholds,
  positiveClass,
  type TaskGroups,
  type ThresholdRate,
} from '@assay/core/quality';
import { Command, Option } from 'commander';
import { type Answers, readAll, toldNotes } from '../input/answers.ts';
import { readAttributes } from '../input/attributes.ts';
import {
  listOf,
  type MethodFlags,
  methodFrom,
  type ReadingFlags,
  withMethodFlags,
  withReadingFlags,
} from '../input/flags.ts';
import { agreementJson, agreementLines, agreementOf } from '../output/agreement.ts';
import { copyingText, crowdAuditSheet, informationJson, informationText } from '../output/crowd-audit.ts';
import { UsageError } from '../output/failure.ts';
import {
  type AttributeAudit,
  auditJson,
  fairnessSheet,
  reportText,
  suspectLines,
  thresholdLines,
} from '../output/fairness.ts';
import { checkWritable, writeAll } from '../output/files.ts';
import { receiptLine, receiptNotes } from '../output/receipt.ts';
import { checkOutputName } from '../output/results.ts';
import { clipped } from '../output/table.ts';
import { counted } from '../output/words.ts';
import type { Shell } from '../shell.ts';
import { fitted } from './aggregate.ts';

/** Rates that thresholds can make alike, by what is typed. */
const rates: Readonly<Record<string, ThresholdRate>> = {
  'positive-rate': 'positiveRate',
  'true-positive-rate': 'truePositiveRate',
  'false-positive-rate': 'falsePositiveRate',
};

interface Flags extends ReadingFlags, MethodFlags {
  readonly attributes?: string;
  readonly attribute?: readonly string[];
  readonly positive?: string;
  readonly truth?: string;
  readonly gold?: string;
  readonly output?: string;
  readonly ratesOut?: string;
  readonly equalise?: string;
  readonly labelsOut?: string;
  readonly json?: boolean;
}

/** `assay audit ANSWERS…`: who guesses, who copies, and whether groups of tasks are treated alike. */
export function build(shell: Shell): Command {
  const command = new Command('audit').argument('<ANSWERS...>', 'files of answers, or - for standard input');
  command
    .option('--attributes <FILE>', 'groups of the tasks: a task column and one column per attribute')
    .option('--attribute <LIST>', 'which of its columns (default: all, one after the other)', listOf)
    .option('--positive <LABEL>', 'the label that helps or harms whom it is given to');
  withMethodFlags(command)
    .option('--truth <FILE>', 'known labels: who is wronged can be said only with them')
    .option('--gold <FILE>', 'known labels the method may use; workers are compared with them too')
    .option('-o, --output <OUT>', 'where the workers go; its extension chooses csv, tsv, jsonl, json or parquet')
    .option('--rates-out <FILE>', 'where all rates by group go')
    .addOption(
      new Option('--equalise <RATE>', 'fit a threshold per group that makes a rate alike').choices(Object.keys(rates)),
    )
    .option('--labels-out <FILE>', 'where the labels by those thresholds go')
    .option('--json', 'print one JSON document and nothing else on stdout');
  return withReadingFlags(command).action((paths: string[], flags: Flags) => audit(paths, flags, shell));
}

async function audit(paths: readonly string[], flags: Flags, shell: Shell): Promise<void> {
  const { method, options } = methodFrom(flags);
  const { output, ratesOut, labelsOut, truth, gold } = flags;
  checkTogether(flags);
  const outputs = [output, ratesOut, labelsOut].filter((path) => path !== undefined);
  for (const path of [output, ratesOut]) if (path !== undefined) checkOutputName(path, 'workers');
  if (labelsOut !== undefined) checkOutputName(labelsOut, 'results');
  const inputs = [...paths, flags.attributes, truth, gold].filter((path) => path !== undefined);
  refuseTwoUses(inputs);
  await checkWritable(outputs, inputs);
  const attributes =
    flags.attributes === undefined ? undefined : await readAttributes(flags.attributes, flags.attribute, shell);
  if (flags.equalise !== undefined && attributes !== undefined && attributes.size > 1)
    throw severalAttributes([...attributes.keys()]);
  const read = await readAll(paths, flags, shell);
  const positive = attributes === undefined ? undefined : positiveOf(flags.positive, read);
  const { estimate } = await fitted(method, options, flags.seed, read, shell);
  shell.signal.throwIfAborted();

  const workers = findSpammers(read.table, estimate, { random: new Random(flags.seed).fork('guessing') });
  const copying = findCopying(read.table, estimate);
  const agreement = agreementOf(read.table, flags.seed);
  const audits = Array.from(attributes ?? [], ([attribute, groups]) =>
    auditOf(attribute, groups, positive ?? '', estimate, read, flags),
  );
  const notes = [
    ...receiptNotes(read.receipt),
    ...read.notes,
    ...toldNotes(read),
    ...estimate.notes,
    ...copying.notes,
    ...new Set(audits.flatMap(({ decisions, crowd }) => [...decisions.notes, ...crowd.notes])),
  ];
  const files = [];
  if (output !== undefined)
    files.push({ path: output, content: writeSheet(crowdAuditSheet(workers, copying), output) });
  if (ratesOut !== undefined) files.push({ path: ratesOut, content: writeSheet(fairnessSheet(audits), ratesOut) });
  const [first] = audits;
  if (labelsOut !== undefined && first?.thresholds !== undefined) {
    const decided = first.thresholds.decide(estimate, attributes?.get(first.attribute) ?? new Map());
    files.push({ path: labelsOut, content: writeResults(decided, labelsOut) });
  }
  await writeAll(files);
  if (flags.json === true) {
    const { pairs, groups, compared, typicalExcess } = copying;
    shell.json({
      schema: 1,
      method: estimate.method,
      seed: estimate.seed,
      agreement: agreementJson(agreement),
      workers: informationJson(workers),
      copying: { compared, typicalExcess, pairs, groups },
      ...(attributes === undefined ? {} : { positive, attributes: audits.map(auditJson) }),
      notes,
    });
    return;
  }
  shell.say(receiptLine(read.receipt));
  shell.print(informationText(workers));
  shell.print(copyingText(copying));
  for (const found of audits)
    shell.print(`\n${textOf(found, positive ?? '', estimate.method, read.truth !== undefined)}`);
  for (const path of outputs) shell.print(`Wrote ${path}\n`);
  for (const line of agreementLines(agreement)) shell.say(line);
  for (const note of notes) shell.say(`Note: ${note}`);
}

function auditOf(
  attribute: string,
  groups: TaskGroups,
  positive: string,
  estimate: Estimate,
  { table, truth }: Answers,
  flags: Flags,
): AttributeAudit {
  const random = new Random(flags.seed).fork(attribute);
  const told = goldLabels(table);
  // Labels the method was told are no test of it, but they are one of the workers.
  const known = truth ?? (told.size > 0 ? told : undefined);
  const decisions = auditDecisions(estimate, groups, positive, { truth, random: random.fork('decisions') });
  const crowd = auditWorkers(table, groups, positive, { truth: known ?? estimate, random: random.fork('workers') });
  const rate = flags.equalise === undefined ? undefined : rates[flags.equalise];
  return {
    attribute,
    decisions,
    crowd,
    ...(rate === undefined
      ? {}
      : { thresholds: fitGroupThresholds(estimate, groups, positive, { rate, truth: known }) }),
  };
}

function textOf(
  { attribute, decisions, crowd, thresholds }: AttributeAudit,
  positive: string,
  method: string,
  known: boolean,
): string {
  const suspects = suspectLines(crowd.workers, positive);
  const names = crowd.workers.filter(({ suspected }) => suspected.length > 0).length;
  const looked = crowd.workers.filter(({ demographicParity }) => demographicParity.high !== null).length;
  const out = names === 0 ? 'no worker stands out' : names === 1 ? '1 worker stands out' : `${names} workers stand out`;
  const lines = [
    `Labels of ${method} by ${clipped(attribute)}`,
    reportText(decisions, positive).trimEnd(),
    '',
    `Answers by ${clipped(attribute)}: ${out}, of ${looked} with enough answers (${counted(crowd.workers.length, 'worker')} in all)`,
    ...suspects,
    ...(thresholds === undefined ? [] : ['', ...thresholdLines(thresholds)]),
    '',
    limitLine(known),
  ];
  return `${lines.join('\n')}\n`;
}

/** What no number above can say. */
function limitLine(known: boolean): string {
  return known
    ? 'What cannot be said: whether the known labels themselves wrong a group, and why rates differ'
    : 'What cannot be said: who is wronged. Without --truth a bias that all workers share looks like a difference between the groups';
}

/** The label whose rate is compared. It is asked for: which one helps, nobody can guess. */
function positiveOf(given: string | undefined, { table }: Answers): string {
  const labels = table.classes.names();
  if (given !== undefined) {
    // A mistyped label is refused before the fit, not after it.
    if (labels.length > 0) positiveClass(table.classes, given);
    return given;
  }
  if (labels.length === 0) return '';
  const hint = `add --positive with one of ${labels.slice(0, 12).join(', ')}`;
  throw new UsageError(`missing --positive, the label that helps or harms; ${hint}`, {
    code: 'missing-positive',
    hint,
  });
}

/** Flags that mean nothing without another. */
function checkTogether(flags: Flags): void {
  const { attributes, equalise, labelsOut } = flags;
  const refuse = (flag: string, needed: string, hint: string): never => {
    throw new UsageError(`missing --${needed}: --${flag} needs it; ${hint}`, { code: `missing-${needed}`, hint });
  };
  if (attributes === undefined) {
    const needing = { attribute: flags.attribute, positive: flags.positive, 'rates-out': flags.ratesOut, equalise };
    const given = Object.entries({ ...needing, 'labels-out': labelsOut }).find(([, value]) => value !== undefined);
    if (given !== undefined) refuse(given[0], 'attributes', 'add --attributes with a file of task,group');
  }
  if (labelsOut !== undefined && equalise === undefined)
    refuse('labels-out', 'equalise', `add --equalise with one of ${Object.keys(rates).join(', ')}`);
}

function severalAttributes(names: readonly string[]): InputError {
  const hint = `choose one with --attribute ${names[0]}`;
  return new InputError(`ambiguous attribute to equalise: there are ${names.join(', ')}; ${hint}`, {
    code: 'ambiguous-attribute',
    got: names.join(','),
    hint,
  });
}

function refuseTwoUses(inputs: readonly string[]): void {
  if (inputs.filter((path) => path === '-').length <= 1) return;
  const hint = 'give a file for the others';
  throw new InputError(`ambiguous standard input: it can be read once only; ${hint}`, {
    code: 'ambiguous-input',
    path: '-',
    hint,
  });
}
