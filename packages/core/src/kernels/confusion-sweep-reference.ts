import type { ConfusionSweep, ConfusionSweepOptions, ConfusionSweepResult } from './confusion-sweep.ts';
import {
  defaultFloor,
  dirichletLogs,
  inverseRescaleFactor,
  logRescaleFactor,
  lowestFloor,
  priorFloor,
  rescaleFactor,
  runLength,
  smallProduct,
} from './rescaling.ts';
import {
  isOneHot,
  missingPosterior,
  type SweepAnswers,
  type SweepLayout,
  sweepLayout,
  usableFactors,
  writeRecordOffsets,
} from './sweep-layout.ts';

/**
 * The {@link ConfusionSweep} in plain TypeScript: the oracle of the WASM engine, its fallback, and
 * the faster choice for small tables.
 *
 * One record per (worker, said): the K probabilities of saying it, by true class, followed by the
 * K counts, so that the scatter touches the line the gather has just loaded. Two and three classes
 * have code of their own, others run in blocks of four. Weighted answers take a path with
 * logarithms, because a power per answer and class would cost more.
 */
export class ReferenceConfusionSweep implements ConfusionSweep {
  readonly engine = 'reference' as const;
  readonly note: string | undefined;
  readonly #answers: SweepAnswers;
  readonly #classCount: number;
  readonly #layout: SweepLayout;
  /** Start of each answer's record, in the order of the sweep. */
  readonly #offsets: Uint32Array;
  readonly #records: Float64Array;
  readonly #taskPrior: Float64Array | undefined;
  readonly #floor: number;
  readonly #totals: Float64Array;
  readonly #start: Float64Array;
  readonly #product: Float64Array;
  readonly #exponent: Int32Array;
  #run: number;
  #prior: Float64Array;
  #posterior: Float64Array | undefined;
  #stored = false;
  #maxChange = 0;
  #logs: Float64Array | undefined;
  // The running product of the task sums: value · rescaleFactor^-exponent.
  #likelihood = 1;
  #likelihoodExponent = 0;

  constructor(answers: SweepAnswers, options: ConfusionSweepOptions, note: string | undefined) {
    const { workerCount, classCount, taskCount } = answers;
    this.note = note;
    this.#answers = answers;
    this.#classCount = classCount;
    this.#layout = sweepLayout(answers.taskStart);
    this.#offsets = new Uint32Array(answers.worker.length);
    writeRecordOffsets(answers, this.#layout, 2 * classCount, 0, this.#offsets);
    this.#records = new Float64Array(workerCount * classCount * classCount * 2);
    this.#taskPrior = usableFactors(options.taskPrior, classCount);
    this.#floor = Math.max(options.floor ?? defaultFloor, lowestFloor);
    this.#totals = new Float64Array(classCount);
    this.#start = new Float64Array(classCount);
    this.#product = new Float64Array(classCount);
    this.#exponent = new Int32Array(classCount);
    this.#prior = new Float64Array(classCount).fill(1 / classCount);
    this.#posterior = options.storePosterior ? new Float64Array(taskCount * classCount) : undefined;
    this.#run = 1;
    this.setTable(new Float64Array(workerCount * classCount * classCount).fill(1 / classCount));
  }

  setTable(table: Float64Array): void {
    const classCount = this.#classCount;
    const records = this.#records;
    const floor = this.#floor;
    let smallest = 1;
    let next = 0;
    for (let worker = 0; worker < this.#answers.workerCount; worker++) {
      const first = worker * classCount * classCount * 2;
      for (let truth = 0; truth < classCount; truth++) {
        for (let said = 0; said < classCount; said++) {
          let cell = table[next++];
          if (!(cell >= floor)) cell = floor;
          if (cell < smallest) smallest = cell;
          records[first + said * 2 * classCount + truth] = cell;
        }
      }
    }
    this.#run = runLength(smallest);
  }

  table(out: Float64Array): Float64Array {
    return this.#read(out, 0);
  }

  counts(out: Float64Array): Float64Array {
    return this.#read(out, this.#classCount);
  }

  #read(out: Float64Array, part: number): Float64Array {
    const classCount = this.#classCount;
    const records = this.#records;
    let next = 0;
    for (let worker = 0; worker < this.#answers.workerCount; worker++) {
      const first = worker * classCount * classCount * 2 + part;
      for (let truth = 0; truth < classCount; truth++) {
        for (let said = 0; said < classCount; said++) out[next++] = records[first + said * 2 * classCount + truth];
      }
    }
    return out;
  }

  normalise(added: Float64Array): void {
    const classCount = this.#classCount;
    const records = this.#records;
    const floor = this.#floor;
    const stride = 2 * classCount;
    let smallest = 1;
    for (let worker = 0; worker < this.#answers.workerCount; worker++) {
      const first = worker * classCount * stride;
      for (let truth = 0; truth < classCount; truth++) {
        let sum = 0;
        for (let said = 0; said < classCount; said++) {
          sum += records[first + said * stride + classCount + truth] + added[truth * classCount + said];
        }
        for (let said = 0; said < classCount; said++) {
          const at = first + said * stride + truth;
          let cell = sum > 0 ? (records[at + classCount] + added[truth * classCount + said]) / sum : records[at];
          if (!(cell >= floor)) cell = floor;
          if (cell < smallest) smallest = cell;
          records[at] = cell;
          records[at + classCount] = 0;
        }
      }
    }
    this.#run = runLength(smallest);
  }

  logDensity(added: Float64Array): number {
    const { workerCount, classCount } = this.#answers;
    return dirichletLogs(this.table(new Float64Array(workerCount * classCount * classCount)), added);
  }

  sweep(prior: Float64Array, options: { readonly store: boolean }): ConfusionSweepResult {
    const classCount = this.#classCount;
    this.#prior = flooredPrior(prior);
    this.#stored = options.store;
    if (options.store) this.#posterior ??= new Float64Array(this.#answers.taskCount * classCount);
    this.#clear();
    this.#likelihood = 1;
    this.#likelihoodExponent = 0;
    this.#maxChange = 0;
    if (this.#answers.weight !== undefined) this.#sweepWeighted(this.#answers.weight);
    else this.#sweepBlocks();
    return {
      logLikelihood:
        Math.log(this.#likelihood) - this.#likelihoodExponent * logRescaleFactor + this.#addGoldWithoutAnswers(),
      maxChange: options.store ? this.#maxChange : Number.NaN,
    };
  }

  #clear(): void {
    const classCount = this.#classCount;
    const records = this.#records;
    this.#totals.fill(0);
    for (let at = classCount; at < records.length; at += 2 * classCount) records.fill(0, at, at + classCount);
  }

  #sweepBlocks(): void {
    const { blocks, order } = this.#layout;
    const perTask = this.#classCount === 2 ? this.#task2 : this.#classCount === 3 ? this.#task3 : this.#taskAny;
    let task = 0;
    let answer = 0;
    for (let block = 0; block < blocks.length; block += 2) {
      const count = blocks[block];
      const end = task + blocks[block + 1];
      const visit = count > this.#run ? this.#taskOfManyAnswers : perTask;
      for (; task < end; task++, answer += count) visit.call(this, order[task], answer, answer + count);
    }
  }

  /** Prior times task prior of a task, into `#start`. */
  #startOf(task: number): Float64Array {
    const classCount = this.#classCount;
    const start = this.#start;
    const taskPrior = this.#taskPrior;
    for (let k = 0; k < classCount; k++) {
      start[k] = taskPrior === undefined ? this.#prior[k] : this.#prior[k] * taskPrior[task * classCount + k];
    }
    return start;
  }

  #task2(task: number, first: number, end: number): void {
    const records = this.#records;
    const offsets = this.#offsets;
    const start = this.#startOf(task);
    let q0 = start[0];
    let q1 = start[1];
    for (let answer = first; answer < end; answer++) {
      const at = offsets[answer];
      q0 *= records[at];
      q1 *= records[at + 1];
    }
    const sum = q0 + q1;
    this.#multiplyLikelihood(sum);
    q0 /= sum;
    q1 /= sum;
    for (let answer = first; answer < end; answer++) {
      const at = offsets[answer];
      records[at + 2] += q0;
      records[at + 3] += q1;
    }
    this.#totals[0] += q0;
    this.#totals[1] += q1;
    if (this.#stored) {
      this.#store(task * 2, q0);
      this.#store(task * 2 + 1, q1);
    }
  }

  #task3(task: number, first: number, end: number): void {
    const records = this.#records;
    const offsets = this.#offsets;
    const start = this.#startOf(task);
    let q0 = start[0];
    let q1 = start[1];
    let q2 = start[2];
    for (let answer = first; answer < end; answer++) {
      const at = offsets[answer];
      q0 *= records[at];
      q1 *= records[at + 1];
      q2 *= records[at + 2];
    }
    const sum = q0 + q1 + q2;
    this.#multiplyLikelihood(sum);
    q0 /= sum;
    q1 /= sum;
    q2 /= sum;
    for (let answer = first; answer < end; answer++) {
      const at = offsets[answer];
      records[at + 3] += q0;
      records[at + 4] += q1;
      records[at + 5] += q2;
    }
    this.#totals[0] += q0;
    this.#totals[1] += q1;
    this.#totals[2] += q2;
    if (this.#stored) {
      this.#store(task * 3, q0);
      this.#store(task * 3 + 1, q1);
      this.#store(task * 3 + 2, q2);
    }
  }

  #taskAny(task: number, first: number, end: number): void {
    const classCount = this.#classCount;
    const records = this.#records;
    const offsets = this.#offsets;
    const start = this.#startOf(task);
    const product = this.#product;
    let k = 0;
    for (; k + 4 <= classCount; k += 4) {
      let q0 = start[k];
      let q1 = start[k + 1];
      let q2 = start[k + 2];
      let q3 = start[k + 3];
      for (let answer = first; answer < end; answer++) {
        const at = offsets[answer] + k;
        q0 *= records[at];
        q1 *= records[at + 1];
        q2 *= records[at + 2];
        q3 *= records[at + 3];
      }
      product[k] = q0;
      product[k + 1] = q1;
      product[k + 2] = q2;
      product[k + 3] = q3;
    }
    for (; k < classCount; k++) {
      let q = start[k];
      for (let answer = first; answer < end; answer++) q *= records[offsets[answer] + k];
      product[k] = q;
    }
    this.#finishTask(task, first, end);
  }

  /**
   * The same where the product could leave the range: every class is rescaled on its own, so a class
   * far behind after some answers can come back exactly.
   */
  #taskOfManyAnswers(task: number, first: number, end: number): void {
    const classCount = this.#classCount;
    const records = this.#records;
    const offsets = this.#offsets;
    const start = this.#startOf(task);
    const product = this.#product;
    const exponent = this.#exponent;
    let least = 0x7fffffff;
    for (let k = 0; k < classCount; k++) {
      let q = start[k];
      let rescaled = 0;
      for (let answer = first; answer < end; ) {
        const stop = Math.min(end, answer + this.#run);
        for (; answer < stop; answer++) q *= records[offsets[answer] + k];
        while (q < smallProduct && q > 0) {
          q *= rescaleFactor;
          rescaled++;
        }
      }
      product[k] = q;
      exponent[k] = rescaled;
      if (q > 0 && rescaled < least) least = rescaled;
    }
    for (let k = 0; k < classCount; k++) {
      const behind = exponent[k] - least;
      if (behind === 1) product[k] *= inverseRescaleFactor;
      else if (behind > 1) product[k] = 0;
    }
    this.#likelihoodExponent += least;
    this.#finishTask(task, first, end);
  }

  #finishTask(task: number, first: number, end: number): void {
    const classCount = this.#classCount;
    const records = this.#records;
    const offsets = this.#offsets;
    const product = this.#product;
    const totals = this.#totals;
    let sum = 0;
    for (let k = 0; k < classCount; k++) sum += product[k];
    this.#multiplyLikelihood(sum);
    for (let k = 0; k < classCount; k++) {
      product[k] /= sum;
      totals[k] += product[k];
    }
    let k = 0;
    for (; k + 4 <= classCount; k += 4) {
      const q0 = product[k];
      const q1 = product[k + 1];
      const q2 = product[k + 2];
      const q3 = product[k + 3];
      for (let answer = first; answer < end; answer++) {
        const at = offsets[answer] + classCount + k;
        records[at] += q0;
        records[at + 1] += q1;
        records[at + 2] += q2;
        records[at + 3] += q3;
      }
    }
    for (; k < classCount; k++) {
      const q = product[k];
      for (let answer = first; answer < end; answer++) records[offsets[answer] + classCount + k] += q;
    }
    if (this.#stored) for (let k = 0; k < classCount; k++) this.#store(task * classCount + k, product[k]);
  }

  #multiplyLikelihood(sum: number): void {
    let likelihood = this.#likelihood * sum;
    while (likelihood < smallProduct && likelihood > 0) {
      likelihood *= rescaleFactor;
      this.#likelihoodExponent++;
    }
    this.#likelihood = likelihood;
  }

  #store(at: number, value: number): void {
    const posterior = this.#posterior as Float64Array;
    const change = Math.abs(value - posterior[at]);
    if (change > this.#maxChange) this.#maxChange = change;
    posterior[at] = value;
  }

  /** θ^weight per factor, weight · q per count; in logarithms. */
  #sweepWeighted(weight: Float64Array): void {
    const classCount = this.#classCount;
    const { taskStart } = this.#answers;
    const records = this.#records;
    const offsets = this.#offsets;
    const product = this.#product;
    const totals = this.#totals;
    this.#logs ??= new Float64Array(records.length);
    const logs = this.#logs;
    for (let at = 0; at < records.length; at += 2 * classCount) {
      for (let k = at; k < at + classCount; k++) logs[k] = Math.log(records[k]);
    }
    let logLikelihood = 0;
    let next = 0;
    for (const task of this.#layout.order) {
      const first = taskStart[task];
      const count = taskStart[task + 1] - first;
      const start = this.#startOf(task);
      let most = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < classCount; k++) {
        let log = Math.log(start[k]);
        for (let j = 0; j < count; j++) log += weight[first + j] * logs[offsets[next + j] + k];
        product[k] = log;
        if (log > most) most = log;
      }
      let sum = 0;
      for (let k = 0; k < classCount; k++) {
        product[k] = Math.exp(product[k] - most);
        sum += product[k];
      }
      logLikelihood += most + Math.log(sum);
      for (let k = 0; k < classCount; k++) {
        const q = product[k] / sum;
        totals[k] += q;
        for (let j = 0; j < count; j++) records[offsets[next + j] + classCount + k] += weight[first + j] * q;
        if (this.#stored) this.#store(task * classCount + k, q);
      }
      next += count;
    }
    this.#likelihood = 1;
    this.#likelihoodExponent = -logLikelihood / logRescaleFactor;
  }

  /** Known classes count and have a probability even when nobody answered. */
  #addGoldWithoutAnswers(): number {
    const classCount = this.#classCount;
    const taskPrior = this.#taskPrior;
    if (taskPrior === undefined) return 0;
    let logLikelihood = 0;
    for (const task of this.#layout.empty) {
      if (!isOneHot(taskPrior, task * classCount, classCount)) continue;
      for (let k = 0; k < classCount; k++) {
        const value = taskPrior[task * classCount + k];
        if (!(value > 0)) continue;
        this.#totals[k]++;
        logLikelihood += Math.log(this.#prior[k] * value);
      }
    }
    return logLikelihood;
  }

  scatter(posterior: Float64Array): void {
    const classCount = this.#classCount;
    const { taskStart, weight } = this.#answers;
    const records = this.#records;
    const offsets = this.#offsets;
    this.#clear();
    this.#stored = false;
    let next = 0;
    for (const task of this.#layout.order) {
      const first = taskStart[task];
      const end = taskStart[task + 1];
      for (let k = 0; k < classCount; k++) this.#totals[k] += posterior[task * classCount + k];
      for (let answer = first; answer < end; answer++) {
        const at = offsets[next++] + classCount;
        const scale = weight === undefined ? 1 : weight[answer];
        for (let k = 0; k < classCount; k++) records[at + k] += scale * posterior[task * classCount + k];
      }
    }
    this.#addGoldWithoutAnswers();
  }

  scatterVotes(): void {
    const { taskCount, workerCount, classCount, taskStart, label, weight } = this.#answers;
    const shares = new Float64Array(taskCount * classCount);
    for (let task = 0; task < taskCount; task++) {
      let total = 0;
      for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
        const power = weight === undefined ? 1 : weight[answer];
        shares[task * classCount + label[answer]] += power;
        total += power;
      }
      for (let k = task * classCount; k < (task + 1) * classCount; k++) {
        shares[k] = total > 0 ? shares[k] / total : 1 / classCount;
      }
    }
    this.scatter(shares);
    this.setTable(new Float64Array(workerCount * classCount * classCount).fill(1 / classCount));
  }

  classTotals(out: Float64Array): Float64Array {
    out.set(this.#totals);
    return out;
  }

  posterior(out: Float64Array): Float64Array {
    const classCount = this.#classCount;
    if (!this.#stored || this.#posterior === undefined) {
      throw missingPosterior();
    }
    out.set(this.#posterior);
    for (const task of this.#layout.empty) {
      writeNormalised(this.#startOf(task), out, task * classCount);
    }
    return out;
  }

  writePosterior(prior: Float64Array, out: Float64Array): Float64Array {
    this.sweep(prior, { store: true });
    this.posterior(out);
    this.#stored = false;
    return out;
  }

  dispose(): void {
    this.#posterior = undefined;
    this.#logs = undefined;
  }
}

/** A copy of the prior in which no class is so rare that products leave the range of a double. */
export function flooredPrior(prior: Float64Array): Float64Array {
  let most = 0;
  for (const value of prior) if (value > most) most = value;
  if (!(most > 0)) return new Float64Array(prior.length).fill(1 / prior.length);
  return prior.map((value) => (value >= most * priorFloor ? value : most * priorFloor));
}

/** `values / Σ values` into `out` from `start`. */
export function writeNormalised(values: Float64Array, out: Float64Array, start: number): void {
  let sum = 0;
  for (const value of values) sum += value;
  for (let k = 0; k < values.length; k++) out[start + k] = values[k] / sum;
}
