import { bottomAxis, bottomAxisHeight, leftAxis, leftAxisTop, leftAxisWidth } from './axis.ts';
import { checkInterval, checkText, checkWhole } from './check.ts';
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
import { formatValue } from './format.ts';
import { spread } from './labels.ts';
import { marker, type SeriesLook, seriesLook } from './marks.ts';
import type { NumericScale } from './scale.ts';
import { type AxisSpec, axisScale, checkOnAxis, extent } from './scatter.ts';
import { element, fragment, type Markup, nothing, path, text } from './svg.ts';
import { oneLine, textWidth, truncate } from './text.ts';
import { paint } from './theme.ts';

/** One point of a line; `y` null breaks the line. */
export interface LinePoint {
  readonly x: number;
  readonly y: number | null;
  readonly lo?: number;
  readonly hi?: number;
}

/** One line with an optional band between the points' `lo` and `hi`. */
export interface LineSeries {
  readonly name: string;
  /** In any order; drawn by ascending x. */
  readonly points: readonly LinePoint[];
}

export interface LinesOptions extends FigureOptions {
  readonly series: readonly LineSeries[];
  readonly x?: AxisSpec;
  readonly y?: AxisSpec;
}

/**
 * Lines with bands over a linear or logarithmic axis: accuracy against answers per task, the objective over iterations.
 *
 * Series differ by colour, dash and marker, and carry their names at their ends. Long series are thinned to what a
 * pixel can show, keeping first, last, lowest and highest of each pixel. No points draw "No data". At most 24 series.
 * Cost O(points log points).
 *
 * @throws InputError for values that are not finite, or not above zero on a log axis.
 * @example
 * ```ts
 * import { lines } from '@assay/figures';
 * const svg = lines({
 *   title: 'Accuracy by answers per task',
 *   x: { label: 'answers per task', scale: 'log' },
 *   y: { label: 'accuracy', format: 'percent' },
 *   series: [{ name: 'majority vote', points: [{ x: 1, y: 0.7, lo: 0.66, hi: 0.74 }, { x: 10, y: 0.9, lo: 0.88, hi: 0.92 }] }],
 * });
 * ```
 */
export function lines(options: LinesOptions & RenderOptions): string {
  return renderFigure(linesFigure(options), options);
}

/** The figure of {@link lines} before it is written, for panels and for its table. */
export function linesFigure(options: LinesOptions): Figure {
  checkWhole(options.series.length, 0, 24, 'series.length');
  options.series.forEach((series, index) => {
    checkText(series.name, `series[${index}].name`);
    series.points.forEach((point, at) => {
      const name = `series[${index}].points[${at}]`;
      checkOnAxis(point.x, options.x, `${name}.x`);
      if (point.y === null) return;
      checkOnAxis(point.y, options.y, `${name}.y`);
      checkInterval(point.lo, point.hi, name);
      if (point.lo !== undefined) checkOnAxis(point.lo, options.y, `${name}.lo`);
    });
  });
  const drawn = options.series
    .map((series, index) => ({
      ...series,
      look: seriesLook(index),
      points: [...series.points].sort((a, b) => a.x - b.x),
    }))
    .filter((series) => series.points.some((point) => point.y !== null));
  return compose(options, 640, (area) => (drawn.length === 0 ? noData(area) : draw(options, drawn, area)));
}

interface DrawnSeries extends LineSeries {
  readonly look: SeriesLook;
}

interface Pixel {
  readonly x: number;
  readonly y: number;
}

function draw(options: LinesOptions, series: readonly DrawnSeries[], area: Area): Drawing {
  const xExtent = extent(series.flatMap(({ points }) => extent(points.map((point) => point.x))));
  const yExtent = extent(series.flatMap(({ points }) => extent(yValues(points))));
  const left = leftAxisWidth(axisScale(options.y, yExtent, [0, 1]), 5, options.y ?? {});
  const names = series.length > 1 || series[0].name !== '';
  const nameWidth = names
    ? Math.min(
        area.width * 0.3,
        Math.max(...series.map(({ name }) => textWidth(oneLine(name.slice(0, 200)), smallSize))),
      ) + 22
    : 10;
  const right = area.width - nameWidth;
  const top = leftAxisTop(options.y?.label);
  const bottom = top + Math.max(140, Math.min(320, (right - left) * 0.6));
  const domain: [number, number] = options.x?.domain ? [...options.x.domain] : xExtent;
  const x = axisScale({ ...options.x, domain }, xExtent, [left, right]);
  const y = axisScale(options.y, yExtent, [bottom, top]);
  const clampY = (value: number): number => Math.min(bottom, Math.max(top, y.at(value)));

  const runs = series.map(({ points }) => pieces(points, x));
  const bands = series.map(({ look }, index) => fragment(runs[index].map((run) => band(run, look, x, clampY))));
  const drawnLines = series.map(({ look }, index) =>
    element('path', {
      ...paint({ fill: 'none', stroke: look.role }),
      'stroke-width': 2,
      'stroke-linejoin': 'round',
      'stroke-dasharray': look.dash,
      d: runs[index].map((run) => polyline(run.map((point) => ({ x: x.at(point.x), y: clampY(point.y) })))).join(''),
    }),
  );
  const marks = series.map(({ look, name }, index) =>
    fragment(
      marked(runs[index].flat()).map((point) =>
        element(
          'g',
          {},
          element('title', {}, text(hover(name, point, options))),
          marker(look, x.at(point.x), clampY(point.y), 3.6),
        ),
      ),
    ),
  );
  return {
    body: fragment(
      leftAxis({ ...options.y, scale: y, across: [left, right] }),
      bottomAxis({ ...options.x, scale: x, across: [top, bottom] }),
      bands,
      drawnLines,
      marks,
      names ? endNames(series, runs, x, clampY, { right, top, bottom, room: nameWidth - 20 }) : nothing,
    ),
    height: bottom + bottomAxisHeight(options.x?.label),
    description: describe(options, series),
    tables: series.map((one) => table(options, one)),
  };
}

type SolidPoint = LinePoint & { readonly y: number };

/** Cuts at gaps, drops what lies outside the x domain, thins what a pixel cannot show. */
function pieces(points: readonly LinePoint[], x: NumericScale): SolidPoint[][] {
  const runs: SolidPoint[][] = [];
  let current: SolidPoint[] = [];
  const [from, to] = extent(x.domain);
  for (const point of points) {
    const inside = point.x >= from && point.x <= to;
    if (point.y !== null && inside) current.push(point as SolidPoint);
    else if (current.length > 0) {
      runs.push(current);
      current = [];
    }
  }
  if (current.length > 0) runs.push(current);
  return runs.map((run) => thinned(run, x));
}

function thinned(run: SolidPoint[], x: NumericScale): SolidPoint[] {
  if (run.length <= 400) return run;
  const kept: SolidPoint[] = [];
  for (let start = 0; start < run.length; ) {
    const pixel = Math.round(x.at(run[start].x));
    let end = start;
    let [low, high] = [start, start];
    while (end < run.length && Math.round(x.at(run[end].x)) === pixel) {
      if (run[end].y < run[low].y) low = end;
      if (run[end].y > run[high].y) high = end;
      end++;
    }
    const indices = [...new Set([start, Math.min(low, high), Math.max(low, high), end - 1])];
    for (const index of indices) kept.push(run[index]);
    start = end;
  }
  return kept;
}

// Few points all show their marker; of many, about six do, so that the line can be told apart in print.
function marked(points: readonly SolidPoint[]): SolidPoint[] {
  if (points.length <= 20) return [...points];
  const stride = Math.ceil(points.length / 6);
  return points.filter((_, index) => index % stride === Math.floor(stride / 2) || index === points.length - 1);
}

function band(run: readonly SolidPoint[], look: SeriesLook, x: NumericScale, at: (value: number) => number): Markup {
  const known = run.filter((point) => point.lo !== undefined && point.hi !== undefined);
  if (known.length === 0) return nothing;
  if (known.length === 1) {
    const [point] = known;
    return element('path', {
      ...paint({ fill: 'none', stroke: look.role }),
      'stroke-width': 1.5,
      d: path('M', x.at(point.x), at(point.lo ?? point.y), 'V', at(point.hi ?? point.y)),
    });
  }
  const upper = known.map((point) => ({ x: x.at(point.x), y: at(point.hi ?? point.y) }));
  const lower = known.map((point) => ({ x: x.at(point.x), y: at(point.lo ?? point.y) })).reverse();
  return element('path', {
    ...paint({ fill: look.role }),
    'fill-opacity': 0.18,
    d: `${polyline([...upper, ...lower])}z`,
  });
}

function polyline(points: readonly Pixel[]): string {
  return points.map((point, index) => path(index === 0 ? 'M' : 'L', point.x, point.y)).join('');
}

function endNames(
  series: readonly DrawnSeries[],
  runs: readonly (readonly SolidPoint[][])[],
  x: NumericScale,
  at: (value: number) => number,
  frame: { right: number; top: number; bottom: number; room: number },
): Markup {
  const ends = runs.map((pieceList) => pieceList.at(-1)?.at(-1));
  const wanted = ends.map((end) => (end ? at(end.y) : frame.bottom));
  const places = spread(wanted, 14, frame.top, frame.bottom);
  return fragment(
    series.map(({ name, look }, index) => {
      const end = ends[index];
      if (!end) return nothing;
      const short = truncate(name, frame.room + 2, smallSize);
      const endX = x.at(end.x);
      const leader = element('path', {
        ...paint({ fill: 'none', stroke: look.role }),
        'stroke-width': 1.25,
        d: path('M', endX + 6, wanted[index], 'L', frame.right + 13, places[index]),
      });
      return fragment(
        leader,
        words(short, frame.right + 16, places[index] + 4, { size: smallSize, full: oneLine(name) }),
      );
    }),
  );
}

function* yValues(points: readonly LinePoint[]): Generator<number> {
  for (const { y, lo, hi } of points) {
    if (y === null) continue;
    yield y;
    if (lo !== undefined) yield lo;
    if (hi !== undefined) yield hi;
  }
}

function hover(name: string, point: SolidPoint, { x, y }: LinesOptions): string {
  const format = (value: number | undefined): string => formatValue(value, y ?? {});
  const interval = point.lo === undefined ? '' : ` (${format(point.lo)} to ${format(point.hi)})`;
  return `${oneLine(name)}: ${x?.label ?? 'x'} ${formatValue(point.x, x ?? {})}, ${y?.label ?? 'y'} ${format(point.y)}${interval}`;
}

function describe({ x, y }: LinesOptions, series: readonly DrawnSeries[]): string {
  const parts = series.map(({ name, points }) => {
    const known = points.filter((point): point is SolidPoint => point.y !== null);
    const [first, last] = [known[0], known[known.length - 1]];
    const value = (point: SolidPoint): string => formatValue(point.y, y ?? {});
    const at = (point: SolidPoint): string => `${x?.label ?? 'x'} ${formatValue(point.x, x ?? {})}`;
    return `${oneLine(name) || 'The line'} goes from ${value(first)} at ${at(first)} to ${value(last)} at ${at(last)}`;
  });
  const shownParts = parts.slice(0, 8).join('; ');
  return `${series.length === 1 ? 'One line' : `${series.length} lines`}. ${shownParts}${parts.length > 8 ? '; and others' : ''}.`;
}

function table({ x, y, title }: LinesOptions, { name, points }: DrawnSeries): Drawing['tables'][number] {
  const banded = points.some((point) => point.lo !== undefined);
  const column = { format: y?.format ?? ('number' as const), currency: y?.currency };
  return {
    caption: name === '' ? title : `${title}: ${oneLine(name)}`,
    columns: [
      { name: x?.label ?? 'x', format: x?.format ?? 'number', currency: x?.currency },
      { name: y?.label ?? 'y', ...column },
      ...(banded
        ? [
            { name: 'low', ...column },
            { name: 'high', ...column },
          ]
        : []),
    ],
    rows: points.map((point) => [point.x, point.y ?? undefined, ...(banded ? [point.lo, point.hi] : [])]),
  };
}
