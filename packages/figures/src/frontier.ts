import { bottomAxis, bottomAxisHeight, leftAxis, leftAxisTop, leftAxisWidth } from './axis.ts';
import { checkInterval, checkText } from './check.ts';
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
import { formatValue } from './format.ts';
import { type Box, markerBox, placeLabels } from './labels.ts';
import { legend } from './legend.ts';
import { marker, seriesLook, whisker } from './marks.ts';
import type { NumericScale } from './scale.ts';
import { type AxisSpec, axisScale, checkOnAxis, extent } from './scatter.ts';
import { element, fragment, type Markup, nothing, path, text } from './svg.ts';
import { oneLine } from './text.ts';
import { paint } from './theme.ts';

/** One way to spend money: what it costs, what it gives. */
export interface FrontierPoint {
  readonly label: string;
  /** Cost in micro-units of money. */
  readonly cost: number;
  /** Quality, for example expected accuracy in [0, 1]. */
  readonly value: number;
  readonly lo?: number;
  readonly hi?: number;
  /** Marks the plan that is recommended or under way. */
  readonly highlight?: boolean;
}

export interface FrontierOptions extends FigureOptions {
  readonly points: readonly FrontierPoint[];
  /** Put before amounts, for example `$`. Default none. */
  readonly currency?: string;
  /** Default `linear`; `log` needs costs above zero. */
  readonly costScale?: 'linear' | 'log';
  /** Default `cost`. */
  readonly costLabel?: string;
  /** Default `accuracy`, as per cent. */
  readonly valueLabel?: string;
  readonly valueFormat?: AxisSpec['format'];
}

/**
 * Quality against money: every plan as a point, and the frontier of those that no cheaper plan beats.
 *
 * Plans on the frontier are filled and joined by steps (for a given sum the step's height is what can be had); the
 * others are hollow. No points draw "No data". Cost O(points²) for the names, O(points log points) else.
 *
 * @throws InputError for values that are not finite, intervals out of order, or costs of 0 on a log axis.
 * @example
 * ```ts
 * import { frontier } from '@assay/figures';
 * const svg = frontier({
 *   title: 'What the money buys',
 *   currency: '$',
 *   points: [
 *     { label: '1 answer', cost: 10_000_000, value: 0.78 },
 *     { label: '3 answers', cost: 30_000_000, value: 0.9, highlight: true },
 *   ],
 * });
 * ```
 */
export function frontier(options: FrontierOptions & RenderOptions): string {
  return renderFigure(frontierFigure(options), options);
}

/** The figure of {@link frontier} before it is written, for panels and for its table. */
export function frontierFigure(options: FrontierOptions): Figure {
  options.points.forEach((point, index) => {
    checkText(point.label, `points[${index}].label`);
    checkOnAxis(point.cost, { scale: options.costScale }, `points[${index}].cost`);
    checkOnAxis(point.value, undefined, `points[${index}].value`);
    checkInterval(point.lo, point.hi, `points[${index}]`);
  });
  return compose(options, 560, (area) => (options.points.length === 0 ? noData(area) : draw(options, area)));
}

/** The points that no point of the same or a lower cost equals or beats, by ascending cost. */
export function efficient<Point extends Pick<FrontierPoint, 'cost' | 'value'>>(points: readonly Point[]): Point[] {
  const sorted = [...points].sort((a, b) => a.cost - b.cost || b.value - a.value);
  const kept: Point[] = [];
  for (const point of sorted) {
    if (kept.length === 0 || point.value > kept[kept.length - 1].value) kept.push(point);
  }
  return kept;
}

function draw(options: FrontierOptions, area: Area): Drawing {
  const { points, currency } = options;
  const best = efficient(points);
  const onFrontier = new Set(best);
  const xAxis: AxisSpec = { format: 'money', currency, scale: options.costScale, label: options.costLabel ?? 'cost' };
  const yAxis: AxisSpec = { format: options.valueFormat ?? 'percent', label: options.valueLabel ?? 'accuracy' };
  const xExtent = extent(points.map((point) => point.cost));
  const yExtent = extent(points.flatMap((point) => [point.value, point.lo ?? point.value, point.hi ?? point.value]));
  const key = legend(
    [
      { name: 'no cheaper plan is better', look: seriesLook(0) },
      ...(best.length < points.length
        ? [{ name: 'others', look: { ...seriesLook(1), marker: 'square' as const } }]
        : []),
      ...(points.some((point) => point.highlight)
        ? [{ name: 'chosen', look: { ...seriesLook(3), marker: 'diamond' as const } }]
        : []),
    ],
    area.width,
  );
  const left = leftAxisWidth(axisScale(yAxis, yExtent, [0, 1]), 5, yAxis);
  const right = area.width - 12;
  const top = key.height + leftAxisTop(yAxis.label);
  const bottom = top + Math.max(160, Math.min(340, (right - left) * 0.6));
  const x = axisScale(xAxis, options.costScale === 'log' ? xExtent : [Math.min(0, xExtent[0]), xExtent[1]], [
    left,
    right,
  ]);
  const y = axisScale(yAxis, yExtent, [bottom, top]);

  const steps = best
    .map((point, index) =>
      index === 0
        ? path('M', x.at(point.cost), y.at(point.value))
        : path('H', x.at(point.cost), 'V', y.at(point.value)),
    )
    .join('');
  const marks: Markup[] = points.map((point) => {
    const [px, py] = [x.at(point.cost), y.at(point.value)];
    const on = onFrontier.has(point);
    const base = point.highlight
      ? { ...seriesLook(3), marker: 'diamond' as const }
      : on
        ? seriesLook(0)
        : { ...seriesLook(1), marker: 'square' as const };
    return element(
      'g',
      {},
      element('title', {}, text(hover(point, yAxis, currency))),
      point.lo === undefined || point.hi === undefined
        ? nothing
        : whisker(base.role, [px, y.at(point.hi)], [px, y.at(point.lo)]),
      marker(base, px, py, point.highlight ? 6 : 4.5, !on && !point.highlight),
    );
  });
  const inOrder = [...points].sort(
    (a, b) =>
      Number(b.highlight === true) - Number(a.highlight === true) ||
      Number(onFrontier.has(b)) - Number(onFrontier.has(a)),
  );
  const labels = placeLabels(
    inOrder.map((point) => ({ x: x.at(point.cost), y: y.at(point.value), label: point.label, bold: point.highlight })),
    [...points.flatMap((point) => boxesOf(point, x, y)), ...stepBoxes(best, x, y)],
    { left, right: area.width, top: top - 8, bottom },
  );
  return {
    body: fragment(
      key.markup,
      leftAxis({ ...yAxis, scale: y, across: [left, right] }),
      bottomAxis({ ...xAxis, scale: x, across: [top, bottom] }),
      element('path', { ...paint({ fill: 'none', stroke: 'series1' }), 'stroke-width': 1.75, d: steps }),
      marks,
      labels.markup,
    ),
    height: bottom + bottomAxisHeight(xAxis.label),
    description: describe(options, best, yAxis),
    tables: [
      {
        caption: options.title,
        columns: [
          { name: 'plan' },
          { name: xAxis.label ?? 'cost', format: 'money', currency },
          { name: yAxis.label ?? 'value', format: yAxis.format },
          { name: 'low', format: yAxis.format },
          { name: 'high', format: yAxis.format },
          { name: 'on the frontier' },
        ],
        rows: points.map((point) => [
          point.label,
          point.cost,
          point.value,
          point.lo,
          point.hi,
          onFrontier.has(point) ? 'yes' : 'no',
        ]),
      },
    ],
  };
}

function boxesOf(point: FrontierPoint, x: NumericScale, y: NumericScale): Box[] {
  const px = x.at(point.cost);
  const marked = markerBox(px, y.at(point.value));
  if (point.lo === undefined || point.hi === undefined) return [marked];
  return [marked, { left: px - 3, right: px + 3, top: y.at(point.hi), bottom: y.at(point.lo) }];
}

function stepBoxes(best: readonly FrontierPoint[], x: NumericScale, y: NumericScale): Box[] {
  return best.slice(1).flatMap((point, index) => {
    const [fromX, fromY] = [x.at(best[index].cost), y.at(best[index].value)];
    const [toX, toY] = [x.at(point.cost), y.at(point.value)];
    return [
      { left: fromX, right: toX, top: fromY - 1, bottom: fromY + 1 },
      { left: toX - 1, right: toX + 1, top: toY, bottom: fromY },
    ];
  });
}

function hover(point: FrontierPoint, yAxis: AxisSpec, currency: string | undefined): string {
  const interval =
    point.lo === undefined ? '' : ` (${formatValue(point.lo, yAxis)} to ${formatValue(point.hi, yAxis)})`;
  return `${oneLine(point.label)}: ${formatValue(point.value, yAxis)}${interval} for ${formatValue(point.cost, { format: 'money', currency })}`;
}

function describe({ points, currency }: FrontierOptions, best: readonly FrontierPoint[], yAxis: AxisSpec): string {
  const named = best.slice(0, 10).map((point) => hover(point, yAxis, currency));
  const more = best.length > 10 ? '; and others' : '';
  return `${points.length} plans, ${best.length} on the frontier, by rising cost: ${named.join('; ')}${more}.`;
}
