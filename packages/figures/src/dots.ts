import { bottomAxis, bottomAxisHeight } from './axis.ts';
import { referenceLine, withInterval } from './bars.ts';
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
import { legend } from './legend.ts';
import { marker, seriesLook } from './marks.ts';
import { bandScale, linearScale, niceDomain } from './scale.ts';
import { element, fragment, type Markup, nothing, path, text } from './svg.ts';
import { oneLine, textWidth, truncate } from './text.ts';
import { paint } from './theme.ts';

/** One row: a value with its interval. */
export interface DotRow {
  readonly label: string;
  readonly value: number;
  readonly lo?: number;
  readonly hi?: number;
  /** Rows of one group share colour and marker, for example the kind of worker. */
  readonly group?: string;
  /** Written at the end of the row, for example the number of answers. */
  readonly count?: number;
}

export interface DotsOptions extends FigureOptions, FormatOptions {
  /** From top to bottom, as given. */
  readonly rows: readonly DotRow[];
  /** Groups in the order of their colours and markers, so that several figures agree. Default: by appearance. */
  readonly groups?: readonly string[];
  /** Name of the value axis. */
  readonly label?: string;
  /** Name of the counts at the right, for example `answers`. */
  readonly countLabel?: string;
  /** Ends of the axis. Default: around all values and intervals, rounded; inside [0, 1] for per cent. */
  readonly domain?: readonly [number, number];
  /** A value to compare with, such as chance. */
  readonly reference?: { readonly value: number; readonly label: string };
}

/**
 * Rows of dots with intervals: many named values whose differences matter more than their size, such as workers.
 *
 * The axis need not begin at zero. Groups differ by marker as well as by colour, with a key above the rows. No rows
 * draw "No data". Height 20 pixels a row, cost O(rows); for more than a hundred rows show the extremes or a histogram.
 *
 * @throws InputError for a value that is not finite or an interval out of order.
 * @example
 * ```ts
 * import { dots } from '@assay/figures';
 * const svg = dots({
 *   title: 'Accuracy of workers',
 *   format: 'percent',
 *   countLabel: 'answers',
 *   rows: [
 *     { label: 'ann', value: 0.95, lo: 0.91, hi: 0.98, group: 'human', count: 120 },
 *     { label: 'model-a', value: 0.88, lo: 0.86, hi: 0.9, group: 'ai', count: 800 },
 *   ],
 * });
 * ```
 */
export function dots(options: DotsOptions & RenderOptions): string {
  return renderFigure(dotsFigure(options), options);
}

/** The figure of {@link dots} before it is written, for panels and for its table. */
export function dotsFigure(options: DotsOptions): Figure {
  options.rows.forEach((row, index) => {
    checkText(row.label, `rows[${index}].label`);
    checkFinite(row.value, `rows[${index}].value`);
    checkInterval(row.lo, row.hi, `rows[${index}]`);
    if (row.group !== undefined) checkText(row.group, `rows[${index}].group`);
    if (row.count !== undefined) checkFinite(row.count, `rows[${index}].count`);
  });
  if (options.reference) checkFinite(options.reference.value, 'reference.value');
  return compose(options, 640, (area) => (options.rows.length === 0 ? noData(area) : draw(options, area)));
}

const rowHeight = 20;

function draw(options: DotsOptions, area: Area): Drawing {
  const { rows, reference } = options;
  const present = new Set(rows.map((row) => row.group ?? ''));
  const groups = [...new Set([...(options.groups ?? []), ...present])];
  const key =
    present.size > 1
      ? legend(
          groups.flatMap((name, index) => (present.has(name) ? [{ name, look: seriesLook(index) }] : [])),
          area.width,
        )
      : undefined;
  const hasCounts = rows.some((row) => row.count !== undefined);
  const counts = rows.map((row) => (row.count === undefined ? '' : formatValue(row.count, { format: 'count' })));
  const countName = options.countLabel ?? '';
  const countWidth = hasCounts
    ? Math.max(textWidth(countName, smallSize), ...counts.map((count) => textWidth(count, smallSize))) + 10
    : 4;
  const labelWidth = Math.min(
    area.width * 0.36,
    Math.max(...rows.map((row) => textWidth(oneLine(row.label.slice(0, 200)), fontSize))),
  );
  const left = labelWidth + 12;
  const right = Math.max(left + 20, area.width - countWidth);
  const scale = linearScale(options.domain ?? defaultDomain(options), [left, right]);
  const top = (key?.height ?? 0) + (reference || (hasCounts && countName !== '') ? 18 : 4);
  const bottom = top + rows.length * rowHeight;
  const band = bandScale(rows.length, [top, bottom], 0);
  const inside = (value: number): number => Math.min(right, Math.max(left, scale.at(value)));

  const stripes = rows.map((_, index) =>
    index % 2 === 1
      ? element('rect', { x: 0, y: band.start(index), width: area.width, height: rowHeight, rx: 2 })
      : nothing,
  );
  const marks: Markup[] = rows.map((row, index) => {
    const y = band.middle(index);
    const look = seriesLook(groups.indexOf(row.group ?? ''));
    const hover = [`${oneLine(row.label)}: ${withInterval(row, options)}`];
    if (row.group) hover.push(oneLine(row.group));
    if (counts[index] !== '') hover.push(`${counts[index]} ${countName}`.trim());
    return element(
      'g',
      {},
      element('title', {}, text(hover.join(', '))),
      words(truncate(row.label, labelWidth + 1, fontSize), labelWidth, y + 4, { anchor: 'end' }),
      row.lo === undefined || row.hi === undefined
        ? nothing
        : element('path', {
            ...paint({ fill: 'none', stroke: look.role }),
            'stroke-width': 2,
            d: path('M', inside(row.lo), y, 'H', inside(row.hi)),
          }),
      marker(look, inside(row.value), y, 4.5),
      counts[index] === ''
        ? nothing
        : words(counts[index], area.width, y + 4, { size: smallSize, role: 'muted', anchor: 'end' }),
    );
  });
  return {
    body: fragment(
      key?.markup ?? nothing,
      element('g', paint({ fill: 'track' }), stripes),
      bottomAxis({ ...options, scale, across: [top, bottom], label: options.label }),
      reference ? referenceLine(reference, inside(reference.value), top, bottom, right) : nothing,
      hasCounts && countName !== ''
        ? words(countName, area.width, top - 7, { size: smallSize, role: 'muted', anchor: 'end' })
        : nothing,
      marks,
    ),
    height: bottom + bottomAxisHeight(options.label),
    description: describe(options),
    tables: [table(options, hasCounts)],
  };
}

function defaultDomain({ rows, format, reference }: DotsOptions): [number, number] {
  const values = rows.flatMap((row) => [row.value, row.lo ?? row.value, row.hi ?? row.value]);
  if (reference) values.push(reference.value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [from, to] = niceDomain(low, high);
  return format === 'percent' && low >= 0 && high <= 1 ? [Math.max(0, from), Math.min(1, to)] : [from, to];
}

function describe(options: DotsOptions): string {
  const sorted = [...options.rows].sort((a, b) => b.value - a.value);
  const middle = sorted[Math.floor(sorted.length / 2)];
  const named = (row: DotRow): string => `${oneLine(row.label)}, ${withInterval(row, options)}`;
  if (sorted.length === 1) return `One row: ${named(sorted[0])}.`;
  return `${sorted.length} rows. Highest: ${named(sorted[0])}. Middle: ${formatValue(middle.value, options)}. Lowest: ${named(sorted[sorted.length - 1])}.`;
}

function table(options: DotsOptions, hasCounts: boolean): Drawing['tables'][number] {
  const { format, currency, rows } = options;
  const column = { format: format ?? 'number', currency };
  const hasGroups = rows.some((row) => row.group !== undefined);
  return {
    caption: options.title,
    columns: [
      { name: 'name' },
      ...(hasGroups ? [{ name: 'group' }] : []),
      { name: options.label ?? 'value', ...column },
      { name: 'low', ...column },
      { name: 'high', ...column },
      ...(hasCounts ? [{ name: options.countLabel ?? 'count', format: 'count' as const }] : []),
    ],
    rows: rows.map((row) => [
      row.label,
      ...(hasGroups ? [row.group ?? ''] : []),
      row.value,
      row.lo,
      row.hi,
      ...(hasCounts ? [row.count] : []),
    ]),
  };
}
