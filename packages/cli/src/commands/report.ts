import { type AutoReport, type Estimate, InputError, Random, shown } from '@assay/core';
import {
  type AgreementReport,
  bootstrapMeans,
  calibrationBins,
  measureScores,
  percentileInterval,
  scoreTasks,
} from '@assay/core/quality';
import type { CheckRow, ReportInput, Statistic, TruthSummary } from '@assay/figures/report';
import { report as page } from '@assay/figures/report';
import { Command } from 'commander';
import { type Answers, readAll, toldNotes } from '../input/answers.ts';
import { type MethodFlags, methodFrom, type ReadingFlags, withMethodFlags, withReadingFlags } from '../input/flags.ts';
import { agreementOf } from '../output/agreement.ts';
import { checkWritable, chunksOf, writeAll } from '../output/files.ts';
import { receiptLine, receiptNotes } from '../output/receipt.ts';
import type { Shell } from '../shell.ts';
import { fitted } from './aggregate.ts';

interface Flags extends ReadingFlags, MethodFlags {
  readonly output?: string;
  readonly truth?: string;
  readonly gold?: string;
  readonly title?: string;
}

/** Bootstrap draws behind the intervals of the page. */
const draws = 1000;

/** `assay report ANSWERS…`: one self-contained HTML page about the labels. */
export function build(shell: Shell): Command {
  const command = new Command('report').argument('<ANSWERS...>', 'files of answers, or - for standard input');
  withMethodFlags(command)
    .option('-o, --output <OUT>', 'where the page goes; standard output if not given')
    .option('--title <TITLE>', 'the title of the page')
    .option('--gold <FILE>', 'known labels the method may use')
    .option('--truth <FILE>', 'known labels for evaluation only');
  return withReadingFlags(command).action((paths: string[], flags: Flags) => report(paths, flags, shell));
}

async function report(paths: readonly string[], flags: Flags, shell: Shell): Promise<void> {
  const { method, options } = methodFrom(flags);
  const { output, gold, truth } = flags;
  const toFile = output === undefined || output === '-' ? undefined : output;
  if (toFile !== undefined && !/\.html?$/i.test(toFile)) throw notHtml(toFile);
  const sideFiles = [gold, truth].filter((path) => path !== undefined);
  await checkWritable(toFile === undefined ? [] : [toFile], [...paths, ...sideFiles]);
  const answers = await readAll(paths, flags, shell);
  shell.say(receiptLine(answers.receipt));
  const { estimate } = await fitted(method, options, flags.seed, answers, shell);
  const agreement = agreementOf(answers.table, flags.seed);
  const html = page({
    title: flags.title ?? `Labels of ${paths.join(', ')}`,
    receipt: answers.receipt,
    table: answers.table,
    estimate,
    method,
    ...partsOfAuto(estimate),
    agreement: statisticsOf(agreement),
    ...(answers.truth === undefined ? {} : { truth: truthSummary(estimate, answers, flags.seed) }),
    notes: [...receiptNotes(answers.receipt), ...answers.notes, ...toldNotes(answers), ...agreement.notes],
    checkCommand: `assay aggregate ${paths.join(' ')} --gold checked.csv`,
  });
  shell.signal.throwIfAborted();
  const bytes = new TextEncoder().encode(html);
  if (toFile === undefined) await shell.write(bytes);
  else {
    await writeAll([{ path: toFile, content: chunksOf(bytes) }]);
    shell.say(`Wrote ${toFile} (${Math.ceil(bytes.length / 1024)} kB, open it in a browser)`);
  }
}

function notHtml(path: string): InputError {
  const hint = 'name it .html; labels in other formats come from assay aggregate -o';
  return new InputError(`invalid output ${shown(path)}: the report is an HTML page; ${hint}`, {
    code: 'invalid-output',
    path,
    got: path,
    hint,
  });
}

/** What `auto` says beside its labels: expected accuracy, check list, why. */
function partsOfAuto(estimate: Estimate): Partial<ReportInput> {
  const { expectedAccuracy, checkList, memberDisagreement, overruled, contested, bound } =
    estimate.extra as unknown as Partial<AutoReport>;
  if (expectedAccuracy === undefined || checkList === undefined) return {};
  const percent = (share = 0): string => `${(100 * share).toFixed(1)} %`;
  const checks = checkList.tasks.map(({ task, candidates, why }): CheckRow => {
    return { task, candidates: candidates.map((label) => candidate(estimate, task, label)), why: reasons[why] };
  });
  return {
    expectedAccuracy: {
      ...expectedAccuracy,
      level: 0.9,
      assumption:
        'This assumes that most workers do not share the same mistake; answers alone cannot show whether they do.',
    },
    checkList: checks,
    why:
      `Several different models were averaged. They wanted to overrule a clear majority on ${percent(contested)} of the tasks ` +
      `and did so on ${percent(overruled)}; whatever the truth is, accuracy can be at most ${percent(bound)} below that of ` +
      `majority vote. Models that blame tasks and models that blame workers name different classes on ${percent(memberDisagreement)} of the tasks.`,
  };
}

const reasons: Readonly<Record<'overruled' | 'held' | 'tie', string>> = {
  overruled: 'the models overruled a clear majority here',
  held: 'the models would overrule a clear majority here, but the cap held them back',
  tie: 'the votes are even',
};

function candidate(estimate: Estimate, task: string, label: string): { label: string; probability: number } {
  const [row, k] = [estimate.taskNames.indexOf(task), estimate.classNames.indexOf(label)];
  return { label, probability: row < 0 || k < 0 ? 0 : estimate.posterior[row * estimate.classCount + k] };
}

function statisticsOf(agreement: AgreementReport): Statistic[] {
  return agreement.coefficients.map(({ title, value, lo, hi, meaning }) => ({
    name: title,
    value,
    ...(Number.isNaN(lo) || Number.isNaN(hi) ? {} : { lo, hi }),
    sentence: meaning,
  }));
}

function truthSummary(estimate: Estimate, { table, truth }: Answers, seed: number): TruthSummary {
  const scores = scoreTasks(estimate, truth ?? new Map());
  const measures = measureScores(scores);
  const [means] = bootstrapMeans([scores.credit], draws, new Random(seed).fork('bootstrap'));
  const classCount = table.classCount;
  const confusion = Array.from({ length: classCount }, () => new Array<number>(classCount).fill(0));
  scores.tasks.forEach((task, i) => {
    const label = estimate.labelIndex(task);
    if (label >= 0 && scores.truth[i] >= 0) confusion[scores.truth[i]][label]++;
  });
  const accuracy = percentileInterval(measures.accuracy, means);
  return {
    tasks: measures.scored,
    coverage: measures.coverage,
    accuracy,
    logLoss: measures.logLoss,
    ece: measures.ece,
    bins: calibrationBins(scores.confidence, scores.credit),
    confusion,
  };
}
