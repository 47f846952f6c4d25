import { checkWhole } from './check.ts';
import { compose, type Figure, type FigureOptions, noData, type RenderOptions, renderFigure } from './figure.ts';
import { element, fragment, type Markup } from './svg.ts';

/** Draws one panel at the width it gets, for example `(width) => linesFigure({ ...one, width })`. */
export type Panel = (width: number) => Figure;

export interface SmallMultiplesOptions extends FigureOptions {
  readonly panels: readonly Panel[];
  /** Panels side by side. Default: as many as fit at 260 pixels each. */
  readonly columns?: number;
}

/**
 * A grid of figures of any kind, each with its own title: one question asked of many parts.
 *
 * Give the panels the same axis domains where they are to be compared. No panels draw "No data". Cost: that of the
 * panels.
 *
 * @throws InputError for less than one column, and what the panels throw.
 * @example
 * ```ts
 * import { histogramFigure, smallMultiples } from '@assay/figures';
 * const svg = smallMultiples({
 *   title: 'Answers per worker',
 *   panels: [
 *     (width) => histogramFigure({ title: 'people', values: [3, 5, 8], width }),
 *     (width) => histogramFigure({ title: 'models', values: [200, 210], width }),
 *   ],
 * });
 * ```
 */
export function smallMultiples(options: SmallMultiplesOptions & RenderOptions): string {
  return renderFigure(smallMultiplesFigure(options), options);
}

/** The figure of {@link smallMultiples} before it is written, for its tables. */
export function smallMultiplesFigure(options: SmallMultiplesOptions): Figure {
  if (options.columns !== undefined) checkWhole(options.columns, 1, 24, 'columns');
  return compose(options, 840, (area) => {
    if (options.panels.length === 0) return noData(area);
    const columns = Math.min(options.columns ?? Math.max(1, Math.floor(area.width / 260)), options.panels.length);
    const width = area.width / columns;
    const panels = options.panels.map((panel) => panel(width));
    const body: Markup[] = [];
    let y = 0;
    for (let start = 0; start < panels.length; start += columns) {
      const row = panels.slice(start, start + columns);
      row.forEach((panel, column) => {
        body.push(element('g', { transform: `translate(${Math.round(column * width * 100) / 100} ${y})` }, panel.body));
      });
      y += Math.max(...row.map((panel) => panel.height));
    }
    return {
      body: fragment(body),
      height: y,
      description: panels.map((panel) => `${panel.title}: ${panel.description}`).join(' '),
      tables: panels.flatMap((panel) => panel.tables),
    };
  });
}
