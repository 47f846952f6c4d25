import { bottomAxis, bottomAxisHeight, leftAxis, leftAxisTop, leftAxisWidth } from './axis.ts';
import { referenceLine } from './bars.ts';
import { checkFinite, checkWhole, checkWithin, invalid } from './check.ts';
import {
  type Area,
  compose,
  type Drawing,
  type Figure,
  type FigureOptions,
  noData,
  type RenderOptions,
  renderFigure,
} from './figure.ts';
import { type FormatOptions, formatValue } from './format.ts';
import { linearScale, niceDomain, niceStep } from './scale.ts';
import { element, fragment, nothing, text } from './svg.ts';
import { paint } from './theme.ts';

export interface HistogramOptions extends FigureOptions, FormatOptions {
  /** The values to count. Give these, or `edges` and `counts`. */
  readonly values?: ArrayLike<number>;
  /** About how many bins, 1 to 200; their edges are tidy numbers. Default 20. */
  readonly bins?: number;
  /** The values are whole numbers: bins and ticks are too, and few distinct values get a bin each. */
  readonly whole?: boolean;
  /** Edges of bins already counted, ascending, one more than `counts`. */
  readonly edges?: readonly number[];
  readonly counts?: readonly number[];
  /** Name of the value axis. */
  readonly label?: string;
  /** What is counted, for example `tasks`. Default `count`. */
  readonly countLabel?: string;
  /** A value to mark, drawn as a dashed line with its name. */
  readonly reference?: { readonly value: number; readonly label: string };
}

/**
 * How often values occur: answers per worker, top probabilities, minutes per task.
 *
 * Bins are [from, to), the last one includes its end. Counts begin at zero. No values draw "No data". Cost O(values).
 *
 * @throws InputError for values that are not finite or edges that do not ascend.
 * @example
 * ```ts
 * import { histogram } from '@assay/figures';
 * const svg = histogram({ title: 'Answers per worker', values: [3, 5, 8, 9, 30], label: 'answers', countLabel: 'workers' });
 * ```
 */
export function histogram(options: HistogramOptions & RenderOptions): string {
  return renderFigure(histogramFigure(options), options);
}

/** The figure of {@link histogram} before it is written, for panels and for its table. */
export function histogramFigure(options: HistogramOptions): Figure {
  const bins = options.counts === undefined ? binned(options) : given(options);
  if (options.reference) checkFinite(options.reference.value, 'reference.value');
  const empty = bins.counts.every((count) => count === 0);
  return compose(options, 480, (area) => (empty ? noData(area) : draw(options, bins, area)));
}

interface Bins {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** Counts values into about `count` bins with tidy edges. Percentages of shares in [0, 1] stay inside it. */
export function binned({
  values = [],
  bins = 20,
  whole = false,
  format,
}: Pick<HistogramOptions, 'values' | 'bins' | 'whole' | 'format'>): Bins {
  checkWhole(bins, 1, 200, 'bins');
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = checkFinite(values[i], `values[${i}]`);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (values.length === 0) return { edges: [0, 1], counts: [0] };
  const single = whole && high - low < bins;
  const [niceFrom, niceTo] = niceDomain(low, high, bins);
  const share = format === 'percent' && low >= 0 && high <= 1;
  const [inFrom, inTo] = share ? [Math.max(0, niceFrom), Math.min(1, niceTo)] : [niceFrom, niceTo];
  const [from, to] = single ? [low - 0.5, high + 0.5] : [inFrom, inTo];
  const step = single ? 1 : Math.max(niceStep(to - from, bins), whole ? 1 : 0);
  const count = Math.max(1, Math.ceil((to - from) / step - 1e-9));
  const counts = new Array<number>(count).fill(0);
  for (let i = 0; i < values.length; i++) {
    // The small shift keeps 0.3 in the bin that begins with 0.3 although 0.3 / 0.1 is below 3.
    counts[Math.min(count - 1, Math.max(0, Math.floor((values[i] - from) / step + 1e-9)))] += 1;
  }
  const edges = Array.from({ length: count + 1 }, (_, index) =>
    index === count ? Math.max(to, from + step * index) : from + step * index,
  );
  return { edges, counts };
}

function given({ edges = [], counts = [] }: HistogramOptions): Bins {
  if (edges.length !== counts.length + 1) {
    throw invalid('edges', `${edges.length} edges`, `give one more than the ${counts.length} counts`);
  }
  edges.forEach((edge, index) => {
    checkFinite(edge, `edges[${index}]`);
    if (index > 0 && edge <= edges[index - 1]) throw invalid(`edges[${index}]`, edge, 'give edges that ascend');
  });
  counts.forEach((count, index) => {
    checkWithin(count, 0, 1e15, `counts[${index}]`);
  });
  return { edges, counts };
}

function draw(options: HistogramOptions, { edges, counts }: Bins, area: Area): Drawing {
  const countLabel = options.countLabel ?? 'count';
  const most = Math.max(...counts);
  const upper = niceDomain(0, most, 4)[1];
  const left = leftAxisWidth(linearScale([0, upper], [0, 1]), 4, { format: 'count' });
  const right = area.width - 8;
  const top = leftAxisTop(countLabel) + (options.reference ? 14 : 0);
  const bottom = top + Math.max(110, Math.min(240, (right - left) * 0.45));
  const x = linearScale([edges[0], edges[edges.length - 1]], [left, right]);
  const y = linearScale([0, upper], [bottom, top]);
  const column = (index: number): number => x.at(edges[index]);
  const name = (index: number): string => {
    const [from, to] = [edges[index], edges[index + 1]];
    if (options.whole && to - from === 1 && !Number.isInteger(from)) return formatValue(from + 0.5, options);
    return `${formatValue(from, options)} to ${formatValue(to, options)}`;
  };
  const bars = counts.map((count, index) => {
    const gap = Math.min(1, (column(index + 1) - column(index)) * 0.2);
    return count === 0
      ? nothing
      : element(
          'rect',
          {
            x: column(index) + gap / 2,
            y: Math.min(bottom - 1, y.at(count)),
            width: Math.max(0.5, column(index + 1) - column(index) - gap),
            height: Math.max(1, bottom - y.at(count)),
          },
          element('title', {}, text(`${name(index)}: ${formatValue(count, { format: 'count' })} ${countLabel}`)),
        );
  });
  const { reference } = options;
  const marked = reference && reference.value >= edges[0] && reference.value <= edges[edges.length - 1];
  const total = counts.reduce((sum, count) => sum + count, 0);
  const peak = counts.indexOf(most);
  return {
    body: fragment(
      leftAxis({ format: 'count', scale: y, across: [left, right], label: countLabel, count: 4 }),
      element('g', paint({ fill: 'series1' }), bars),
      bottomAxis({ ...options, scale: x, across: [top, bottom], label: options.label, grid: false }),
      reference && marked ? referenceLine(reference, x.at(reference.value), top, bottom, area.width) : nothing,
    ),
    height: bottom + bottomAxisHeight(options.label),
    description: `${formatValue(total, { format: 'count' })} ${countLabel === 'count' ? 'values' : countLabel} in ${counts.length} bins from ${formatValue(edges[0], options)} to ${formatValue(edges[edges.length - 1], options)}. Most, ${formatValue(most, { format: 'count' })}, at ${name(peak)}.`,
    tables: [
      {
        caption: options.title,
        columns: [
          { name: `${options.label ?? 'value'} from`, format: options.format ?? 'number', currency: options.currency },
          { name: 'to', format: options.format ?? 'number', currency: options.currency },
          { name: countLabel, format: 'count' },
        ],
        rows: counts.map((count, index) => [edges[index], edges[index + 1], count]),
      },
    ],
  };
}
