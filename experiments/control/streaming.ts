import { AnswerTable, dawidSkeneMap, dictionaryOf, fit, Random } from '@assay/core';
import { epsilonGreedyWorker, OnlineEm, TaskQueue } from '@assay/core/control';
import { lines } from '@assay/figures';
import { type Band, band, type Experiment, type ExperimentOptions, type ExperimentResult } from '../experiment.ts';

interface Size {
  readonly name: string;
  readonly tasks: number;
  readonly workers: number;
  readonly classes: number;
  readonly marks: readonly number[];
  /** Reference accuracy at the marks: random tasks and workers, uncertain tasks and ε-greedy workers. */
  readonly reference: readonly [readonly number[], readonly number[]];
}

const sizes: readonly Size[] = [
  {
    name: 'dog',
    tasks: 807,
    workers: 109,
    classes: 4,
    marks: [1000, 1614, 2421, 4035],
    reference: [
      [0.488, 0.555, 0.636, 0.773],
      [0.651, 0.786, 0.947, 0.999],
    ],
  },
  {
    name: 'web',
    tasks: 2665,
    workers: 155,
    classes: 5,
    marks: [2665, 5330, 7995, 13325],
    reference: [
      [0.414, 0.532, 0.65, 0.815],
      [0.617, 0.827, 0.971, 0.9995],
    ],
  },
];

/** Streams of the sizes of two public sets: the next task and worker by uncertainty and ε-greedy against at random. */
export const streaming: Experiment = {
  id: 'streaming',
  title: 'Online estimates with adaptive tasks and workers against random ones',
  source: 'Ibrahim, Traganitis, Fu & Giannakis (2024). Learning From Crowdsourced Noisy Labels. arXiv:2407.06902.',
  run: async (options) => measure(options),
};

async function measure({ full, seed = 1, onProgress, signal }: ExperimentOptions): Promise<ExperimentResult> {
  const runs = full ? 20 : 4;
  const bands: Band[] = [];
  const tables: ExperimentResult['tables'][number][] = [];
  const figures: ExperimentResult['figures'][number][] = [];
  for (const size of sizes) {
    const online = [false, true].map(() => size.marks.map(() => 0));
    const batch = [false, true].map(() => size.marks.map(() => 0));
    for (let run = 0; run < runs; run++) {
      signal?.throwIfAborted();
      [false, true].forEach((adaptive, rule) => {
        const result = simulate(size, adaptive, new Random(seed).fork(`${size.name} ${run}`));
        result.forEach(({ online: o, batch: b }, i) => {
          online[rule][i] += o / runs;
          batch[rule][i] += b / runs;
        });
      });
      onProgress(`streams of the size of ${size.name}`, run + 1, runs);
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
    }
    const names = ['random task and worker', 'uncertain task, ε-greedy worker'];
    tables.push({
      title: `${size.name}: ${size.tasks} tasks, ${size.workers} workers, ${size.classes} classes; accuracy online (batch) [reference], ${runs} runs`,
      columns: ['rule', ...size.marks.map(String)],
      rows: names.map((name, rule) => [
        name,
        ...size.marks.map(
          (_, i) =>
            `${online[rule][i].toFixed(3)} (${batch[rule][i].toFixed(3)}) [${size.reference[rule][i].toFixed(3)}]`,
        ),
      ]),
    });
    bands.push(
      band(
        `${size.name}: adaptive minus random at 3 answers a task`,
        online[1][2] - online[0][2],
        0.2,
        0.5,
        size.reference[1][2] - size.reference[0][2],
      ),
      band(`${size.name}: batch minus online at 3 answers a task, adaptive`, batch[1][2] - online[1][2], -0.02, 0.02),
    );
    figures.push({
      name: `streaming-${size.name}`,
      svg: lines({
        title: `Accuracy over a stream of the size of ${size.name}`,
        x: { label: 'answers' },
        y: { label: 'accuracy', format: 'percent' },
        series: names.map((name, rule) => ({ name, points: size.marks.map((x, i) => ({ x, y: online[rule][i] })) })),
      }),
    });
  }
  const notes = ['Workers are simulated and always available; on real answers the gain is smaller, see the replay.'];
  return { tables, bands, figures, notes };
}

function simulate(size: Size, adaptive: boolean, random: Random): { online: number; batch: number }[] {
  const { tasks, workers, classes, marks } = size;
  const truth = Int32Array.from({ length: tasks }, () => random.integer(classes));
  const accuracy = Float64Array.from({ length: workers * classes }, () => 1 / classes);
  for (let w = 0; w < workers; w++) {
    if (random.bernoulli(0.1)) continue;
    for (let k = 0; k < classes; k++) {
      accuracy[w * classes + k] = Math.min(0.98, Math.max(0.05, random.beta(4, 2) + 0.1 * random.normal()));
    }
  }
  const stream = new OnlineEm({ classes, tasks, workers, head: adaptive ? 10 : 1 });
  const queue = new TaskQueue(tasks, random.integer(1e9));
  for (let task = 0; task < tasks; task++) queue.set(task, Math.log(classes));
  const given = Array.from({ length: tasks }, () => new Map<number, number>());
  const everyone = Array.from({ length: workers }, (_, w) => w);
  const results: { online: number; batch: number }[] = [];
  for (let t = 1; t <= marks[marks.length - 1]; t++) {
    const free = (task: number): boolean => given[task].size < workers;
    const task = adaptive ? queue.best(1, free)[0] : random.integer(tasks);
    const mine = given[task];
    const worker = adaptive
      ? epsilonGreedyWorker(
          stream,
          everyone.filter((w) => !mine.has(w)),
          random,
          t <= 100 ? 0.5 : 0.05,
        )
      : draw(everyone, mine, random);
    const right = random.bernoulli(accuracy[worker * classes + truth[task]]);
    const label = right ? truth[task] : (truth[task] + 1 + random.integer(classes - 1)) % classes;
    mine.set(worker, label);
    stream.add(task, worker, label);
    queue.set(task, stream.entropyOf(task));
    if (!marks.includes(t)) continue;
    stream.refreshAll();
    const estimate = fit(dawidSkeneMap, tableOf(given, size));
    results.push({ online: share(stream.posterior, truth, classes), batch: share(estimate.posterior, truth, classes) });
  }
  return results;
}

function draw(everyone: readonly number[], taken: ReadonlyMap<number, number>, random: Random): number {
  for (;;) {
    const worker = everyone[random.integer(everyone.length)];
    if (!taken.has(worker)) return worker;
  }
}

function share(posterior: Float64Array, truth: Int32Array, classes: number): number {
  let right = 0;
  for (let task = 0; task < truth.length; task++) {
    const row = posterior.subarray(task * classes, (task + 1) * classes);
    const most = Math.max(...row);
    const tied = row.filter((q) => q >= most * (1 - 1e-12)).length;
    if (row[truth[task]] >= most * (1 - 1e-12)) right += 1 / tied;
  }
  return right / truth.length;
}

function tableOf(given: readonly ReadonlyMap<number, number>[], { workers, classes }: Size): AnswerTable {
  const taskStart = new Uint32Array(given.length + 1);
  const answers: [worker: number, label: number][] = [];
  given.forEach((mine, task) => {
    answers.push(...[...mine].sort((a, b) => a[0] - b[0]));
    taskStart[task + 1] = answers.length;
  });
  const names = (prefix: string, count: number) =>
    dictionaryOf(Array.from({ length: count }, (_, i) => `${prefix}${i}`));
  return new AnswerTable({
    question: 'label',
    tasks: names('t', given.length),
    workers: names('w', workers),
    classes: names('c', classes),
    taskStart,
    worker: Uint32Array.from(answers, ([worker]) => worker),
    label: Uint16Array.from(answers, ([, label]) => label),
  });
}
