import { Random } from '@assay/core';
import { type LineSeries, linesFigure, smallMultiples } from '@assay/figures';
import { type Band, band, type ExperimentOptions, type ResultFigure, type ResultTable } from '../experiment.ts';
import { realStudy } from '../haem/protocol.ts';
import { once } from '../memory.ts';
import { type Contender, oneAgainstRest, positiveScores, topK } from './binary.ts';

/** The literal method: one hidden layer of 100, Adam 0.001, the class prior in, no cap, stochastic steps. */
export const literal = { classPrior: true, updates: 'stochastic', clip: 1 } as const;
const asPublished = { hidden: 100, dropout: 0, rate: 1e-3, tolerance: 0 };

const contenders: readonly Contender[] = [
  { name: 'majority vote', method: 'majority-vote', learns: false, options: {} },
  { name: 'Dawid-Skene', method: 'dawid-skene-map', learns: false, options: {} },
  { name: 'minimax entropy', method: 'minimax-entropy', learns: false, options: {} },
  { name: 'BayesGC', method: 'variational-bayes', learns: false, options: { preset: 'bayesgc' } },
  { name: 'Raykar', method: 'raykar', learns: true, options: {} },
  { name: 'BayesDGC literal', method: 'bayesdgc', learns: true, options: { ...asPublished, ...literal } },
  { name: 'BayesDGC', method: 'bayesdgc', learns: true, options: {} },
];
const answersAlone = contenders.filter(({ learns }) => !learns).map(({ name }) => name);

interface Score {
  readonly accuracy: number;
  readonly f1: number;
}

/** What the part of the study about shares of the answers found. */
export interface AnswersStudy {
  readonly tables: ResultTable[];
  readonly bands: Band[];
  readonly figures: ResultFigure[];
}

/**
 * Figures 3 and 4: accuracy and F1 of binary tasks against the share of the answers, with every class of
 * two public sets in turn against the rest.
 */
export async function answersStudy({
  full,
  seed = 1,
  data = '../shared/datasets',
  onProgress,
  signal,
  memory,
}: ExperimentOptions): Promise<AnswersStudy> {
  const sets = full ? ['music', 'labelme'] : ['music'];
  const shares = full ? [0.1, 0.2, 0.4, 0.7, 1] : [0.1, 0.4, 1];
  const draws = full ? 3 : 1;
  const found = new Map<string, Score[]>();
  for (const set of sets) {
    const { table, truth, features } = await realStudy(data, set);
    const classes = table.classes.names().slice(0, full ? undefined : 3);
    const total = classes.length * shares.length * draws;
    let done = 0;
    for (const name of classes)
      for (const share of shares)
        for (let draw = 0; draw < draws; draw++) {
          onProgress(`${set}: ${name} against the rest, ${100 * share} % of the answers`, done++, total);
          const scores = await once(memory, `${seed}/${set}/${name}/${share}/${draw}`, async () => {
            const random = new Random(`${seed}/${set}/${draw}`);
            const task = oneAgainstRest(table, features, truth, name, share, random);
            const result: Score[] = [];
            for (const contender of contenders)
              result.push(topK(await positiveScores(contender, task, seed + draw, signal), task.positive));
            return result;
          });
          contenders.forEach((contender, i) => {
            const key = `${set}/${contender.name}/${share}`;
            found.set(key, [...(found.get(key) ?? []), scores[i]]);
          });
        }
  }
  const mean = (set: string, name: string, share: number, measure: keyof Score): number => {
    const scores = found.get(`${set}/${name}/${share}`) as Score[];
    return scores.reduce((sum, score) => sum + score[measure], 0) / scores.length;
  };
  return {
    tables: sets.flatMap((set) =>
      (['accuracy', 'f1'] as const).map((measure) => ({
        title: `${set}: top-k ${measure === 'f1' ? 'F1' : measure}, mean over classes against the rest and ${draws} draws`,
        columns: ['method', ...shares.map((share) => `${100 * share} %`)],
        rows: contenders.map(({ name }) => [name, ...shares.map((share) => mean(set, name, share, measure))]),
      })),
    ),
    bands: sets.flatMap((set) => orderBands(set, shares, mean)),
    figures: [
      {
        name: 'bayesdgc-answers',
        svg: smallMultiples({
          title: 'Binary tasks against the share of the answers',
          columns: 2,
          panels: sets.flatMap((set) =>
            (['f1', 'accuracy'] as const).map(
              (measure) => (width: number) =>
                linesFigure({
                  title: `${set}: ${measure === 'f1' ? 'F1' : 'accuracy'}`,
                  width,
                  x: { label: 'share of the answers', format: 'percent' },
                  y: { label: measure === 'f1' ? 'top-k F1' : 'top-k accuracy', format: 'percent' },
                  series: contenders.map(
                    ({ name }): LineSeries => ({
                      name,
                      points: shares.map((share) => ({ x: share, y: mean(set, name, share, measure) })),
                    }),
                  ),
                }),
            ),
          ),
        }),
      },
    ],
  };
}

/** The published order: features help most where answers are few, and methods without them are close. */
function orderBands(
  set: string,
  shares: readonly number[],
  mean: (set: string, name: string, share: number, measure: keyof Score) => number,
): Band[] {
  const gain = (share: number): number =>
    mean(set, 'BayesDGC', share, 'f1') - Math.max(...answersAlone.map((name) => mean(set, name, share, 'f1')));
  const [fewest, all] = [shares[0], shares[shares.length - 1]];
  const alone = answersAlone.map((name) => mean(set, name, all, 'f1'));
  return [
    band(
      `${set}: F1 of BayesDGC above the best without features, ${100 * fewest} % of the answers`,
      gain(fewest),
      0,
      1,
    ),
    band(`${set}: the same with all answers`, gain(all), -0.01, 1),
    band(`${set}: gain with few answers above gain with all`, gain(fewest) - gain(all), 0, 1),
    band(
      `${set}: F1 between best and worst without features, all answers`,
      Math.max(...alone) - Math.min(...alone),
      0,
      0.1,
    ),
  ];
}
