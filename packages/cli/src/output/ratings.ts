import type { Sheet, SheetColumn } from '@assay/core/formats';
import type { NumberAnswers, NumberRatings } from '@assay/core/scales';
import { clipped, tableText } from './table.ts';
import { count, finiteOrNull } from './words.ts';

export type RateMethod = 'mean' | 'median' | 'gaussian';

/** One task's number, for tables, files and JSON. */
export interface RatedTask {
  readonly task: string;
  readonly value: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  readonly answers: number;
}

/** One worker: how much higher than others, and how far from them. */
export interface RatingWorker {
  readonly worker: string;
  readonly answers: number;
  readonly bias: number | null;
  readonly biasLo: number | null;
  readonly biasHi: number | null;
  readonly noise: number | null;
  readonly noiseLo: number | null;
  readonly noiseHi: number | null;
}

/** How well numbers meet known ones. */
export interface RatingScores {
  readonly tasks: number;
  readonly mae: number;
  readonly rmse: number;
  readonly correlation: number;
  /** Share of known numbers inside their interval, null without intervals. */
  readonly covered: number | null;
}

/** The tasks in order of name, by the method asked for. */
export function ratedTasks({ tasks }: NumberAnswers, ratings: NumberRatings, method: RateMethod): RatedTask[] {
  const none = new Float64Array(tasks.size).fill(Number.NaN);
  const [value, lo, hi] = {
    mean: [ratings.mean, ratings.meanLo, ratings.meanHi],
    median: [ratings.median, none, none],
    gaussian: [ratings.value, ratings.lo, ratings.hi],
  }[method];
  return Array.from({ length: tasks.size }, (_, t) => ({
    task: tasks.name(t),
    value: finiteOrNull(value[t]),
    lo: finiteOrNull(lo[t]),
    hi: finiteOrNull(hi[t]),
    answers: ratings.answers[t],
  }));
}

/** The workers, least noise first. */
export function ratingWorkers({ workers }: NumberAnswers, { workers: found }: NumberRatings): RatingWorker[] {
  return Array.from({ length: workers.size }, (_, w) => ({
    worker: workers.name(w),
    answers: found.answers[w],
    bias: finiteOrNull(found.bias[w]),
    biasLo: finiteOrNull(found.biasLo[w]),
    biasHi: finiteOrNull(found.biasHi[w]),
    noise: finiteOrNull(found.noise[w]),
    noiseLo: finiteOrNull(found.noiseLo[w]),
    noiseHi: finiteOrNull(found.noiseHi[w]),
  })).sort((a, b) => (a.noise ?? 0) - (b.noise ?? 0) || (a.worker < b.worker ? -1 : 1));
}

/** Errors of numbers beside known ones, over tasks that have both; undefined without any. */
export function scoreRatings(rows: readonly RatedTask[], truth: ReadonlyMap<string, number>): RatingScores | undefined {
  const known = rows.flatMap(({ task, value, lo, hi }) => {
    const right = truth.get(task);
    return right === undefined || value === null ? [] : [{ value, right, lo, hi }];
  });
  if (known.length === 0) return undefined;
  const mean = (of: (one: (typeof known)[number]) => number): number =>
    known.reduce((sum, one) => sum + of(one), 0) / known.length;
  const [own, right] = [mean(({ value }) => value), mean((one) => one.right)];
  const covariance = mean((one) => (one.value - own) * (one.right - right));
  const spread = mean((one) => (one.value - own) ** 2) * mean((one) => (one.right - right) ** 2);
  return {
    tasks: known.length,
    mae: mean((one) => Math.abs(one.value - one.right)),
    rmse: Math.sqrt(mean((one) => (one.value - one.right) ** 2)),
    correlation: covariance / Math.sqrt(spread),
    covered: known.every(({ lo }) => lo === null)
      ? null
      : mean((one) => (one.lo !== null && one.hi !== null && one.lo <= one.right && one.right <= one.hi ? 1 : 0)),
  };
}

/** Tasks as a file: `task,value,lo,hi,answers`. */
export function ratedSheet(rows: readonly RatedTask[]): Sheet {
  const number = (name: 'value' | 'lo' | 'hi'): SheetColumn => ({ name, kind: 'number', at: (row) => rows[row][name] });
  return {
    length: rows.length,
    columns: [
      { name: 'task', kind: 'text', complete: true, at: (row) => rows[row].task },
      ...(['value', 'lo', 'hi'] as const).map(number),
      { name: 'answers', kind: 'integer', at: (row) => rows[row].answers },
    ],
  };
}

/** Workers as a file: `worker,answers,bias,bias_lo,bias_hi,noise,noise_lo,noise_hi`. */
export function ratingWorkersSheet(rows: readonly RatingWorker[]): Sheet {
  const number = (name: string, of: (row: RatingWorker) => number | null): SheetColumn => ({
    name,
    kind: 'number',
    at: (row) => of(rows[row]),
  });
  return {
    length: rows.length,
    columns: [
      { name: 'worker', kind: 'text', complete: true, at: (row) => rows[row].worker },
      { name: 'answers', kind: 'integer', at: (row) => rows[row].answers },
      number('bias', ({ bias }) => bias),
      number('bias_lo', ({ biasLo }) => biasLo),
      number('bias_hi', ({ biasHi }) => biasHi),
      number('noise', ({ noise }) => noise),
      number('noise_lo', ({ noiseLo }) => noiseLo),
      number('noise_hi', ({ noiseHi }) => noiseHi),
    ],
  };
}

/** The first rows for a person. */
export function ratedTable(rows: readonly RatedTask[], level: number, most: number): string {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const number = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(4))));
  const cells = rows
    .slice(0, most)
    .map(({ task, value, lo, hi, answers }) => [
      clipped(task),
      number(value),
      lo === null ? '–' : `${number(lo)} – ${number(hi)}`,
      count(answers),
    ]);
  const interval = `${Math.round(100 * level)} % interval`;
  const table = tableText([{ title: 'task' }, right('value'), right(interval), right('answers')], cells);
  const rest = rows.length - cells.length;
  return rest > 0 ? `${table}… and ${count(rest)} more: write them with -o values.csv, or pipe them on\n` : table;
}
