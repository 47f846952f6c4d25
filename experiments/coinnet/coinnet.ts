import { measure } from '@assay/core/quality';
import { type DotRow, dots } from '@assay/figures';
import { learn, learnMethodById } from '@assay/learn/methods';
import { type Band, band, type Experiment, type ExperimentResult } from '../experiment.ts';
import { drawnTraining } from '../geocrowdnet/geocrowdnet.ts';
import { type Design, drawnWorker, type PlantedStudy, plantedStudy } from '../geocrowdnet/planted.ts';
import { readPictures } from '../haem/protocol.ts';
import { once } from '../memory.ts';

/** Thirty workers who are right for 70 to 100 of 100 pictures; three of them see each, as in CIFAR-10N. */
function design(outliers: number): Design {
  const workers: Design['workers'] = (random) =>
    Array.from({ length: 30 }, () => {
      const accuracy = 0.7 + 0.3 * random.uniform();
      return drawnWorker(random, () => accuracy);
    });
  return { tasks: 5000, answersPerTask: 3, workers, outliers };
}

const shares = [0, 0.1, 0.2];

const contenders = [
  { name: 'CCEM', method: 'ccem', options: {}, scores: ['surprise'] },
  { name: 'GeoCrowdNet (F)', method: 'geocrowdnet-f', options: {}, scores: ['surprise'] },
  { name: 'COINNet', method: 'coinnet', options: {}, scores: ['difficulty', 'surprise'] },
  {
    name: 'COINNet as published',
    method: 'coinnet',
    options: { start: 'identity', corrections: 'adam', sparsity: 0.01 },
    scores: ['difficulty'],
  },
] as const;

interface Found {
  readonly accuracy: number;
  /** By score: the area under the curve, and the share of outliers among as many tasks of the highest score. */
  readonly scores: Readonly<Record<string, readonly [number, number]>>;
}

/**
 * COINNet on crowds with planted outliers: tasks that most people take for the same wrong class. Are they
 * found, and are labels better for it?
 *
 * The paper's ImageNet-15N and its features of CIFAR-10N are not public. Fashion-MNIST with planted
 * outliers stands in, where it is known which tasks they are.
 */
export const coinnetStudy: Experiment = {
  id: 'coinnet',
  title: 'COINNet: are instance-dependent outliers found?',
  source:
    'Nguyen, Ibrahim & Fu (2024). Noisy label learning with instance-dependent outliers: identifiability via crowd wisdom. NeurIPS.',
  async run({ full, seed = 1, data = '../shared/datasets', onProgress, signal, memory }): Promise<ExperimentResult> {
    const pictures = await readPictures(data);
    const draws = full ? [0, 1, 2] : [0];
    const results = new Map<string, Found[]>();
    for (const share of shares)
      for (const draw of draws) {
        const study = plantedStudy(pictures, draw, design(share));
        for (const { name, method, options } of contenders) {
          onProgress(`${100 * share} % outliers: ${name}`, results.size, shares.length * contenders.length);
          const key = `${share}/${name}`;
          const found = await once(memory, `${key}/${draw}/${seed}`, async () => {
            const given = { ...drawnTraining, ...options };
            const { estimate } = await learn(learnMethodById(method), study, { options: given, seed, signal });
            const { accuracy } = measure(estimate, study.truth);
            const scores = Object.entries({ ...estimate.tasks, votes: disagreement(study) });
            return {
              accuracy,
              scores: Object.fromEntries(scores.map(([of, values]) => [of, separation(values, study)])),
            };
          });
          results.set(key, [...(results.get(key) ?? []), found]);
        }
      }
    const average = (share: number, name: string, of: (found: Found) => number): number => {
      const found = results.get(`${share}/${name}`) as Found[];
      return found.reduce((sum, each) => sum + of(each), 0) / found.length;
    };
    const accuracy = (share: number, name: string): number => average(share, name, (found) => found.accuracy);
    const detected = shares
      .slice(1)
      .flatMap((share) => [
        [share, 'votes alone', ...pair(average, share, 'CCEM', 'votes')] as const,
        ...contenders.flatMap(({ name, scores }) =>
          scores.map((score) => [share, `${name}: ${score}`, ...pair(average, share, name, score)] as const),
        ),
      ]);
    return {
      tables: [
        {
          title: `Accuracy of the labels by share of outliers (${draws.length} drawn ${draws.length === 1 ? 'crowd' : 'crowds'})`,
          columns: ['method', ...shares.map((share) => `${100 * share} %`)],
          rows: contenders.map(({ name }) => [name, ...shares.map((share) => accuracy(share, name))]),
        },
        {
          title: 'Outliers found: area under the curve, and share of outliers among as many tasks of the highest score',
          columns: ['outliers', 'score', 'area', 'precision'],
          rows: detected.map(([share, ...others]) => [`${100 * share} %`, ...others]),
        },
      ],
      bands: bandsOf(accuracy, detected),
      figures: [
        {
          name: 'coinnet-outliers',
          svg: dots({
            title: 'Outliers found: area under the curve',
            format: 'percent',
            label: 'area under the curve',
            rows: detected.map(
              ([share, name, area]): DotRow => ({
                label: `${name}, ${100 * share} %`,
                value: area,
                group: `${100 * share} % outliers`,
              }),
            ),
          }),
        },
      ],
      notes: [
        'The paper’s ImageNet-15N and features of CIFAR-10N are not public; planted outliers on Fashion-MNIST stand in, where it is known which tasks they are.',
        'Votes alone: one minus the largest share of votes.',
      ],
    };
  },
};

function bandsOf(
  accuracy: (share: number, name: string) => number,
  detected: readonly (readonly [number, string, number, number])[],
): Band[] {
  const area = (share: number, name: string): number =>
    detected.find(([s, n]) => s === share && n === name)?.[2] as number;
  return [
    ...shares
      .slice(1)
      .flatMap((share) => [
        band(`COINNet finds outliers, ${100 * share} %: area`, area(share, 'COINNet: difficulty'), 0.9, 1),
        band(
          `COINNet finds more than votes alone, ${100 * share} %: area`,
          area(share, 'COINNet: difficulty') - area(share, 'votes alone'),
          0,
          1,
        ),
        band(
          `COINNet’s labels beside those of GeoCrowdNet (F), ${100 * share} %`,
          accuracy(share, 'COINNet') - accuracy(share, 'GeoCrowdNet (F)'),
          -0.005,
          1,
        ),
        band(
          `COINNet’s labels above those of CCEM, ${100 * share} %`,
          accuracy(share, 'COINNet') - accuracy(share, 'CCEM'),
          0,
          1,
        ),
      ]),
    band(
      'COINNet’s labels beside those of CCEM without outliers',
      accuracy(0, 'COINNet') - accuracy(0, 'CCEM'),
      -0.01,
      1,
    ),
  ];
}

function pair(
  average: (share: number, name: string, of: (found: Found) => number) => number,
  share: number,
  name: string,
  score: string,
): [number, number] {
  return [
    average(share, name, ({ scores }) => scores[score][0]),
    average(share, name, ({ scores }) => scores[score][1]),
  ];
}

/** One minus the largest share of votes of each task: what answers alone say about outliers. */
function disagreement({ table }: PlantedStudy): Float64Array {
  const { taskCount, taskStart, label, classCount } = table;
  return Float64Array.from({ length: taskCount }, (_, task) => {
    const votes = new Float64Array(classCount);
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) votes[label[e]]++;
    return 1 - Math.max(...votes) / Math.max(1, taskStart[task + 1] - taskStart[task]);
  });
}

/**
 * How well a score tells outliers: the probability that it is higher for an outlier than for another
 * task, ties half, and the expected share of outliers among as many tasks of the highest score.
 */
function separation(score: Float64Array, { outlier }: PlantedStudy): [number, number] {
  const order = Array.from(score.keys()).sort((a, b) => score[b] - score[a]);
  const outliers = outlier.filter((is) => is).length;
  if (outliers === 0 || outliers === order.length) return [0.5, 0];
  let [wins, others, hits] = [0, 0, 0];
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && score[order[to]] === score[order[from]]) to++;
    const odd = order.slice(from, to).filter((task) => outlier[task]).length;
    const plain = to - from - odd;
    wins += odd * (order.length - outliers - others - plain / 2);
    others += plain;
    hits += odd * Math.min(1, Math.max(0, outliers - from) / (to - from));
  }
  return [wins / (outliers * (order.length - outliers)), hits / outliers];
}
