import type { Sheet, SheetColumn } from '@assay/core/formats';
import { betaQuantile } from '@assay/core/math';
import type { ComparisonReceipt, NamedComparisons, RankIntervals, RankingResult } from '@assay/core/ranking';
import { clipped, tableText } from './table.ts';
import { count, counted, finiteOrNull, fixed } from './words.ts';

/** One item of a ranking, for tables, files and JSON. */
export interface RankedItem {
  readonly item: string;
  readonly score: number;
  readonly lo: number | null;
  readonly hi: number | null;
  /** In its group, from 1. */
  readonly rank: number;
  readonly rankLo: number | null;
  readonly rankHi: number | null;
  /** Cannot be told from the first of its group. */
  readonly maybeFirst: boolean;
  readonly comparisons: number;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** Items of different groups were never compared, not even through others; 1 is the largest group. */
  readonly group: number;
}

/** One worker of a ranking. Numbers are null where nothing is known. */
export interface RankingWorker {
  readonly worker: string;
  readonly comparisons: number;
  readonly ties: number;
  /** Probability to answer as the scores would. */
  readonly reliability: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  /** Share of the answers that are no ties in which the better item was preferred. */
  readonly agreement: number | null;
  /** Share of the answers that are no ties in which the item shown first was preferred. */
  readonly firstShare: number | null;
  readonly remarks: readonly string[];
}

/** Below this many answers it is too early to say anything about a worker. */
const fewAnswers = 5;

/** Below this many answers a worker is not suspected of preferring a side. */
const enoughForSides = 20;

/** The items, by group and rank. */
export function rankedItems(
  { items, itemCount, winner, loser, tied }: NamedComparisons,
  { scores, groups }: RankingResult,
  intervals: RankIntervals,
): RankedItem[] {
  const [wins, losses, ties] = [new Uint32Array(itemCount), new Uint32Array(itemCount), new Uint32Array(itemCount)];
  winner.forEach((item, e) => {
    (tied[e] === 1 ? ties : wins)[item]++;
    (tied[e] === 1 ? ties : losses)[loser[e]]++;
  });
  const bySize = Array.from(groups.sizes.keys()).sort((a, b) => groups.sizes[b] - groups.sizes[a] || a - b);
  const place = new Map(bySize.map((group, index) => [group, index + 1]));
  const { lo, hi, rank, rankLo, rankHi, maybeFirst } = intervals;
  return Array.from({ length: itemCount }, (_, item) => ({
    item: items.name(item),
    score: scores[item],
    lo: finiteOrNull(lo[item]),
    hi: finiteOrNull(hi[item]),
    rank: rank[item],
    rankLo: rankLo[item] === 0 ? null : rankLo[item],
    rankHi: rankHi[item] === 0 ? null : rankHi[item],
    maybeFirst: maybeFirst[item] === 1,
    comparisons: wins[item] + losses[item] + ties[item],
    wins: wins[item],
    losses: losses[item],
    ties: ties[item],
    group: place.get(groups.of[item]) ?? 0,
  })).sort((a, b) => a.group - b.group || a.rank - b.rank || (a.item < b.item ? -1 : 1));
}

/** The workers, most reliable first by the lower end of the interval; equal ones by name. */
export function rankingWorkers(
  comparisons: NamedComparisons,
  { scores, reliability }: RankingResult,
  { reliabilityLo, reliabilityHi }: RankIntervals,
): RankingWorker[] {
  const { workers, workerCount, winner, loser, worker, tied, winnerFirst } = comparisons;
  const zeros = (): Float64Array => new Float64Array(workerCount);
  const [all, ties, right, first] = [zeros(), zeros(), zeros(), zeros()];
  worker.forEach((u, e) => {
    all[u]++;
    if (tied[e] === 1) ties[u]++;
    else {
      const ahead = scores[winner[e]] - scores[loser[e]];
      right[u] += Math.abs(ahead) < 1e-9 ? 0.5 : ahead > 0 ? 1 : 0;
      first[u] += winnerFirst?.[e] ?? 0;
    }
  });
  return Array.from({ length: workerCount }, (_, u): RankingWorker => {
    const clear = all[u] - ties[u];
    const [lo, hi] = [finiteOrNull(reliabilityLo[u]), finiteOrNull(reliabilityHi[u])];
    return {
      worker: workers.name(u),
      comparisons: all[u],
      ties: ties[u],
      reliability: lo === null ? null : reliability[u],
      lo,
      hi,
      agreement: clear === 0 ? null : right[u] / clear,
      firstShare: clear === 0 || winnerFirst === undefined ? null : first[u] / clear,
      remarks: remarksOn(all[u], clear, winnerFirst === undefined ? undefined : first[u], lo, hi, workerCount),
    };
  }).sort((a, b) => (b.lo ?? -1) - (a.lo ?? -1) || (a.worker < b.worker ? -1 : 1));
}

function remarksOn(
  all: number,
  clear: number,
  first: number | undefined,
  lo: number | null,
  hi: number | null,
  workers: number,
): string[] {
  if (all < fewAnswers) return ['too few answers to say'];
  const remarks: string[] = [];
  if (hi !== null && hi < 0.5) remarks.push('answers against the others: may have the sides mixed up');
  else if (lo !== null && lo < 0.5) remarks.push('cannot be told from guessing');
  if (first !== undefined && clear >= enoughForSides) {
    // One blameless crowd in twenty has such a worker, where sides were drawn at random.
    const tail = 0.025 / workers;
    const other = clear - first;
    if (betaQuantile(tail, first + 0.5, other + 0.5) > 0.5)
      remarks.push(`prefers what is shown first (${count(first)} of ${count(clear)})`);
    if (betaQuantile(1 - tail, first + 0.5, other + 0.5) < 0.5)
      remarks.push(`prefers what is shown second (${count(other)} of ${count(clear)})`);
  }
  return remarks;
}

/** Items as a file: `item,score,lo,hi,rank,rank_lo,rank_hi,maybe_first,comparisons,wins,losses,ties,group`. */
export function itemsSheet(rows: readonly RankedItem[]): Sheet {
  const number = (name: string, of: (row: RankedItem) => number | null): SheetColumn => ({
    name,
    kind: 'number',
    at: (row) => of(rows[row]),
  });
  const whole = (name: string, of: (row: RankedItem) => number | null): SheetColumn => ({
    name,
    kind: 'integer',
    at: (row) => of(rows[row]),
  });
  return {
    length: rows.length,
    columns: [
      { name: 'item', kind: 'text', complete: true, at: (row) => rows[row].item },
      number('score', ({ score }) => score),
      number('lo', ({ lo }) => lo),
      number('hi', ({ hi }) => hi),
      whole('rank', ({ rank }) => rank),
      whole('rank_lo', ({ rankLo }) => rankLo),
      whole('rank_hi', ({ rankHi }) => rankHi),
      { name: 'maybe_first', kind: 'boolean', at: (row) => rows[row].maybeFirst },
      whole('comparisons', ({ comparisons }) => comparisons),
      whole('wins', ({ wins }) => wins),
      whole('losses', ({ losses }) => losses),
      whole('ties', ({ ties }) => ties),
      whole('group', ({ group }) => group),
    ],
  };
}

/** Workers as a file: `worker,comparisons,ties,reliability,lo,hi,agreement,first_share,remarks`. */
export function rankingWorkersSheet(rows: readonly RankingWorker[]): Sheet {
  const number = (name: string, of: (row: RankingWorker) => number | null): SheetColumn => ({
    name,
    kind: 'number',
    at: (row) => of(rows[row]),
  });
  return {
    length: rows.length,
    columns: [
      { name: 'worker', kind: 'text', complete: true, at: (row) => rows[row].worker },
      { name: 'comparisons', kind: 'integer', at: (row) => rows[row].comparisons },
      { name: 'ties', kind: 'integer', at: (row) => rows[row].ties },
      number('reliability', ({ reliability }) => reliability),
      number('lo', ({ lo }) => lo),
      number('hi', ({ hi }) => hi),
      number('agreement', ({ agreement }) => agreement),
      number('first_share', ({ firstShare }) => firstShare),
      { name: 'remarks', kind: 'text', at: (row) => rows[row].remarks.join('; ') },
    ],
  };
}

/** The first rows for a person. */
export function rankingTable(rows: readonly RankedItem[], level: number, most: number): string {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const groups = rows.some(({ group }) => group > 1);
  const shown = rows.slice(0, most);
  const columns = [
    ...(groups ? [right('group')] : []),
    right('rank'),
    right('ranks'),
    { title: 'item' },
    right('score'),
    right(`${Math.round(100 * level)} % interval`),
    right('won'),
    right('lost'),
    right('tied'),
  ];
  const cells = shown.map((row) => [
    ...(groups ? [count(row.group)] : []),
    count(row.rank),
    row.rankLo === null ? '–' : `${count(row.rankLo)} – ${count(row.rankHi ?? row.rankLo)}`,
    clipped(row.item),
    fixed(row.score, 3),
    row.lo === null || row.hi === null ? '–' : `${fixed(row.lo, 3)} – ${fixed(row.hi, 3)}`,
    count(row.wins),
    count(row.losses),
    count(row.ties),
  ]);
  const rest = rows.length - shown.length;
  const more = rest > 0 ? `… and ${count(rest)} more: write them with -o ranking.csv, or pipe them on\n` : '';
  return `${tableText(columns, cells)}${more}`;
}

/** What was read, in one line. */
export function comparisonsLine(receipt: ComparisonReceipt): string {
  const parts = [
    counted(receipt.comparisons, 'comparison'),
    counted(receipt.items, 'item'),
    counted(receipt.workers, 'worker'),
    ...(receipt.ties > 0 ? [counted(receipt.ties, 'tie')] : []),
  ];
  const columns = receipt.columns.map(({ from, to }) => (from === to ? to : `${from} → ${to}`));
  return `Read ${parts.join(' · ')}   (columns: ${columns.join(', ')})`;
}

/** What a careful reader should know of the input, one line each. */
export function comparisonNotes(receipt: ComparisonReceipt): string[] {
  const notes = [...receipt.notes];
  if (receipt.duplicates > 0)
    notes.push(`${counted(receipt.duplicates, 'repeated comparison')} of one worker on one task (--duplicates)`);
  if (receipt.missing > 0) notes.push(`${counted(receipt.missing, 'row')} without an answer`);
  return notes;
}
