import type { Copying, WorkerInformation, WorkerVerdict } from '@assay/core/audit';
import type { Sheet, SheetColumn } from '@assay/core/formats';
import { clipped, tableText } from './table.ts';
import { count, counted, finiteOrNull, fixed } from './words.ts';

/** Verdicts that a person should read about, worst first, with what they mean. */
const verdicts: readonly (readonly [WorkerVerdict, string])[] = [
  ['guesses', 'answers hardly depend on the task'],
  ['turned over', 'says the opposite more often than the truth'],
  ['unclear', 'cannot be told from guessing'],
];

/** Pairs that are listed; the others are counted. */
const mostPairs = 10;

/** Who guesses, in a table, or the sentence that nobody does. */
export function informationText(workers: readonly WorkerInformation[]): string {
  const few = workers.filter(({ verdict }) => verdict === 'too few').length;
  const rest = few === 0 ? '' : `; ${count(few)} gave too few answers to say`;
  const rows = verdicts.flatMap(([verdict, meaning]) =>
    workers
      .filter((worker) => worker.verdict === verdict)
      .map(({ worker, answers, score, lo, hi }) => [
        clipped(worker),
        count(answers),
        fixed(score, 3),
        `${fixed(lo, 3)} – ${fixed(hi, 3)}`,
        `${verdict}: ${meaning}`,
      ]),
  );
  const all = counted(workers.length, 'worker');
  if (rows.length === 0) return `Guessing: nobody of ${all}${rest}\n`;
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const columns = [{ title: 'worker' }, right('answers'), right('score'), right('95 % interval'), { title: 'verdict' }];
  const head = `Guessing: ${count(rows.length)} of ${all} to look at${rest} (score: 0 says nothing of the task, 1 all)`;
  return `${head}\n${tableText(columns, rows)}`;
}

/** Who does not work alone, or the sentence that nobody stands out. */
export function copyingText({ pairs, groups, compared }: Copying): string {
  const of = `${counted(compared, 'pair')} with enough tasks in common`;
  if (pairs.length === 0) return `Dependence: none of ${of} stands out\n`;
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const columns = [{ title: 'workers' }, right('tasks'), right('agree'), right('expected'), right('p')];
  const rows = pairs
    .slice(0, mostPairs)
    .map(({ first, second, shared, agreement, expected, pValue }) => [
      `${clipped(first, 20)}, ${clipped(second, 20)}`,
      count(shared),
      fixed(agreement, 3),
      fixed(expected, 3),
      pValue < 1e-4 ? '< 0.0001' : fixed(pValue, 4),
    ]);
  const more = pairs.length > mostPairs ? `… and ${count(pairs.length - mostPairs)} more pairs\n` : '';
  const named = groups.slice(0, 5).map((group) => {
    const names = group.slice(0, 8).map((name) => clipped(name, 20));
    return `${names.join(', ')}${group.length > 8 ? ` and ${count(group.length - 8)} more` : ''}`;
  });
  const head = `Dependence: ${count(pairs.length)} of ${of} agree more than their quality explains: a copy, one source, or one way to see the question`;
  return `${head}\n${tableText(columns, rows)}${more}Together: ${named.join('; ')}\n`;
}

/** One worker as JSON; what nobody can know is null. */
export function informationJson(workers: readonly WorkerInformation[]): Record<string, unknown>[] {
  return workers.map(({ worker, answers, score, lo, hi, direction, directionLo, directionHi, verdict }) => ({
    ...{ worker, answers, score, lo, hi, direction, directionLo, directionHi, verdict },
  }));
}

/** Workers as a file: `worker,answers,score,lo,hi,direction,direction_lo,direction_hi,verdict,together`. */
export function crowdAuditSheet(workers: readonly WorkerInformation[], { groups }: Copying): Sheet {
  const groupOf = new Map(groups.flatMap((group, g) => group.map((name) => [name, g + 1])));
  const number = (name: string, of: (worker: WorkerInformation) => number): SheetColumn => ({
    name,
    kind: 'number',
    at: (row) => finiteOrNull(of(workers[row])),
  });
  return {
    length: workers.length,
    columns: [
      { name: 'worker', kind: 'text', complete: true, at: (row) => workers[row].worker },
      { name: 'answers', kind: 'integer', at: (row) => workers[row].answers },
      number('score', ({ score }) => score),
      number('lo', ({ lo }) => lo),
      number('hi', ({ hi }) => hi),
      number('direction', ({ direction }) => direction),
      number('direction_lo', ({ directionLo }) => directionLo),
      number('direction_hi', ({ directionHi }) => directionHi),
      { name: 'verdict', kind: 'text', at: (row) => workers[row].verdict },
      { name: 'together', kind: 'integer', at: (row) => groupOf.get(workers[row].worker) ?? null },
    ],
  };
}
