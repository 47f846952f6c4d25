import { workerKinds } from '@assay/core';
import { confusionFigure } from '../confusion.ts';
import { type DotRow, dotsFigure } from '../dots.ts';
import { formatNumber } from '../format.ts';
import { element, fragment, html, type Markup, nothing, path } from '../svg.ts';
import { paint } from '../theme.ts';
import { answersOfWorkers, expectedConfusion } from './crowd.ts';
import type { ReportInput, ReportLimits } from './input.ts';
import {
  type Cell,
  type Column,
  count,
  dataGrid,
  drawing,
  fold,
  heading,
  named,
  paragraph,
  percent,
  type Section,
  truncation,
} from './parts.ts';
import { figureWidth } from './quality-part.ts';

const fewAnswers = 5;
const drawnWorkers = 24;

interface WorkerRow {
  readonly index: number;
  readonly name: string;
  readonly kind: string;
  readonly answers: number;
  readonly accuracy: number;
  readonly lo: number;
  readonly hi: number;
}

/** Every worker's accuracy with its interval, as a drawing of some and a table of many. */
export function workersSection(input: ReportInput, limits: ReportLimits): Section | undefined {
  const rows = workerRows(input);
  if (rows.length === 0) return undefined;
  const { files, table } = input;
  const chance = table.classCount > 1 ? 1 / table.classCount : undefined;
  const level = input.estimate.workers?.level ?? 0.9;
  const known = rows.filter((row) => Number.isFinite(row.accuracy));
  const shownRows = rows.slice(0, limits.workers);
  return {
    id: 'workers',
    title: 'The workers',
    short: 'Workers',
    body: fragment(
      paragraph(
        known.length === 0
          ? 'This method does not estimate the accuracy of workers.'
          : `Accuracy is the estimated probability of a right answer on an average task, with ${Math.round(level * 100)}% intervals. It is estimated from the answers themselves, so a group that errs together looks better than it is.`,
      ),
      known.length === 0 ? nothing : html('div', { class: 'pair' }, workerDots(known, chance)),
      workerGrid(input, shownRows, chance),
      truncation(shownRows.length, rows.length, 'workers, those with the most answers', files?.workers),
    ),
  };
}

/** Workers with answers, most answers first. */
function workerRows({ table, estimate }: ReportInput): WorkerRow[] {
  const answers = answersOfWorkers(table);
  const { workers } = estimate;
  const rows: WorkerRow[] = [];
  for (let index = 0; index < table.workerCount; index++) {
    if (answers[index] === 0) continue;
    rows.push({
      index,
      name: table.workers.name(index),
      kind: table.kindOf(index),
      answers: answers[index],
      accuracy: workers?.accuracy[index] ?? Number.NaN,
      lo: workers?.lo[index] ?? Number.NaN,
      hi: workers?.hi[index] ?? Number.NaN,
    });
  }
  return rows.sort((a, b) => b.answers - a.answers || a.index - b.index);
}

function workerDots(known: readonly WorkerRow[], chance: number | undefined): Markup[] {
  const sorted = (rows: readonly WorkerRow[]): WorkerRow[] =>
    [...rows].sort((a, b) => b.accuracy - a.accuracy || a.index - b.index);
  const several = new Set(known.map((row) => row.kind)).size > 1;
  const dot = (row: WorkerRow): DotRow => ({
    label: named(row.name),
    value: row.accuracy,
    ...(Number.isFinite(row.lo) && Number.isFinite(row.hi) && row.lo <= row.hi && { lo: row.lo, hi: row.hi }),
    count: row.answers,
    ...(several && { group: row.kind }),
  });
  const figure = (title: string, rows: readonly WorkerRow[]): Markup =>
    drawing(
      dotsFigure({
        title,
        showTitle: false,
        width: figureWidth,
        format: 'percent',
        groups: workerKinds,
        label: 'accuracy',
        countLabel: 'answers',
        domain: [0, 1],
        ...(chance !== undefined && { reference: { value: chance, label: 'guessing' } }),
        rows: rows.map(dot),
      }),
    );
  if (known.length <= drawnWorkers) return [figure('Accuracy of workers', sorted(known))];
  const enough = known.filter((row) => row.answers >= 2 * fewAnswers);
  const pool = sorted(enough.length >= drawnWorkers ? enough : known);
  const busiest = sorted(known.slice(0, drawnWorkers));
  const floor = pool.length === enough.length ? `, at least ${2 * fewAnswers} answers` : '';
  return [
    figure(`The ${drawnWorkers} workers with the most answers`, busiest),
    figure(`The ${drawnWorkers} least accurate workers${floor}`, pool.slice(-drawnWorkers)),
  ];
}

function workerGrid({ estimate }: ReportInput, rows: readonly WorkerRow[], chance: number | undefined): Markup {
  const extras = Object.entries(estimate.workers?.extra ?? {}).slice(0, 4);
  const several = new Set(rows.map((row) => row.kind)).size > 1;
  const remarks = rows.some((row) => remark(row, chance) !== '');
  const columns: Column[] = [
    { name: 'worker' },
    ...(several ? [{ name: 'kind' }] : []),
    { name: 'answers', number: true },
    { name: 'accuracy', number: true },
    { name: 'low', number: true },
    { name: 'high', number: true },
    { name: 'from 0 to 100%' },
    ...(remarks ? [{ name: 'remark' }] : []),
    ...extras.map(([name]) => ({ name: name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase(), number: true })),
  ];
  return dataGrid(
    'Workers',
    columns,
    rows.map((row): Cell[] => [
      named(row.name),
      ...(several ? [row.kind] : []),
      { say: count(row.answers), sort: row.answers },
      share(row.accuracy),
      share(row.lo),
      share(row.hi),
      { say: '', sort: Number.isFinite(row.accuracy) ? row.accuracy : '', drawing: rangeDrawing(row, chance) },
      ...(remarks ? [remark(row, chance)] : []),
      ...extras.map(
        ([, values]): Cell => ({
          say: Number.isFinite(values[row.index]) ? formatNumber(values[row.index]) : '–',
          sort: finite(values[row.index]),
        }),
      ),
    ]),
  );
}

function share(value: number): Cell {
  return { say: percent(value), sort: finite(value) };
}

// Unknown values sort as text, together.
function finite(value: number): number | string {
  return Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 : '';
}

function remark(row: WorkerRow, chance: number | undefined): string {
  if (row.answers < fewAnswers) return 'few answers';
  if (chance === undefined || !Number.isFinite(row.lo)) return '';
  if (row.hi < chance) return 'worse than guessing';
  return row.lo <= chance ? 'could be guessing' : '';
}

/** The interval as a line with a dot, from 0 to 100 %; its numbers stand in the cells beside it. */
function rangeDrawing(row: WorkerRow, chance: number | undefined): Markup {
  if (!Number.isFinite(row.accuracy)) return nothing;
  const at = (value: number): number => 4 + 112 * Math.min(1, Math.max(0, value));
  return element(
    'svg',
    { class: 'range', viewBox: '0 0 120 16', 'aria-hidden': 'true' },
    element('path', {
      class: 's-axis',
      d: path('M', 4, 8, 'H', 116, ...(chance === undefined ? [] : (['M', at(chance), 3, 'V', 13] as const))),
    }),
    Number.isFinite(row.lo) && Number.isFinite(row.hi)
      ? element('path', { class: 's-series1', 'stroke-width': 3, d: path('M', at(row.lo), 8, 'H', at(row.hi)) })
      : nothing,
    element('circle', { class: paint({ fill: 'series1' }).class, cx: at(row.accuracy), cy: 8, r: 4 }),
  );
}

/** What is taken for what: by all workers together, and by those with the most answers. */
export function confusionsSection(input: ReportInput, limits: ReportLimits): Section | undefined {
  const { table, estimate } = input;
  if (table.classCount < 2 || table.answerCount === 0) return undefined;
  const rows = workerRows(input).slice(0, table.classCount > 12 ? Math.min(6, limits.matrices) : limits.matrices);
  const { classes, pooled, single } = expectedConfusion(
    table,
    estimate,
    rows.map((row) => row.index),
  );
  const names = classes.map(named);
  const width = names.length > 10 ? 720 : figureWidth;
  const matrix = (title: string, counts: readonly (readonly number[])[], size: number): Markup =>
    drawing(
      confusionFigure({
        title,
        showTitle: false,
        width: size,
        classes: names,
        counts,
        rowLabel: 'label',
        columnLabel: 'answer',
      }),
    );
  return {
    id: 'confusions',
    title: 'What is taken for what',
    short: 'Confusions',
    body: fragment(
      paragraph(
        'Rows are the labels found, columns what was answered. Counts are expected counts: an answer to a task that is 70% cat and 30% dog counts 0.7 in the row of cat.',
      ),
      matrix('All workers together', pooled, width),
      rows.length < 2
        ? nothing
        : fragment(
            heading('Single workers'),
            rows.map((row, index) =>
              fold(
                `${named(row.name)}, ${count(row.answers)} answers`,
                matrix(`Answers of ${named(row.name)}`, single[index], width),
              ),
            ),
            truncation(rows.length, table.workerCount, 'workers, those with the most answers', undefined),
          ),
    ),
  };
}
