import { type LineSeries, linesFigure, smallMultiples } from '@assay/figures';
import { type Band, band, type ExperimentOptions, type ResultFigure } from '../experiment.ts';
import {
  beliefOne,
  type Contender,
  capped,
  deepBelief,
  deepFieldOne,
  deepFieldTwo,
  fieldOne,
  fieldTwo,
  majority,
  others,
  plain,
  type Setting,
  thenNetwork,
} from './contenders.ts';
import type { Part } from './labels.ts';
import type { Runs, Summary } from './runs.ts';

const byField = thenNetwork(fieldTwo);
const byBelief = thenNetwork(beliefOne);
const [crowdLayer] = others;
const bayesdgc = others[others.length - 1];
/** Crowds of each setting in the full run. */
const drawn = 5;

/** The contenders of the figures; the vote last, so that panels without it draw the others alike. */
const main: readonly Contender[] = [byField, byBelief, deepFieldTwo, deepBelief, crowdLayer, bayesdgc, majority];
const everybody: readonly Contender[] = [
  majority,
  thenNetwork(fieldOne),
  byField,
  byBelief,
  deepFieldOne,
  deepFieldTwo,
  deepBelief,
  ...others,
];

const spammed = (wrong: number, spammers = 1, blur = 0): Setting => ({ ...plain, spammers, belief: [2, wrong], blur });
const trusted = (right: number): Setting => ({ ...plain, truth: [right, right / 2], belief: [right, right / 2] });

const tabled: readonly (readonly [name: string, setting: Setting, quick?: boolean])[] = [
  ['Dir(.2, .1), true prior', trusted(0.2), true],
  ['Dir(1, .5), true prior', trusted(1)],
  ['Dir(2, 1), true prior', trusted(2)],
  ['Dir(2, 1) and a spammer, true prior', spammed(1)],
  ['prior (2, 1.2)', spammed(1.2)],
  ['prior (2, 1.4)', spammed(1.4)],
  ['prior (2, 1.6)', spammed(1.6)],
  ['no spammer, prior (2, 1.4)', spammed(1.4, 0)],
  ['3 spammers, prior (2, 1.4)', spammed(1.4, 3)],
  ['a spammer, true prior, blurred', spammed(1, 1, 4)],
  ['a spammer, prior (2, 1.6), blurred', spammed(1.6, 1, 4), true],
];

/** All contenders with pictures. */
export async function featureTable({ full }: ExperimentOptions, runs: Runs): Promise<Part> {
  const chosen = tabled.filter(([, , quick]) => full || quick === true);
  const crowds = full ? drawn : 2;
  const list = full ? everybody : main;
  const found = await runs.all(
    'with pictures',
    chosen.map(([, setting]) => setting),
    list,
    crowds,
  );
  const of = (row: string, contender: Contender): Summary =>
    found[chosen.findIndex(([name]) => name === row)][list.indexOf(contender)];
  const blurredRow = 'a spammer, prior (2, 1.6), blurred';
  const sparse = 'Dir(.2, .1), true prior';
  const belief = of(blurredRow, deepBelief).inference;
  const field = of(blurredRow, deepFieldTwo).inference;
  const slack = full ? 0 : 0.05;
  const table = (measure: 'inference' | 'test', title: string) => ({
    title: `${title}, mean over ${crowds} crowds`,
    columns: ['crowd and prior', ...list.map(({ name }) => name)],
    rows: chosen.map(([name], row) => [name, ...found[row].map((each) => each[measure])]),
  });
  return {
    tables: [table('inference', 'Accuracy of the labels'), table('test', 'Accuracy of the network on other pictures')],
    bands: [
      band(`deepBP: ${blurredRow}`, belief, 0.74 - slack, 0.84 + slack, 0.79),
      band(`deepMF two-coin: ${blurredRow}`, field, 0.45, 0.62 + slack, 0.55),
      band(`deepBP above deepMF two-coin: ${blurredRow}`, belief - field, 0.12, 0.4, 0.24),
      band(`deepBP: ${sparse}`, of(sparse, deepBelief).inference, 0.98, 1, 0.991),
      band(
        `deepBP above deepMF two-coin: ${sparse}`,
        of(sparse, deepBelief).inference - of(sparse, deepFieldTwo).inference,
        0.1,
        0.25,
        0.16,
      ),
    ],
    figures: [],
  };
}

interface Sweep {
  readonly x: readonly number[];
  readonly label: string;
  readonly contenders: readonly Contender[];
  /** One row per x, one column per contender. */
  readonly found: readonly (readonly Summary[])[];
}

/** Lines of one measure over a sweep; contenders without that measure are left out. */
function panel(title: string, { x, label, contenders, found }: Sweep, measure: 'inference' | 'test') {
  const series = contenders
    .map(
      ({ name }, column): LineSeries => ({
        name: measure === 'test' ? name : name.replace(' → net', ''),
        points: x.map((value, row) => ({ x: value, y: found[row][column][measure] })),
      }),
    )
    .filter(({ points }) => points.some(({ y }) => y !== null));
  const y = measure === 'test' ? 'accuracy on other pictures' : 'accuracy of the labels';
  return (width: number) => linesFigure({ title, width, x: { label }, y: { label: y, format: 'percent' }, series });
}

function figureOf(
  name: string,
  title: string,
  sweeps: readonly (readonly [name: string, sweep: Sweep])[],
): ResultFigure {
  const panels = sweeps.flatMap(([each, sweep]) => [
    panel(`${each}: labels`, sweep, 'inference'),
    panel(`${each}: network`, sweep, 'test'),
  ]);
  return { name, svg: smallMultiples({ title, columns: 2, panels }) };
}

/** Figure 1: blur of the pictures against the cap. */
export async function blurAndCap(_options: ExperimentOptions, runs: Runs): Promise<Part> {
  const caps = [0.55, 0.7, 0.8, 0.9, 1];
  const blurs = [0, 2, 4];
  const list = [deepFieldTwo, deepBelief].flatMap((contender) => caps.map((cap) => capped(contender, cap)));
  const settings = blurs.map((blur) => ({ ...trusted(1), blur }));
  const found = await runs.all('blur and cap', settings, [beliefOne, ...list], drawn);
  const at = (blur: number, cap: number): number =>
    found[blurs.indexOf(blur)][1 + caps.length + caps.indexOf(cap)].inference;
  const alone = found[0][0].inference;
  const sweeps = [deepFieldTwo, deepBelief].map((contender, c) => {
    const sweep: Sweep = {
      x: caps,
      label: 'cap',
      contenders: blurs.map((blur) => ({ ...contender, name: `blur ${blur}` })),
      found: caps.map((_, cap) => blurs.map((__, row) => found[row][1 + c * caps.length + cap])),
    };
    return [contender.name, sweep] as const;
  });
  return {
    tables: [
      {
        title: `Blur (rows) and cap (columns): accuracy of the labels, ${drawn} crowds; BP without pictures ${alone.toFixed(3)}`,
        columns: ['method', 'blur', ...caps.map((cap) => `${cap}`)],
        rows: [deepFieldTwo, deepBelief].flatMap(({ name }, c) =>
          blurs.map((blur, row) => [
            name,
            blur,
            ...caps.map((_, cap) => found[row][1 + c * caps.length + cap].inference),
          ]),
        ),
      },
    ],
    bands: [
      band('deepBP above BP without pictures, clear, cap .9', at(0, 0.9) - alone, 0.04, 0.15),
      band('deepBP: clear above blurred 4, cap .9', at(0, 0.9) - at(4, 0.9), 0.02, 0.15),
      band('deepBP above BP without pictures, blurred 4, cap .55', at(4, 0.55) - alone, -0.01, 0.05),
    ],
    figures: [figureOf('deepbp-blur', 'Blur of the pictures and the cap on the network, Dir(1, .5)', sweeps)],
  };
}

/** Figure 2: how sparse the prior is, known to all methods. */
export async function sparsity(_options: ExperimentOptions, runs: Runs): Promise<Part> {
  const x = [0.2, 0.4, 0.6, 1, 1.5, 2];
  const found = await runs.all('sparsity of the prior', x.map(trusted), main, drawn);
  const gap = (row: number, one: Contender, other: Contender): number =>
    found[row][main.indexOf(one)].inference - found[row][main.indexOf(other)].inference;
  const rivals = main.filter((contender) => contender !== deepBelief);
  const least = Math.min(...x.map((_, row) => Math.min(...rivals.map((rival) => gap(row, deepBelief, rival)))));
  return {
    tables: [sweepTable('Dir(a, a/2), known', 'a', { x, label: 'a', contenders: main, found })],
    bands: [
      band('BP above MF two-coin, a = .2', gap(0, byBelief, byField), 0.1, 0.25, 0.181),
      band('deepBP above deepMF two-coin, a = .2', gap(0, deepBelief, deepFieldTwo), 0.1, 0.25, 0.16),
      band('deepMF above MF two-coin, a = 1', gap(3, deepFieldTwo, byField), 0.05, 0.2, 0.093),
      band('deepBP above the best other, any a: least', least, -0.01, 0.2),
    ],
    figures: [
      figureOf('deepbp-sparsity', 'Accuracies from Dir(a, a/2), known to the methods', [
        ['clear', { x, label: 'a', contenders: main, found }],
      ]),
    ],
  };
}

/** Figure 3: an extreme spammer and a prior that is off; several spammers. */
export async function spammers(_options: ExperimentOptions, runs: Runs): Promise<Part> {
  const wrongs = [0.8, 1, 1.2, 1.4, 1.6];
  const counts = [0, 1, 3, 5];
  const bands: Band[] = [];
  const sweeps: (readonly [string, Sweep])[] = [];
  const several: (readonly [string, Sweep])[] = [];
  for (const [name, blur] of [
    ['clear', 0],
    ['blurred', 4],
  ] as const) {
    const byPrior = await runs.all(
      `spammer, ${name}`,
      wrongs.map((wrong) => spammed(wrong, 1, blur)),
      main,
      drawn,
    );
    const byCount = await runs.all(
      `spammers, ${name}`,
      counts.map((count) => spammed(1.4, count, blur)),
      main,
      drawn,
    );
    const loss = (found: Summary[][], contender: Contender, from: number, to: number): number =>
      found[from][main.indexOf(contender)].inference - found[to][main.indexOf(contender)].inference;
    if (blur === 0) {
      bands.push(band('MF two-coin, from prior (2, 1) to (2, 1.6): loss', loss(byPrior, byField, 1, 4), 0.15, 0.35));
      bands.push(band('BP one-coin: the same', loss(byPrior, byBelief, 1, 4), -0.01, 0.1));
      bands.push(band('deepBP: the same', loss(byPrior, deepBelief, 1, 4), -0.02, 0.03));
      bands.push(
        band('BP one-coin, from no spammer to 5, prior (2, 1.4): loss', loss(byCount, byBelief, 0, 3), -0.02, 0.1),
      );
    } else {
      bands.push(
        band('deepMF two-coin, blurred, (2, 1) to (2, 1.6): loss', loss(byPrior, deepFieldTwo, 1, 4), 0.1, 0.35),
      );
      bands.push(band('deepBP, blurred: the same', loss(byPrior, deepBelief, 1, 4), -0.02, 0.05));
    }
    sweeps.push([name, { x: wrongs, label: 'second parameter of the prior', contenders: main, found: byPrior }]);
    several.push([name, { x: counts, label: 'spammers', contenders: main, found: byCount }]);
  }
  return {
    tables: [
      ...sweeps.map(([name, sweep]) => sweepTable(`A spammer, Dir(2, 1), prior (2, b), ${name}`, 'b', sweep)),
      ...several.map(([name, sweep]) => sweepTable(`Spammers, Dir(2, 1), prior (2, 1.4), ${name}`, 'spammers', sweep)),
    ],
    bands,
    figures: [
      figureOf('deepbp-prior', 'An extreme spammer, and a prior that is off: Dir(2, 1), believed (2, b)', sweeps),
      figureOf('deepbp-spammers', 'Extreme spammers, believed prior (2, 1.4)', several),
    ],
  };
}

/** Figure 6: many tasks with few answers or few with many, for 2,000 answers. */
export async function fixedBudget(_options: ExperimentOptions, runs: Runs): Promise<Part> {
  const budget = 2000;
  const x = [1, 2, 3, 5, 10];
  const settings = x.map((redundancy) => ({ ...plain, redundancy, tasks: Math.floor(budget / redundancy) }));
  const list = [byBelief, deepFieldTwo, deepBelief, crowdLayer, bayesdgc];
  const found = await runs.all('fixed budget', settings, list, drawn);
  const sweep: Sweep = { x, label: 'answers per picture', contenders: list, found };
  const test = (row: number, contender: Contender): number => found[row][list.indexOf(contender)].test as number;
  return {
    tables: [sweepTable('2,000 answers, Dir(2, 1)', 'answers per picture', sweep)],
    bands: [deepFieldTwo, deepBelief].map((contender) =>
      band(
        `${contender.name}: network from 1 answer a picture above that from 10`,
        test(0, contender) - test(4, contender),
        0,
        0.2,
      ),
    ),
    figures: [figureOf('deepbp-budget', '2,000 answers: many pictures or many answers each', [['budget', sweep]])],
  };
}

function sweepTable(title: string, label: string, { x, contenders, found }: Sweep) {
  const cell = (value: number | null): string => (value === null ? '–' : value.toFixed(3));
  return {
    title: `${title}: labels / network, ${drawn} crowds`,
    columns: [label, ...contenders.map(({ name }) => name)],
    rows: x.map((value, row) => [
      value,
      ...found[row].map(({ inference, test }) => `${cell(inference)} / ${cell(test)}`),
    ]),
  };
}
