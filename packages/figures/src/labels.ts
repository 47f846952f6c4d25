import { smallSize, words } from './figure.ts';
import { fragment, type Markup } from './svg.ts';
import { oneLine, textWidth, truncate } from './text.ts';

/** A point that would like a name beside it. Earlier ones have precedence. */
export interface LabelRequest {
  readonly x: number;
  readonly y: number;
  readonly label: string;
  readonly bold?: boolean;
}

/** A rectangle that no name may cover. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * Names beside points: right, left, above or below, wherever there is room; a name without room is left out.
 *
 */
export function placeLabels(
  requests: readonly LabelRequest[],
  obstacles: readonly Box[],
  frame: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number },
): { markup: Markup; placed: number } {
  const taken: Box[] = [...obstacles];
  const parts: Markup[] = [];
  for (const { x, y, label, bold } of requests) {
    const short = truncate(label, Math.min(150, (frame.right - frame.left) * 0.45), smallSize);
    const width = textWidth(short, smallSize, bold ? 'bold' : 'normal');
    const spots = [
      { left: x + 8, base: y + 4 },
      { left: x - 8 - width, base: y + 4 },
      { left: x - width / 2, base: y - 9 },
      { left: x - width / 2, base: y + 17 },
      { left: x + 7, base: y - 7 },
      { left: x + 7, base: y + 14 },
      { left: x - 7 - width, base: y - 7 },
      { left: x - 7 - width, base: y + 14 },
    ];
    for (const { left, base } of spots) {
      const box = { left: left - 1, right: left + width + 1, top: base - 10, bottom: base + 3 };
      if (box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom)
        continue;
      if (taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      parts.push(words(short, left, base, { size: smallSize, bold, full: oneLine(label) }));
      break;
    }
  }
  return { markup: fragment(parts), placed: parts.length };
}

/** The room of a marker. */
export function markerBox(x: number, y: number): Box {
  return { left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** Moves `wanted` positions apart to at least `gap`, in order, inside [from, to] as far as they fit. */
export function spread(wanted: readonly number[], gap: number, from: number, to: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b] || a - b);
  const step = Math.min(gap, wanted.length > 1 ? (to - from) / (wanted.length - 1) : gap);
  const result = [...wanted];
  let free = from;
  for (const index of order) {
    result[index] = Math.max(wanted[index], free);
    free = result[index] + step;
  }
  let ceiling = to;
  for (const index of order.reverse()) {
    result[index] = Math.min(result[index], ceiling);
    ceiling = result[index] - step;
  }
  return result;
}
