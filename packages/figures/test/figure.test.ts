import { dataTable, type Figure, renderFigure } from '@assay/figures';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyFigure, hostile } from './helpers/figures.ts';
import { everyElement, parseXml, textOf, type XmlElement } from './helpers/xml.ts';

const shares = [0.93, 0.2, 0.55, 0, 1, 0.71, 0.999];

const tags = new Set(['svg', 'g', 'title', 'desc', 'style', 'rect', 'path', 'circle', 'text']);

function checked(figure: Figure, svg: string): XmlElement {
  const root = parseXml(svg);
  expect(root.name).toBe('svg');
  const faults: string[] = [];
  for (const { name: tag, attributes } of everyElement(root)) {
    if (!tags.has(tag)) faults.push(tag);
    for (const [name, value] of attributes) {
      const colour = name === 'fill' || name === 'stroke';
      if (/^on|href|style|^id$/.test(name)) faults.push(name);
      if (colour ? !/^(none|#[0-9a-f]{6})$/.test(value) : /NaN|undefined|Infinity|null|\de[+-]?\d/.test(value)) {
        faults.push(`${tag} ${name}="${value}"`);
      }
    }
  }
  expect(faults).toEqual([]);
  expect(figure.height).toBeGreaterThan(20);
  expect(root.attributes.get('viewBox')).toBe(`0 0 ${figure.width} ${figure.height}`);
  return root;
}

describe('every figure', () => {
  it('is well-formed and numeric for hostile names', () => {
    for (let shift = 0; shift < hostile.length; shift++) {
      const names = hostile.map((_, index) => hostile[(index + shift) % hostile.length]);
      for (const figure of everyFigure(names, shares)) checked(figure, renderFigure(figure));
    }
  });

  it('is well-formed for any names, shares and widths', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 200, max: 1200 }),
        (names, values, width) => {
          for (const figure of everyFigure(names, values, width)) checked(figure, renderFigure(figure));
        },
      ),
      { numRuns: 40, seed: 11 },
    );
  });

  it('has a role, a title and a description for screen readers', () => {
    for (const figure of everyFigure(['cats & <dogs>'], shares)) {
      const root = checked(figure, renderFigure(figure));
      const [title, description] = root.children as XmlElement[];
      expect(root.attributes.get('role')).toBe('img');
      expect([title.name, textOf(title)]).toEqual(['title', 'cats & <dogs>']);
      expect(description.name).toBe('desc');
      expect(textOf(description).length).toBeGreaterThan(15);
      expect(textOf(description)).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('is the same text for the same input', () => {
    const once = everyFigure(hostile, shares).map((figure) => renderFigure(figure));
    const again = everyFigure(hostile, shares).map((figure) => renderFigure(figure));
    expect(again).toEqual(once);
  });

  it('says that there are no data instead of drawing empty axes', () => {
    const figures = everyFigure(['name'], []).slice(0, 9);
    for (const figure of figures) {
      const root = checked(figure, renderFigure(figure));
      expect(textOf(root)).toContain('No data');
      expect(dataTable(figure)).toBe('');
    }
  });

  it('keeps every rectangle and every line of text inside the picture', () => {
    for (const width of [280, 420, 900]) {
      for (const figure of everyFigure(
        ['a short name', 'a name that is much longer than its room allows it to be'],
        shares,
        width,
      )) {
        for (const element of everyElement(checked(figure, renderFigure(figure)))) {
          if (element.name === 'rect' || element.name === 'text') {
            const x = Number(element.attributes.get('x') ?? 0);
            expect(x).toBeGreaterThanOrEqual(-0.01);
            expect(x).toBeLessThanOrEqual(width);
          }
          if (element.name === 'rect') expect(Number(element.attributes.get('width'))).toBeGreaterThan(0);
        }
      }
    }
  });

  it('carries a data table with a caption, headings and as many cells as columns', () => {
    for (const figure of everyFigure(hostile.slice(0, 6), shares)) {
      expect(figure.tables.length).toBeGreaterThan(0);
      for (const table of figure.tables) {
        const root = parseXml(dataTable({ tables: [table] }));
        const rows = [...everyElement(root)].filter((element) => element.name === 'tr');
        expect(rows).toHaveLength(table.rows.length + 1);
        for (const row of rows) expect(row.children).toHaveLength(table.columns.length);
        expect(textOf(root)).not.toMatch(/undefined|Infinity/);
      }
    }
  });
});

describe('renderFigure', () => {
  const [figure] = everyFigure(['name'], shares);

  it('carries only the colours that the figure uses', () => {
    const style = [...everyElement(parseXml(renderFigure(figure)))].find((element) => element.name === 'style');
    const css = textOf(style as XmlElement);
    expect(css).toContain('prefers-color-scheme:dark');
    expect(css).toContain('--assay-series1');
    expect(css).not.toContain('ramp');
    expect(css).not.toContain('series4');
  });

  it('leaves style and background to the page when it is embedded', () => {
    const root = parseXml(renderFigure(figure, { standalone: false }));
    expect([...everyElement(root)].map((element) => element.name)).not.toContain('style');
    expect((root.children[2] as XmlElement).name).not.toBe('rect');
  });

  it('does not follow the reader when a theme is fixed', () => {
    expect(renderFigure(figure, { theme: 'light' })).not.toContain('prefers-color-scheme');
    expect(renderFigure(figure, { theme: 'dark' })).toContain('--assay-surface:#15181c');
  });

  it('refuses unknown themes', () => {
    // @ts-expect-error the point of the test
    expect(() => renderFigure(figure, { theme: 'sepia' })).toThrow(/invalid theme: got "sepia"; give one of auto/);
  });

  it('gives every painted element a colour that needs no style sheet', () => {
    for (const element of everyElement(parseXml(renderFigure(figure)))) {
      const classes = element.attributes.get('class') ?? '';
      if (/\bf-/.test(classes)) expect(element.attributes.get('fill')).toMatch(/^#[0-9a-f]{6}$/);
      if (/\bs-/.test(classes)) expect(element.attributes.get('stroke')).toMatch(/^#[0-9a-f]{6}$/);
    }
  });
});
