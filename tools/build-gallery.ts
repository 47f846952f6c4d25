/**
 * Draws every kind of figure from invented data into `docs/figures/` and writes `docs/figures.md`.
 *
 * Usage: `node tools/build-gallery.ts [--check]` with the packages built. `--check` writes nothing and exits 1 when a
 * committed file differs from what would be written.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '@assay/core';
import {
  barsFigure,
  calibrationFigure,
  confusionFigure,
  dotsFigure,
  type Figure,
  frontierFigure,
  histogramFigure,
  linesFigure,
  renderFigure,
  scatterFigure,
  smallMultiplesFigure,
} from '@assay/figures';

interface Example {
  readonly name: string;
  readonly call: string;
  readonly use: string;
  readonly figure: Figure;
}

const random = new Random(7);
const around = (middle: number, spread: number): number =>
  Math.min(0.99, Math.max(0.02, middle + spread * (random.uniform() + random.uniform() + random.uniform() - 1.5)));

/** The gallery, in the order of the page. All data are invented. */
export function examples(): Example[] {
  return [
    {
      name: 'bars',
      call: 'bars',
      use: 'A few named values with intervals. Bars begin at zero.',
      figure: barsFigure({
        title: 'Accuracy of five methods',
        subtitle: '95 % bootstrap intervals, invented data',
        format: 'percent',
        label: 'accuracy',
        reference: { value: 0.5, label: 'chance' },
        rows: [
          { label: 'dawid-skene-map', value: 0.934, lo: 0.917, hi: 0.95, highlight: true },
          { label: 'zencrowd', value: 0.921, lo: 0.902, hi: 0.938 },
          { label: 'majority-vote', value: 0.893, lo: 0.871, hi: 0.913 },
          {
            label: 'a method whose name is much too long to be set beside its bar in full',
            value: 0.84,
            lo: 0.81,
            hi: 0.869,
          },
          { label: 'one worker', value: 0.712, lo: 0.665, hi: 0.757 },
        ],
      }),
    },
    {
      name: 'dots',
      call: 'dots',
      use: 'Many named values with intervals, such as workers. Groups differ by marker.',
      figure: dotsFigure({
        title: 'Accuracy of workers',
        subtitle: '90 % intervals, invented data',
        format: 'percent',
        label: 'accuracy',
        countLabel: 'answers',
        reference: { value: 0.25, label: 'chance' },
        rows: ['ann', 'bob', 'model-a', 'chandra', 'model-b', '大江', 'rule: regex', 'eve', 'fritz'].map(
          (label, index) => {
            const value = around(0.92 - index * 0.07, 0.03);
            const count = Math.round(900 * random.uniform() ** 2) + 12;
            const half = 1.64 * Math.sqrt((value * (1 - value)) / count);
            const group = label.startsWith('model') ? 'ai' : label.startsWith('rule') ? 'rule' : 'human';
            return { label, value, lo: Math.max(0, value - half), hi: Math.min(1, value + half), count, group };
          },
        ),
      }),
    },
    {
      name: 'calibration',
      call: 'calibration',
      use: 'Stated probability against the share that is right, with counts below.',
      figure: calibrationFigure({
        title: 'Can the probabilities be trusted?',
        subtitle: 'Invented data',
        bins: Array.from({ length: 8 }, (_, index) => {
          const predicted = 0.3 + index * 0.095;
          const count = Math.round(20 + 900 * (index / 7) ** 4);
          const observed = Math.min(0.99, predicted - 0.08 + 0.07 * (index / 7));
          const half = 1.64 * Math.sqrt((observed * (1 - observed)) / count);
          return { predicted, observed, count, lo: Math.max(0, observed - half), hi: Math.min(1, observed + half) };
        }),
      }),
    },
    {
      name: 'confusion',
      call: 'confusion',
      use: 'True classes against what was said. Percentages are shares of the row.',
      figure: confusionFigure({
        title: 'Confusions of all workers',
        subtitle: 'Invented data',
        width: 520,
        classes: ['billing', 'bug', 'feature request', 'praise', 'other'],
        counts: [
          [812, 22, 4, 0, 31],
          [96, 1410, 88, 2, 45],
          [7, 131, 502, 12, 60],
          [0, 1, 9, 233, 18],
          [41, 38, 52, 27, 310],
        ],
      }),
    },
    {
      name: 'confusion-many',
      call: 'confusion',
      use: 'With many classes cells keep the percentages that fit; the rest is on hover and in the table.',
      figure: confusionFigure({
        title: 'Twenty-four kinds of birds',
        subtitle: 'Invented data',
        width: 640,
        classes: Array.from({ length: 24 }, (_, index) => `species ${index + 1}`),
        counts: Array.from({ length: 24 }, (_, t) =>
          Array.from({ length: 24 }, (_, s) =>
            t === s
              ? 60 + Math.floor(40 * random.uniform())
              : Math.floor((Math.abs(t - s) < 3 ? 18 : 1.4) * random.uniform()),
          ),
        ),
      }),
    },
    {
      name: 'scatter',
      call: 'scatter',
      use: 'Two values of each thing, with the line of equality where they should agree.',
      figure: scatterFigure({
        title: 'Estimated and true accuracy of 120 workers',
        subtitle: 'Invented data',
        identity: true,
        x: { label: 'true accuracy', format: 'percent' },
        y: { label: 'estimated accuracy', format: 'percent' },
        points: Array.from({ length: 120 }, (_, index) => {
          const x = around(0.78, 0.2);
          return { x, y: around(x, 0.05), group: index % 6 === 0 ? 'models' : 'people' };
        }),
      }),
    },
    {
      name: 'lines',
      call: 'lines',
      use: 'Lines with bands; names stand at the ends, dashes and markers differ.',
      figure: linesFigure({
        title: 'Accuracy by answers per task',
        subtitle: 'Bands: 90 % of 40 seeds, invented data',
        x: { label: 'answers per task', scale: 'log', format: 'count' },
        y: { label: 'accuracy', format: 'percent' },
        series: ['dawid-skene-map', 'zencrowd', 'majority-vote', 'random choice'].map((name, index) => ({
          name,
          points: [1, 2, 3, 5, 7, 10, 15, 20].map((x) => {
            const y = 0.97 - index * 0.015 - (0.27 + index * 0.02) * Math.exp(-x / (3 + index));
            const half = 0.03 / Math.sqrt(x);
            return { x, y, lo: y - half, hi: Math.min(1, y + half) };
          }),
        })),
      }),
    },
    {
      name: 'histogram',
      call: 'histogram',
      use: 'How often values occur.',
      figure: histogramFigure({
        title: 'Top probability of 2,000 tasks',
        subtitle: 'Invented data',
        format: 'percent',
        label: 'probability of the label',
        countLabel: 'tasks',
        bins: 25,
        reference: { value: 0.9, label: 'wanted' },
        values: Array.from({ length: 2000 }, () => 1 - 0.6 * random.uniform() ** 3),
      }),
    },
    {
      name: 'frontier',
      call: 'frontier',
      use: 'Quality against money: the plans that no cheaper plan beats.',
      figure: frontierFigure({
        title: 'What the money buys',
        subtitle: 'Invented data',
        currency: '$',
        valueLabel: 'expected accuracy',
        points: [
          { label: 'model b only', cost: 2_400_000, value: 0.79, lo: 0.76, hi: 0.82 },
          { label: 'model a only', cost: 5_300_000, value: 0.86, lo: 0.84, hi: 0.88 },
          { label: '1 person', cost: 12_000_000, value: 0.81, lo: 0.78, hi: 0.84 },
          { label: 'models, doubts to people', cost: 17_500_000, value: 0.935, lo: 0.92, hi: 0.95, highlight: true },
          { label: '3 people', cost: 36_000_000, value: 0.9, lo: 0.88, hi: 0.92 },
          { label: 'models and 2 people', cost: 41_000_000, value: 0.951, lo: 0.938, hi: 0.962 },
          { label: '5 people', cost: 60_000_000, value: 0.94, lo: 0.925, hi: 0.955 },
        ],
      }),
    },
    {
      name: 'small-multiples',
      call: 'smallMultiples',
      use: 'Any of these in a grid, each with its own title.',
      figure: smallMultiplesFigure({
        title: 'Accuracy by answers per task on three sets',
        subtitle: 'Invented data',
        panels: ['faces', 'reviews', 'birds'].map(
          (title, set) => (width: number) =>
            linesFigure({
              title,
              width,
              x: { label: 'answers per task', format: 'count', domain: [1, 9] },
              y: { format: 'percent', domain: [0.5, 1] },
              series: ['auto', 'vote'].map((name, index) => ({
                name,
                points: [1, 3, 5, 7, 9].map((x) => ({
                  x,
                  y: 0.97 - 0.06 * set - 0.02 * index - 0.3 * Math.exp(-x / (2 + index + set)),
                })),
              })),
            }),
        ),
      }),
    },
  ];
}

/** Every file of the gallery with its text, by path from the root of the repository. */
export function galleryFiles(): Map<string, string> {
  const files = new Map<string, string>();
  const sections: string[] = [];
  for (const { name, call, use, figure } of examples()) {
    files.set(`docs/figures/${name}.svg`, `${renderFigure(figure)}\n`);
    sections.push(`## \`${call}\`\n\n${use}\n\n![${figure.title}. ${figure.description}](figures/${name}.svg)\n`);
  }
  files.set('docs/figures.md', `${opening}\n${sections.join('\n')}`);
  return files;
}

const opening = `# Figures

\`@assay/figures\` draws without a browser: each figure is a function from plain data to SVG text. The same input gives
the same bytes. Figures follow the reader's light or dark setting, are light on paper, and carry a title and a
description for screen readers; \`dataTable\` gives the numbers as an HTML table. Colour is never the only signal:
series also differ by marker, dash and name.

\`\`\`ts
import { writeFileSync } from 'node:fs';
import { bars, barsFigure, dataTable } from '@assay/figures';

const options = {
  title: 'Accuracy of two methods',
  format: 'percent',
  rows: [
    { label: 'dawid-skene', value: 0.93, lo: 0.91, hi: 0.95 },
    { label: 'majority-vote', value: 0.89, lo: 0.87, hi: 0.91 },
  ],
} as const;

writeFileSync('accuracy.svg', bars(options));
console.log(dataTable(barsFigure(options)));
\`\`\`

A page that embeds several figures puts \`figureStyles()\` once into its head and renders each with
\`{ standalone: false }\`. Values that cannot be drawn (not finite, an interval out of order) throw \`InputError\`; no
data at all draws the words "No data".

This page is written by \`node tools/build-gallery.ts\`; all its data are invented.
`;

function main(): void {
  const root = join(import.meta.dirname, '..');
  const check = process.argv.includes('--check');
  let stale = 0;
  for (const [path, content] of galleryFiles()) {
    const target = join(root, path);
    const same = existsSync(target) && readFileSync(target, 'utf8') === content;
    if (same) continue;
    stale++;
    console.log(`${check ? 'stale' : 'wrote'} ${path}`);
    if (check) continue;
    mkdirSync(join(target, '..'), { recursive: true });
    writeFileSync(target, content);
  }
  process.exitCode = check && stale > 0 ? 1 : 0;
}

if (import.meta.main) main();
