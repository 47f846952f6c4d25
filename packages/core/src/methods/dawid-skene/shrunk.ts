import type { AnswerTable } from '../../answers/answer-table.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import type { ConfusionStep } from './confusion-em.ts';
import { emOptions, posteriorTolerance, priorOption } from './em-options.ts';
import { fitConfusions } from './fit-confusions.ts';
import { type PriorRule, updatePrior } from './steps.ts';

const strength = {
  kind: 'number',
  default: 5,
  min: 0,
  max: 1e9,
  unit: 'answers',
  does: 'How many answers of a class weigh as much as what is known without them.',
  why: 'Best of 1, 5 and 20 over eight real sets with balanced classes.',
} as const;

const { tolerance: _, ...iterationOptions } = emOptions;
const coinOptions = optionTable({ strength, prior: priorOption, ...iterationOptions });

/** After this many sweeps the target no longer moves, so that the rest is an exact MAP fit. */
const targetFrozenAfter = 50;

/** Accuracies stay this far from 0 and 1. */
const leastShare = 1e-6;

/** Pseudo-answers on every cell of the crowd's pooled confusion. */
const pooledSmoothing = 0.01;

/** Answers of an average worker behind each worker's own level. */
const levelStrength = 5;

/**
 * Dawid-Skene with rows shrunk towards the worker's own overall accuracy: the best single default
 * for answers without anything else.
 *
 * Use almost always, above all with few answers per worker or per class: rare classes borrow from
 * how good the worker is elsewhere. θ[k] = (C[k] + s·coin[k]) / (mass[k] + s), where coin has the
 * worker's accuracy (trace + 1)/(total + 2) on the diagonal and shares the rest evenly.
 *
 * Shapes, missing and degenerate input as {@link dawidSkene}. O(N·K + W·K²) per sweep. The target
 * moves with the fit, so the log-likelihood may dip by a few hundredths in the first 50 sweeps;
 * after them the target is frozen and the fit is an exact MAP. Stops when no posterior moves by
 * more than 1e-6.
 *
 * Source: an estimator of Assay's own, in the family of Dawid & Skene 1979.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t2', 'ana', 'dog'], ['t2', 'bo', 'dog']]);
 * fit(coinShrunk, table).label('t1'); // => 'cat'
 */
export const coinShrunk: Method = defineMethod({
  id: 'coin-shrunk',
  title: 'Dawid-Skene shrunk towards one coin per worker',
  summary: 'Confusion matrices that borrow from the worker’s own accuracy; for few answers per worker or class.',
  citation: 'Dawid & Skene (1979), Applied Statistics 28(1), with rows shrunk towards the worker’s accuracy (Assay).',
  answers: 'categorical',
  family: 'dawid-skene',
  options: coinOptions,
  *fit(table, values, context) {
    const step = () => shrunkStep(table, values.strength, values.prior, writeCoins);
    const settings = { method: coinShrunk.id, options: values, tolerance: 0, posteriorTolerance, ...values };
    return yield* fitConfusions(table, step, settings, context);
  },
});

const pooledOptions = optionTable({
  strength,
  level: {
    kind: 'choice',
    default: 'crowd',
    choices: ['crowd', 'worker'],
    does: 'Shrink towards the crowd’s confusion as it is, or moved to the worker’s own level of accuracy.',
    why: 'The plain form is the one known from the literature; "worker" was more accurate on real sets.',
  },
  prior: priorOption,
  ...iterationOptions,
});

/**
 * Dawid-Skene with rows shrunk towards the confusion of the whole crowd.
 *
 * Use when the crowd shares typical confusions (neighbouring grades, look-alike species) and
 * workers have few answers. With `level: 'worker'` the crowd's shape is moved to each worker's own
 * level by one odds ratio. High strengths let one shape rule everybody and can fail badly.
 *
 * As {@link coinShrunk} in every other respect.
 *
 * Source: an estimator of Assay's own, in the family of Dawid & Skene 1979.
 */
export const pooledShrunk: Method = defineMethod({
  id: 'pooled-shrunk',
  title: 'Dawid-Skene shrunk towards the crowd',
  summary: 'Confusion matrices that borrow the crowd’s typical confusions; for few answers per worker.',
  citation: 'Dawid & Skene (1979), Applied Statistics 28(1), with rows shrunk towards the pooled confusion (Assay).',
  answers: 'categorical',
  family: 'dawid-skene',
  options: pooledOptions,
  *fit(table, values, context) {
    const target = values.level === 'crowd' ? writePooled : writeShaped;
    const step = () => shrunkStep(table, values.strength, values.prior, target);
    const settings = { method: pooledShrunk.id, options: values, tolerance: 0, posteriorTolerance, ...values };
    return yield* fitConfusions(table, step, settings, context);
  },
});

/** Writes each worker's target rows, W×K×K, from the soft counts. */
type TargetWriter = (counts: Float64Array, classCount: number, target: Float64Array) => void;

function shrunkStep(table: AnswerTable, strength: number, rule: PriorRule, writeTarget: TargetWriter): ConfusionStep {
  const { classCount, testCounts } = table;
  let target: Float64Array | undefined;
  let sweeps = 0;
  return {
    update(counts, totals, confusion, prior) {
      if (testCounts !== undefined) for (let i = 0; i < counts.length; i++) counts[i] += testCounts[i];
      target ??= new Float64Array(counts.length);
      if (sweeps++ < targetFrozenAfter) writeTarget(counts, classCount, target);
      let objective = updatePrior(table, rule, 0, totals, prior);
      for (let row = 0; row < counts.length; row += classCount) {
        let mass = strength;
        for (let l = 0; l < classCount; l++) mass += counts[row + l];
        if (!(mass > 0)) continue;
        for (let l = 0; l < classCount; l++) {
          const added = strength * target[row + l];
          const cell = (counts[row + l] + added) / mass;
          confusion[row + l] = cell;
          if (added > 0) objective += added * Math.log(cell);
        }
      }
      return objective;
    },
  };
}

function writeCoins(counts: Float64Array, classCount: number, target: Float64Array): void {
  const block = classCount * classCount;
  for (let worker = 0; worker < counts.length; worker += block) {
    const { right, total } = rightOf(counts, worker, classCount);
    const accuracy = (right + 1) / (total + 2);
    target.fill((1 - accuracy) / (classCount - 1), worker, worker + block);
    for (let k = 0; k < classCount; k++) target[worker + k * (classCount + 1)] = accuracy;
  }
}

function writePooled(counts: Float64Array, classCount: number, target: Float64Array): void {
  const pooled = pooledConfusion(counts, classCount);
  for (let worker = 0; worker < counts.length; worker += pooled.length) target.set(pooled, worker);
}

/** The crowd's shape at each worker's own level: the odds of being right times the worker's odds ratio. */
function writeShaped(counts: Float64Array, classCount: number, target: Float64Array): void {
  const pooled = pooledConfusion(counts, classCount);
  const block = classCount * classCount;
  let right = 0;
  let total = 0;
  for (let worker = 0; worker < counts.length; worker += block) {
    const own = rightOf(counts, worker, classCount);
    right += own.right;
    total += own.total;
  }
  const crowd = total > 0 ? within(right / total) : 0.5;
  for (let worker = 0; worker < counts.length; worker += block) {
    const own = rightOf(counts, worker, classCount);
    const level = within((own.right + levelStrength * crowd) / (own.total + levelStrength));
    const oddsRatio = (level * (1 - crowd)) / ((1 - level) * crowd);
    for (let k = 0; k < classCount; k++) {
      const row = worker + k * classCount;
      const typical = within(pooled[k * classCount + k]);
      const odds = (oddsRatio * typical) / (1 - typical);
      const diagonal = odds / (1 + odds);
      for (let l = 0; l < classCount; l++) {
        target[row + l] = l === k ? diagonal : ((1 - diagonal) * pooled[k * classCount + l]) / (1 - typical);
      }
    }
  }
}

/** Σ over workers of the counts + 0.01, rows normalised. */
export function pooledConfusion(counts: Float64Array, classCount: number): Float64Array {
  const block = classCount * classCount;
  const pooled = new Float64Array(block).fill(pooledSmoothing);
  for (let i = 0; i < counts.length; i++) pooled[i % block] += counts[i];
  for (let row = 0; row < block; row += classCount) {
    let mass = 0;
    for (let l = 0; l < classCount; l++) mass += pooled[row + l];
    for (let l = 0; l < classCount; l++) pooled[row + l] /= mass;
  }
  return pooled;
}

function rightOf(counts: Float64Array, worker: number, classCount: number): { right: number; total: number } {
  let right = 0;
  let total = 0;
  for (let k = 0; k < classCount; k++) {
    right += counts[worker + k * (classCount + 1)];
    for (let l = 0; l < classCount; l++) total += counts[worker + k * classCount + l];
  }
  return { right, total };
}

function within(share: number): number {
  return Math.min(1 - leastShare, Math.max(leastShare, share));
}
