import { band, type ExperimentOptions } from '../experiment.ts';
import { outcome, realStudy } from '../haem/protocol.ts';
import { once } from '../memory.ts';
import type { Part } from './labels.ts';
import { summary } from './runs.ts';

const sets = ['music', 'labelme'] as const;

interface Row {
  readonly name: string;
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Labels and other tasks, music and LabelMe, in an independent implementation. */
  readonly reference?: readonly (readonly [labels: number, test: number])[];
}

const rows: readonly Row[] = [
  {
    name: 'deepMF, prior (1, .1), in-sample',
    method: 'deepmf',
    options: { right: 1, wrong: 0.1, folds: 'none' },
    reference: [
      [0.801, 0.68],
      [0.809, 0.814],
    ],
  },
  { name: 'deepMF', method: 'deepmf', options: {} },
  { name: 'deepMF one-coin', method: 'deepmf', options: { model: 'one-coin' } },
  { name: 'deepBP one-coin', method: 'deepbp', options: {} },
];

/** Both methods on the two real crowds with features, by default and as the reference had deepMF. */
export async function realCrowds(options: ExperimentOptions): Promise<Part> {
  const { seed = 1, data = '../shared/datasets', memory, signal, onProgress } = options;
  const seeds = [seed, seed + 1, seed + 2];
  const part: Part = { tables: [], bands: [], figures: [] };
  for (const [s, set] of sets.entries()) {
    const study = await realStudy(data, set);
    const table: (string | number | null)[][] = [];
    for (const [r, { name, method, options: own, reference }] of rows.entries()) {
      onProgress(set, r, rows.length);
      const found = [];
      for (const each of seeds) {
        const key = JSON.stringify(['real', set, name, each]);
        found.push(await once(memory, key, () => outcome(study, method, own, each, signal)));
      }
      const { inference, test } = summary(found);
      const [labels, other] = reference?.[s] ?? [null, null];
      table.push([name, inference, labels, test, other]);
      if (labels !== null && other !== null) {
        part.bands.push(band(`${name}; ${set}: labels`, inference, labels - 0.015, labels + 0.015, labels));
        part.bands.push(band(`${name}; ${set}: test`, test as number, other - 0.03, other + 0.03, other));
      }
    }
    part.tables.push({
      title: `${set}: accuracy of the labels, and of the network on other tasks, ${seeds.length} seeds`,
      columns: ['method', 'labels', 'reference', 'test', 'reference (test)'],
      rows: table,
    });
  }
  return part;
}
