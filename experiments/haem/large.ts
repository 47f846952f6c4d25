import { fit } from '@assay/core';
import { coinShrunk, dawidSkene, majorityVote } from '@assay/core/methods';
import { measure } from '@assay/core/quality';
import { lines } from '@assay/figures';
import { type Band, band, type ExperimentOptions, type ResultFigure, type ResultTable } from '../experiment.ts';
import { type Confusions, classCount, plantedStudy } from '../geocrowdnet/planted.ts';
import { once } from '../memory.ts';
import { halved, type Outcome, outcome, type Pictures, type Study } from './protocol.ts';

/** What a part of the full run adds to the result. */
export interface Part {
  readonly tables: readonly ResultTable[];
  readonly bands: readonly Band[];
  readonly figures: readonly ResultFigure[];
}

/** As the drawn crowds: networks see pixels as they are; 20 epochs of Adam, rate 0.002, batch 200. */
const training = { dropout: 0, batch: 200, rate: 2e-3, standardise: false, epochs: 20 };

/** `count` workers, a share of them always right, the others guessing. */
function hammers(count: number, share: number): (random: { bernoulli(p: number): boolean }) => Confusions {
  return (random) =>
    Array.from({ length: count }, () => {
      const knows = random.bernoulli(share);
      return Array.from({ length: classCount }, (_, k) =>
        Array.from({ length: classCount }, (_, l) => (knows ? Number(k === l) : 1 / classCount)),
      );
    });
}

const people = { 'majority vote': majorityVote, 'Dawid-Skene': dawidSkene, 'coin-shrunk': coinShrunk };

/** How far accuracies of 50,000 tasks may lie from what is expected: four deviations of their mean. */
const chance = 0.009;

/**
 * Accuracies to expect of two answers where a share `p` of the workers knows and others guess: of a vote with random ties,
 * p² + p(1−p)(1+s) + (1−p)²s with s = 1/K, and of whoever knows who knows, p² + 2p(1−p) + (1−p)²s.
 */
function expected(study: Study): { vote: number; known: number } {
  const { table, truth } = study;
  const right = new Float64Array(table.workerCount);
  const said = new Float64Array(table.workerCount);
  table.worker.forEach((worker, e) => {
    said[worker]++;
    if (table.classes.name(table.label[e]) === truth.get(table.tasks.name(table.answerTask[e]))) right[worker]++;
  });
  const p = right.filter((count, worker) => count > said[worker] / 2).length / table.workerCount;
  const s = (1 - p) ** 2 / classCount;
  return { vote: p * p + p * (1 - p) * (1 + 1 / classCount) + s, known: p * p + 2 * p * (1 - p) + s };
}

const methods = {
  'MBEM shrunk': { method: 'mbem', options: { rounds: 1, folds: 'none' } },
  'HAEM vote start': { method: 'haem', options: { start: 'vote', guard: false, folds: 'none' } },
  'HAEM human start': { method: 'haem', options: { folds: 'none' } },
} as const;

/**
 * The cell of 50,000 tasks: 200 workers of whom 60 % always know, two answers a task.
 *
 * With 500 answers a worker the people alone come close to what can be known without features. What must hold is the
 * order: HAEM above the people alone and above MBEM, the human start above the vote start, the most with the weak network.
 */
export async function largeCell(pictures: Pictures, given: ExperimentOptions): Promise<Part> {
  const { seed = 1, signal, memory, onProgress } = given;
  const study = plantedStudy(pictures, seed, { tasks: 50_000, answersPerTask: 2, workers: hammers(200, 0.6) });
  const { vote, known } = expected(study);
  const rows: (string | number | null)[][] = [];
  const bands: Band[] = [];
  for (const [name, method] of Object.entries(people)) {
    const accuracy = measure(fit(method, study.table), study.truth).accuracy;
    const reference = name === 'majority vote' ? vote : known;
    rows.push([name, '–', accuracy, reference, null]);
    bands.push(band(`50,000 tasks, ${name}`, accuracy, reference - chance, reference + chance, reference));
  }
  const alone = Math.max(...rows.map(([, , accuracy]) => accuracy as number));
  for (const network of ['logistic', 'mlp'] as const) {
    const seen = network === 'logistic' ? halved(study) : study;
    const found: Record<string, number> = {};
    for (const [name, { method, options }] of Object.entries(methods)) {
      onProgress(`50,000 tasks: ${name}, ${network}`, rows.length, 9);
      const values = { ...training, ...options, network };
      const key = JSON.stringify(['50,000', seed, method, values]);
      const { inference, test } = await once(memory, key, () => outcome(seen, method, values, seed, signal));
      found[name] = inference;
      rows.push([name, network, inference, null, test]);
    }
    const above = (better: string, worse: string, least: number): void => {
      bands.push(band(`50,000 tasks, ${network}: ${better} above ${worse}`, least, 0, 1));
    };
    above('HAEM human start', 'people alone', found['HAEM human start'] - alone);
    above('HAEM human start', 'HAEM vote start', found['HAEM human start'] - found['HAEM vote start']);
    above('HAEM human start', 'MBEM shrunk', found['HAEM human start'] - found['MBEM shrunk']);
  }
  const columns = ['method', 'network', 'labels', 'expected', 'test'];
  return { tables: [{ title: 'Accuracy on 50,000 tasks with two answers', columns, rows }], bands, figures: [] };
}

/** Answers per task and tasks for about the same number of answers. */
const budgets = [
  [13, 4000],
  [7, 7000],
  [5, 10_000],
  [3, 17_000],
  [1, 50_000],
] as const;

/**
 * The fixed budget of MBEM: about 50,000 answers of 100 workers of whom 20 % know, on few tasks often or on many once.
 *
 * The paper's networks and pictures (ResNet-20, CIFAR-10) are replaced by the MLP on Fashion-MNIST; what must hold is its
 * claim: MBEM's network is better than one trained on the votes at every budget, and better with one answer a task than with
 * many.
 */
export async function fixedBudget(pictures: Pictures, given: ExperimentOptions): Promise<Part> {
  const { seed = 1, signal, memory, onProgress } = given;
  const rows: (string | number | null)[][] = [];
  const tests: Record<string, number[]> = { MBEM: [], votes: [] };
  for (const [i, [answersPerTask, tasks]] of budgets.entries()) {
    const study = plantedStudy(pictures, seed, { tasks, answersPerTask, workers: hammers(100, 0.2) });
    const run = (rounds: number): Promise<Outcome> => {
      // Without rounds nobody asks the network about the tasks it was trained on.
      const values = { ...training, network: 'mlp', rounds, confusion: 'raw', folds: rounds === 0 ? 'none' : '5' };
      const key = JSON.stringify(['budget', seed, tasks, values]);
      return once(memory, key, () => outcome(study, 'mbem', values, seed, signal));
    };
    onProgress(`MBEM, ${tasks} tasks of ${answersPerTask}`, i, budgets.length);
    const [mbem, votes] = [await run(1), await run(0)];
    tests.MBEM.push(mbem.test as number);
    tests.votes.push(votes.test as number);
    rows.push(['MBEM', answersPerTask, tasks, mbem.inference, mbem.test, votes.inference, votes.test]);
  }
  const single = tests.MBEM[budgets.length - 1];
  const least = Math.min(...tests.MBEM.map((test, i) => test - tests.votes[i]));
  const columns = ['method', 'answers', 'tasks', 'labels', 'test', 'labels (votes)', 'test (votes)'];
  return {
    tables: [{ title: 'A fixed budget of about 50,000 answers', columns, rows }],
    bands: [
      band('fixed budget: MBEM above votes, least over budgets', least, 0, 1),
      band('fixed budget: MBEM with one answer above with 13', single - tests.MBEM[0], 0, 1),
    ],
    figures: [
      {
        name: 'mbem-budget',
        svg: lines({
          title: 'Accuracy of the network on other tasks, about 50,000 answers',
          x: { label: 'answers per task', scale: 'log' },
          y: { label: 'accuracy', format: 'percent' },
          series: Object.entries(tests).map(([name, values]) => ({
            name,
            points: budgets.map(([answers], i) => ({ x: answers, y: values[i] })),
          })),
        }),
      },
    ],
  };
}
