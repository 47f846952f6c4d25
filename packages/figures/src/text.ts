// Advance widths of Helvetica in thousandths of an em, U+0020 to U+007E.
const widths: readonly number[] = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
];

// System fonts are up to a sixth wider than Helvetica; an estimate that is too wide only wastes a little room.
const allowance = 1.16;

/**
 * The estimated width of `value` in pixels at `size` pixels of a system sans-serif font.
 *
 * An estimate by design: without a DOM the font is unknown. It errs on the wide side. Cost O(length).
 */
export function textWidth(value: string, size: number, weight: 'normal' | 'bold' = 'normal'): number {
  let total = 0;
  for (const character of value) total += characterWidth(character);
  return (total / 1000) * size * allowance * (weight === 'bold' ? 1.06 : 1);
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 32) return 0;
  if (code < 127) return widths[code - 32];
  if (isCombining(code)) return 0;
  return isWide(code) ? 1000 : 620;
}

function isCombining(code: number): boolean {
  return (
    (code >= 0x300 && code <= 0x36f) ||
    (code >= 0x200b && code <= 0x200f) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x2060 && code <= 0x206f) ||
    (code >= 0xfe00 && code <= 0xfe0f)
  );
}

// East Asian wide blocks and emoji.
function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    code >= 0x20000
  );
}

/** `value` in one line: white space of every kind becomes single spaces. */
export function oneLine(value: string): string {
  return value.replace(/\s+/g, ' ').trim();
}

/**
 * `value` in one line, shortened with an ellipsis so that it fits in `width` pixels; at least one character is kept.
 */
export function truncate(value: string, width: number, size: number): string {
  // A name of a megabyte is cut before it is measured.
  const line = oneLine(value.length > 2000 ? value.slice(0, 2000) : value);
  if (line.length === value.length || value.length <= 2000) {
    if (textWidth(line, size) <= width) return line;
  }
  const room = width - textWidth('…', size);
  let kept = '';
  let used = 0;
  for (const character of line) {
    used += (characterWidth(character) / 1000) * size * allowance;
    if (used > room && kept !== '') break;
    kept += character;
    if (used > room) break;
  }
  return `${kept.trimEnd()}…`;
}

/** `value` broken at spaces into at most `most` lines of `width` pixels; what does not fit is shortened. */
export function wrap(value: string, width: number, size: number, most = 2): string[] {
  const words = oneLine(value).split(' ');
  const lines: string[] = [];
  let current = '';
  words.forEach((word, index) => {
    const longer = current === '' ? word : `${current} ${word}`;
    if (current === '' || textWidth(longer, size) <= width || lines.length === most - 1) {
      current = longer;
    } else {
      lines.push(current);
      current = word;
    }
    if (index === words.length - 1) lines.push(current);
  });
  return lines.filter((line) => line !== '').map((line) => truncate(line, width, size));
}
