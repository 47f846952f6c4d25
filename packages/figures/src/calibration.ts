import { bottomAxis, bottomAxisHeight, leftAxis, leftAxisTop, leftAxisWidth } from './axis.ts';
import { checkFinite, checkInterval, checkWithin } from './check.ts';
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
import { seriesLook, whisker } from './marks.ts';
import { linearScale } from './scale.ts';
import { element, fragment, type Markup, nothing, path, text } from './svg.ts';
import { paint } from './theme.ts';

/** One bin of predictions: what was said on average, what came true. All shares in [0, 1]. */
export interface CalibrationBin {
  /** Mean stated probability. */
  readonly predicted: number;
  /** Share that was right. */
  readonly observed: number;
  /** Number of predictions; bins with 0 are left out. */
  readonly count: number;
  /** Interval of the observed share. */
  readonly lo?: number;
  readonly hi?: number;
}

export interface CalibrationOptions extends FigureOptions {
  readonly bins: readonly CalibrationBin[];
  /** Default `stated probability`. */
  readonly predictedLabel?: string;
  /** Default `share that is right`. */
  readonly observedLabel?: string;
}

/**
 * A calibration curve (reliability diagram): stated probability against the share that is right, with the number of
 * predictions below. On the dashed line the probabilities can be taken at their word.
 *
 * The axes are the same, [0, 1]. Bins without predictions are left out; none left draws "No data". Cost O(bins).
 *
 * Source: DeGroot & Fienberg 1983, "The comparison and evaluation of forecasters".
 *
 * @throws InputError for a share outside [0, 1] or a negative count.
 * @example
 * ```ts
 * import { calibration } from '@assay/figures';
 * const svg = calibration({
 *   title: 'Can the probabilities be trusted?',
 *   bins: [
 *     { predicted: 0.62, observed: 0.55, count: 40, lo: 0.4, hi: 0.69 },
 *     { predicted: 0.95, observed: 0.93, count: 400, lo: 0.9, hi: 0.95 },
 *   ],
 * });
 * ```
 */
export function calibration(options: CalibrationOptions & RenderOptions): string {
  return renderFigure(calibrationFigure(options), options);
}

/** The figure of {@link calibration} before it is written, for panels and for its table. */
export function calibrationFigure(options: CalibrationOptions): Figure {
  options.bins.forEach((bin, index) => {
    checkWithin(bin.count, 0, 1e15, `bins[${index}].count`);
    if (bin.count === 0) return;
    checkWithin(bin.predicted, 0, 1, `bins[${index}].predicted`);
    checkWithin(bin.observed, 0, 1, `bins[${index}].observed`);
    checkInterval(bin.lo, bin.hi, `bins[${index}]`);
    if (bin.lo !== undefined) checkFinite(bin.lo, `bins[${index}].lo`);
  });
  const bins = options.bins.filter((bin) => bin.count > 0).sort((a, b) => a.predicted - b.predicted);
  return compose(options, 420, (area) => (bins.length === 0 ? noData(area) : draw(options, bins, area)));
}

const stripHeight = 44;

function draw(options: CalibrationOptions, bins: readonly CalibrationBin[], area: Area): Drawing {
  const predictedLabel = options.predictedLabel ?? 'stated probability';
  const observedLabel = options.observedLabel ?? 'share that is right';
  const percent = { format: 'percent' as const };
  const left = leftAxisWidth(linearScale([0, 1], [0, 1]), 5, percent);
  const size = Math.min(area.width - left - 6, 420);
  const right = left + size;
  const top = leftAxisTop(observedLabel);
  const bottom = top + size;
  const x = linearScale([0, 1], [left, right]);
  const y = linearScale([0, 1], [bottom, top]);
  const look = seriesLook(0);
  const most = Math.max(...bins.map((bin) => bin.count));
  const within = (share: number): number => y.at(Math.min(1, Math.max(0, share)));
  const radius = (count: number): number => 3 + 4 * Math.sqrt(count / most);

  const curve = bins.map((bin, i) => path(i === 0 ? 'M' : 'L', x.at(bin.predicted), y.at(bin.observed))).join('');
  const points: Markup[] = bins.map((bin) => {
    const [px, py] = [x.at(bin.predicted), y.at(bin.observed)];
    return element(
      'g',
      {},
      element('title', {}, text(sentence(bin))),
      bin.lo === undefined || bin.hi === undefined
        ? nothing
        : whisker(look.role, [px, within(bin.hi)], [px, within(bin.lo)]),
      element('circle', { ...paint({ fill: look.role, stroke: 'surface' }), cx: px, cy: py, r: radius(bin.count) }),
    );
  });

  const stripTop = bottom + 24;
  const stripBottom = stripTop + stripHeight;
  const bar = Math.max(2, Math.min(16, size / (bins.length * 1.6)));
  const strip = bins.map((bin) => {
    const height = Math.max(1, (bin.count / most) * (stripHeight - 4));
    const start = Math.min(right - bar, Math.max(left, x.at(bin.predicted) - bar / 2));
    return element('rect', { x: start, y: stripBottom - height, width: bar, height });
  });

  return {
    body: fragment(
      leftAxis({ ...percent, scale: y, across: [left, right], label: observedLabel, count: 5 }),
      element('path', {
        ...paint({ fill: 'none', stroke: 'grid' }),
        d: x
          .ticks(5)
          .map((tick) => path('M', x.at(tick), top, 'V', bottom))
          .join(''),
      }),
      element('path', {
        ...paint({ fill: 'none', stroke: 'axis' }),
        'stroke-dasharray': '5 4',
        'stroke-width': 1.25,
        d: path('M', left, bottom, 'L', right, top),
      }),
      words('better than stated', left + 8, top + 16, { size: smallSize, role: 'muted' }),
      words('worse than stated', right - 8, bottom - 8, { size: smallSize, role: 'muted', anchor: 'end' }),
      element('path', {
        ...paint({ fill: 'none', stroke: look.role }),
        'stroke-width': 1.5,
        'stroke-opacity': 0.4,
        d: curve,
      }),
      points,
      element('g', { ...paint({ fill: look.role }), 'fill-opacity': 0.75 }, strip),
      words(`predictions per bin, at most ${formatValue(most, { format: 'count' })}`, left, stripTop - 6, {
        size: smallSize,
        role: 'muted',
      }),
      bottomAxis({ ...percent, scale: x, across: [stripTop, stripBottom], label: predictedLabel, count: 5 }),
    ),
    height: stripBottom + bottomAxisHeight(predictedLabel),
    description: describe(bins),
    tables: [
      {
        caption: options.title,
        columns: [
          { name: predictedLabel, ...percent },
          { name: observedLabel, ...percent },
          { name: 'low', ...percent },
          { name: 'high', ...percent },
          { name: 'count', format: 'count' },
        ],
        rows: bins.map((bin) => [bin.predicted, bin.observed, bin.lo, bin.hi, bin.count]),
      },
    ],
  };
}

function sentence(bin: CalibrationBin): string {
  const share = (value: number | undefined): string => formatValue(value, { format: 'percent' });
  const interval = bin.lo === undefined ? '' : ` (${share(bin.lo)} to ${share(bin.hi)})`;
  const count = formatValue(bin.count, { format: 'count' });
  return `stated ${share(bin.predicted)}, right ${share(bin.observed)}${interval}, ${count} predictions`;
}

function describe(bins: readonly CalibrationBin[]): string {
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  const gap = bins.reduce((sum, bin) => sum + bin.count * (bin.predicted - bin.observed), 0) / total;
  const size = formatValue(Math.abs(gap), { format: 'percent' });
  const verdict =
    Math.abs(gap) < 0.01
      ? 'On average the probabilities are right to within one point.'
      : `On average the stated probabilities are ${size} too ${gap > 0 ? 'high' : 'low'}.`;
  return `${bins.length} bins of ${formatValue(total, { format: 'count' })} predictions. ${verdict}`;
}
