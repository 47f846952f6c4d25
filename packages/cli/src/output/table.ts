/** How a column is set: text to the left, numbers to the right. */
export type Align = 'left' | 'right';

export interface Column {
  readonly title: string;
  readonly align?: Align;
}

/**
 * Rows as aligned text under titles, two spaces between columns, no lines drawn: easy to read, easy
 * to cut with other tools.
 */
export function tableText(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ title }, c) => {
    let widest = widthOf(title);
    for (const row of rows) widest = Math.max(widest, widthOf(row[c]));
    return widest;
  });
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, c) => {
        const space = ' '.repeat(widths[c] - widthOf(cell));
        return columns[c].align === 'right' ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)].map((text) => `${text}\n`).join('');
}

/** Text on one line and at most `most` characters, so that a name cannot break a table. */
export function clipped(text: string, most = 40): string {
  const line = text.replace(/\p{Cc}+/gu, ' ');
  const characters = [...line];
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : line;
}

/** Columns a text takes on a terminal: two for the wide East Asian ranges and emoji, none for marks. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mn}|\p{Me}|\p{Cf}/u.test(character)) continue;
    width += wide.test(character) ? 2 : 1;
  }
  return width;
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
