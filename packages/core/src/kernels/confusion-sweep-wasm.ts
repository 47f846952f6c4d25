import type { ConfusionSweep, ConfusionSweepOptions, ConfusionSweepResult } from './confusion-sweep.ts';
import { flooredPrior, writeNormalised } from './confusion-sweep-reference.ts';
import { confusionKernel } from './generated/confusion.generated.ts';
import { defaultFloor, logRescaleFactor, lowestFloor, runLength, smallProduct } from './rescaling.ts';
import {
  isOneHot,
  missingPosterior,
  type SweepAnswers,
  type SweepLayout,
  sweepLayout,
  usableFactors,
  writeRecordOffsets,
} from './sweep-layout.ts';
import { growKernel, type Kernel, type KernelExports, mostKernelBytes, openKernel } from './wasm.ts';

/** Byte addresses of the head; tools/kernels/confusion.ts has the same. */
const likelihoodAt = 0;
const likelihoodExponentAt = 16;
const maxChangeAt = 32;
const smallestAt = 40;
const constantsAt = 64;
const vectorsAt = 128;
/** The most classes with code of their own. */
const mostSpecialClasses = 16;
/** Tasks a call sweeps, even: short calls let V8 put better code in place during the first sweep. */
const mostTasksOfCall = 16_384;
/** Bytes of posteriors that stay in the cache on their way out. */
const passingBytes = 131_072;

/** Where everything lies in the memory of a sweep, in bytes. */
interface MemoryMap {
  /** Bytes of one row of classes, padded to an even number of them. */
  readonly width: number;
  readonly totals: number;
  readonly added: number;
  /** Products of table cells over the workers, rows by said, and how often each was rescaled. */
  readonly products: number;
  readonly answers: number;
  /** Task factors by task in the order of the sweep, or 0. */
  readonly factors: number;
  readonly records: number;
  readonly recordsEnd: number;
  readonly posterior: number;
  /** The end with and without posteriors. */
  readonly end: number;
  readonly endWithPosterior: number;
}

function mapMemory(answers: SweepAnswers, layout: SweepLayout, hasFactors: boolean): MemoryMap {
  const { workerCount, classCount } = answers;
  const width = 16 * Math.ceil(classCount / 2);
  const rows = layout.order.length * width;
  const totals = vectorsAt + width;
  const added = vectorsAt + 4 * width;
  const products = added + classCount * width;
  const words = products + 2 * classCount * width;
  // The code looks two tasks ahead: as many zeros as those may have answers follow the last one.
  const { blocks } = layout;
  const most = blocks.length === 0 ? 0 : blocks[blocks.length - 2];
  const factors = aligned(words + 4 * (answers.worker.length + 2 * most));
  const records = aligned(factors + (hasFactors ? rows : 0));
  const recordsEnd = records + workerCount * classCount * 2 * width;
  const posterior = aligned(recordsEnd);
  return {
    width,
    totals,
    added,
    products,
    answers: words,
    factors: hasFactors ? factors : 0,
    records,
    recordsEnd,
    posterior,
    end: recordsEnd,
    endWithPosterior: posterior + rows,
  };
}

/** Rounded up to a cache line. */
function aligned(address: number): number {
  return Math.ceil(address / 64) * 64;
}

/**
 * The {@link ConfusionSweep} in WebAssembly, 128-bit vectors, code per number of classes up to 16.
 *
 * A sweep is one call per run of tasks with equally many answers; the functions and the memory are
 * described in tools/kernels/confusion.ts. The constructor throws where WebAssembly is not to be had.
 */
export class WasmConfusionSweep implements ConfusionSweep {
  readonly engine = 'wasm' as const;
  readonly note: string | undefined;
  readonly #answers: SweepAnswers;
  readonly #classCount: number;
  readonly #layout: SweepLayout;
  readonly #map: MemoryMap;
  readonly #kernel: Kernel;
  readonly #functions: ClassFunctions;
  readonly #taskPrior: Float64Array | undefined;
  readonly #floor: number;
  #run: number;
  #prior: Float64Array;
  #hasPosterior = false;
  #stored = false;
  #cleared = true;

  constructor(answers: SweepAnswers, options: ConfusionSweepOptions) {
    const { classCount, worker } = answers;
    this.#answers = answers;
    this.#classCount = classCount;
    this.#layout = sweepLayout(answers.taskStart);
    this.#taskPrior = usableFactors(options.taskPrior, classCount);
    this.#floor = Math.max(options.floor ?? defaultFloor, lowestFloor);
    const map = mapMemory(answers, this.#layout, options.taskPrior !== undefined);
    this.#map = map;
    if (map.endWithPosterior > mostKernelBytes) throw new RangeError('more than 4 GB');
    const bytes = options.storePosterior ? map.endWithPosterior : map.end;
    this.#kernel = openKernel('confusion', confusionKernel, bytes);
    this.#functions = functionsFor(this.#kernel.run, classCount, map.width);
    this.#doubles.set([smallProduct, 1], constantsAt / 8);
    this.#hasPosterior = options.storePosterior === true;
    this.#prior = new Float64Array(classCount).fill(1 / classCount);
    const words = new Uint32Array(this.#kernel.memory.buffer, map.answers, worker.length);
    writeRecordOffsets(answers, this.#layout, 2 * map.width, map.records, words);
    if (this.#taskPrior !== undefined) this.#writeFactors(this.#taskPrior);
    this.#run = runLength(1 / classCount);
    this.#fillTable(() => 1 / classCount);
  }

  get #doubles(): Float64Array {
    return new Float64Array(this.#kernel.memory.buffer);
  }

  #writeFactors(taskPrior: Float64Array): void {
    const doubles = this.#doubles;
    const { order } = this.#layout;
    const classCount = this.#classCount;
    const stride = this.#map.width / 8;
    let at = this.#map.factors / 8;
    for (let i = 0; i < order.length; i++, at += stride) {
      const row = order[i] * classCount;
      for (let k = 0; k < classCount; k++) doubles[at + k] = taskPrior[row + k];
    }
  }

  /** The same cells for every worker: `cell(truth, said)`. */
  #fillTable(cell: (truth: number, said: number) => number): void {
    const { records, width, added } = this.#map;
    const doubles = this.#doubles;
    const classCount = this.#classCount;
    for (let truth = 0; truth < classCount; truth++) {
      for (let said = 0; said < classCount; said++) doubles[(added + said * width) / 8 + truth] = cell(truth, said);
    }
    this.#kernel.run.fill(records, this.#answers.workerCount, width, added, classCount * width);
  }

  setTable(table: Float64Array): void {
    const doubles = this.#doubles;
    const classCount = this.#classCount;
    const stride = this.#map.width / 4;
    const floor = this.#floor;
    let smallest = 1;
    let next = 0;
    let first = this.#map.records / 8;
    for (let worker = 0; worker < this.#answers.workerCount; worker++, first += classCount * stride) {
      for (let truth = first; truth < first + classCount; truth++) {
        for (let said = 0; said < classCount; said++) {
          let cell = table[next++];
          if (!(cell >= floor)) cell = floor;
          if (cell < smallest) smallest = cell;
          doubles[truth + said * stride] = cell;
        }
      }
    }
    this.#run = runLength(smallest);
  }

  table(out: Float64Array): Float64Array {
    return this.#read(out, 0);
  }

  counts(out: Float64Array): Float64Array {
    return this.#read(out, this.#map.width / 8);
  }

  #read(out: Float64Array, part: number): Float64Array {
    const doubles = this.#doubles;
    const classCount = this.#classCount;
    const stride = this.#map.width / 4;
    let next = 0;
    let first = this.#map.records / 8 + part;
    for (let worker = 0; worker < this.#answers.workerCount; worker++, first += classCount * stride) {
      for (let truth = first; truth < first + classCount; truth++) {
        for (let said = 0; said < classCount; said++) out[next++] = doubles[truth + said * stride];
      }
    }
    return out;
  }

  normalise(added: Float64Array): void {
    const { width, records, added: addedAt } = this.#map;
    const doubles = this.#doubles;
    const classCount = this.#classCount;
    for (let truth = 0; truth < classCount; truth++) {
      for (let said = 0; said < classCount; said++) {
        doubles[(addedAt + said * width) / 8 + truth] = added[truth * classCount + said];
      }
    }
    const stride = classCount * 2 * width;
    this.#kernel.run.normalise(records, this.#answers.workerCount, stride, width, addedAt, this.#floor);
    this.#run = runLength(doubles[smallestAt / 8]);
    this.#cleared = true;
  }

  logDensity(added: Float64Array): number {
    const { records, width, products } = this.#map;
    const classCount = this.#classCount;
    const size = classCount * width;
    this.#kernel.run.products(records, this.#answers.workerCount, width, products, size);
    const doubles = this.#doubles;
    let sum = 0;
    for (let truth = 0; truth < classCount; truth++) {
      for (let said = 0; said < classCount; said++) {
        const power = added[truth * classCount + said];
        const at = (products + said * width) / 8 + truth;
        if (power > 0) sum += power * (Math.log(doubles[at]) - doubles[at + size / 8] * logRescaleFactor);
      }
    }
    return sum;
  }

  #clear(): void {
    const { records, recordsEnd, width, totals } = this.#map;
    if (!this.#cleared) this.#kernel.run.clear(records, recordsEnd - records, width);
    this.#cleared = true;
    this.#doubles.fill(0, totals / 8, (totals + width) / 8);
  }

  sweep(prior: Float64Array, options: { readonly store: boolean }): ConfusionSweepResult {
    const map = this.#map;
    this.#stored = options.store;
    if (options.store && !this.#hasPosterior) {
      growKernel(this.#kernel, map.endWithPosterior);
      this.#hasPosterior = true;
    }
    this.#begin(prior);
    const doubles = this.#doubles;
    for (const slice of this.#slices()) {
      this.#sweepSlice(slice, options.store ? map.posterior + slice.first * map.width : 0);
    }
    this.#cleared = false;
    const rescalings = doubles[likelihoodExponentAt / 8] + doubles[likelihoodExponentAt / 8 + 1];
    return {
      logLikelihood:
        Math.log(doubles[likelihoodAt / 8]) +
        Math.log(doubles[likelihoodAt / 8 + 1]) -
        rescalings * logRescaleFactor +
        this.#addGoldWithoutAnswers(),
      maxChange: options.store ? doubles[maxChangeAt / 8] : Number.NaN,
    };
  }

  #begin(prior: Float64Array): void {
    this.#prior = flooredPrior(prior);
    this.#clear();
    const doubles = this.#doubles;
    doubles.set(this.#prior, vectorsAt / 8);
    doubles.fill(1, likelihoodAt / 8, likelihoodAt / 8 + 2);
    doubles.fill(0, likelihoodExponentAt / 8, likelihoodExponentAt / 8 + 2);
    doubles[maxChangeAt / 8] = 0;
  }

  /** Runs of tasks of equally many answers, at most `most` tasks each (an even number). */
  *#slices(most = mostTasksOfCall): Generator<Slice, void, void> {
    const { blocks } = this.#layout;
    let answers = this.#map.answers;
    let first = 0;
    for (let block = 0; block < blocks.length; block += 2) {
      const count = blocks[block];
      const end = first + blocks[block + 1];
      while (first < end) {
        const tasks = Math.min(most, end - first);
        yield { first, tasks, count, answers };
        answers += 4 * count * tasks;
        first += tasks;
      }
    }
  }

  /** Posteriors go to rows from `posterior` on, nowhere if 0. */
  #sweepSlice({ first, tasks, count, answers }: Slice, posterior: number): void {
    const { width, factors } = this.#map;
    const { plain, full, many } = this.#functions;
    const run = this.#run;
    const factorsAt = factors === 0 ? 0 : factors + first * width;
    // Two tasks at a time, and the last of an odd number on its own.
    const even = count > run ? 0 : tasks - (tasks % 2);
    if (even > 0) {
      if (factorsAt === 0 && posterior === 0) plain(answers, even, 4 * count);
      else full(answers, even, 4 * count, factorsAt, posterior);
    }
    if (even === tasks) return;
    const rows = even * width;
    const [factorsLeft, posteriorLeft] = [factorsAt && factorsAt + rows, posterior && posterior + rows];
    many(answers + 4 * count * even, tasks - even, 4 * count, factorsLeft, posteriorLeft, 4 * Math.min(run, count));
  }

  /** Known classes count and have a probability even when nobody answered. */
  #addGoldWithoutAnswers(): number {
    const taskPrior = this.#taskPrior;
    if (taskPrior === undefined) return 0;
    const doubles = this.#doubles;
    const classCount = this.#classCount;
    let logLikelihood = 0;
    for (const task of this.#layout.empty) {
      if (!isOneHot(taskPrior, task * classCount, classCount)) continue;
      for (let k = 0; k < classCount; k++) {
        const value = taskPrior[task * classCount + k];
        if (!(value > 0)) continue;
        doubles[this.#map.totals / 8 + k]++;
        logLikelihood += Math.log(this.#prior[k] * value);
      }
    }
    return logLikelihood;
  }

  scatter(posterior: Float64Array): void {
    this.#clear();
    this.#stored = false;
    const classCount = this.#classCount;
    const { taskStart } = this.#answers;
    const { order } = this.#layout;
    const { answers, totals, width } = this.#map;
    const doubles = this.#doubles;
    const words = new Uint32Array(this.#kernel.memory.buffer);
    const totalsAt = totals / 8;
    let next = answers / 4;
    for (let i = 0; i < order.length; i++) {
      const row = order[i] * classCount;
      const end = next + taskStart[order[i] + 1] - taskStart[order[i]];
      for (let k = 0; k < classCount; k++) doubles[totalsAt + k] += posterior[row + k];
      for (; next < end; next++) {
        const at = (words[next] + width) / 8;
        for (let k = 0; k < classCount; k++) doubles[at + k] += posterior[row + k];
      }
    }
    this.#cleared = false;
    this.#addGoldWithoutAnswers();
  }

  scatterVotes(): void {
    const classCount = this.#classCount;
    this.#clear();
    this.#stored = false;
    this.#fillTable((truth, said) => (truth === said ? 1 : 0));
    for (const { answers, tasks, count } of this.#slices()) {
      this.#kernel.run.shares(answers, tasks, 4 * count, this.#map.width);
    }
    this.#fillTable(() => 1 / classCount);
    this.#run = runLength(1 / classCount);
    this.#cleared = false;
    this.#addGoldWithoutAnswers();
  }

  classTotals(out: Float64Array): Float64Array {
    const at = this.#map.totals / 8;
    out.set(this.#doubles.subarray(at, at + this.#classCount));
    return out;
  }

  posterior(out: Float64Array): Float64Array {
    if (!this.#stored) {
      throw missingPosterior();
    }
    const { posterior, width } = this.#map;
    for (const slice of this.#slices()) this.#copyRows(posterior + slice.first * width, slice, out);
    this.#writeEmpty(out);
    return out;
  }

  writePosterior(prior: Float64Array, out: Float64Array): Float64Array {
    const { posterior, width } = this.#map;
    const atOnce = Math.max(2, 2 * Math.floor(passingBytes / width / 2));
    const rows = Math.min(atOnce, this.#layout.order.length) * width;
    growKernel(this.#kernel, posterior + rows);
    this.#begin(prior);
    for (const slice of this.#slices(atOnce)) {
      this.#sweepSlice(slice, posterior);
      this.#copyRows(posterior, slice, out);
    }
    this.#cleared = false;
    this.#stored = false;
    this.#addGoldWithoutAnswers();
    this.#writeEmpty(out);
    return out;
  }

  /** The rows at `from` to the places of the slice's tasks. */
  #copyRows(from: number, { first, tasks }: Slice, out: Float64Array): void {
    const doubles = this.#doubles;
    const classCount = this.#classCount;
    const { order } = this.#layout;
    const stride = this.#map.width / 8;
    let at = from / 8;
    // Tasks of equal count go by index, so these are side by side.
    if (stride === classCount && order[first + tasks - 1] - order[first] === tasks - 1) {
      out.set(doubles.subarray(at, at + tasks * stride), order[first] * classCount);
      return;
    }
    for (let i = first; i < first + tasks; i++, at += stride) {
      const row = order[i] * classCount;
      for (let k = 0; k < classCount; k++) out[row + k] = doubles[at + k];
    }
  }

  #writeEmpty(out: Float64Array): void {
    const taskPrior = this.#taskPrior;
    for (const task of this.#layout.empty) {
      const row = task * this.#classCount;
      writeNormalised(
        taskPrior === undefined ? this.#prior : this.#prior.map((p, k) => p * taskPrior[row + k]),
        out,
        row,
      );
    }
  }

  dispose(): void {
    // The memory goes with the instance.
  }
}

/** A run of tasks of `count` answers each, from task `first` of the sweep's order and byte address `answers` on. */
interface Slice {
  readonly first: number;
  readonly tasks: number;
  readonly count: number;
  readonly answers: number;
}

interface ClassFunctions {
  readonly plain: (answers: number, tasks: number, bytes: number) => void;
  readonly full: (answers: number, tasks: number, bytes: number, factors: number, posterior: number) => void;
  readonly many: (
    answers: number,
    tasks: number,
    bytes: number,
    factors: number,
    posterior: number,
    run: number,
  ) => void;
}

function functionsFor(run: KernelExports, classCount: number, width: number): ClassFunctions {
  if (classCount >= 2 && classCount <= mostSpecialClasses) {
    return { plain: run[`plain${classCount}`], full: run[`full${classCount}`], many: run[`many${classCount}`] };
  }
  const { fullAny, manyAny } = run;
  return {
    plain: (answers, tasks, bytes) => fullAny(answers, tasks, bytes, 0, 0, width),
    full: (answers, tasks, bytes, factors, posterior) => fullAny(answers, tasks, bytes, factors, posterior, width),
    many: (answers, tasks, bytes, factors, posterior, length) =>
      manyAny(answers, tasks, bytes, factors, posterior, width, length),
  };
}
