import { checkText, checkWhole, checkWithin, invalid } from './check.ts';
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
import { formatValue } from './format.ts';
import { element, fragment, type Markup, nothing, path, text } from './svg.ts';
import { oneLine, textWidth, truncate } from './text.ts';
import { paint, type Role } from './theme.ts';

export interface ConfusionOptions extends FigureOptions {
  /** Names of the classes, K of them. */
  readonly classes: readonly string[];
  /** `counts[true][said]`, K × K, not negative; may be fractional (expected counts). */
  readonly counts: readonly (readonly number[])[];
  /** What the rows are. Default `true class`. */
  readonly rowLabel?: string;
  /** What the columns are. Default `said`. */
  readonly columnLabel?: string;
  /** Most classes drawn, 2 to 40; the rarer ones are put together as "others". Default 30. */
  readonly most?: number;
  /**
   * `count`: cells show the share of the row and the count. `share`: shares only, for matrices that are probabilities.
   * Default `count`.
   */
  readonly show?: 'count' | 'share';
}

/**
 * A confusion matrix as a heat map: rows are the true classes, columns what was said; colour and percentage are shares
 * of the row, so frequent and rare classes can be compared.
 *
 * The diagonal is outlined and every cell has its number as long as cells are large enough, so colour is not needed to
 * read it; the colour steps are named in a key. A row without counts is empty, not zero. No classes or no counts draw
 * "No data". Cost O(K²).
 *
 * @throws InputError unless `counts` is K × K and not negative.
 * @example
 * ```ts
 * import { confusion } from '@assay/figures';
 * const svg = confusion({ title: 'Confusions of all workers', classes: ['cat', 'dog'], counts: [[90, 10], [5, 195]] });
 * ```
 */
export function confusion(options: ConfusionOptions & RenderOptions): string {
  return renderFigure(confusionFigure(options), options);
}

/** The figure of {@link confusion} before it is written, for panels and for its table. */
export function confusionFigure(options: ConfusionOptions): Figure {
  const { classes, counts } = options;
  const most = checkWhole(options.most ?? 30, 2, 40, 'most');
  classes.forEach((name, index) => {
    checkText(name, `classes[${index}]`);
  });
  if (counts.length !== classes.length) {
    throw invalid('counts', `${counts.length} rows`, `give one row for each of the ${classes.length} classes`);
  }
  counts.forEach((row, index) => {
    if (row.length !== classes.length) {
      throw invalid(`counts[${index}]`, `${row.length} columns`, `give one for each of the ${classes.length} classes`);
    }
    row.forEach((count, column) => {
      checkWithin(count, 0, 1e15, `counts[${index}][${column}]`);
    });
  });
  const empty = counts.every((row) => row.every((count) => count === 0));
  const matrix = folded({ classes, counts }, most);
  return compose(options, 480, (area) => (empty ? noData(area) : draw(options, matrix, area)));
}

interface Matrix {
  readonly classes: readonly string[];
  readonly counts: readonly (readonly number[])[];
}

/** Shares up to these limits have the colour of their step; above the last one, step 9. */
const rampLimits: readonly number[] = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];

/** The step of the colour ramp, 0 to 9, for a share. */
export function rampStep(share: number): number {
  const step = rampLimits.findIndex((limit) => share <= limit + 1e-12);
  return step === -1 ? rampLimits.length : step;
}

function draw(options: ConfusionOptions, matrix: Matrix, area: Area): Drawing {
  const { classes, counts } = matrix;
  const K = classes.length;
  const rowLabel = options.rowLabel ?? 'true class';
  const columnLabel = options.columnLabel ?? 'said';
  const nameSize = K > 20 ? 10 : fontSize;
  const longest = Math.max(...classes.map((name) => textWidth(oneLine(name.slice(0, 200)), nameSize)));
  const labelWidth = Math.min(longest, area.width * (K > 12 ? 0.22 : 0.28));
  const left = labelWidth + 8;
  const headWidth = Math.min(longest, 110);
  const slanted = longest > Math.min(84, (area.width - left) / K) - 4;
  // The last slanted name leans out over the right edge of the matrix.
  const lean = slanted ? headWidth * Math.SQRT1_2 : 0;
  const cell = Math.max(3, Math.min(84, (area.width - left - lean) / (K - (slanted ? 0.5 : 0))));
  const cellHeight = Math.min(cell, 56);
  const top = 20 + (slanted ? lean + nameSize : nameSize + 6);
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const grid: Grid = { left, top, width: cell, height: cellHeight };

  const heads = classes.map((name, s) => {
    const x = left + (s + 0.5) * cell;
    return slanted
      ? words(truncate(name, headWidth + 1, nameSize), x, top - 6, { size: nameSize, rotate: -45, full: oneLine(name) })
      : words(oneLine(name), x, top - 6, { size: nameSize, anchor: 'middle' });
  });
  const sides = classes.map((name, t) =>
    words(truncate(name, labelWidth + 1, nameSize), labelWidth, top + (t + 0.5) * cellHeight + nameSize * 0.36, {
      size: nameSize,
      anchor: 'end',
      full: oneLine(name),
    }),
  );
  const bottom = top + K * cellHeight;
  const diagonal = classes.map((_, k) => box({ ...grid, left: left + 1, top: top + 1 }, k, k, 2)).join('');
  const key = rampKey(left, bottom + 14, area.width - left);
  const asShare = options.show === 'share';
  return {
    body: fragment(
      words(truncate(`rows: ${rowLabel} · columns: ${columnLabel}`, area.width, fontSize), 0, 11, { role: 'muted' }),
      heads,
      sides,
      K > 12 ? manyCells(matrix, totals, grid) : fewCells(options, matrix, totals, grid),
      element('path', { ...paint({ fill: 'none', stroke: 'ink' }), 'stroke-width': K > 12 ? 0.8 : 1.4, d: diagonal }),
      key.markup,
    ),
    height: bottom + 14 + key.height,
    description: describe(matrix, totals),
    tables: [
      {
        caption: `${options.title} (rows: ${rowLabel}; columns: ${columnLabel})`,
        columns: [
          { name: rowLabel },
          ...classes.map((name) => ({ name, format: asShare ? ('percent' as const) : ('count' as const) })),
        ],
        rows: classes.map((name, t) => [
          name,
          ...counts[t].map((count) => (asShare ? (totals[t] === 0 ? undefined : count / totals[t]) : count)),
        ]),
      },
    ],
  };
}

interface Grid {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function box(grid: Grid, t: number, s: number, inset = 0): string {
  const [width, height] = [grid.width - inset, grid.height - inset];
  return `${path('M', grid.left + s * grid.width, grid.top + t * grid.height, 'h', width, 'v', height, 'h', -width)}z`;
}

/** Every cell with its percentage, its count where there is room, and a sentence on hover. */
function fewCells(
  options: ConfusionOptions,
  { classes, counts }: Matrix,
  totals: readonly number[],
  grid: Grid,
): Markup {
  const cells: Markup[] = [];
  const showCount = options.show !== 'share' && grid.height >= 34 && grid.width >= 40;
  const size = grid.width >= 34 ? fontSize : Math.max(8, Math.min(smallSize, grid.width * 0.42));
  counts.forEach((row, t) => {
    row.forEach((count, s) => {
      const share = totals[t] === 0 ? 0 : count / totals[t];
      const step = rampStep(share);
      const x = grid.left + (s + 0.5) * grid.width;
      const y = grid.top + (t + 0.5) * grid.height;
      const role = `onRamp${step}` as Role;
      const legible = grid.width >= 17;
      const percent = totals[t] === 0 ? '–' : cellPercent(share, grid.width);
      cells.push(
        element(
          'g',
          {},
          element('title', {}, text(hover(options, classes, t, s, count, share, totals[t]))),
          element('path', { ...paint({ fill: `ramp${step}` as Role, stroke: 'surface' }), d: box(grid, t, s) }),
          legible ? words(percent, x, showCount ? y - 1 : y + size * 0.36, { role, size, anchor: 'middle' }) : nothing,
          legible && showCount && totals[t] > 0
            ? words(shortCount(count, grid.width), x, y + 14, { role, size: 10, anchor: 'middle' })
            : nothing,
        ),
      );
    });
  });
  return fragment(cells);
}

/** Many cells are drawn as one path for each colour step; shares below half a per cent have no number. */
function manyCells({ counts }: Matrix, totals: readonly number[], grid: Grid): Markup {
  const paths = Array.from({ length: 10 }, () => [] as string[]);
  const numbers = Array.from({ length: 10 }, () => [] as Markup[]);
  const size = Math.max(8, Math.min(smallSize, grid.width * 0.42));
  counts.forEach((row, t) => {
    row.forEach((count, s) => {
      const share = totals[t] === 0 ? 0 : count / totals[t];
      const step = rampStep(share);
      paths[step].push(box(grid, t, s));
      if (grid.width < 17 || share < 0.005) return;
      const x = grid.left + (s + 0.5) * grid.width;
      const y = grid.top + (t + 0.5) * grid.height + size * 0.36;
      numbers[step].push(element('text', { x, y }, text(cellPercent(share, grid.width))));
    });
  });
  return fragment(
    paths.map((parts, step) =>
      parts.length === 0
        ? nothing
        : element('path', {
            ...paint({ fill: `ramp${step}` as Role, stroke: 'surface' }),
            'stroke-width': 0.5,
            d: parts.join(''),
          }),
    ),
    numbers.map((parts, step) =>
      parts.length === 0
        ? nothing
        : element(
            'g',
            { ...paint({ fill: `onRamp${step}` as Role }), 'font-size': size, 'text-anchor': 'middle' },
            parts,
          ),
    ),
  );
}

function cellPercent(share: number, width: number): string {
  const points = share * 100;
  const whole = width < 34 || points >= 99.95 || points < 0.05;
  const value = whole ? Math.round(points).toFixed(0) : points.toFixed(1);
  return width < 34 ? value : `${value}%`;
}

function shortCount(count: number, width: number): string {
  const full = formatValue(count, { format: 'count' });
  return textWidth(full, 10) <= width - 4 ? full : count.toExponential(1).replace('+', '');
}

function hover(
  options: ConfusionOptions,
  classes: readonly string[],
  t: number,
  s: number,
  count: number,
  share: number,
  total: number,
): string {
  const where = `${options.rowLabel ?? 'true class'} ${oneLine(classes[t])}, ${options.columnLabel ?? 'said'} ${oneLine(classes[s])}`;
  if (total === 0) return `${where}: no data`;
  const percent = formatValue(share, { format: 'percent' });
  if (options.show === 'share') return `${where}: ${percent}`;
  return `${where}: ${percent}, ${formatValue(count, { format: 'count' })} of ${formatValue(total, { format: 'count' })}`;
}

function rampKey(x: number, y: number, room: number): { markup: Markup; height: number } {
  const step = Math.min(30, (room - 10) / 10);
  const boxes = Array.from({ length: 10 }, (_, index) =>
    element('rect', {
      ...paint({ fill: `ramp${index}` as Role, stroke: 'axis' }),
      'stroke-width': 0.5,
      x: x + index * step,
      y,
      width: step,
      height: 9,
    }),
  );
  // Limits stand under the right edge of the step they close.
  const names = [0, ...rampLimits.slice(1), 1].map((limit, index) =>
    words(`${Math.round(limit * 100)}`, x + (index + (index === 0 ? 0.5 : 1)) * step, y + 20, {
      size: 10,
      role: 'muted',
      anchor: 'middle',
    }),
  );
  return {
    markup: fragment(
      boxes,
      names,
      words('share of the row in per cent, up to', x, y + 34, { size: 10, role: 'muted' }),
    ),
    height: 38,
  };
}

/** Keeps the most frequent classes, in their order, and adds the others up. */
function folded({ classes, counts }: Matrix, most: number): Matrix {
  const K = classes.length;
  if (K <= most) return { classes, counts };
  const weight = classes.map((_, k) => counts[k].reduce((sum, count, s) => sum + count + counts[s][k], 0));
  const kept = classes
    .map((_, k) => k)
    .sort((a, b) => weight[b] - weight[a] || a - b)
    .slice(0, most - 1)
    .sort((a, b) => a - b);
  const place = new Array<number>(K).fill(most - 1);
  kept.forEach((k, index) => {
    place[k] = index;
  });
  const sums = Array.from({ length: most }, () => new Array<number>(most).fill(0));
  for (let t = 0; t < K; t++) for (let s = 0; s < K; s++) sums[place[t]][place[s]] += counts[t][s];
  return { classes: [...kept.map((k) => classes[k]), `${K - kept.length} others`], counts: sums };
}

function describe({ classes, counts }: Matrix, totals: readonly number[]): string {
  const total = totals.reduce((sum, count) => sum + count, 0);
  const right = counts.reduce((sum, row, k) => sum + row[k], 0);
  let worst = { share: 0, t: 0, s: 0 };
  counts.forEach((row, t) => {
    row.forEach((count, s) => {
      if (s !== t && totals[t] > 0 && count / totals[t] > worst.share) worst = { share: count / totals[t], t, s };
    });
  });
  const percent = (value: number): string => formatValue(value, { format: 'percent' });
  const most =
    worst.share > 0
      ? ` The largest confusion: ${percent(worst.share)} of ${oneLine(classes[worst.t])} is called ${oneLine(classes[worst.s])}.`
      : ' There is no confusion.';
  return `${classes.length} classes; ${percent(right / total)} on the diagonal.${most}`;
}
