import { measure } from '@assay/core/quality';
import { type DotRow, dots } from '@assay/figures';
import { learn, learnMethodById } from '@assay/learn/methods';
import { type Band, band, type Experiment, type ExperimentResult } from '../experiment.ts';
import { mean, outcome, realStudy } from '../haem/protocol.ts';
import { once } from '../memory.ts';

/** Reference accuracies of an independent implementation: labels, and the network on the test tasks. */
const reference: Readonly<
  Record<
    string,
    readonly {
      readonly name: string;
      readonly method: string;
      readonly options: Readonly<Record<string, unknown>>;
      readonly inference: number;
      readonly test: number | null;
    }[]
  >
> = {
  music: [
    { name: 'CROWDLAB', method: 'crowdlab', options: {}, inference: 0.767, test: null },
    { name: 'AggNet', method: 'aggnet', options: {}, inference: 0.81, test: 0.676 },
    { name: 'MBEM', method: 'mbem', options: { folds: 'none' }, inference: 0.79, test: 0.687 },
    {
      name: 'HAEM, vote start',
      method: 'haem',
      options: { start: 'vote', guard: false },
      inference: 0.807,
      test: 0.686,
    },
    { name: 'HAEM, human start', method: 'haem', options: {}, inference: 0.814, test: 0.688 },
  ],
  labelme: [
    { name: 'CROWDLAB', method: 'crowdlab', options: {}, inference: 0.833, test: null },
    { name: 'AggNet', method: 'aggnet', options: {}, inference: 0.826, test: 0.841 },
    { name: 'MBEM', method: 'mbem', options: { folds: 'none' }, inference: 0.792, test: 0.81 },
    {
      name: 'HAEM, vote start',
      method: 'haem',
      options: { start: 'vote', guard: false },
      inference: 0.837,
      test: 0.834,
    },
    { name: 'HAEM, human start', method: 'haem', options: {}, inference: 0.817, test: 0.817 },
  ],
};

/** How far from the reference an accuracy may lie. */
const tolerance = { inference: 0.015, test: 0.03 };

/** `auto` may be this far below the best single method. */
const autoLoss = 0.01;

/**
 * CROWDLAB beside HAEM, MBEM, AggNet and the automatic choice on two real crowds with features: music
 * genres and LabelMe scenes. Networks: features-128-classes, dropout 0.5, Adam 0.001, batch 64, 40
 * epochs; out of fold 5 unless said otherwise. Full: three seeds instead of one.
 */
export const crowdlabStudy: Experiment = {
  id: 'crowdlab',
  title: 'CROWDLAB and AI co-workers on two real crowds',
  source:
    'Goh, Tkachenko & Mueller (2022). CROWDLAB. Crowds: Rodrigues, Pereira & Ribeiro (2013); Rodrigues & Pereira (2018).',
  async run({ full, seed = 1, data = '../shared/datasets', onProgress, signal, memory }): Promise<ExperimentResult> {
    const seeds = full ? [seed, seed + 1, seed + 2] : [seed];
    const bands: Band[] = [];
    const rows: (string | number | null)[][] = [];
    const drawn: DotRow[] = [];
    const notes: string[] = [];
    for (const [set, list] of Object.entries(reference)) {
      const study = await realStudy(data, set);
      let best = 0;
      for (const { name, method, options, inference, test } of list) {
        onProgress(`${set}: ${name}`, rows.length, 2 * (list.length + 1));
        const found = [];
        for (const each of seeds) {
          const key = JSON.stringify([set, method, options, each]);
          found.push(await once(memory, key, () => outcome(study, method, options, each, signal)));
        }
        const labels = mean(found.map((each) => each.inference)) as number;
        const other = mean(found.map((each) => each.test));
        best = Math.max(best, labels);
        bands.push(
          band(
            `${name}, ${set}: labels`,
            labels,
            inference - tolerance.inference,
            inference + tolerance.inference,
            inference,
          ),
        );
        if (test !== null && other !== null)
          bands.push(band(`${name}, ${set}: test`, other, test - tolerance.test, test + tolerance.test, test));
        rows.push([set, name, labels, inference, other, test]);
        drawn.push({ label: `${name}, ${set}`, value: labels, group: set });
      }
      onProgress(`${set}: auto`, rows.length, 2 * (list.length + 1));
      const { table, features, truth } = study;
      const chosen = [];
      for (const each of seeds) {
        const choice = async (): Promise<{ accuracy: number; why: string }> => {
          const { estimate } = await learn(learnMethodById('auto'), { table, features }, { seed: each, signal });
          const { why } = estimate.extra.chosen as { why: string };
          return { accuracy: measure(estimate, truth).accuracy, why };
        };
        chosen.push(await once(memory, JSON.stringify([set, 'auto', each]), choice));
      }
      const labels = mean(chosen.map(({ accuracy }) => accuracy)) as number;
      notes.push(`${set}: ${chosen[0].why}`);
      bands.push(band(`auto, ${set}: labels`, labels, best - autoLoss, 1));
      rows.push([set, 'auto', labels, null, null, null]);
      drawn.push({ label: `auto, ${set}`, value: labels, group: set });
    }
    const columns = ['crowd', 'method', 'labels', 'reference', 'test', 'reference (test)'];
    return {
      tables: [{ title: 'Accuracy of the labels, and of the network on other tasks', columns, rows }],
      bands,
      figures: [
        {
          name: 'crowdlab-labels',
          svg: dots({ title: 'Accuracy of the labels', format: 'percent', label: 'accuracy', rows: drawn }),
        },
      ],
      notes,
    };
  },
};
