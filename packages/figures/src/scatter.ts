import { bottomAxis, bottomAxisHeight, leftAxis, leftAxisTop, leftAxisWidth } from './axis.ts';
import { checkFinite, checkOneOf, checkText, invalid } from './check.ts';
import {
  type Area,
  compose,
  type Drawing,
  type Figure,
  type FigureOptions,
  noData,
  type RenderOptions,
  renderFigure,
  smallSize,
  words,
} from './figure.ts';
import { type FormatOptions, formatValue } from './format.ts';
import { markerBox, placeLabels } from './labels.ts';
import { legend } from './legend.ts';
import { marker, markerPath, seriesLook } from './marks.ts';
import { linearScale, logScale, type NumericScale, niceDomain } from './scale.ts';
import { element, fragment, type Markup, nothing, path, text } from './svg.ts';
import { oneLine } from './text.ts';
import { paint } from './theme.ts';

/** One point. */
export interface ScatterPoint {
  readonly x: number;
  readonly y: number;
  /** Shown on hover and, where there is room and fewer than 40 points, beside the point. */
  readonly label?: string;
  /** Points of one group share colour and marker. */
  readonly group?: string;
}

/** A numeric axis of a figure. */
export interface AxisSpec extends FormatOptions {
  readonly label?: string;
  /** Default `linear`. `log` needs values above 0. */
  readonly scale?: 'linear' | 'log';
  /** Ends of the axis. Default: around the data, rounded. */
  readonly domain?: readonly [number, number];
}

export interface ScatterOptions extends FigureOptions {
  readonly points: readonly ScatterPoint[];
  readonly x?: AxisSpec;
  readonly y?: AxisSpec;
  /** Draws the line y = x; both axes then have one domain and the plot is square. */
  readonly identity?: boolean;
}

/**
 * A scatter of points, for example estimated against true accuracy of workers with the identity line.
 *
 * Up to 200 points carry a hover text; more are merged into one path per group, at most one point for each half pixel,
 * so that a million points still give a small file. No points draw "No data". Cost O(points).
 *
 * @throws InputError for values that are not finite, or not above zero on a log axis.
 * @example
 * ```ts
 * import { scatter } from '@assay/figures';
 * const svg = scatter({
 *   title: 'Estimated and true accuracy',
 *   identity: true,
 *   x: { label: 'true', format: 'percent' },
 *   y: { label: 'estimated', format: 'percent' },
 *   points: [{ x: 0.9, y: 0.88, label: 'ann' }, { x: 0.6, y: 0.66, label: 'bob' }],
 * });
 * ```
 */
export function scatter(options: ScatterOptions & RenderOptions): string {
  return renderFigure(scatterFigure(options), options);
}

/** The figure of {@link scatter} before it is written, for panels and for its table. */
export function scatterFigure(options: ScatterOptions): Figure {
  options.points.forEach((point, index) => {
    checkOnAxis(point.x, options.x, `points[${index}].x`);
    checkOnAxis(point.y, options.y, `points[${index}].y`);
    if (point.label !== undefined) checkText(point.label, `points[${index}].label`);
  });
  return compose(options, options.identity ? 420 : 560, (area) =>
    options.points.length === 0 ? noData(area) : draw(options, area),
  );
}

/** Checks a value for an axis: finite, and above zero on a log axis. */
export function checkOnAxis(value: number, axis: AxisSpec | undefined, path: string): void {
  checkFinite(value, path);
  if (checkOneOf(axis?.scale ?? 'linear', ['linear', 'log'], 'scale') === 'log' && value <= 0) {
    throw invalid(path, value, 'a log axis needs values above 0; use a linear axis or leave the point out');
  }
}

/** The scale of an axis over [low, high] of its data; the range is filled in by the figure. */
export function axisScale(
  axis: AxisSpec | undefined,
  [low, high]: readonly [number, number],
  range: readonly [number, number],
): NumericScale {
  if (axis?.scale === 'log') return logScale(axis.domain ?? [low, high], range);
  if (axis?.domain) return linearScale(axis.domain, range);
  const [from, to] = niceDomain(low, high);
  const share = axis?.format === 'percent' && low >= 0 && high <= 1;
  return linearScale(share ? [Math.max(0, from), Math.min(1, to)] : [from, to], range);
}

/** Smallest and largest, for any number of values. */
export function extent(values: Iterable<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

const manyPoints = 200;

function draw(options: ScatterOptions, area: Area): Drawing {
  const { points, identity } = options;
  const groups = [...new Set(points.map((point) => point.group ?? ''))];
  const key =
    groups.length > 1
      ? legend(
          groups.map((name, index) => ({ name, look: seriesLook(index) })),
          area.width,
        )
      : undefined;
  let xExtent = extent(points.map((point) => point.x));
  let yExtent = extent(points.map((point) => point.y));
  if (identity) {
    xExtent = extent([...xExtent, ...yExtent]);
    yExtent = xExtent;
  }
  const shared = identity ? (options.x?.domain ?? options.y?.domain) : undefined;
  const xAxis = { ...options.x, ...(shared && { domain: shared }) };
  const yAxis = { ...options.y, ...(shared && { domain: shared }) };
  const left = leftAxisWidth(axisScale(yAxis, yExtent, [0, 1]), 5, yAxis);
  const right = area.width - 8;
  const top = (key?.height ?? 0) + leftAxisTop(yAxis.label);
  const height = identity ? Math.min(right - left, 480) : Math.max(160, Math.min(360, (right - left) * 0.62));
  const bottom = top + height;
  const end = identity ? left + height : right;
  const x = axisScale(xAxis, xExtent, [left, end]);
  const y = axisScale(yAxis, yExtent, [bottom, top]);
  const inside = points.filter((point) => within(point.x, x) && within(point.y, y));
  const hidden = points.length - inside.length;

  const marks = inside.length > manyPoints ? cloud(inside, groups, x, y) : single(inside, groups, options, x, y);
  const named = inside.filter((point) => point.label !== undefined);
  const spots = inside.map((point) => markerBox(x.at(point.x), y.at(point.y)));
  const labels =
    named.length < 40 && inside.length <= manyPoints
      ? placeLabels(
          named.map((point) => ({ x: x.at(point.x), y: y.at(point.y), label: point.label ?? '' })),
          spots,
          { left, right: area.width, top: top - 6, bottom },
        ).markup
      : nothing;
  return {
    body: fragment(
      key?.markup ?? nothing,
      leftAxis({ ...yAxis, scale: y, across: [left, end] }),
      bottomAxis({ ...xAxis, scale: x, across: [top, bottom] }),
      identity ? identityLine(x, y) : nothing,
      marks,
      labels,
      hidden > 0
        ? words(`${hidden} outside the axes`, end, top + 10, { size: smallSize, role: 'muted', anchor: 'end' })
        : nothing,
    ),
    height: bottom + bottomAxisHeight(xAxis.label),
    description: describe(options, xExtent, yExtent),
    tables: [table(options, groups.length > 1)],
  };
}

function identityLine(x: NumericScale, y: NumericScale): Markup {
  const [from, to] = x.domain;
  return element('path', {
    ...paint({ fill: 'none', stroke: 'axis' }),
    'stroke-dasharray': '5 4',
    'stroke-width': 1.25,
    d: path('M', x.at(from), y.at(from), 'L', x.at(to), y.at(to)),
  });
}

function single(
  points: readonly ScatterPoint[],
  groups: readonly string[],
  options: ScatterOptions,
  x: NumericScale,
  y: NumericScale,
): Markup {
  return fragment(
    points.map((point) =>
      element(
        'g',
        {},
        element('title', {}, text(hover(point, options))),
        marker(seriesLook(groups.indexOf(point.group ?? '')), x.at(point.x), y.at(point.y), 4.5),
      ),
    ),
  );
}

function cloud(points: readonly ScatterPoint[], groups: readonly string[], x: NumericScale, y: NumericScale): Markup {
  const number = new Map(groups.map((name, index) => [name, index]));
  const paths = groups.map(() => [] as string[]);
  const seen = new Set<string>();
  for (const point of points) {
    const group = number.get(point.group ?? '') ?? 0;
    const px = Math.round(x.at(point.x) * 2) / 2;
    const py = Math.round(y.at(point.y) * 2) / 2;
    const cell = `${group}:${px}:${py}`;
    if (seen.has(cell)) continue;
    seen.add(cell);
    paths[group].push(
      groups.length === 1 ? path('M', px, py, 'h', 0) : markerPath(seriesLook(group).marker, px, py, 2.2),
    );
  }
  return fragment(
    paths.map((parts, group) => {
      const { role } = seriesLook(group);
      return groups.length === 1
        ? element('path', {
            ...paint({ fill: 'none', stroke: role }),
            'stroke-width': 4,
            'stroke-linecap': 'round',
            'stroke-opacity': points.length > 2000 ? 0.5 : 0.7,
            d: parts.join(''),
          })
        : element('path', { ...paint({ fill: role }), 'fill-opacity': 0.75, d: parts.join('') });
    }),
  );
}

function within(value: number, { domain: [a, b] }: NumericScale): boolean {
  const slack = Math.abs(b - a) * 1e-9;
  return value >= Math.min(a, b) - slack && value <= Math.max(a, b) + slack;
}

function hover(point: ScatterPoint, { x, y }: ScatterOptions): string {
  const name = point.label === undefined ? '' : `${oneLine(point.label)}: `;
  const group = point.group ? `, ${oneLine(point.group)}` : '';
  return `${name}${x?.label ?? 'x'} ${formatValue(point.x, x ?? {})}, ${y?.label ?? 'y'} ${formatValue(point.y, y ?? {})}${group}`;
}

function describe({ points, x, y, identity }: ScatterOptions, xs: [number, number], ys: [number, number]): string {
  const range = ([low, high]: [number, number], axis: AxisSpec | undefined): string =>
    `${formatValue(low, axis ?? {})} to ${formatValue(high, axis ?? {})}`;
  const [xRange, yRange] = identity
    ? [extent(points.map((point) => point.x)), extent(points.map((point) => point.y))]
    : [xs, ys];
  const above = points.filter((point) => point.y > point.x).length;
  const sides = identity ? ` ${above} of ${points.length} lie above the line of equality.` : '';
  return `${formatValue(points.length, { format: 'count' })} points; ${x?.label ?? 'x'} from ${range(xRange, x)}, ${y?.label ?? 'y'} from ${range(yRange, y)}.${sides}`;
}

function table({ points, x, y, title }: ScatterOptions, hasGroups: boolean): Drawing['tables'][number] {
  const hasLabels = points.some((point) => point.label !== undefined);
  return {
    caption: title,
    columns: [
      { name: hasLabels ? 'name' : 'point' },
      { name: x?.label ?? 'x', format: x?.format ?? 'number', currency: x?.currency },
      { name: y?.label ?? 'y', format: y?.format ?? 'number', currency: y?.currency },
      ...(hasGroups ? [{ name: 'group' }] : []),
    ],
    rows: points.map((point, index) => [
      hasLabels ? (point.label ?? '') : String(index + 1),
      point.x,
      point.y,
      ...(hasGroups ? [point.group ?? ''] : []),
    ]),
  };
}
