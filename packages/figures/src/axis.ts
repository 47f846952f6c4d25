import { fontSize, smallSize, words } from './figure.ts';
import { type FormatOptions, formatTicks } from './format.ts';
import type { NumericScale } from './scale.ts';
import { element, fragment, type Markup, path } from './svg.ts';
import { textWidth, truncate } from './text.ts';
import { paint } from './theme.ts';

/** An axis below or left of a plot. */
export interface AxisOptions extends FormatOptions {
  readonly scale: NumericScale;
  readonly label?: string;
  /** The extent of the plot across the axis, over which grid lines run. */
  readonly across: readonly [number, number];
  /** About how many ticks; default from the length. */
  readonly count?: number;
  /** Ticks at whole numbers only. */
  readonly whole?: boolean;
  /** Default true. */
  readonly grid?: boolean;
}

/** Pixels that a bottom axis needs below the plot. */
export function bottomAxisHeight(label: string | undefined): number {
  return label === undefined || label === '' ? 20 : 38;
}

/** Ticks, their labels, grid lines and the name of the axis, below a plot that ends at `across[1]`. */
export function bottomAxis(options: AxisOptions): Markup {
  const { scale, across, label, grid = true } = options;
  const [left, right] = ordered(scale.range);
  const wanted = options.count ?? Math.max(2, Math.round((right - left) / 80));
  const ticks = options.whole ? scale.ticks(wanted).filter(Number.isInteger) : enough(scale, wanted);
  const labels = formatTicks(ticks, options);
  const base = across[1];
  const lines = ticks.map((tick) => path('M', scale.at(tick), across[0], 'V', base)).join('');
  const names: Markup[] = [];
  let free = Number.NEGATIVE_INFINITY;
  ticks.forEach((tick, index) => {
    const width = textWidth(labels[index], smallSize);
    const x = Math.min(Math.max(scale.at(tick), left - 8 + width / 2), Math.max(right + 10 - width / 2, left));
    if (x - width / 2 < free) return;
    free = x + width / 2 + 6;
    names.push(words(labels[index], x, base + 15, { size: smallSize, role: 'muted', anchor: 'middle' }));
  });
  const title =
    label === undefined || label === ''
      ? []
      : [axisTitle(label, (left + right) / 2, base + 33, right - left + 40, 'middle')];
  return fragment(
    grid ? element('path', { ...paint({ fill: 'none', stroke: 'grid' }), d: lines === '' ? undefined : lines }) : [],
    element('path', { ...paint({ fill: 'none', stroke: 'axis' }), d: path('M', left, base, 'H', right) }),
    names,
    title,
  );
}

/** Pixels that a left axis needs: the width of its longest tick label and a gap. */
export function leftAxisWidth(scale: NumericScale, count: number, format: FormatOptions): number {
  const labels = formatTicks(enough(scale, count), format);
  return Math.ceil(Math.max(12, ...labels.map((label) => textWidth(label, smallSize))) + 8);
}

/** Pixels above the plot for the name of a left axis, which stands level above it and not on its side. */
export function leftAxisTop(label: string | undefined): number {
  return label === undefined || label === '' ? 6 : 24;
}

/** Ticks, their labels, grid lines and the name of the axis, left of a plot that begins at `across[0]`. */
export function leftAxis(options: AxisOptions): Markup {
  const { scale, across, label, grid = true } = options;
  const [top, bottom] = ordered(scale.range);
  const ticks = enough(scale, options.count ?? Math.max(2, Math.round((bottom - top) / 45)));
  const labels = formatTicks(ticks, options);
  const lines = ticks.map((tick) => path('M', across[0], scale.at(tick), 'H', across[1])).join('');
  const names = ticks.map((tick, index) =>
    words(labels[index], across[0] - 6, scale.at(tick) + smallSize * 0.36, {
      size: smallSize,
      role: 'muted',
      anchor: 'end',
    }),
  );
  return fragment(
    grid ? element('path', { ...paint({ fill: 'none', stroke: 'grid' }), d: lines === '' ? undefined : lines }) : [],
    names,
    label === undefined || label === '' ? [] : axisTitle(label, 0, top - 12, across[1], 'start'),
  );
}

function axisTitle(label: string, x: number, y: number, width: number, anchor: 'start' | 'middle'): Markup {
  const short = truncate(label, width, fontSize);
  return words(short, x, y, { role: 'muted', anchor, full: label });
}

// One tick does not make a scale: ask for more until there are two.
function enough(scale: NumericScale, count: number): number[] {
  let ticks = scale.ticks(count);
  for (let more = count + 1; ticks.length < 2 && more <= count + 4; more++) ticks = scale.ticks(more);
  return ticks;
}

function ordered([a, b]: readonly [number, number]): [number, number] {
  return a <= b ? [a, b] : [b, a];
}
