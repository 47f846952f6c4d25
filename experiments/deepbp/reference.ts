import { join } from 'node:path';
import { AnswerTableBuilder } from '@assay/core';
import { readCells } from '@assay/core/formats';
import { openSource } from '@assay/core/node';
import { chosenRows, joinFeatures } from '@assay/learn/features';
import { type Band, band, type ExperimentOptions, type ResultTable } from '../experiment.ts';
import type { Outcome, Study } from '../haem/protocol.ts';
import { once } from '../memory.ts';
import {
  beliefOne,
  type Contender,
  compete,
  deepBelief,
  deepFieldOne,
  deepFieldTwo,
  fieldOne,
  fieldTwo,
  plain,
  type Setting,
  thenNetwork,
} from './contenders.ts';
import { blurred, type Garments } from './pictures.ts';
import { summary } from './runs.ts';

const contenders: readonly Contender[] = [
  thenNetwork(fieldOne),
  thenNetwork(fieldTwo),
  thenNetwork(beliefOne),
  deepFieldOne,
  deepFieldTwo,
  deepBelief,
];

interface Row {
  readonly name: string;
  readonly file: string;
  readonly setting: Setting;
  /** Labels and other pictures, of each contender in its order. */
  readonly reference: readonly (readonly [inference: number, test: number])[];
  /** Contenders (by index) that fall into one basin or the other by chance. */
  readonly unsteady?: readonly number[];
  readonly quick?: boolean;
}

const sparse: Setting = { ...plain, truth: [0.2, 0.1], belief: [0.2, 0.1] };
const spammed = (wrong: number, blur = 0): Setting => ({ ...plain, spammers: 1, belief: [2, wrong], blur });

/** An independent implementation in another language, on the same answers and pictures, three crowds. */
const rows: readonly Row[] = [
  {
    name: 'Dir(.2, .1), true prior',
    file: 'oc_l3r4_d.2-.1_sp0',
    setting: sparse,
    reference: [
      [0.883, 0.826],
      [0.809, 0.811],
      [0.985, 0.836],
      [0.885, 0.824],
      [0.831, 0.808],
      [0.991, 0.834],
    ],
    quick: true,
  },
  {
    name: 'Dir(2, 1) and a spammer, true prior',
    file: 'oc_l3r4_d2-1_sp1',
    setting: spammed(1),
    reference: [
      [0.743, 0.803],
      [0.741, 0.794],
      [0.754, 0.812],
      [0.889, 0.825],
      [0.887, 0.819],
      [0.888, 0.823],
    ],
  },
  {
    name: 'prior (2, 1.2)',
    file: 'oc_l3r4_d2-1_sp1',
    setting: spammed(1.2),
    reference: [
      [0.736, 0.807],
      [0.654, 0.706],
      [0.754, 0.81],
      [0.893, 0.822],
      [0.894, 0.825],
      [0.895, 0.83],
    ],
    unsteady: [1],
  },
  {
    name: 'prior (2, 1.4)',
    file: 'oc_l3r4_d2-1_sp1',
    setting: spammed(1.4),
    reference: [
      [0.628, 0.689],
      [0.519, 0.531],
      [0.752, 0.805],
      [0.897, 0.822],
      [0.891, 0.826],
      [0.898, 0.823],
    ],
    unsteady: [0, 1],
  },
  {
    name: 'prior (2, 1.6)',
    file: 'oc_l3r4_d2-1_sp1',
    setting: spammed(1.6),
    reference: [
      [0.519, 0.535],
      [0.519, 0.527],
      [0.724, 0.795],
      [0.891, 0.823],
      [0.89, 0.829],
      [0.893, 0.825],
    ],
    unsteady: [0, 1],
  },
  {
    name: 'true prior, blurred',
    file: 'oc_l3r4_d2-1_sp1',
    setting: spammed(1, 4),
    reference: [
      [0.743, 0.662],
      [0.741, 0.664],
      [0.754, 0.661],
      [0.797, 0.661],
      [0.781, 0.66],
      [0.803, 0.671],
    ],
  },
  {
    name: 'prior (2, 1.6), blurred',
    file: 'oc_l3r4_d2-1_sp1',
    setting: spammed(1.6, 4),
    reference: [
      [0.519, 0.511],
      [0.519, 0.515],
      [0.724, 0.656],
      [0.606, 0.551],
      [0.55, 0.5],
      [0.79, 0.671],
    ],
    unsteady: [0, 1, 3, 4],
    quick: true,
  },
];

/** How far from the reference a mean may lie: answers alone draw nothing, networks do. */
const tolerance = { alone: 0.005, learning: 0.025, test: 0.03, unsteady: 0.12 };

/** The contenders on the three crowds of the reference, beside what it found. */
export async function referenceStudy(
  { full, seed = 1, data = '../shared/datasets', onProgress, signal, memory }: ExperimentOptions,
  garments: Garments,
): Promise<{ tables: ResultTable[]; bands: Band[] }> {
  const crowds = [0, 1, 2];
  const chosen = rows.filter(({ quick }) => full || quick === true);
  const bands: Band[] = [];
  const table: (string | number | null)[][] = [];
  for (const [index, { name, file, setting, reference, unsteady = [] }] of chosen.entries()) {
    onProgress('crowds of the reference', index, chosen.length);
    const found: Outcome[][] = contenders.map(() => []);
    for (const crowd of crowds) {
      const study = await fileStudy(data, garments, `${file}_seed${crowd}`, setting.blur);
      for (const [i, contender] of contenders.entries()) {
        const key = JSON.stringify(['reference', file, crowd, setting, contender.name, seed]);
        found[i].push(await once(memory, key, () => compete(study, contender, setting, seed, signal)));
      }
    }
    contenders.forEach((contender, i) => {
      const { inference, test } = summary(found[i]);
      const [labels, other] = reference[i];
      const chance = unsteady.includes(i);
      const alone = contender.kind === 'learning' ? tolerance.learning : tolerance.alone;
      const within = chance && contender.kind === 'learning' ? tolerance.unsteady : alone;
      const testWithin = chance ? tolerance.unsteady : tolerance.test;
      const title = `${contender.name}; ${name}`;
      bands.push(band(`${title}: labels`, inference, labels - within, Math.min(1, labels + within), labels));
      bands.push(band(`${title}: test`, test as number, other - testWithin, other + testWithin, other));
      table.push([name, contender.name, inference, labels, test, other]);
    });
  }
  return {
    tables: [
      {
        title: 'On the three crowds of the reference: accuracy of the labels, and of the network on other pictures',
        columns: ['crowd', 'method', 'labels', 'reference', 'test', 'reference (test)'],
        rows: table,
      },
    ],
    bands,
  };
}

/** A crowd of the data folder, with its pictures. */
async function fileStudy(data: string, garments: Garments, name: string, blur: number): Promise<Study> {
  const cells = async (part: string): Promise<string[][]> =>
    (await readCells(await openSource(join(data, `fmnist-crowd/${name}_${part}.csv`)))).slice(1);
  const items = await cells('items');
  const builder = new AnswerTableBuilder({ classes: ['0', '1'] });
  for (const [task] of items) builder.tasks.add(task);
  for (const [task, worker, label] of await cells('labels')) builder.add({ task, worker, label });
  const { table } = builder.build();
  const shown = chosenRows(
    garments.train,
    items.map(([, index]) => Number(index)),
  );
  return {
    table,
    truth: new Map(items.map(([task, , label]) => [task, label])),
    features: joinFeatures(table, blurred(shown, blur), { tasks: new Map(items.map(([task], row) => [row, task])) }),
    testMatrix: blurred(garments.test, blur),
    testTruth: garments.testTruth,
  };
}
