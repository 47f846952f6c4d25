import { checkOneOf, checkText, checkWithin } from './check.ts';
import { element, fragment, type Markup, nothing, text } from './svg.ts';
import type { FigureTable } from './table.ts';
import { wrap } from './text.ts';
import { figureStyles, fontStack, lightPalette, paint, type Role, rolesIn, type Theme } from './theme.ts';

/** What every figure takes. */
export interface FigureOptions {
  /** Says what the figure shows; drawn above it and read aloud first. */
  readonly title: string;
  /** A second line under the title, for the unit or the reading: "90 % intervals". */
  readonly subtitle?: string;
  /** What a person who cannot see the figure should know. Default: a summary made from the data. */
  readonly description?: string;
  /** Width in pixels, 160 to 4000; the height follows from the data. Default depends on the figure. */
  readonly width?: number;
  /** Whether the title is drawn. It is read aloud in any case. Default true. */
  readonly showTitle?: boolean;
}

/** How a figure is written as a document. */
export interface RenderOptions {
  /** Default `auto`: light or dark as the reader's system, light on paper. */
  readonly theme?: Theme;
  /**
   * Whether the figure carries its style sheet and background, as a file must. `false` inside a page that has
   * `figureStyles()` in its head. Default true.
   */
  readonly standalone?: boolean;
}

/** A figure that has been drawn but not yet written: size, words, shapes, and the same data as tables. */
export interface Figure {
  readonly title: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly body: Markup;
  readonly tables: readonly FigureTable[];
}

/** What the drawing function of a figure returns for the area below the title. */
export interface Drawing {
  readonly body: Markup;
  readonly height: number;
  readonly description: string;
  readonly tables: readonly FigureTable[];
}

/** Where to draw: below the title, over the whole width. */
export interface Area {
  readonly width: number;
  readonly top: number;
}

export const fontSize = 12;
export const smallSize = 11;
const titleSize = 14;
const padding = 12;

/**
 * Draws the title, calls `draw` for the rest and puts the figure together.
 *
 * For those who add a figure; users call the figures themselves, such as `bars`.
 */
export function compose(options: FigureOptions, defaultWidth: number, draw: (area: Area) => Drawing): Figure {
  const title = checkText(options.title, 'title');
  const width = checkWithin(options.width ?? defaultWidth, 160, 4000, 'width');
  const inner = width - 2 * padding;
  const lines: Markup[] = [];
  let top = padding;
  if (options.showTitle !== false) {
    for (const line of wrap(title, inner / 1.06, titleSize, 3)) {
      top += titleSize + 2;
      lines.push(words(line, padding, top - 4, { size: titleSize, bold: true }));
    }
  }
  for (const line of wrap(checkText(options.subtitle ?? '', 'subtitle'), inner, fontSize, 3)) {
    top += fontSize + 4;
    lines.push(words(line, padding, top - 4, { role: 'muted' }));
  }
  if (lines.length > 0) top += 8;
  const drawing = draw({ width: inner, top: 0 });
  return {
    title,
    description: options.description ?? drawing.description,
    width,
    height: Math.ceil(top + drawing.height + padding),
    body: fragment(lines, element('g', { transform: `translate(${padding} ${top})` }, drawing.body)),
    tables: drawing.tables,
  };
}

/** The drawing of a figure without data: a sentence instead of empty axes. */
export function noData(area: Area, sentence = 'No data'): Drawing {
  return {
    body: fragment(
      element('rect', { ...paint({ fill: 'track' }), x: 0, y: 0, width: area.width, height: 72, rx: 4 }),
      words(sentence, area.width / 2, 40, { role: 'ink', anchor: 'middle' }),
    ),
    height: 72,
    description: `${sentence}.`,
    tables: [],
  };
}

/**
 * The figure as SVG text: `role="img"` with title and description, no script, no outside resource, the same text for
 * the same input on every machine.
 */
export function renderFigure(figure: Figure, options: RenderOptions = {}): string {
  const theme = checkOneOf(options.theme ?? 'auto', ['auto', 'light', 'dark'], 'theme');
  const standalone = options.standalone ?? true;
  const background = standalone
    ? element('rect', { ...paint({ fill: 'surface' }), width: figure.width, height: figure.height })
    : nothing;
  const content = fragment(background, figure.body);
  const style = standalone ? element('style', {}, figureStyles(theme, rolesIn(content)) as Markup) : nothing;
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'assay-figure',
      role: 'img',
      viewBox: `0 0 ${figure.width} ${figure.height}`,
      width: figure.width,
      height: figure.height,
      'font-family': fontStack,
      'font-size': fontSize,
    },
    element('title', {}, text(figure.title)),
    element('desc', {}, text(figure.description)),
    style,
    content,
  );
}

/** How a piece of text looks. */
export interface WordsOptions {
  readonly role?: Role;
  readonly size?: number;
  readonly bold?: boolean;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly rotate?: number;
  /** The whole text where `value` is shortened; shown on hover. */
  readonly full?: string;
}

/** A line of text; `y` is its base line. */
export function words(value: string, x: number, y: number, options: WordsOptions = {}): Markup {
  const { role = 'ink', size = fontSize, bold = false, anchor = 'start', rotate, full } = options;
  return element(
    'text',
    {
      x,
      y,
      class: `f-${role}`,
      fill: lightPalette[role],
      'font-size': size === fontSize ? undefined : size,
      'font-weight': bold ? 600 : undefined,
      'text-anchor': anchor === 'start' ? undefined : anchor,
      transform:
        rotate === undefined
          ? undefined
          : `rotate(${rotate} ${Math.round(x * 100) / 100} ${Math.round(y * 100) / 100})`,
    },
    full === undefined || full === value ? nothing : element('title', {}, text(full)),
    text(value),
  );
}
