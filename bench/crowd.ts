/**
 * Synthetic crowds for benchmarks. Three shapes:
 *
 * - `u` (uniform): every task has 5 answers, workers are drawn evenly.
 * - `s` (skewed): 1 to 9 answers a task, the activity of workers is log-normal.
 * - `p` (the peers' crowd): 5 answers a task, the activity of workers is log-normal.
 *
 * A tenth of the workers guess, the others are right with probability 0.55 to 0.95; wrong answers
 * are spread evenly; nobody answers a task twice.
 */

export type CrowdShape = 'u' | 's' | 'p';

export interface CrowdRecipe {
  readonly shape: CrowdShape;
  readonly classes: number;
  readonly answers: number;
  readonly workers: number;
  readonly seed?: number;
}

/** The columns a sweep reads, and the truth. */
export interface Crowd {
  readonly taskStart: Uint32Array;
  readonly worker: Uint32Array;
  readonly label: Uint16Array;
  readonly weight: undefined;
  readonly taskCount: number;
  readonly workerCount: number;
  readonly classCount: number;
  readonly truth: Uint16Array;
}

/** Uniform numbers in (0, 1) from Chris Doty-Humphrey's small fast counting generator. */
function uniforms(seed: number): () => number {
  let a = 0x9e3779b9 | 0;
  let b = seed | 0;
  let c = 6789;
  let counter = 1;
  const next = (): number => {
    const out = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + out;
    return ((out >>> 0) + 0.5) / 4294967296;
  };
  for (let i = 0; i < 20; i++) next();
  return next;
}

export function crowd(recipe: CrowdRecipe): Crowd {
  const { shape, classes, answers, workers } = recipe;
  const random = uniforms(recipe.seed ?? 12345);
  const cumulative = new Float64Array(workers);
  let activity = 0;
  for (let w = 0; w < workers; w++) {
    activity += shape === 'u' ? 1 : Math.exp(Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()));
    cumulative[w] = activity;
  }
  const drawWorker = (): number => {
    const wanted = random() * activity;
    let low = 0;
    let high = workers - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const right = Float64Array.from({ length: workers }, () => (random() < 0.1 ? 1 / classes : 0.55 + 0.4 * random()));
  const worker = new Uint32Array(answers);
  const label = new Uint16Array(answers);
  const starts: number[] = [0];
  const truths: number[] = [];
  for (let answer = 0; answer < answers; ) {
    const first = answer;
    const end = Math.min(answers, first + (shape === 's' ? 1 + Math.floor(random() * 9) : 5));
    const truth = Math.floor(random() * classes);
    for (; answer < end; answer++) {
      let drawn = drawWorker();
      while (worker.subarray(first, answer).includes(drawn)) drawn = drawWorker();
      worker[answer] = drawn;
      const wrong = (truth + 1 + Math.floor(random() * (classes - 1))) % classes;
      label[answer] = random() < right[drawn] ? truth : wrong;
    }
    truths.push(truth);
    starts.push(end);
  }
  return {
    taskStart: Uint32Array.from(starts),
    worker,
    label,
    weight: undefined,
    taskCount: truths.length,
    workerCount: workers,
    classCount: classes,
    truth: Uint16Array.from(truths),
  };
}

/**
 * The crowd as bytes for the C programs, little-endian 32-bit words: classes, tasks, workers,
 * answers, number of blocks; the blocks (answers per task, tasks); the worker of each answer; then
 * 16-bit labels. Tasks come in the order given.
 */
export function crowdBytes(crowd: Crowd, order: ArrayLike<number>): Uint8Array {
  const { taskStart, worker, label } = crowd;
  const blocks: number[] = [];
  const sortedWorker = new Uint32Array(worker.length);
  const sortedLabel = new Uint16Array(label.length);
  let next = 0;
  for (let i = 0; i < order.length; i++) {
    const first = taskStart[order[i]];
    const end = taskStart[order[i] + 1];
    if (blocks[blocks.length - 2] === end - first) blocks[blocks.length - 1]++;
    else blocks.push(end - first, 1);
    sortedWorker.set(worker.subarray(first, end), next);
    sortedLabel.set(label.subarray(first, end), next);
    next += end - first;
  }
  const words = [crowd.classCount, crowd.taskCount, crowd.workerCount, worker.length, blocks.length / 2];
  const head = Uint32Array.from(words);
  const body = Uint32Array.from(blocks);
  return Buffer.concat([head, body, sortedWorker, sortedLabel].map((part) => Buffer.from(part.buffer)));
}
