import type { Figure } from './figure.ts';
import { formatValue, type ValueFormat } from './format.ts';
import { fragment, html, type Markup, text } from './svg.ts';

/** A column of the table behind a figure. Columns without a format hold text. */
export interface TableColumn {
  readonly name: string;
  readonly format?: ValueFormat;
  readonly currency?: string;
}

/** The data of a figure as a table, for those who cannot see it or want the numbers. */
export interface FigureTable {
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly (string | number | undefined)[])[];
}

/** How much of the tables is written. */
export interface TableOptions {
  /** The most rows of one table; the caption says how many are left out. Default 200. */
  readonly most?: number;
}

/**
 * The data of a figure as HTML tables: the alternative for screen readers, to be put beside the figure, for example
 * inside `<details>`.
 *
 * @example
 * ```ts
 * import { barsFigure, dataTable } from '@assay/figures';
 * const figure = barsFigure({ title: 'Accuracy', rows: [{ label: 'vote', value: 0.8 }], format: 'percent' });
 * dataTable(figure).includes('<td>80.0%</td>'); // => true
 * ```
 */
export function dataTable(figure: Pick<Figure, 'tables'>, options: TableOptions = {}): string {
  return fragment(figure.tables.map((table) => tableMarkup(table, options.most ?? 200)));
}

function tableMarkup(table: FigureTable, most: number): Markup {
  const shownRows = table.rows.slice(0, most);
  const caption =
    shownRows.length < table.rows.length
      ? `${table.caption} (${formatValue(shownRows.length, { format: 'count' })} of ${formatValue(table.rows.length, { format: 'count' })} rows)`
      : table.caption;
  return html(
    'table',
    { class: 'assay-table' },
    html('caption', {}, text(caption)),
    html(
      'thead',
      {},
      html(
        'tr',
        {},
        table.columns.map(({ name }) => html('th', { scope: 'col' }, text(name))),
      ),
    ),
    html(
      'tbody',
      {},
      shownRows.map((row) =>
        html(
          'tr',
          {},
          row.map((value, column) => {
            const content = text(typeof value === 'string' ? value : formatValue(value, table.columns[column]));
            return column === 0 ? html('th', { scope: 'row' }, content) : html('td', {}, content);
          }),
        ),
      ),
    ),
  );
}
