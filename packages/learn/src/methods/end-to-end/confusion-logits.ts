import type { AnswerTable } from '@assay/core';
import { softmaxInPlace } from '@assay/core/math';
import { peopleAlone } from '../confusions.ts';
import { voteShares } from '../votes.ts';
import { AdamParameters } from './parameters.ts';

/** Where the confusions of workers begin. */
export type ConfusionStart = 'vote' | 'dawid-skene' | 'diagonal' | 'identity';

/** Diagonal of the confusions that `diagonal` begins with. */
const startAccuracy = 0.8;

/** Sweeps of Dawid-Skene that `vote` takes: too few to follow one worker who answers everything. */
const voteSweeps = 2;

/** Added to the cells of Dawid-Skene before their logarithm, so that no logit is out of reach. */
const startFloor = 0.01;

/**
 * Confusions of workers as row-wise softmax of free logits Ω: always rows of probabilities, whatever
 * a step does. Rows are truth.
 *
 * A loss reads `confusion` (A, W×K×K) and adds its derivative by it to `slope`; `step` pulls that back
 * through the softmax. Memory: six numbers a cell.
 */
export class ConfusionLogits {
  readonly confusion: Float64Array;
  /** dL/dA. */
  readonly slope: Float64Array;
  readonly logits: AdamParameters;
  readonly #classCount: number;

  constructor(logits: Float64Array, classCount: number) {
    this.logits = new AdamParameters(logits);
    this.confusion = new Float64Array(logits.length);
    this.slope = new Float64Array(logits.length);
    this.#classCount = classCount;
    this.#refresh();
  }

  step(rate: number): void {
    this.pullBack();
    this.logits.step(rate);
    this.#refresh();
  }

  /** dΩ[k][l] += A[k][l]·(dA[k][l] − Σ_j A[k][j]·dA[k][j]); clears dA. */
  pullBack(): void {
    pullBackSoftmax(this.confusion, this.slope, this.logits.gradient, this.#classCount);
    this.slope.fill(0);
  }

  #refresh(): void {
    this.confusion.set(this.logits.values);
    for (let row = 0; row < this.confusion.length; row += this.#classCount)
      softmaxInPlace(this.confusion, row, this.#classCount);
  }
}

/** Adds the derivative by logits to `into`, given rows of their softmax and the derivative by those. */
export function pullBackSoftmax(
  probabilities: Float64Array,
  slope: Float64Array,
  into: Float64Array,
  columns: number,
  length: number = probabilities.length,
): void {
  for (let row = 0; row < length; row += columns) {
    let mean = 0;
    for (let i = row; i < row + columns; i++) mean += probabilities[i] * slope[i];
    for (let i = row; i < row + columns; i++) into[i] += probabilities[i] * (slope[i] - mean);
  }
}

/**
 * Logits to start with.
 *
 * `vote`: what votes say of each worker, and once more what that says. `dawid-skene`: the same until
 * it settles; better where workers gave many answers, lost where one poor worker answers everything.
 * `diagonal`: every worker is right 4 times of 5. `identity`: the identity matrix as logits, which is
 * nearly uniform for many classes (diagonal 0.23 for ten), as in the authors' code of GeoCrowdNet.
 */
export function startLogits(table: AnswerTable, start: ConfusionStart): Float64Array {
  const { workerCount, classCount } = table;
  if (start === 'vote' || start === 'dawid-skene') {
    const sweeps = start === 'vote' ? voteSweeps : undefined;
    const { confusion } = peopleAlone(table, voteShares(table), 'coin-shrunk', 5, sweeps);
    return confusion.map((cell) => Math.log(cell + startFloor));
  }
  const odds = startAccuracy / (1 - startAccuracy);
  const diagonal = start === 'identity' ? 1 : Math.log(odds * Math.max(1, classCount - 1));
  const logits = new Float64Array(workerCount * classCount * classCount);
  for (let row = 0; row < workerCount * classCount; row++) logits[row * classCount + (row % classCount)] = diagonal;
  return logits;
}
