import { betaQuantile } from '@assay/core/math';
import { barsFigure } from '../bars.ts';
import { calibrationFigure } from '../calibration.ts';
import { confusionFigure } from '../confusion.ts';
import { histogramFigure } from '../histogram.ts';
import { fragment, html, type Markup, nothing } from '../svg.ts';
import { confidences, saidCounts } from './crowd.ts';
import type { ReportInput, ReportLimits, TruthSummary } from './input.ts';
import {
  count,
  counted,
  dataGrid,
  drawing,
  fold,
  list,
  named,
  paragraph,
  percent,
  ranged,
  type Section,
  type Tile,
  tiles,
  truncation,
} from './parts.ts';

/** Figures of a report are this wide: two fit side by side on a desk, one on a phone at nearly full size. */
export const figureWidth = 440;

/** How good the labels are: expected, measured where truth is known, and how sure the method is of each. */
export function qualitySection(input: ReportInput): Section {
  const { expectedAccuracy: expected, truth, estimate } = input;
  const sure = confidences(estimate);
  const entries: Tile[] = [];
  if (expected) {
    entries.push({
      name: 'expected accuracy',
      value: percent(expected.value),
      range: rangeOf(expected, expected.level ?? 0.9),
    });
  }
  if (truth) {
    entries.push({
      name: 'accuracy against truth',
      value: percent(truth.accuracy.value),
      range: rangeOf(truth.accuracy, 0.95),
    });
    if (truth.voteAccuracy) {
      entries.push({
        name: 'majority vote',
        value: percent(truth.voteAccuracy.value),
        range: rangeOf(truth.voteAccuracy, 0.95),
      });
    }
  }
  const certain = sure.filter((value) => value >= 0.95).length;
  if (sure.length > 0) {
    entries.push({
      name: 'labels 95% sure',
      value: percent(certain / sure.length),
      range: `${count(certain)} of ${count(sure.length)}`,
    });
  }
  const ties = countTies(input);
  if (ties > 0) entries.push({ name: 'ties', value: count(ties), range: 'several labels equally likely' });

  const overview: Markup[] = [];
  if (expected) overview.push(html('blockquote', {}, paragraph(expected.assumption)));
  else if (!truth) {
    overview.push(
      paragraph(
        'The accuracy of the labels was not estimated. The probabilities below are what the method states, not what was measured.',
      ),
    );
  }
  if (!estimate.calibrated) {
    overview.push(
      paragraph(
        'The probabilities of this method are shares of votes. They rank the labels, but are not chances of being right.',
      ),
    );
  }
  const figures: Markup[] = [
    drawing(
      histogramFigure({
        title: 'How sure the labels are',
        showTitle: false,
        width: figureWidth,
        values: sure,
        bins: 20,
        format: 'percent',
        label: estimate.calibrated ? 'probability of the label' : 'share of votes for the label',
        countLabel: 'tasks',
      }),
    ),
  ];
  if (truth?.bins) figures.push(calibrationDrawing(truth.bins));
  return {
    id: 'quality',
    title: 'How good are the labels?',
    short: 'Quality',
    body: fragment(
      tiles(entries),
      overview,
      truth ? truthWords(truth, goldCount(input)) : nothing,
      html('div', { class: 'pair' }, figures),
      truth?.confusion ? labelsAgainstTruth(input, truth.confusion) : nothing,
    ),
  };
}

function countTies({ estimate }: ReportInput): number {
  let ties = 0;
  for (let task = 0; task < estimate.taskCount; task++) {
    if (estimate.answersPerTask[task] > 0 && estimate.isTie(task)) ties++;
  }
  return ties;
}

function goldCount({ table }: ReportInput): number {
  return table.gold === undefined ? 0 : table.gold.filter((label) => label >= 0).length;
}

function rangeOf({ lo, hi }: { lo?: number; hi?: number }, level: number): string | undefined {
  return lo === undefined || hi === undefined
    ? undefined
    : `${percent(lo)} to ${percent(hi)}, ${Math.round(level * 100)}% interval`;
}

function truthWords(truth: TruthSummary, gold: number): Markup {
  const parts = [
    `Against ${counted(truth.tasks, 'task', 'tasks')} with known truth, ${ranged(truth.accuracy)} of the labels are right; ${percent(truth.coverage)} of the tasks with known truth have an answer.`,
  ];
  if (truth.voteAccuracy) parts.push(`Majority vote has ${ranged(truth.voteAccuracy)}.`);
  if (truth.logLoss !== undefined) parts.push(`Log-loss ${truth.logLoss.toFixed(3)} nats.`);
  if (truth.ece !== undefined) parts.push(`Expected calibration error ${percent(truth.ece)}.`);
  parts.push(
    gold === 0
      ? 'The method did not see the truth.'
      : `The method was given ${counted(gold, 'gold label', 'gold labels')}; where those tasks are among these, the accuracy is flattered.`,
  );
  return paragraph(parts.join(' '));
}

function calibrationDrawing(bins: NonNullable<TruthSummary['bins']>): Markup {
  return drawing(
    calibrationFigure({
      title: 'Do the probabilities hold?',
      showTitle: false,
      width: figureWidth,
      bins: bins
        .filter((bin) => bin.count > 0)
        .map((bin) => {
          const right = bin.accuracy * bin.count;
          return {
            predicted: clamp(bin.confidence),
            observed: clamp(bin.accuracy),
            count: bin.count,
            // Jeffreys' interval, 90 %.
            lo: Math.min(clamp(bin.accuracy), betaQuantile(0.05, right + 0.5, bin.count - right + 0.5)),
            hi: Math.max(clamp(bin.accuracy), betaQuantile(0.95, right + 0.5, bin.count - right + 0.5)),
          };
        }),
    }),
  );
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

function labelsAgainstTruth({ table }: ReportInput, counts: readonly (readonly number[])[]): Markup {
  return fold(
    'Labels against truth, class by class',
    drawing(
      confusionFigure({
        title: 'Labels against truth',
        showTitle: false,
        width: table.classCount > 10 ? 720 : figureWidth,
        classes: table.classes.names().map(named),
        counts,
        columnLabel: 'label given',
      }),
    ),
  );
}

/** What the labels say: how often each class was given, and how often it was said. */
export function labelsSection(input: ReportInput, limits: ReportLimits): Section {
  const { table, estimate, files } = input;
  const given = new Float64Array(table.classCount);
  let without = 0;
  for (let task = 0; task < estimate.taskCount; task++) {
    const label = estimate.answersPerTask[task] > 0 ? estimate.labelIndex(task) : -1;
    if (label >= 0) given[label]++;
    else without++;
  }
  const labelled = estimate.taskCount - without;
  const said = saidCounts(table);
  const order = Array.from(given.keys()).sort((a, b) => given[b] - given[a] || said[b] - said[a] || a - b);
  const shownClasses = order.slice(0, limits.classes);
  const bars = order
    .slice(0, 15)
    .map((k) => ({ label: named(table.classes.name(k)), value: labelled === 0 ? 0 : given[k] / labelled }));
  return {
    id: 'labels',
    title: 'What the labels say',
    short: 'Labels',
    body: fragment(
      without > 0
        ? paragraph(
            `${counted(without, 'task has', 'tasks have')} no counted answer and ${without === 1 ? 'is' : 'are'} not counted here.`,
          )
        : nothing,
      html(
        'div',
        { class: 'pair' },
        drawing(
          barsFigure({
            title: 'Classes by share of the labels',
            showTitle: false,
            width: figureWidth,
            format: 'percent',
            label: 'share of the labels',
            rows: bars,
          }),
        ),
        html(
          'div',
          {},
          dataGrid(
            'Classes',
            [
              { name: 'class' },
              { name: 'tasks', number: true },
              { name: 'of labels', number: true },
              { name: 'of answers', number: true },
            ],
            shownClasses.map((k) => [
              named(table.classes.name(k)),
              { say: count(given[k]), sort: given[k] },
              { say: labelled === 0 ? '–' : percent(given[k] / labelled), sort: given[k] },
              { say: table.answerCount === 0 ? '–' : percent(said[k] / table.answerCount), sort: said[k] },
            ]),
          ),
          truncation(shownClasses.length, table.classCount, 'classes', files?.labels),
        ),
      ),
    ),
  };
}

/** The notes of receipt, estimate and caller, each once. */
export function notesSection(input: ReportInput): Section | undefined {
  const notes = [...new Set([...(input.notes ?? []), ...input.estimate.notes, ...input.receipt.notes])];
  if (notes.length === 0) return undefined;
  const shownNotes = notes.slice(0, 30).map((note) => (note.length > 600 ? `${note.slice(0, 600)}…` : note));
  return {
    id: 'notes',
    title: 'What to know before using them',
    short: 'Notes',
    body: fragment(list(shownNotes.map(capitalised)), truncation(shownNotes.length, notes.length, 'notes', undefined)),
  };
}

function capitalised(note: string): string {
  const [first = ''] = note;
  return `${first.toUpperCase()}${note.slice(first.length)}${/[.!?…]$/.test(note) ? '' : '.'}`;
}

/** How much the answers agree. */
export function agreementSection({ agreement = [] }: ReportInput): Section | undefined {
  if (agreement.length === 0) return undefined;
  return {
    id: 'agreement',
    title: 'How much the answers agree',
    short: 'Agreement',
    body: fragment(
      dataGrid(
        'Agreement',
        [{ name: 'measure' }, { name: 'value', number: true }, { name: 'interval' }, { name: 'what it says' }],
        agreement.map(({ name, value, lo, hi, sentence }) => [
          name,
          { say: score(value), sort: value },
          lo === undefined || hi === undefined ? '–' : `${score(lo)} to ${score(hi)}`,
          sentence,
        ]),
      ),
    ),
  };
}

const score = (value: number): string => (Number.isFinite(value) ? value.toFixed(3).replace('-', '−') : '–');
