import { resolve } from 'node:path';
import { type AnswerTable, coinShrunk, fit } from '@assay/core';
import { firstAnswers, type ReplayOrder, replayOrder } from '@assay/core/simulate';
import { bars } from '@assay/figures';
import { band, type Experiment, type ExperimentOptions, type ExperimentResult } from '../experiment.ts';
import { accuracyOn, realSet } from './real-set.ts';

const sets = ['temp', 'rte', 'dog', 'web', 'medical_cause'] as const;
const orders: readonly ReplayOrder[] = ['random', 'round-robin', 'adaptive'];
const names = ['random order', 'same number per task', 'adaptive'] as const;

/**
 * Real answers bought in another order: how many are needed for the accuracy of all of them, less half a point.
 *
 * The best aggregator looks at the first 5 %, 7.5 %, … of the answers of each order.
 */
export const replay: Experiment = {
  id: 'replay',
  title: 'Answers saved by asking where least is known, replayed on five public sets',
  source: 'Assay; only answers that exist are bought, and the aggregator is coin-shrunk throughout.',
  run: measure,
};

async function measure({ full, seed = 1, data, onProgress, signal }: ExperimentOptions): Promise<ExperimentResult> {
  const folder = resolve(data ?? process.env.ASSAY_DATA ?? '../shared/datasets');
  const seeds = full ? 20 : 3;
  const rows: (string | number)[][] = [];
  const savings: number[] = [];
  for (const [index, set] of sets.entries()) {
    const { table, truth } = await realSet(folder, set);
    const goal = accuracyOf(table, truth) - 0.005;
    const needed: number[][] = orders.map(() => []);
    const arrived = table.time === undefined ? '' : shareNeeded(table, truth, byArrival(table.time), goal).toFixed(3);
    for (let draw = 0; draw < seeds; draw++) {
      for (const [o, order] of orders.entries()) {
        signal?.throwIfAborted();
        needed[o].push(shareNeeded(table, truth, replayOrder(table, { order, seed: seed + draw }), goal));
        await new Promise<void>((resolve) => setTimeout(resolve, 0));
      }
      onProgress(`replaying ${set}`, index * seeds + draw + 1, sets.length * seeds);
    }
    const saved = needed[2].map((share, draw) => 1 - share / needed[0][draw]);
    const fixed = needed[2].map((share, draw) => 1 - share / needed[1][draw]);
    savings.push(mean(saved));
    rows.push([
      set,
      table.answerCount,
      (goal + 0.005).toFixed(4),
      arrived,
      ...needed.map((shares) => withError(shares)),
      withError(saved),
      withError(fixed),
    ]);
  }
  return {
    tables: [
      {
        title: `Share of the answers needed, mean ± 95 % over ${seeds} seeds`,
        columns: [
          'set',
          'answers',
          'full accuracy',
          'as they came',
          ...names,
          'saved against random',
          'saved against fixed',
        ],
        rows,
      },
    ],
    bands: [
      band('sets on which at least 15 % are saved', savings.filter((saved) => saved >= 0.15).length, 3, 5),
      band('smallest saving of any set', Math.min(...savings), 0, 1),
    ],
    figures: [
      {
        name: 'replay',
        svg: bars({
          title: 'Answers saved by asking where least is known',
          format: 'percent',
          rows: sets.map((set, i) => ({ label: set, value: Math.max(0, savings[i]) })),
        }),
      },
    ],
    notes: [
      'The same number per task is the fixed schedule with the number tuned on the truth itself.',
      'The goal is the accuracy all answers reach; on some sets fewer, better chosen answers reach more.',
    ],
  };
}

/** The answers in the order of their times. */
function byArrival(time: Float64Array): Uint32Array {
  return Uint32Array.from(time.keys()).sort((a, b) => time[a] - time[b]);
}

/** The smallest share, in steps of a fortieth, at which the goal is met. */
function shareNeeded(table: AnswerTable, truth: ReadonlyMap<string, string>, order: Uint32Array, goal: number): number {
  for (let step = 2; step < 40; step++) {
    const count = Math.round((table.answerCount * step) / 40);
    if (accuracyOf(firstAnswers(table, order, count), truth) >= goal) return step / 40;
  }
  return 1;
}

function accuracyOf(table: AnswerTable, truth: ReadonlyMap<string, string>): number {
  const estimate = fit(coinShrunk, table);
  return accuracyOn(
    (task) => estimate.label(task),
    [...truth].filter(([task]) => table.tasks.indexOf(task) >= 0),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function withError(values: readonly number[]): string {
  const m = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - m) ** 2, 0) / Math.max(1, values.length - 1);
  return `${m.toFixed(3)} ± ${(1.96 * Math.sqrt(variance / values.length)).toFixed(3)}`;
}
