import { join } from 'node:path';
import { AnswerTableBuilder } from '@assay/core';
import { readCells } from '@assay/core/formats';
import { openSource } from '@assay/core/node';
import { dots } from '@assay/figures';
import { chosenRows, joinFeatures } from '@assay/learn/features';
import { type Band, band, type ExperimentOptions, type ResultFigure, type ResultTable } from '../experiment.ts';
import {
  drawnStudy,
  mean,
  type Outcome,
  outcome,
  type Pictures,
  readPictures,
  realStudy,
  type Study,
} from '../haem/protocol.ts';
import { once } from '../memory.ts';
import { literal } from './answers.ts';

/** What the comparison of variants found. */
export interface VariantsStudy {
  readonly tables: ResultTable[];
  readonly bands: Band[];
  readonly figures: ResultFigure[];
}

interface Variant {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Reference accuracies of labels and of the network on other tasks, by crowd; null where there is none. */
  readonly reference: Readonly<Partial<Record<Crowd, readonly [labels: number, test: number]>>>;
  /** How far from the reference the labels may lie; some variants end by chance in one basin or another. */
  readonly slack?: Readonly<Partial<Record<Crowd, number>>>;
  readonly quick?: boolean;
}
type Crowd = 'drawn' | 'pairs' | 'music' | 'labelme';

const free = { clip: 1 } as const;
const coin = { workers: 'coin', right: 1, wrong: 1, clip: 0.9 } as const;

/** Reference: an independent implementation on the same answers. */
const variants: readonly Variant[] = [
  {
    name: 'literal: class prior, stochastic steps',
    options: literal,
    reference: { drawn: [0.098, 0.1], pairs: [0.615, 0.575], music: [0.723, 0.597], labelme: [0.706, 0.701] },
    slack: { drawn: 0.03, pairs: 0.2, music: 0.05, labelme: 0.1 },
    quick: true,
  },
  {
    name: 'class prior, memoised',
    options: { ...free, classPrior: true },
    reference: { drawn: [0.411, 0.394] },
    slack: { drawn: 0.35 },
  },
  {
    name: 'stochastic steps',
    options: { ...free, updates: 'stochastic' },
    reference: { drawn: [0.919, 0.823], pairs: [0.878, 0.82] },
    slack: { pairs: 0.03 },
    quick: true,
  },
  { name: 'memoised', options: free, reference: { drawn: [0.916, 0.823] } },
  {
    name: 'memoised, prior 1/0.1',
    options: { ...free, right: 1, wrong: 0.1 },
    reference: { drawn: [0.883, 0.825] },
    slack: { drawn: 0.04 },
  },
  {
    name: 'class prior, prior 1/0.1',
    options: { ...literal, right: 1, wrong: 0.1 },
    reference: { music: [0.733, 0.61], labelme: [0.792, 0.807] },
    slack: { music: 0.05, labelme: 0.05 },
  },
  {
    name: 'coins, prior 1/1, clip 0.9',
    options: coin,
    reference: { drawn: [0.976, 0.828], music: [0.794, 0.672], labelme: [0.791, 0.823] },
    quick: true,
  },
  { name: 'as it comes: memoised, clip 0.9', options: {}, reference: {}, quick: true },
];

/** How far from the reference a mean may lie where the variant has no slack of its own. */
const tolerance = { labels: 0.015, test: 0.03 };

/** Training of each crowd's protocol. */
const training: Readonly<Record<Crowd, Readonly<Record<string, unknown>>>> = {
  drawn: { dropout: 0, batch: 200, rate: 2e-3, standardise: false, epochs: 30, tolerance: 0 },
  pairs: {
    dropout: 0,
    batch: 0,
    rate: 3e-3,
    decay: 1e-4,
    hidden: 64,
    standardise: false,
    epochs: 100,
    step: 0.1,
    tolerance: 0,
  },
  music: { tolerance: 0 },
  labelme: { tolerance: 0 },
};

/** The variants on drawn and real crowds: which collapse, and which lead. */
export async function variantsStudy({
  full,
  seed = 1,
  data = '../shared/datasets',
  onProgress,
  signal,
  memory,
}: ExperimentOptions): Promise<VariantsStudy> {
  const pictures = await readPictures(data);
  const crowds: readonly Crowd[] = full ? ['drawn', 'pairs', 'music', 'labelme'] : ['drawn', 'pairs', 'music'];
  const chosen = variants.filter((variant) => full || variant.quick === true);
  const rows: (string | number | null)[][] = [];
  const bands: Band[] = [];
  const labels = new Map<string, readonly number[]>();
  for (const crowd of crowds) {
    const studies = await studiesOf(crowd, data, pictures, full);
    for (const { name, options, reference, slack } of chosen) {
      if (crowd === 'pairs' && reference.pairs === undefined) continue;
      onProgress(`${crowd}: ${name}`, rows.length, crowds.length * chosen.length);
      const found: Outcome[] = [];
      for (const [at, study] of studies.entries()) {
        // Model prior of the drawn pairs: the true one, Dir(2, 1).
        const all = { ...training[crowd], ...(crowd === 'pairs' ? { right: 2, wrong: 1 } : {}), ...options };
        found.push(
          await once(memory, `${seed}/${crowd}/${at}/${name}`, () =>
            outcome(study, 'bayesdgc', all, seed + at, signal),
          ),
        );
      }
      const inference = found.map((each) => each.inference);
      const [value, test] = [mean(inference) as number, mean(found.map((each) => each.test)) as number];
      labels.set(`${crowd}/${name}`, inference);
      const expected = reference[crowd];
      rows.push([crowd, name, value, expected?.[0] ?? null, test, expected?.[1] ?? null]);
      if (expected === undefined) continue;
      // One crowd alone may lie further from the mean of three.
      const wide = (slack?.[crowd] ?? tolerance.labels) + (full ? 0 : 0.03);
      bands.push(
        band(`${name}, ${crowd}: labels`, value, expected[0] - wide, Math.min(1, expected[0] + wide), expected[0]),
      );
      const wideTest = Math.max(wide, tolerance.test);
      bands.push(
        band(`${name}, ${crowd}: test`, test, expected[1] - wideTest, Math.min(1, expected[1] + wideTest), expected[1]),
      );
    }
  }
  for (const crowd of crowds) {
    const [bad, good] = [chosen[0].name, 'as it comes: memoised, clip 0.9'].map((name) =>
      labels.get(`${crowd}/${name}`),
    );
    if (bad === undefined || good === undefined) continue;
    const least = Math.min(...good.map((value, i) => value - bad[i]));
    bands.push(band(`as it comes above literal, ${crowd}: least over runs`, least, 0, 1));
  }
  return {
    tables: [
      {
        title: `Variants: accuracy of the labels, and of the network on other tasks (${full ? 'three runs' : 'one run'})`,
        columns: ['crowd', 'variant', 'labels', 'reference', 'test', 'reference (test)'],
        rows,
      },
    ],
    bands,
    figures: [
      {
        name: 'bayesdgc-variants',
        svg: dots({
          title: 'Accuracy of the labels by variant',
          format: 'percent',
          label: 'accuracy',
          rows: rows.map(([crowd, name, value]) => ({
            label: `${crowd}: ${String(name).split(':')[0]}`,
            value: value as number,
            group: crowd as string,
          })),
        }),
      },
    ],
  };
}

async function studiesOf(crowd: Crowd, data: string, pictures: Pictures, full: boolean): Promise<Study[]> {
  const seeds = full ? [0, 1, 2] : [0];
  if (crowd === 'drawn') return Promise.all(seeds.map((seed) => drawnStudy(data, pictures, seed)));
  if (crowd === 'pairs') return Promise.all(seeds.map((seed) => pairStudy(data, pictures, seed)));
  const study = await realStudy(data, crowd);
  return seeds.map(() => study);
}

/** 1,000 pullovers and shirts, three answers each of 750 workers and one of a spammer who labels all by a coin. */
async function pairStudy(data: string, pictures: Pictures, seed: number): Promise<Study> {
  const cells = async (name: string): Promise<string[][]> =>
    (await readCells(await openSource(join(data, `fmnist-crowd/oc_l3r4_d2-1_sp1_seed${seed}_${name}.csv`)))).slice(1);
  const items = await cells('items');
  const builder = new AnswerTableBuilder({ classes: ['0', '1'] });
  for (const [task] of items) builder.tasks.add(task);
  for (const [task, worker, label] of await cells('labels')) builder.add({ task, worker, label });
  const { table } = builder.build();
  const matrix = chosenRows(
    pictures.train,
    items.map(([, index]) => Number(index)),
  );
  const tests = pictures.testLabels.flatMap((label, row) => (label === '2' || label === '6' ? [row] : []));
  return {
    table,
    truth: new Map(items.map(([task, , label]) => [task, label])),
    features: joinFeatures(table, matrix, { tasks: new Map(items.map(([task], row) => [row, task])) }),
    testMatrix: chosenRows(pictures.test, tests),
    testTruth: tests.map((row) => (pictures.testLabels[row] === '2' ? '0' : '1')),
  };
}
