import { measure } from '@assay/core/quality';
import { histogramFigure, type LineSeries, linesFigure, smallMultiples } from '@assay/figures';
import { type Band, band, type ExperimentOptions, type ResultFigure, type ResultTable } from '../experiment.ts';
import { once } from '../memory.ts';
import {
  beliefDrawn,
  beliefOne,
  beliefTwo,
  type Contender,
  crowdOf,
  fieldOne,
  fieldTwo,
  labelled,
  majority,
  plain,
  type Setting,
  truthOf,
} from './contenders.ts';
import type { Runs } from './runs.ts';

/** What a part of the study found. */
export interface Part {
  readonly tables: ResultTable[];
  readonly bands: Band[];
  readonly figures: ResultFigure[];
}

const contenders: readonly Contender[] = [majority, fieldOne, fieldTwo, beliefOne, beliefTwo, beliefDrawn(400)];

interface Row {
  readonly name: string;
  readonly setting: Setting;
  /** MV, MF one-coin, MF two-coin, BP one-coin, BP two-coin with 400 draws: means over six other crowds. */
  readonly reference: readonly number[];
  readonly quick?: boolean;
}

const trusted = (right: number, reference: readonly number[], quick = false): Row => {
  const prior = [right, right / 2] as const;
  return { name: `Dir(${right}, ${right / 2})`, setting: { ...plain, truth: prior, belief: prior }, reference, quick };
};
const spammed = (wrong: number, reference: readonly number[], quick = false): Row => ({
  name: `Dir(2, 1) and a spammer, prior (2, ${wrong})`,
  setting: { ...plain, spammers: 1, belief: [2, wrong] },
  reference,
  quick,
});
const rows: readonly Row[] = [
  trusted(0.2, [0.742, 0.879, 0.805, 0.986, 0.976], true),
  trusted(0.4, [0.745, 0.879, 0.843, 0.945, 0.928]),
  trusted(0.6, [0.742, 0.867, 0.837, 0.9, 0.868]),
  trusted(1, [0.752, 0.821, 0.806, 0.827, 0.8]),
  trusted(1.5, [0.73, 0.761, 0.759, 0.774, 0.752]),
  trusted(2, [0.742, 0.749, 0.755, 0.761, 0.754]),
  spammed(0.8, [0.688, 0.748, 0.754, 0.761, 0.751]),
  spammed(1, [0.688, 0.749, 0.753, 0.763, 0.752], true),
  spammed(1.2, [0.688, 0.741, 0.658, 0.761, 0.754]),
  spammed(1.4, [0.688, 0.661, 0.513, 0.755, 0.746], true),
  spammed(1.6, [0.688, 0.516, 0.507, 0.734, 0.698]),
];

/** The table of labels from answers alone, and what must hold in it. */
export async function labelTable({ full }: ExperimentOptions, runs: Runs): Promise<Part> {
  const chosen = rows.filter(({ quick }) => full || quick === true);
  const crowds = full ? 30 : 3;
  const found = await runs.all(
    'labels from answers alone',
    chosen.map(({ setting }) => setting),
    contenders,
    crowds,
  );
  const bands: Band[] = [];
  const at = (row: string, contender: Contender): number => {
    const index = chosen.findIndex(({ name }) => name === row);
    return found[index][contenders.indexOf(contender)].inference;
  };
  const mismatched = 'Dir(2, 1) and a spammer, prior (2, 1.4)';
  bands.push(band('MF two-coin, a spammer, prior (2, 1.4)', at(mismatched, fieldTwo), 0, 0.55, 0.513));
  bands.push(band('BP one-coin, a spammer, prior (2, 1.4)', at(mismatched, beliefOne), 0.7, 1, 0.755));
  const sparse = at('Dir(0.2, 0.1)', beliefOne);
  bands.push(band('BP one-coin, Dir(.2, .1)', sparse, 0.976, 0.996, 0.986));
  bands.push(band('BP above MF one-coin, Dir(.2, .1)', sparse - at('Dir(0.2, 0.1)', fieldOne), 0.05, 0.2, 0.107));
  if (full) {
    const fall = at('Dir(2, 1) and a spammer, prior (2, 0.8)', beliefOne) - at(mismatched, beliefOne);
    bands.push(band('BP one-coin, from prior (2, .8) to (2, 1.4): loss', fall, -0.01, 0.03, 0.006));
    const dense = at('Dir(2, 1)', beliefOne) - at('Dir(2, 1)', fieldOne);
    bands.push(band('BP above MF one-coin, Dir(2, 1)', dense, -0.005, 0.03, 0.012));
    for (const [row, { name, reference }] of chosen.entries())
      for (const [column, known] of [0, 3].map((each) => [each, reference[each]]))
        bands.push(
          band(`${contenders[column].name}; ${name}`, found[row][column].inference, known - 0.03, known + 0.03, known),
        );
  }
  return {
    tables: [
      {
        title: `Labels from answers alone: mean accuracy over ${crowds} crowds, and the worst`,
        columns: ['crowd and prior', ...contenders.flatMap(({ name }) => [name, 'worst'])],
        rows: chosen.map(({ name }, row) => [
          name,
          ...found[row].flatMap(({ inference, worst }) => [inference, worst]),
        ]),
      },
      {
        title: 'The same in the reference, six crowds',
        columns: ['crowd and prior', 'MV', 'MF one-coin', 'MF two-coin', 'BP one-coin', 'BP two-coin, 400 draws'],
        rows: chosen.map(({ name, reference }) => [name, ...reference]),
      },
    ],
    bands,
    figures: [],
  };
}

/** What one crowd says of over-confidence. */
interface Confidence {
  readonly accuracy: number;
  /** Probabilities of the second class, in 20 bins. */
  readonly counts: number[];
  /** Estimated accuracy of the extreme spammer. */
  readonly spammer: number;
}

const bins = 20;

/** Figure 4: marginals, sorted accuracies, and what mean field makes of the spammer. */
export async function overconfidence({ full, seed = 1, memory, onProgress }: ExperimentOptions): Promise<Part> {
  const crowds = full ? 100 : 10;
  const both = [fieldTwo, beliefOne];
  const beliefs = [
    [2, 1],
    [2, 1.2],
    [2, 1.4],
  ] as const;
  const found: Confidence[][][] = beliefs.map(() => both.map(() => []));
  for (let crowd = 0; crowd < crowds; crowd++) {
    onProgress('over-confidence', crowd, crowds);
    for (const [b, belief] of beliefs.entries())
      for (const [c, contender] of both.entries()) {
        const setting = { ...plain, spammers: 1, belief };
        const key = JSON.stringify(['confidence', contender.name, setting, seed + crowd]);
        found[b][c].push(await once(memory, key, async () => confidence(contender, setting, seed + crowd)));
      }
  }
  const sure = found[0].map((each) => share(each, ({ counts }) => (counts[0] + counts[bins - 1]) / 1000));
  const worst = found[1].map((each) => Math.min(...each.map(({ accuracy }) => accuracy)));
  const failed = found[2][0].map(({ accuracy }, i) => ({ accuracy, i })).filter(({ accuracy }) => accuracy < 0.6);
  const [taken, kept] = [0, 1].map((c) => share(failed, ({ i }) => Math.abs(found[2][c][i].spammer - 0.5)));
  const edges = Array.from({ length: bins + 1 }, (_, i) => i / bins);
  const total = (each: readonly Confidence[], bin: number): number =>
    each.reduce((sum, { counts }) => sum + counts[bin], 0) / each.length;
  return {
    tables: [
      {
        title: `Over-confidence with a spammer (${crowds} crowds)`,
        columns: ['', ...both.map(({ name }) => name)],
        rows: [
          ['true prior: share of labels surer than .95', ...sure],
          ['prior (2, 1.2): worst crowd', ...worst],
          [`prior (2, 1.4), ${failed.length} crowds where MF fails: the spammer's accuracy off .5 by`, taken, kept],
        ],
      },
    ],
    bands: [
      band('MF surer than .95 oftener than BP, true prior', sure[0] - sure[1], 0.1, 1),
      band('worst crowd of BP above that of MF, prior (2, 1.2)', worst[1] - worst[0], 0.05, 1),
      band("crowds where MF fails, prior (2, 1.4): it takes the spammer's accuracy off .5 by", taken, 0.2, 0.5),
      band('the same of BP', kept, 0, 0.1),
    ],
    figures: [
      {
        name: 'deepbp-overconfidence',
        svg: smallMultiples({
          title: 'Over-confidence, worst crowds, and the spammer',
          columns: 2,
          panels: [
            ...both.map(
              ({ name }, c) =>
                (width: number) =>
                  histogramFigure({
                    title: `${name}: probability of the second class`,
                    width,
                    edges,
                    counts: edges.slice(1).map((_, bin) => total(found[0][c], bin)),
                    label: 'probability',
                    countLabel: 'tasks',
                  }),
            ),
            (width: number) =>
              linesFigure({
                title: 'Crowds by accuracy, prior (2, 1.2)',
                width,
                x: { label: 'crowd' },
                y: { label: 'accuracy of the labels', format: 'percent' },
                series: both.map(
                  ({ name }, c): LineSeries => ({
                    name,
                    points: found[1][c]
                      .map(({ accuracy }) => accuracy)
                      .sort((x, y) => x - y)
                      .map((y, x) => ({ x: x + 1, y })),
                  }),
                ),
              }),
            (width: number) =>
              histogramFigure({
                title: 'MF two-coin: accuracy of the spammer, prior (2, 1.4)',
                width,
                values: found[2][0].map(({ spammer }) => spammer),
                label: 'estimated accuracy',
                countLabel: 'crowds',
                reference: { value: 0.5, label: 'in truth' },
              }),
          ],
        }),
      },
    ],
  };
}

function confidence(contender: Contender, setting: Setting, seed: number): Confidence {
  const crowd = crowdOf(setting, seed);
  const estimate = labelled(crowd.table, contender, setting, seed);
  const counts = new Array<number>(bins).fill(0);
  for (let at = 1; at < estimate.posterior.length; at += 2)
    counts[Math.min(bins - 1, Math.floor(estimate.posterior[at] * bins))]++;
  const spammer = estimate.workers?.accuracy[crowd.table.workers.indexOf('s0')] ?? Number.NaN;
  return { accuracy: measure(estimate, truthOf(crowd)).accuracy, counts, spammer };
}

function share<T>(list: readonly T[], of: (each: T) => number): number {
  return list.length === 0 ? 0 : list.reduce((sum, each) => sum + of(each), 0) / list.length;
}

/** Figure 8: accuracy against the number of draws, beside exact messages. */
export async function drawsAgainstExact({ full }: ExperimentOptions, runs: Runs): Promise<Part> {
  const sizes = full ? [10, 25, 50, 100, 200, 400] : [10, 400];
  const priors = [
    [2, 1],
    [1, 0.5],
    [0.5, 0.25],
  ] as const;
  const settings = priors.map((prior) => ({ ...plain, truth: prior, belief: prior }));
  const list = [beliefTwo, ...sizes.map(beliefDrawn)];
  const crowds = full ? 20 : 2;
  const found = await runs.all('draws against exact messages', settings, list, crowds);
  const name = ([right, wrong]: readonly [number, number]): string => `Dir(${right}, ${wrong})`;
  return {
    tables: [
      {
        title: `Two-coin messages: accuracy by number of draws, ${crowds} crowds`,
        columns: ['prior', 'exact', ...sizes.map((size) => `${size}`)],
        rows: priors.map((prior, row) => [name(prior), ...found[row].map(({ inference }) => inference)]),
      },
    ],
    bands: priors.flatMap((prior, row) => [
      band(
        `400 draws below exact messages, ${name(prior)}`,
        found[row][0].inference - (found[row].at(-1)?.inference ?? 0),
        -0.015,
        0.015,
      ),
      band(`10 draws below 400, ${name(prior)}`, (found[row].at(-1)?.inference ?? 0) - found[row][1].inference, 0, 0.3),
    ]),
    figures: [
      {
        name: 'deepbp-draws',
        svg: smallMultiples({
          title: 'Sampled messages come to the exact ones',
          columns: 3,
          panels: priors.map(
            (prior, row) => (width: number) =>
              linesFigure({
                title: name(prior),
                width,
                x: { label: 'draws', scale: 'log' },
                y: { label: 'accuracy of the labels', format: 'percent' },
                series: [
                  {
                    name: 'sampled',
                    points: sizes.map((x, i) => ({ x, y: found[row][i + 1].inference })),
                  },
                  { name: 'exact', points: sizes.map((x) => ({ x, y: found[row][0].inference })) },
                ],
              }),
          ),
        }),
      },
    ],
  };
}
