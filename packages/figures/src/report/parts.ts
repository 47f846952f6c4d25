import { type Figure, renderFigure } from '../figure.ts';
import { formatValue } from '../format.ts';
import { html, type Markup, nothing, text } from '../svg.ts';
import { dataTable } from '../table.ts';

/** One part of the page with its entry in the navigation. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** A shorter title for the navigation. */
  readonly short: string;
  readonly body: Markup;
}

/** Names longer than this are cut in the page; the files have them whole. */
const longestName = 120;

/** A name from the data, shortened. */
export function named(name: string): string {
  const line = name.length > 4 * longestName ? name.slice(0, 4 * longestName) : name;
  const characters = [...line];
  if (line === name && characters.length <= longestName) return name.trim() === '' ? `“${name}”` : name;
  return `${characters.slice(0, longestName - 1).join('')}…`;
}

export const count = (value: number): string => formatValue(value, { format: 'count' });
export const percent = (value: number | undefined): string => formatValue(value, { format: 'percent' });

/** `1 worker`, `12 workers`. */
export function counted(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `93.1% (91.0% to 95.0%)` */
export function ranged({ value, lo, hi }: { value: number; lo?: number; hi?: number }): string {
  return lo === undefined || hi === undefined ? percent(value) : `${percent(value)} (${percent(lo)} to ${percent(hi)})`;
}

/** A paragraph of plain text. */
export function paragraph(value: string, className?: string): Markup {
  return html('p', { class: className }, text(value));
}

/** Tiles of numbers at the head of a section. */
export interface Tile {
  readonly name: string;
  readonly value: string;
  readonly range?: string;
}

export function tiles(entries: readonly Tile[]): Markup {
  return html(
    'dl',
    { class: 'tiles' },
    entries.map(({ name, value, range }) =>
      html(
        'div',
        { class: 'tile' },
        html('dt', {}, text(name)),
        html('dd', {}, text(value)),
        range === undefined ? nothing : html('dd', { class: 'range' }, text(range)),
      ),
    ),
  );
}

/** A cell: what it says, what it sorts by, and what is drawn in it. */
export type Cell = string | { readonly say: string; readonly sort?: number | string; readonly drawing?: Markup };

export interface Column {
  readonly name: string;
  readonly number?: boolean;
}

/** A table inside a part that scrolls sideways on a phone and can be reached by keyboard. */
export function dataGrid(
  label: string,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  caption?: string,
): Markup {
  const cellOf = (cell: Cell, index: number): Markup => {
    const { say, sort, drawing } = typeof cell === 'string' ? { say: cell, sort: undefined, drawing: undefined } : cell;
    const attributes = {
      class: columns[index].number ? 'number' : undefined,
      'data-sort': sort === undefined ? undefined : String(sort),
    };
    const content = drawing ?? text(say);
    return index === 0 ? html('th', { scope: 'row', ...attributes }, content) : html('td', attributes, content);
  };
  return html(
    'div',
    { class: 'scroll', role: 'group', 'aria-label': label, tabindex: 0 },
    html(
      'table',
      { class: rows.length > 1 ? 'sortable' : undefined },
      caption === undefined ? nothing : html('caption', {}, text(caption)),
      html(
        'thead',
        {},
        html(
          'tr',
          {},
          columns.map(({ name, number }) =>
            html('th', { scope: 'col', class: number ? 'number' : undefined }, text(name)),
          ),
        ),
      ),
      html(
        'tbody',
        {},
        rows.map((row) => html('tr', {}, row.map(cellOf))),
      ),
    ),
  );
}

/** A figure with its title as caption and its numbers behind a fold. */
export function drawing(figure: Figure, most = 40): Markup {
  const numbers = dataTable(figure, { most }) as Markup;
  return html(
    'figure',
    {},
    html('figcaption', {}, text(figure.title)),
    renderFigure(figure, { standalone: false }) as Markup,
    numbers === ''
      ? nothing
      : html(
          'details',
          {},
          html('summary', {}, text('The numbers')),
          html(
            'div',
            { class: 'scroll', role: 'group', 'aria-label': `Numbers of: ${figure.title}`, tabindex: 0 },
            numbers,
          ),
        ),
  );
}

export function heading(value: string): Markup {
  return html('h3', {}, text(value));
}

export function fold(summary: string, ...children: Markup[]): Markup {
  return html('details', {}, html('summary', {}, text(summary)), children);
}

export function list(items: readonly string[], kind: 'ul' | 'ol' = 'ul'): Markup {
  return items.length === 0
    ? nothing
    : html(
        kind,
        { class: kind === 'ul' ? 'notes' : undefined },
        items.map((item) => html('li', {}, text(item))),
      );
}

/** "Showing 200 of 10,000 workers; all of them are in workers.csv." or nothing when all are shown. */
export function truncation(shownCount: number, total: number, what: string, file: string | undefined): Markup {
  if (shownCount >= total) return nothing;
  const where = file === undefined ? '' : `; all of them are in ${file}`;
  return paragraph(`Showing ${count(shownCount)} of ${count(total)} ${what}${where}.`, 'muted');
}
