import { bottomAxis, bottomAxisHeight } from './axis.ts';
import { checkFinite, checkInterval, checkText } from './check.ts';
import {
  type Area,
  compose,
  type Drawing,
  type Figure,
  type FigureOptions,
  fontSize,
  noData,
  type RenderOptions,
  renderFigure,
  smallSize,
  words,
} from './figure.ts';
import { type FormatOptions, formatValue } from './format.ts';
import { whisker } from './marks.ts';
import { bandScale, linearScale, niceDomain } from './scale.ts';
import { element, fragment, type Markup, nothing, path, text } from './svg.ts';
import { oneLine, textWidth, truncate } from './text.ts';
import { paint } from './theme.ts';

/** One bar. `lo` and `hi` are the ends of its interval: both or neither. */
export interface BarRow {
  readonly label: string;
  readonly value: number;
  readonly lo?: number;
  readonly hi?: number;
  /** Marks the bar the reader should look at: another colour, and its label in bold. */
  readonly highlight?: boolean;
}

export interface BarsOptions extends FigureOptions, FormatOptions {
  /** From top to bottom, as given. */
  readonly rows: readonly BarRow[];
  /** Name of the value axis. */
  readonly label?: string;
  /** Ends of the axis. Default: from 0 to the largest value, rounded; to 1 at most for per cent. */
  readonly domain?: readonly [number, number];
  /** A value to compare with, drawn as a dashed line with its name, such as chance. */
  readonly reference?: { readonly value: number; readonly label: string };
}

/**
 * Horizontal bars with intervals: a few named values side by side, such as the accuracy of methods.
 *
 * Bars begin at zero, so lengths can be compared; for values far from zero use `dots`. Long labels are shortened, the
 * whole text appears on hover and in the table. No rows draw "No data". Height 26 pixels a row, cost O(rows).
 *
 * @throws InputError for a value that is not finite or an interval out of order.
 * @example
 * ```ts
 * import { bars } from '@assay/figures';
 * const svg = bars({
 *   title: 'Accuracy of three methods',
 *   format: 'percent',
 *   rows: [
 *     { label: 'majority vote', value: 0.89, lo: 0.87, hi: 0.91 },
 *     { label: 'dawid-skene', value: 0.93, lo: 0.91, hi: 0.95, highlight: true },
 *   ],
 * });
 * ```
 */
export function bars(options: BarsOptions & RenderOptions): string {
  return renderFigure(barsFigure(options), options);
}

/** The figure of {@link bars} before it is written, for panels and for its table. */
export function barsFigure(options: BarsOptions): Figure {
  options.rows.forEach((row, index) => {
    checkText(row.label, `rows[${index}].label`);
    checkFinite(row.value, `rows[${index}].value`);
    checkInterval(row.lo, row.hi, `rows[${index}]`);
  });
  if (options.reference) checkFinite(options.reference.value, 'reference.value');
  return compose(options, 640, (area) => (options.rows.length === 0 ? noData(area) : draw(options, area)));
}

const rowHeight = 26;

function draw(options: BarsOptions, area: Area): Drawing {
  const { rows, reference } = options;
  const labelWidth = Math.min(
    area.width * 0.38,
    Math.max(
      ...rows.map((row) => textWidth(oneLine(row.label.slice(0, 200)), fontSize, row.highlight ? 'bold' : 'normal')),
    ),
  );
  const valueWidth = Math.max(...rows.map((row) => textWidth(formatValue(row.value, options), smallSize)));
  const domain = options.domain ?? defaultDomain(options);
  const left = labelWidth + 10;
  const right = Math.max(left + 20, area.width - valueWidth - 10);
  const scale = linearScale(domain, [left, right]);
  const top = reference ? 18 : 0;
  const bottom = top + rows.length * rowHeight;
  const band = bandScale(rows.length, [top, bottom], 0.34);
  const inside = (value: number): number => Math.min(right, Math.max(left, scale.at(value)));
  const zero = inside(0);

  const marks: Markup[] = rows.map((row, index) => {
    const y = band.middle(index);
    const end = inside(row.value);
    const label = truncate(row.label, labelWidth + 1, fontSize);
    return element(
      'g',
      {},
      element('title', {}, text(`${oneLine(row.label)}: ${withInterval(row, options)}`)),
      words(label, labelWidth, y + 4, { anchor: 'end', bold: row.highlight === true }),
      element('rect', {
        ...paint({ fill: row.highlight ? 'series2' : 'series1' }),
        x: Math.min(zero, end),
        y: band.start(index),
        width: Math.max(0.75, Math.abs(end - zero)),
        height: band.bandwidth,
        rx: 1.5,
      }),
      row.lo === undefined || row.hi === undefined ? nothing : haloed(inside(row.lo), inside(row.hi), y),
      words(formatValue(row.value, options), area.width, y + 4, { size: smallSize, anchor: 'end' }),
    );
  });

  const axis = bottomAxis({ ...options, scale, across: [top, bottom + 2], label: options.label });
  return {
    body: fragment(
      axis,
      marks,
      reference ? referenceLine(reference, inside(reference.value), top, bottom, area.width) : nothing,
    ),
    height: bottom + 2 + bottomAxisHeight(options.label),
    description: describe(options),
    tables: [intervalTable(options)],
  };
}

// An interval has to be seen on its bar and beside it: a dark line on a wider one of the surface colour.
function haloed(lo: number, hi: number, y: number): Markup {
  return fragment(
    element('path', {
      ...paint({ fill: 'none', stroke: 'surface' }),
      'stroke-width': 4,
      d: path('M', lo - 1, y, 'H', hi + 1),
    }),
    whisker('ink', [lo, y], [hi, y], 4),
  );
}

/** A dashed vertical line with its name above the plot. */
export function referenceLine(
  reference: { readonly value: number; readonly label: string },
  x: number,
  top: number,
  bottom: number,
  width: number,
): Markup {
  const label = truncate(reference.label, width * 0.6, smallSize);
  const half = textWidth(label, smallSize) / 2;
  return fragment(
    element('path', {
      ...paint({ fill: 'none', stroke: 'ink' }),
      'stroke-dasharray': '4 3',
      d: path('M', x, top - 3, 'V', bottom),
    }),
    words(label, Math.min(width - half, Math.max(half, x)), top - 7, {
      size: smallSize,
      role: 'muted',
      anchor: 'middle',
      full: reference.label,
    }),
  );
}

function defaultDomain({ rows, format, reference }: BarsOptions): [number, number] {
  const values = rows.flatMap((row) => [row.value, row.lo ?? row.value, row.hi ?? row.value]);
  if (reference) values.push(reference.value);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  if (low === 0 && high === 0) return [0, 1];
  const [from, to] = niceDomain(low, high);
  return format === 'percent' && high <= 1 ? [from, Math.min(1, to)] : [from, to];
}

/** `93.1% (91.0% to 95.0%)` */
export function withInterval(row: { value: number; lo?: number; hi?: number }, format: FormatOptions): string {
  const value = formatValue(row.value, format);
  return row.lo === undefined ? value : `${value} (${formatValue(row.lo, format)} to ${formatValue(row.hi, format)})`;
}

function describe(options: BarsOptions): string {
  const { rows } = options;
  if (rows.length === 1) return `One bar: ${oneLine(rows[0].label)}, ${withInterval(rows[0], options)}.`;
  const sorted = [...rows].sort((a, b) => b.value - a.value);
  const first = sorted[0];
  const last = sorted[sorted.length - 1];
  return `${rows.length} bars. Highest: ${oneLine(first.label)}, ${withInterval(first, options)}. Lowest: ${oneLine(last.label)}, ${withInterval(last, options)}.`;
}

function intervalTable(options: BarsOptions): Drawing['tables'][number] {
  const { format, currency, rows } = options;
  const intervals = rows.some((row) => row.lo !== undefined);
  const column = { format: format ?? 'number', currency };
  const ends = intervals
    ? [
        { name: 'low', ...column },
        { name: 'high', ...column },
      ]
    : [];
  return {
    caption: options.title,
    columns: [{ name: 'name' }, { name: options.label ?? 'value', ...column }, ...ends],
    rows: rows.map((row) => (intervals ? [row.label, row.value, row.lo, row.hi] : [row.label, row.value])),
  };
}
