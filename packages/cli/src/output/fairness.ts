import type { Sheet, SheetColumn } from '@assay/core/formats';
import type {
  CrowdFairness,
  FairnessReport,
  Gap,
  GroupRate,
  GroupThresholds,
  RateName,
  WorkerFairness,
} from '@assay/core/quality';
import { clipped, tableText } from './table.ts';
import { count, finiteOrNull, fixed, withInterval } from './words.ts';

/** What was found for one attribute. */
export interface AttributeAudit {
  readonly attribute: string;
  /** The labels of the method. */
  readonly decisions: FairnessReport;
  /** The answers. */
  readonly crowd: CrowdFairness;
  /** Thresholds that would make a rate alike, where that was asked for. */
  readonly thresholds?: GroupThresholds;
}

type GapName = 'demographicParity' | 'equalOpportunity' | 'falsePositive' | 'equalisedOdds' | 'accuracy';

const gapNames: readonly GapName[] = [
  'demographicParity',
  'equalOpportunity',
  'falsePositive',
  'equalisedOdds',
  'accuracy',
];

/** Rates by group with their intervals, then a sentence for each gap. */
export function reportText(report: FairnessReport, positive: string): string {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const label = clipped(positive, 20);
  const columns = [
    { title: 'group' },
    right('tasks'),
    right(`says ${label}`),
    right(`of true ${label}`),
    right('of the others'),
    right('right'),
  ];
  const rows = report.groups.map((group) => [
    clipped(group.group),
    count(group.positiveRate.count),
    rateText(group.positiveRate),
    rateText(group.truePositiveRate),
    rateText(group.falsePositiveRate),
    rateText(group.accuracy),
  ]);
  const said = { ...titles(label) };
  const lines = gapNames.filter((name) => name !== 'equalisedOdds').map((name) => gapText(said[name], report[name]));
  return `${tableText(columns, rows)}${lines.map((line) => `${line}\n`).join('')}`;
}

function titles(label: string): Readonly<Record<GapName, string>> {
  return {
    demographicParity: `says ${label}`,
    equalOpportunity: `says ${label} where it is true`,
    falsePositive: `says ${label} where it is not true`,
    equalisedOdds: 'the larger of the two',
    accuracy: 'right',
  };
}

function gapText(title: string, gap: Gap): string {
  if (gap.high === null || gap.low === null) return `Gap of "${title}": too little is known to say`;
  const who = gap.value === 0 ? '' : `, more in ${clipped(gap.high)} than in ${clipped(gap.low)}`;
  const verdict = gap.flagged ? ': a difference' : gap.lo > 0 ? ': a small difference' : ': may be chance';
  return `Gap of "${title}": ${withInterval(gap.value, gap.lo, gap.hi)}${who}${verdict}`;
}

function rateText(rate: GroupRate): string {
  return rate.tooFew ? `too few (${count(rate.count)})` : withInterval(rate.value, rate.lo, rate.hi);
}

/** The workers who treat groups differently, one line each. */
export function suspectLines(workers: readonly WorkerFairness[], positive: string): string[] {
  const said = titles(clipped(positive, 20));
  return workers.flatMap((worker) =>
    worker.suspected.map((name) => `${clipped(worker.worker)}: ${gapText(said[name], worker[name])}`),
  );
}

/** How the thresholds are set and what they do, in words. */
export function thresholdLines({ thresholds, rate, ...fit }: GroupThresholds): string[] {
  const each = Array.from(thresholds, ([group, value]) => `${clipped(group)} ${value > 1 ? 'never' : fixed(value, 3)}`);
  const words: Readonly<Record<typeof rate, string>> = {
    positiveRate: 'positive rates',
    truePositiveRate: 'true positive rates',
    falsePositiveRate: 'false positive rates',
  };
  return [
    `Thresholds for alike ${words[rate]}: ${each.join(', ')}`,
    `On the tasks they were fitted on the gap goes from ${fixed(fit.gapBefore, 3)} to ${fixed(fit.gap, 3)}, accuracy from ${fixed(fit.accuracyBefore, 3)} to ${fixed(fit.accuracy, 3)}`,
    ...fit.notes.map((note) => `Note: ${note}`),
  ];
}

/** One attribute as JSON; rates and gaps nobody can know are null. */
export function auditJson({ attribute, decisions, crowd, thresholds }: AttributeAudit): Record<string, unknown> {
  return {
    attribute,
    decisions: reportJson(decisions),
    crowd: reportJson(crowd.crowd),
    workers: crowd.workers.map(({ worker, answers, suspected, ...report }) => ({
      worker,
      answers,
      suspected,
      gaps: gapsJson(report),
    })),
    ...(thresholds === undefined
      ? {}
      : {
          thresholds: {
            rate: thresholds.rate,
            groups: Object.fromEntries(thresholds.thresholds),
            gapBefore: thresholds.gapBefore,
            gap: thresholds.gap,
            accuracyBefore: thresholds.accuracyBefore,
            accuracy: thresholds.accuracy,
          },
        }),
  };
}

function reportJson(report: FairnessReport): Record<string, unknown> {
  const rate = ({ value, lo, hi, count }: GroupRate): Record<string, unknown> => ({ value, lo, hi, count });
  return {
    groups: report.groups.map((group) => ({
      group: group.group,
      positiveRate: rate(group.positiveRate),
      truePositiveRate: rate(group.truePositiveRate),
      falsePositiveRate: rate(group.falsePositiveRate),
      accuracy: rate(group.accuracy),
    })),
    gaps: gapsJson(report),
  };
}

function gapsJson(report: Readonly<Record<GapName, Gap>>): Record<string, unknown> {
  const gap = ({ value, lo, hi, high, low, ratio, pValue, flagged }: Gap): Gap => ({
    ...{ value, lo, hi, high, low, ratio, pValue, flagged },
  });
  return Object.fromEntries(gapNames.map((name) => [name, gap(report[name])]));
}

/** One row of {@link fairnessSheet}: a group's rates in the labels, in all answers, or in a worker's. */
interface FairnessRow {
  readonly attribute: string;
  readonly of: string;
  readonly worker: string | null;
  readonly group: string;
  readonly rates: Readonly<Record<RateName, GroupRate>>;
}

/** All rates as a file: `attribute,of,worker,group`, then value, interval and count of each rate. */
export function fairnessSheet(audits: readonly AttributeAudit[]): Sheet {
  const rows = audits.flatMap(({ attribute, decisions, crowd }): FairnessRow[] => {
    const rowsOf = (of: string, worker: string | null, { groups }: FairnessReport): FairnessRow[] =>
      groups.map((rates) => ({ attribute, of, worker, group: rates.group, rates }));
    return [
      ...rowsOf('labels', null, decisions),
      ...rowsOf('answers', null, crowd.crowd),
      ...crowd.workers.flatMap((worker) => rowsOf('worker', worker.worker, worker)),
    ];
  });
  const text = (name: 'attribute' | 'of' | 'worker' | 'group'): SheetColumn => ({
    name,
    kind: 'text',
    complete: name !== 'worker',
    at: (row) => rows[row][name],
  });
  const names: readonly (readonly [string, RateName])[] = [
    ['positive_rate', 'positiveRate'],
    ['true_positive_rate', 'truePositiveRate'],
    ['false_positive_rate', 'falsePositiveRate'],
    ['accuracy', 'accuracy'],
  ];
  const number = (name: string, of: (row: FairnessRow) => number): SheetColumn => ({
    name,
    kind: 'number',
    at: (row) => finiteOrNull(of(rows[row])),
  });
  return {
    length: rows.length,
    columns: [
      ...(['attribute', 'of', 'worker', 'group'] as const).map(text),
      ...names.flatMap(([name, rate]) => [
        number(name, ({ rates }) => rates[rate].value),
        number(`${name}_lo`, ({ rates }) => rates[rate].lo),
        number(`${name}_hi`, ({ rates }) => rates[rate].hi),
        number(`${name}_count`, ({ rates }) => rates[rate].count),
      ]),
    ],
  };
}
