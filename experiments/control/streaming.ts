import { AnswerTable, dawidSkeneMap, dictionaryOf, fit, Random } from '@assay/core';
import { epsilonGreedyWorker, OnlineEm, TaskQueue } from '@assay/core/control';
import { lines } from '@assay/figures';
import { type Band, band, type Experiment, type ExperimentOptions, type ExperimentResult } from '../experiment.ts';

/** Which task next and who answers it. */
interface Rule {
  readonly name: string;
  readonly task: 'random' | 'round-robin' | 'uncertain';
  readonly worker: 'random' | 'ε-greedy';
  /** Answers a worker is taken to have given before. */
  readonly head: number;
  /** The most answers of one worker, as a share of the tasks. */
  readonly quota?: number;
}

const rules: readonly Rule[] = [
  { name: 'random task and worker', task: 'random', worker: 'random', head: 1 },
  { name: 'round-robin, random worker', task: 'round-robin', worker: 'random', head: 10 },
  { name: 'uncertain task, random worker', task: 'uncertain', worker: 'random', head: 10 },
  { name: 'uncertain task, ε-greedy worker', task: 'uncertain', worker: 'ε-greedy', head: 10 },
  { name: 'the same, at most T/5 answers a worker', task: 'uncertain', worker: 'ε-greedy', head: 10, quota: 0.2 },
];
const [atRandom, adaptive] = [0, 3];

interface Size {
  readonly name: string;
  readonly tasks: number;
  readonly workers: number;
  readonly classes: number;
  readonly marks: readonly number[];
  /** Accuracy at the marks by a reference implementation, by rule. */
  readonly reference: readonly (readonly number[] | null)[];
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
      [0.62, 0.642, 0.724, 0.827],
      [0.625, 0.681, 0.759, 0.873],
      [0.651, 0.786, 0.947, 0.999],
      [0.651, 0.766, 0.913, 0.992],
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
      null,
      [0.611, 0.675, 0.755, 0.905],
      [0.617, 0.827, 0.971, 0.9995],
      [0.617, 0.811, 0.948, 0.999],
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
    const online = rules.map(() => size.marks.map(() => 0));
    const batch = rules.map(() => size.marks.map(() => 0));
    for (let run = 0; run < runs; run++) {
      signal?.throwIfAborted();
      rules.forEach((rule, r) => {
        const result = simulate(size, rule, new Random(seed).fork(`${size.name} ${run}`));
        result.forEach(({ online: o, batch: b }, i) => {
          online[r][i] += o / runs;
          batch[r][i] += b / runs;
        });
      });
      onProgress(`streams of the size of ${size.name}`, run + 1, runs);
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
    }
    tables.push({
      title: `${size.name}: ${size.tasks} tasks, ${size.workers} workers, ${size.classes} classes; accuracy online (batch) [reference], ${runs} runs`,
      columns: ['rule', ...size.marks.map(String)],
      rows: rules.map(({ name }, r) => [
        name,
        ...size.marks.map((_, i) => {
          const there = size.reference[r]?.[i];
          const ours = `${online[r][i].toFixed(3)} (${batch[r][i].toFixed(3)})`;
          return there === undefined ? ours : `${ours} [${there.toFixed(3)}]`;
        }),
      ]),
    });
    const [least, most] = [online[atRandom][2], online[adaptive][2]];
    const [leastThere, mostThere] = [size.reference[atRandom]?.[2] ?? 0, size.reference[adaptive]?.[2] ?? 0];
    bands.push(
      band(`${size.name}: adaptive minus random at 3 answers a task`, most - least, 0.2, 0.5, mostThere - leastThere),
      band(`${size.name}: adaptive at 3 answers a task`, most, mostThere - 0.025, 1, mostThere),
      band(`${size.name}: batch minus online at 3 answers a task, adaptive`, batch[adaptive][2] - most, -0.02, 0.02),
    );
    figures.push({
      name: `streaming-${size.name}`,
      svg: lines({
        title: `Accuracy over a stream of the size of ${size.name}`,
        x: { label: 'answers' },
        y: { label: 'accuracy', format: 'percent' },
        series: rules.map(({ name }, r) => ({ name, points: size.marks.map((x, i) => ({ x, y: online[r][i] })) })),
      }),
    });
  }
  const notes = ['Workers are simulated and always available; on real answers the gain is smaller, see the replay.'];
  return { tables, bands, figures, notes };
}

function simulate(size: Size, rule: Rule, random: Random): { online: number; batch: number }[] {
  const { tasks, workers, classes, marks } = size;
  const truth = Int32Array.from({ length: tasks }, () => random.integer(classes));
  const accuracy = Float64Array.from({ length: workers * classes }, () => 1 / classes);
  for (let w = 0; w < workers; w++) {
    if (random.bernoulli(0.1)) continue;
    // Good workers are good at every class, give or take.
    const skill = random.beta(4, 2);
    for (let k = 0; k < classes; k++) {
      accuracy[w * classes + k] = Math.min(0.98, Math.max(0.05, skill + 0.1 * random.normal()));
    }
  }
  const stream = new OnlineEm({ classes, tasks, workers, head: rule.head });
  const queue = new TaskQueue(tasks, random.integer(1e9));
  for (let task = 0; task < tasks; task++) queue.set(task, Math.log(classes));
  const given = Array.from({ length: tasks }, () => new Map<number, number>());
  const everyone = Array.from({ length: workers }, (_, w) => w);
  const nextTask = (): number => {
    if (rule.task === 'random') return random.integer(tasks);
    if (rule.task === 'round-robin') return stream.answers % tasks;
    return queue.best(1, (task) => given[task].size < workers)[0];
  };
  const mostOfWorker = (rule.quota ?? 1) * tasks;
  const results: { online: number; batch: number }[] = [];
  for (let t = 1; t <= marks[marks.length - 1]; t++) {
    const task = nextTask();
    const mine = given[task];
    const eligible = everyone.filter((w) => !mine.has(w) && stream.answersOfWorker[w] < mostOfWorker);
    const worker =
      rule.worker === 'ε-greedy'
        ? epsilonGreedyWorker(stream, eligible, random, t <= 100 ? 0.5 : 0.05)
        : eligible[random.integer(eligible.length)];
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
