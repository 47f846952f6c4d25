import {
  bars,
  barsFigure,
  calibration,
  calibrationFigure,
  confusion,
  confusionFigure,
  dots,
  efficient,
  frontier,
  frontierFigure,
  histogram,
  lines,
  linesFigure,
  renderFigure,
  scatter,
  scatterFigure,
  smallMultiples,
} from '@assay/figures';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rampStep } from '../src/confusion.ts';
import { binned } from '../src/histogram.ts';
import { placeLabels, spread } from '../src/labels.ts';
import { everyElement, parseXml, textOf, type XmlElement } from './helpers/xml.ts';

function elements(svg: string, name: string): XmlElement[] {
  return [...everyElement(parseXml(svg))].filter((element) => element.name === name);
}

const numberOf = (element: XmlElement, name: string): number => Number(element.attributes.get(name));

describe('bars', () => {
  const rows = [
    { label: 'half', value: 0.5 },
    { label: 'quarter', value: 0.25 },
  ];

  it('are as long as their values from zero', () => {
    const [, half, quarter] = elements(bars({ title: 't', rows, domain: [0, 1] }), 'rect');
    expect(numberOf(half, 'width') / numberOf(quarter, 'width')).toBeCloseTo(2, 1);
    expect(numberOf(half, 'x')).toBe(numberOf(quarter, 'x'));
  });

  it('run to the left below zero', () => {
    const [, plus, minus] = elements(
      bars({
        title: 't',
        rows: [
          { label: '+', value: 2 },
          { label: '−', value: -1 },
        ],
      }),
      'rect',
    );
    expect(numberOf(minus, 'x') + numberOf(minus, 'width')).toBeCloseTo(numberOf(plus, 'x'), 1);
  });

  it('shorten a long label and keep the whole of it for hover and table', () => {
    const label = 'a very long label '.repeat(20).trim();
    const figure = barsFigure({ title: 't', rows: [{ label, value: 1 }] });
    const svg = renderFigure(figure);
    expect(elements(svg, 'title').map(textOf)).toContain(`${label}: 1`);
    expect(elements(svg, 'text').map(textOf)).not.toContain(label);
    expect(figure.tables[0].rows[0][0]).toBe(label);
  });

  it('say the highest and the lowest in words', () => {
    expect(barsFigure({ title: 't', rows, format: 'percent' }).description).toBe(
      '2 bars. Highest: half, 50.0%. Lowest: quarter, 25.0%.',
    );
  });

  it('name the row and the value that cannot be drawn', () => {
    expect(() => bars({ title: 't', rows: [...rows, { label: 'x', value: Number.NaN }] })).toThrow(
      /^invalid rows\[2\]\.value: got NaN; give a finite number/,
    );
    expect(() => bars({ title: 't', rows: [{ label: 'x', value: 1, lo: 2, hi: 1 }] })).toThrow(/not above hi/);
    expect(() => bars({ title: 't', rows: [{ label: 'x', value: 1, lo: 0 }] })).toThrow(
      /rows\[0\]\.hi.*both lo and hi/,
    );
    expect(() => bars({ title: 't', rows, width: 20 })).toThrow(/invalid width/);
  });
});

describe('dots', () => {
  it('tell groups apart by shape and name them in a key', () => {
    const svg = dots({
      title: 't',
      rows: [
        { label: 'a', value: 1, group: 'human' },
        { label: 'b', value: 2, group: 'ai' },
      ],
    });
    expect(elements(svg, 'text').map(textOf)).toEqual(expect.arrayContaining(['human', 'ai']));
    const shapes = elements(svg, 'path').filter((element) => element.attributes.get('class')?.startsWith('f-series'));
    const withoutPlace = shapes.map((shape) => (shape.attributes.get('d') ?? '').replace(/[\d .-]+/g, ''));
    expect(new Set(withoutPlace).size).toBe(2);
  });
});

describe('dots with groups in a given order', () => {
  it('look the same whichever groups are present', () => {
    const look = (group: string): string | undefined =>
      elements(dots({ title: 't', groups: ['human', 'ai'], rows: [{ label: 'a', value: 1, group }] }), 'path')
        .find((element) => element.attributes.get('class')?.includes('s-surface'))
        ?.attributes.get('class');
    expect([look('human'), look('ai')]).toEqual(['f-series1 s-surface', 'f-series2 s-surface']);
  });
});

describe('calibration', () => {
  it('leaves out bins without predictions', () => {
    const svg = calibration({
      title: 't',
      bins: [
        { predicted: Number.NaN, observed: Number.NaN, count: 0 },
        { predicted: 0.5, observed: 0.4, count: 10 },
      ],
    });
    expect(elements(svg, 'circle')).toHaveLength(1);
  });

  it('says by how much the probabilities are too high', () => {
    const bins = [
      { predicted: 0.9, observed: 0.7, count: 100 },
      { predicted: 0.6, observed: 0.5, count: 100 },
    ];
    expect(calibrationFigure({ title: 't', bins }).description).toBe(
      '2 bins of 200 predictions. On average the stated probabilities are 15.0% too high.',
    );
  });

  it('refuses shares outside [0, 1]', () => {
    expect(() => calibration({ title: 't', bins: [{ predicted: 1.2, observed: 0, count: 1 }] })).toThrow(
      /bins\[0\]\.predicted/,
    );
  });
});

describe('confusion', () => {
  it('shows shares of the row, not of everything', () => {
    const svg = confusion({
      title: 't',
      classes: ['a', 'b'],
      counts: [
        [3, 1],
        [0, 200],
      ],
    });
    const texts = elements(svg, 'text').map(textOf);
    expect(texts).toEqual(expect.arrayContaining(['75.0%', '25.0%', '0%', '100%', '200']));
    expect(elements(svg, 'title').map(textOf)).toContain('true class a, said b: 25.0%, 1 of 4');
  });

  it('shows a row without counts as unknown', () => {
    const svg = confusion({
      title: 't',
      classes: ['a', 'b'],
      counts: [
        [3, 1],
        [0, 0],
      ],
    });
    expect(
      elements(svg, 'text')
        .map(textOf)
        .filter((value) => value === '–'),
    ).toHaveLength(2);
  });

  it('adds up the rare classes beyond the most it draws', () => {
    const K = 50;
    const counts = Array.from({ length: K }, (_, t) => Array.from({ length: K }, (_, s) => (t === s ? 100 - t : 1)));
    const figure = confusionFigure({ title: 't', classes: counts.map((_, k) => `class ${k}`), counts, most: 10 });
    const table = figure.tables[0];
    expect(table.rows.map((row) => row[0])).toEqual([
      ...Array.from({ length: 9 }, (_, k) => `class ${k}`),
      '41 others',
    ]);
    const total = (rows: readonly (readonly unknown[])[]): number =>
      rows.flat().reduce<number>((sum, value) => sum + (typeof value === 'number' ? value : 0), 0);
    expect(total(table.rows)).toBe(total(counts));
  });

  it('draws thirty classes in under 100 kB', () => {
    const counts = Array.from({ length: 30 }, (_, t) =>
      Array.from({ length: 30 }, (_, s) => ((t * 31 + s * 17) % 29) + 1),
    );
    const svg = confusion({ title: 't', classes: counts.map((_, k) => `class ${k}`), counts, width: 720 });
    expect(svg.length).toBeLessThan(100_000);
    parseXml(svg);
  });

  it('colours by steps that begin above nothing', () => {
    expect([0, 0.005, 0.01, 0.011, 0.5, 0.8, 0.81, 1].map(rampStep)).toEqual([0, 1, 1, 2, 7, 8, 9, 9]);
  });

  it('refuses a matrix that is not square', () => {
    expect(() => confusion({ title: 't', classes: ['a', 'b'], counts: [[1, 2]] })).toThrow(
      /one row for each of the 2 classes/,
    );
    expect(() => confusion({ title: 't', classes: ['a'], counts: [[-1]] })).toThrow(/counts\[0\]\[0\]/);
  });
});

describe('scatter', () => {
  it('puts equal values on the identity line', () => {
    const svg = scatter({
      title: 't',
      identity: true,
      points: [
        { x: 0.2, y: 0.2 },
        { x: 0.7, y: 0.7 },
        { x: 0.3, y: 0.9 },
      ],
    });
    const line = elements(svg, 'path').find((element) => element.attributes.get('stroke-dasharray') === '5 4');
    const [x1, y1, x2, y2] = (line?.attributes.get('d') ?? '').match(/[\d.]+/g)?.map(Number) ?? [];
    const circles = elements(svg, 'path').filter(
      (element) => element.attributes.get('class') === 'f-series1 s-surface',
    );
    const [px, py] = (circles[0].attributes.get('d') ?? '').match(/-?[\d.]+/g)?.map(Number) ?? [];
    const centre = px + 4.5;
    expect((py - y1) / (y2 - y1)).toBeCloseTo((centre - x1) / (x2 - x1), 2);
  });

  it('stays small for a hundred thousand points', () => {
    const points = Array.from({ length: 100_000 }, (_, index) => ({
      x: (index * 0.618034) % 1,
      y: (index * 0.754877) % 1,
    }));
    const svg = scatter({ title: 't', points, width: 400 });
    expect(svg.length).toBeLessThan(3_000_000);
    expect(scatterFigure({ title: 't', points }).description).toContain('100,000 points');
  });

  it('refuses zero on a log axis and says what to do', () => {
    expect(() => scatter({ title: 't', x: { scale: 'log' }, points: [{ x: 0, y: 1 }] })).toThrow(
      /invalid points\[0\]\.x: got 0; a log axis needs values above 0/,
    );
  });
});

describe('lines', () => {
  it('break where a value is missing', () => {
    const points = [1, 2, null, 4, 5].map((y, x) => ({ x, y }));
    const line = elements(lines({ title: 't', series: [{ name: 'a', points }] }), 'path').find(
      (element) => element.attributes.get('stroke-linejoin') === 'round',
    );
    expect(line?.attributes.get('d')?.match(/M/g)).toHaveLength(2);
  });

  it('do not depend on the order of the points', () => {
    const points = [3, 1, 2].map((x) => ({ x, y: x * x }));
    const sorted = [1, 2, 3].map((x) => ({ x, y: x * x }));
    expect(lines({ title: 't', series: [{ name: 'a', points }] })).toBe(
      lines({ title: 't', series: [{ name: 'a', points: sorted }] }),
    );
  });

  it('thin a long series and keep its extremes', () => {
    const points = Array.from({ length: 50_000 }, (_, x) => ({ x, y: x === 31_234 ? 9 : Math.sin(x / 500) }));
    const figure = linesFigure({ title: 't', series: [{ name: 'a', points }] });
    expect(renderFigure(figure).length).toBeLessThan(100_000);
    const line = elements(renderFigure(figure), 'path').find(
      (element) => element.attributes.get('stroke-linejoin') === 'round',
    );
    const ys = [...(line?.attributes.get('d') ?? '').matchAll(/ (-?[\d.]+)/g)].map(([, y]) => Number(y));
    expect(Math.min(...ys)).toBeLessThan(60);
  });

  it('name every series at its end, apart from each other', () => {
    const series = ['alpha', 'beta', 'gamma', 'delta'].map((name) => ({
      name,
      points: [
        { x: 0, y: 1 },
        { x: 1, y: 1 },
      ],
    }));
    const names = elements(lines({ title: 't', series }), 'text').filter((element) =>
      series.some(({ name }) => name === textOf(element)),
    );
    const heights = names.map((element) => numberOf(element, 'y')).sort((a, b) => a - b);
    expect(heights).toHaveLength(4);
    for (let i = 1; i < 4; i++) expect(heights[i] - heights[i - 1]).toBeGreaterThanOrEqual(13);
  });
});

describe('histogram', () => {
  it('counts every value once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 }),
        (values) => {
          const { counts, edges } = binned({ values, bins: 10 });
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length);
          expect(edges[0]).toBeLessThanOrEqual(Math.min(...values) + 1e-6);
          expect(edges[edges.length - 1]).toBeGreaterThanOrEqual(Math.max(...values) - 1e-6);
        },
      ),
      { seed: 8 },
    );
  });

  it('keeps shares between nothing and all', () => {
    for (const share of [0, 1]) {
      const { edges } = binned({ values: [share, share], format: 'percent' });
      expect(edges[0]).toBeGreaterThanOrEqual(0);
      expect(edges[edges.length - 1]).toBeLessThanOrEqual(1);
    }
  });

  it('puts a value on an edge into the bin that begins there', () => {
    const { edges, counts } = binned({ values: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1], bins: 10 });
    expect(edges).toHaveLength(11);
    expect(counts).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
  });

  it('gives few whole numbers a bin each, around them, and ticks at whole numbers only', () => {
    expect(binned({ values: [5, 5, 5], whole: true })).toEqual({ edges: [4.5, 5.5], counts: [3] });
    expect(binned({ values: [1, 3], bins: 10, whole: true })).toEqual({
      edges: [0.5, 1.5, 2.5, 3.5],
      counts: [1, 0, 1],
    });
    const svg = histogram({ title: 't', values: [5, 5], whole: true, format: 'count', countLabel: 'tasks' });
    expect(elements(svg, 'title').map(textOf)).toContain('5: 2 tasks');
    expect(
      elements(svg, 'text')
        .map(textOf)
        .filter((value) => /^[45]/.test(value)),
    ).toEqual(['5']);
  });

  it('draws one rectangle for each bin that is not empty', () => {
    const svg = histogram({ title: 't', edges: [0, 1, 2, 3], counts: [4, 0, 2] });
    expect(elements(svg, 'rect')).toHaveLength(1 + 2);
  });

  it('refuses edges that do not ascend', () => {
    expect(() => histogram({ title: 't', edges: [0, 2, 1], counts: [1, 1] })).toThrow(/edges\[2\].*ascend/);
    expect(() => histogram({ title: 't', edges: [0, 1], counts: [1, 1] })).toThrow(/one more than the 2 counts/);
  });
});

describe('frontier', () => {
  it('keeps exactly the plans that no other plan of the same or a lower cost equals or beats', () => {
    const plan = fc.record({ cost: fc.integer({ min: 0, max: 9 }), value: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(fc.array(plan, { maxLength: 12 }), (plans) => {
        const kept = efficient(plans);
        for (const one of plans) {
          const beaten = plans.some(
            (other) =>
              other.cost <= one.cost && other.value >= one.value && (other.cost < one.cost || other.value > one.value),
          );
          const equal = kept.some((other) => other.cost === one.cost && other.value === one.value);
          expect(equal).toBe(!beaten);
        }
      }),
      { seed: 9 },
    );
  });

  it('says the frontier in words', () => {
    const figure = frontierFigure({
      title: 't',
      currency: '$',
      points: [
        { label: 'a', cost: 1_000_000, value: 0.8 },
        { label: 'b', cost: 2_000_000, value: 0.7 },
        { label: 'c', cost: 3_000_000, value: 0.9 },
      ],
    });
    expect(figure.description).toBe(
      '3 plans, 2 on the frontier, by rising cost: a: 80.0% for $1.00; c: 90.0% for $3.00.',
    );
  });

  it('takes a single plan, and a free one on a linear axis', () => {
    parseXml(frontier({ title: 't', points: [{ label: 'free', cost: 0, value: 0.5 }] }));
    expect(() => frontier({ title: 't', costScale: 'log', points: [{ label: 'free', cost: 0, value: 0.5 }] })).toThrow(
      /points\[0\]\.cost/,
    );
  });
});

describe('small multiples', () => {
  it('puts panels side by side at the width they get', () => {
    const widths: number[] = [];
    const panel = (width: number): ReturnType<typeof barsFigure> => {
      widths.push(width);
      return barsFigure({ title: 'panel', rows: [{ label: 'a', value: 1 }], width });
    };
    smallMultiples({ title: 't', width: 840, columns: 2, panels: [panel, panel, panel] });
    expect(widths).toEqual([408, 408, 408]);
  });
});

describe('labels', () => {
  it('are spread to the gap, in order, inside the frame', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 7 }), (wanted) => {
        const places = spread(wanted, 14, 0, 100);
        const sorted = [...places].sort((a, b) => a - b);
        expect(sorted[0]).toBeGreaterThanOrEqual(-1e-9);
        expect(sorted[sorted.length - 1]).toBeLessThanOrEqual(100 + 1e-9);
        for (let i = 1; i < sorted.length; i++) expect(sorted[i] - sorted[i - 1]).toBeGreaterThanOrEqual(14 - 1e-9);
      }),
      { seed: 10 },
    );
  });

  it('are left out where there is no room', () => {
    const request = { x: 50, y: 50, label: 'a name' };
    const frame = { left: 0, right: 100, top: 0, bottom: 100 };
    expect(placeLabels([request], [], frame).placed).toBe(1);
    expect(placeLabels([request], [frame], frame).placed).toBe(0);
  });
});
