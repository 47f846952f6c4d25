import { AnswerTableBuilder, Random } from '@assay/core';
import { chosenRows, joinFeatures } from '@assay/learn/features';
import type { Pictures, Study } from '../haem/protocol.ts';

/** Classes of Fashion-MNIST. */
export const classCount = 10;

/** How workers answer: [worker][true][said]. */
export type Confusions = readonly (readonly (readonly number[])[])[];

/** What a crowd is drawn by. */
export interface Design {
  readonly tasks: number;
  readonly answersPerTask: number;
  readonly workers: (random: Random) => Confusions;
  /** Share of tasks with a wrong class of their own that seven of ten answers name; the others are guesses. */
  readonly outliers?: number;
}

/** A drawn crowd, and which tasks of its table are outliers. */
export interface PlantedStudy extends Study {
  readonly outlier: readonly boolean[];
}

/** A crowd over pictures of Fashion-MNIST, drawn by a design. */
export function plantedStudy(pictures: Pictures, seed: number | string, design: Design): PlantedStudy {
  const { tasks, answersPerTask, workers, outliers = 0 } = design;
  const random = new Random(`planted ${seed}`);
  const confusions = workers(random);
  const rows = Uint32Array.from({ length: pictures.train.rows }, (_, row) => row);
  random.shuffle(rows);
  const chosen = rows.subarray(0, tasks);
  const builder = new AnswerTableBuilder({ classes: Array.from({ length: classCount }, (_, k) => String(k)) });
  const truth = new Map<string, string>();
  const odd = new Set<string>();
  const order = Uint32Array.from(confusions, (_, worker) => worker);
  chosen.forEach((row, i) => {
    const task = `t${i}`;
    const label = Number(pictures.trainLabels[row]);
    truth.set(task, String(label));
    const wrong = (label + 1 + random.integer(classCount - 1)) % classCount;
    const isOdd = random.bernoulli(outliers);
    if (isOdd) odd.add(task);
    random.shuffle(order);
    for (const worker of order.subarray(0, answersPerTask)) {
      const usual = random.categorical(confusions[worker][label]);
      const said = isOdd ? (random.bernoulli(0.7) ? wrong : random.integer(classCount)) : usual;
      builder.add({ task, worker: `w${worker}`, label: String(said) });
    }
  });
  const { table } = builder.build();
  const features = joinFeatures(table, chosenRows(pictures.train, chosen), {
    tasks: new Map([...truth.keys()].map((task, row) => [row, task])),
  });
  return {
    table,
    truth,
    features,
    testMatrix: pictures.test,
    testTruth: pictures.testLabels,
    outlier: table.tasks.names().map((task) => odd.has(task)),
  };
}

/** Confusions of a worker who is right with `accuracy(class)`, mistakes spread unevenly. */
export function drawnWorker(random: Random, accuracy: (label: number) => number): number[][] {
  return Array.from({ length: classCount }, (_, k) => {
    const right = accuracy(k);
    const wrong = Array.from({ length: classCount }, (_, l) => (l === k ? 0 : -Math.log(1 - random.uniform())));
    const sum = wrong.reduce((total, value) => total + value, 0);
    return wrong.map((value, l) => (l === k ? right : ((1 - right) * value) / sum));
  });
}
