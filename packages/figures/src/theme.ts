import type { Attributes } from './svg.ts';

/** What a colour is for. Figures name roles, never colours. */
export type Role =
  | 'surface'
  | 'ink'
  | 'muted'
  | 'axis'
  | 'grid'
  | 'track'
  | 'series1'
  | 'series2'
  | 'series3'
  | 'series4'
  | 'series5'
  | 'series6'
  | RampRole
  | OnRampRole;

type Step = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
/** The sequential ramp of heat maps, from `ramp0` (nothing) to `ramp9` (everything). */
export type RampRole = `ramp${Step}`;
/** The text colour that is readable on the ramp step of the same number. */
export type OnRampRole = `onRamp${Step}`;

/** One colour for each role, as `#rrggbb`. */
export type Palette = Readonly<Record<Role, string>>;

const lightInk = '#16191d';
const darkSurface = '#15181c';

const lightRamp: readonly string[] = [
  '#f5f7fa',
  '#e4eefb',
  '#d3e3f9',
  '#bdd6f9',
  '#a5c7f5',
  '#89b4ed',
  '#6da1e5',
  '#2462b1',
  '#044b97',
  '#003574',
];

// No step has a middling luminance: on it neither light nor dark text would be readable.
const darkRamp: readonly string[] = [
  '#1b1e23',
  '#1d2735',
  '#1f3149',
  '#213b5e',
  '#244672',
  '#275085',
  '#2d5e9d',
  '#6ba0e8',
  '#8dbaf7',
  '#bbd7fc',
];

/** Colours on white and on paper. */
export const lightPalette: Palette = palette(
  {
    surface: '#ffffff',
    ink: lightInk,
    muted: '#5b636e',
    axis: '#8a929c',
    grid: '#e3e6ea',
    track: '#eef0f3',
    series1: '#0d5cbd',
    series2: '#d95f02',
    series3: '#4f9a83',
    series4: '#a02474',
    series5: '#634b00',
    series6: '#ad73eb',
  },
  lightRamp,
  [lightInk, '#ffffff'],
);

/** Colours on a dark surface. */
export const darkPalette: Palette = palette(
  {
    surface: darkSurface,
    ink: '#e8eaed',
    muted: '#a4adb8',
    axis: '#6b7480',
    grid: '#2b3138',
    track: '#22272e',
    series1: '#7ab0e8',
    series2: '#e08a55',
    series3: '#87efd1',
    series4: '#cc4484',
    series5: '#f5ca07',
    series6: '#8f66e6',
  },
  darkRamp,
  [darkSurface, '#ffffff'],
);

/**
 * The six colours of series, in order of use. Every pair differs by at least 12 (OKLab × 100) to normal sight and to
 * simulated protanopia, deuteranopia and tritanopia (Machado, Oliveira & Fernandes 2009), in both themes.
 */
export const seriesRoles: readonly Role[] = ['series1', 'series2', 'series3', 'series4', 'series5', 'series6'];

/** The fonts of the reader's system; nothing is loaded. */
export const fontStack: string =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif';

/** `auto` follows the reader's system and is light on paper; the others are fixed. */
export type Theme = 'auto' | 'light' | 'dark';

/** Which role fills and which strokes an element. */
export interface Paint {
  readonly fill?: Role | 'none';
  readonly stroke?: Role;
}

/**
 * The attributes that paint an element in its roles: classes for the style sheet, and the light colours for programs
 * that know no style sheets or custom properties (many converters to PDF).
 */
export function paint({ fill, stroke }: Paint): Attributes {
  const classes: string[] = [];
  if (fill !== undefined && fill !== 'none') classes.push(`f-${fill}`);
  if (stroke !== undefined) classes.push(`s-${stroke}`);
  return {
    class: classes.length === 0 ? undefined : classes.join(' '),
    fill: fill === undefined || fill === 'none' ? fill : lightPalette[fill],
    stroke: stroke === undefined ? undefined : lightPalette[stroke],
  };
}

/**
 * The style sheet of figures: what colour each role has in light, in dark and on paper.
 *
 * A figure that stands alone carries the part it needs. A page that embeds many figures puts this once in its head and
 * renders them with `standalone: false`. The custom properties `--assay-<role>` may be overridden by the page.
 *
 * @param roles the roles to cover; all by default.
 */
export function figureStyles(theme: Theme = 'auto', roles: readonly Role[] = allRoles): string {
  const base = theme === 'dark' ? darkPalette : lightPalette;
  const rules = [`.assay-figure{${properties(base, roles)}}`];
  if (theme === 'auto') {
    rules.push(`@media screen and (prefers-color-scheme:dark){.assay-figure{${properties(darkPalette, roles)}}}`);
  }
  for (const role of roles) {
    rules.push(
      `.assay-figure .f-${role}{fill:var(--assay-${role})}.assay-figure .s-${role}{stroke:var(--assay-${role})}`,
    );
  }
  return rules.join('');
}

/** The roles that a piece of markup uses, in the order of the palette. */
export function rolesIn(markup: string): Role[] {
  const found = new Set<string>();
  for (const [, names] of markup.matchAll(/ class="([^"]*)"/g)) {
    for (const name of names.split(' ')) found.add(name.slice(2));
  }
  return allRoles.filter((role) => found.has(role));
}

/** The contrast of two colours from 1 to 21 (WCAG 2.2, "contrast ratio"). Text needs 4.5, marks need 3. */
export function contrast(first: string, second: string): number {
  const [dark, light] = [luminance(first), luminance(second)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Relative luminance of `#rrggbb` (WCAG 2.2). */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function palette(
  base: Readonly<Record<Exclude<Role, RampRole | OnRampRole>, string>>,
  ramp: readonly string[],
  texts: readonly [string, string],
): Palette {
  const result: Record<string, string> = { ...base };
  ramp.forEach((colour, step) => {
    result[`ramp${step}`] = colour;
    result[`onRamp${step}`] = contrast(texts[0], colour) >= contrast(texts[1], colour) ? texts[0] : texts[1];
  });
  return result as Palette;
}

const allRoles = Object.keys(lightPalette) as Role[];

function properties(colours: Palette, roles: readonly Role[]): string {
  return roles.map((role) => `--assay-${role}:${colours[role]}`).join(';');
}
