import type { SweepAnswers } from '../../src/kernels/sweep-layout.ts';

/** A small seeded generator for tests: uniform numbers in (0, 1). */
export function uniforms(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296 + 1e-10;
  };
}

export interface CrowdShape {
  readonly seed: number;
  readonly classes: number;
  readonly workers: number;
  /** Answers of each task. */
  readonly counts: readonly number[];
  readonly weighted?: boolean;
}

/** Answers of random workers, each right with its own probability. */
export function crowd(shape: CrowdShape): SweepAnswers {
  const random = uniforms(shape.seed);
  const { classes, workers, counts } = shape;
  const right = Float64Array.from({ length: workers }, () => 0.4 + 0.55 * random());
  const taskStart = new Uint32Array(counts.length + 1);
  for (let task = 0; task < counts.length; task++) taskStart[task + 1] = taskStart[task] + counts[task];
  const answers = taskStart[counts.length];
  const worker = new Uint32Array(answers);
  const label = new Uint16Array(answers);
  for (let task = 0; task < counts.length; task++) {
    const truth = Math.floor(random() * classes);
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      worker[answer] = Math.floor(random() * workers);
      label[answer] = random() < right[worker[answer]] ? truth : Math.floor(random() * classes);
    }
  }
  return {
    taskStart,
    worker,
    label,
    weight: shape.weighted ? Float64Array.from({ length: answers }, () => 2 * random()) : undefined,
    taskCount: counts.length,
    workerCount: workers,
    classCount: classes,
  };
}

/** W×K×K rows that sum to 1, some cells far below the others. */
export function randomTable(answers: SweepAnswers, seed: number, skew = 1): Float64Array {
  const random = uniforms(seed);
  const { workerCount, classCount } = answers;
  const table = new Float64Array(workerCount * classCount * classCount);
  for (let row = 0; row < table.length; row += classCount) {
    let sum = 0;
    for (let k = row; k < row + classCount; k++) {
      table[k] = random() ** skew;
      sum += table[k];
    }
    for (let k = row; k < row + classCount; k++) table[k] /= sum;
  }
  return table;
}

export interface Oracle {
  readonly logLikelihood: number;
  readonly posterior: Float64Array;
  readonly counts: Float64Array;
  readonly totals: Float64Array;
}

/** The E-step and its counts as the papers write them: logarithms, one task at a time. */
export function confusionOracle(
  answers: SweepAnswers,
  table: Float64Array,
  prior: Float64Array,
  taskPrior: Float64Array | undefined,
  floor: number,
): Oracle {
  const { taskStart, worker, label, weight, taskCount, classCount } = answers;
  const posterior = new Float64Array(taskCount * classCount);
  const counts = new Float64Array(table.length);
  const totals = new Float64Array(classCount);
  let logLikelihood = 0;
  for (let task = 0; task < taskCount; task++) {
    const logs = Array.from({ length: classCount }, (_, k) =>
      Math.log(prior[k] * (taskPrior === undefined ? 1 : taskPrior[task * classCount + k])),
    );
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      for (let k = 0; k < classCount; k++) {
        const cell = table[(worker[answer] * classCount + k) * classCount + label[answer]];
        logs[k] += (weight?.[answer] ?? 1) * Math.log(Math.max(cell, floor));
      }
    }
    const most = Math.max(...logs);
    const sum = logs.reduce((total, log) => total + Math.exp(log - most), 0);
    const answered = taskStart[task + 1] > taskStart[task];
    const gold = taskPrior?.subarray(task * classCount, (task + 1) * classCount).filter((value) => value > 0);
    if (answered || gold?.length === 1) logLikelihood += most + Math.log(sum);
    for (let k = 0; k < classCount; k++) {
      const q = Math.exp(logs[k] - most) / sum;
      posterior[task * classCount + k] = q;
      if (answered || gold?.length === 1) totals[k] += q;
      for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
        counts[(worker[answer] * classCount + k) * classCount + label[answer]] += q * (weight?.[answer] ?? 1);
      }
    }
  }
  return { logLikelihood, posterior, counts, totals };
}

/** Largest |a − b| / max(1, |b|). */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < b.length; i++) {
    const off = Math.abs(a[i] - b[i]) / Math.max(1, Math.abs(b[i]));
    if (!(off <= most)) most = off;
  }
  return a.length === b.length ? most : Number.NaN;
}
