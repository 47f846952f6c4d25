import { smallSize, words } from './figure.ts';
import { marker, type SeriesLook } from './marks.ts';
import { fragment, type Markup } from './svg.ts';
import { textWidth, truncate } from './text.ts';

/** One entry of a key. */
export interface LegendEntry {
  readonly name: string;
  readonly look: SeriesLook;
}

/** A key of markers and names in as many lines as they need, beginning at the top left. */
export function legend(entries: readonly LegendEntry[], width: number): { markup: Markup; height: number } {
  const parts: Markup[] = [];
  let x = 0;
  let y = 10;
  for (const { name, look } of entries) {
    const label = truncate(name === '' ? 'other' : name, Math.min(200, width - 16), smallSize);
    const used = 14 + textWidth(label, smallSize);
    if (x > 0 && x + used > width) {
      x = 0;
      y += 16;
    }
    parts.push(marker(look, x + 5, y - 4, 4.5), words(label, x + 14, y, { size: smallSize, full: name }));
    x += used + 14;
  }
  return { markup: fragment(parts), height: y + 12 };
}
