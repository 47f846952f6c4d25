import { histogramFigure } from '../histogram.ts';
import { linesFigure } from '../lines.ts';
import { fragment, html, type Markup, nothing } from '../svg.ts';
import { answersOfWorkers } from './crowd.ts';
import type { ReportInput } from './input.ts';
import {
  type Cell,
  count,
  counted,
  dataGrid,
  drawing,
  fold,
  heading,
  list,
  named,
  paragraph,
  type Section,
} from './parts.ts';
import { figureWidth } from './quality-part.ts';

/** What was read, column by column, and how the answers are spread. */
export function readingSection({ receipt, table, estimate }: ReportInput): Section {
  const rows: Cell[][] = [
    ['rows', whole(receipt.rows)],
    ['answers that count', whole(table.answerCount)],
    ['tasks', whole(table.taskCount)],
    ['workers', whole(table.workerCount)],
    ['classes', whole(table.classCount)],
    [`repeated answers (${duplicateWords[receipt.duplicateRule]})`, whole(receipt.duplicates)],
    ['rows without an answer', whole(receipt.missing)],
    ...Object.entries(receipt.uncounted).map(([status, value]): Cell[] => [
      `answers not counted: ${status}`,
      whole(value ?? 0),
    ]),
    ['tasks with a gold label', whole(receipt.gold)],
  ];
  const perTask = Float64Array.from(estimate.answersPerTask);
  const perWorker = answersOfWorkers(table);
  return {
    id: 'reading',
    title: 'What was read',
    short: 'Data',
    body: fragment(
      receipt.sources.length === 0
        ? nothing
        : paragraph(
            `From ${receipt.sources.slice(0, 5).map(named).join(', ')}${receipt.sources.length > 5 ? ` and ${receipt.sources.length - 5} more files` : ''}${receipt.format === undefined ? '' : `, read as ${receipt.format}`}.`,
          ),
      receipt.columns.length === 0
        ? nothing
        : paragraph(`Columns: ${receipt.columns.map(({ from, to }) => `${named(from)} → ${to}`).join(', ')}.`),
      list(receipt.guesses.slice(0, 20)),
      caseTwinWords(receipt.caseTwins),
      html(
        'div',
        { class: 'pair' },
        html('div', {}, dataGrid('What was read', [{ name: 'what' }, { name: 'number', number: true }], rows)),
        html(
          'div',
          {},
          spread('Answers per task', 'tasks', perTask),
          spread('Answers per worker', 'workers', perWorker),
        ),
      ),
    ),
  };
}

const duplicateWords: Readonly<Record<string, string>> = {
  last: 'the last one counts',
  first: 'the first one counts',
  all: 'all count',
  error: 'none allowed',
};

function whole(value: number): Cell {
  return { say: count(value), sort: value };
}

function caseTwinWords(twins: readonly (readonly string[])[]): Markup {
  if (twins.length === 0) return nothing;
  const groups = twins.slice(0, 10).map((group) => group.map(named).join(' / '));
  return paragraph(`Some labels differ in case or spaces only and count as different classes: ${groups.join('; ')}.`);
}

function spread(title: string, countLabel: string, values: Float64Array): Markup {
  return drawing(
    histogramFigure({
      title,
      showTitle: false,
      width: figureWidth,
      values,
      bins: 15,
      whole: true,
      label: 'answers',
      format: 'count',
      countLabel,
    }),
  );
}

/** How the fit went, and everything needed to run it again. */
export function methodSection(input: ReportInput): Section {
  const { method, estimate, why, methodsParagraph, citations = [] } = input;
  const sources = [...(method.citation === undefined || method.citation === '' ? [] : [method.citation]), ...citations];
  return {
    id: 'method',
    title: 'The method',
    short: 'Method',
    body: fragment(
      paragraph(
        `${method.title}, called ${method.id} in commands.${method.summary === undefined ? '' : ` ${method.summary}`}`,
      ),
      why === undefined ? nothing : paragraph(why),
      heading('For a methods section'),
      html('blockquote', {}, paragraph(methodsParagraph ?? defaultParagraph(input))),
      sources.length === 0 ? nothing : fragment(heading('Sources'), list(sources, 'ol')),
      heading('How the fit went'),
      convergence(input),
      fold('Options and seed', optionGrid(input)),
      paragraph(`Version ${estimate.version} of Assay, seed ${estimate.seed}.`, 'muted'),
    ),
  };
}

function convergence({ estimate }: ReportInput): Markup {
  const { objective, iterations, converged, stopReason } = estimate;
  const steps = counted(iterations, 'iteration', 'iterations');
  const words = converged
    ? `It converged after ${steps}.`
    : `It stopped after ${steps} without converging (${stopReason}); the labels may still change with more.`;
  const points = objective.flatMap((y, index) => (Number.isFinite(y) ? [{ x: index + 1, y }] : []));
  if (points.length < 2) return paragraph(iterations === 0 ? 'It needs no iterations.' : words);
  return fragment(
    paragraph(words),
    drawing(
      linesFigure({
        title: 'The objective over the iterations',
        showTitle: false,
        width: figureWidth,
        x: { label: 'iteration', format: 'count' },
        y: { label: 'objective (higher is better)' },
        series: [{ name: '', points }],
      }),
    ),
  );
}

function optionGrid({ estimate }: ReportInput): Markup {
  const entries = Object.entries(estimate.options);
  if (entries.length === 0) return paragraph('The method has no options.');
  return dataGrid(
    'Options',
    [{ name: 'option' }, { name: 'value' }],
    entries.map(([name, value]) => [
      name,
      named(typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none')),
    ]),
  );
}

function defaultParagraph({ table, receipt, estimate, method, expectedAccuracy }: ReportInput): string {
  const size = `Labels for ${counted(table.taskCount, 'task', 'tasks')} were inferred from ${counted(table.answerCount, 'answer', 'answers')} of ${counted(table.workerCount, 'worker', 'workers')} (${counted(table.classCount, 'class', 'classes')})`;
  const how = `with ${method.title}${method.citation ? ` [1]` : ''} as implemented in Assay ${estimate.version}, seed ${estimate.seed}`;
  const parts = [`${size} ${how}.`];
  if (receipt.duplicates > 0) {
    parts.push(
      `${counted(receipt.duplicates, 'repeated answer', 'repeated answers')} of the same worker to the same task: ${duplicateWords[receipt.duplicateRule]}.`,
    );
  }
  if (estimate.iterations > 0) {
    parts.push(
      estimate.converged
        ? `The fit converged after ${counted(estimate.iterations, 'iteration', 'iterations')}.`
        : `The fit was stopped after ${counted(estimate.iterations, 'iteration', 'iterations')}.`,
    );
  }
  if (expectedAccuracy) {
    const share = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(3));
    const level = Math.round((expectedAccuracy.level ?? 0.9) * 100);
    parts.push(
      `The expected accuracy is ${share(expectedAccuracy.value)}${expectedAccuracy.lo === undefined ? '' : ` (${level}% interval ${share(expectedAccuracy.lo)} to ${share(expectedAccuracy.hi)})`}.`,
    );
  }
  return parts.join(' ');
}
