import { Random } from '@assay/core';
import { linesFigure, smallMultiples } from '@assay/figures';
import {
  type Batch,
  ConfusionLogits,
  CoupledCrossEntropy,
  CrowdLayerLoss,
  type CrowdLoss,
  PreparedTasks,
  trainJointly,
} from '@assay/learn/methods';
import { mlp } from '@assay/learn/networks';
import { band, type ExperimentOptions } from '../experiment.ts';
import type { Study } from '../haem/protocol.ts';
import { once } from '../memory.ts';
import { plain, studyOf } from './contenders.ts';
import type { Part } from './labels.ts';
import type { Garments } from './pictures.ts';

/**
 * Coupled cross entropy with λ Σ_u Σ_k ln A_u[k][k] added: the trace in the form it has in the paper
 * (eq. 35), as a prior Dir(1 − λ, 1) on the rows. Scaled, as the cross entropy is, to a mean over answers.
 */
export class LogTrace implements CrowdLoss {
  readonly #inner: CoupledCrossEntropy;
  readonly #weight: number;
  readonly #classCount: number;

  constructor(inner: CoupledCrossEntropy, lambda: number, answers: number, classCount: number) {
    this.#inner = inner;
    this.#weight = lambda / answers;
    this.#classCount = classCount;
  }

  evaluate(batch: Batch): number {
    const { confusion, slope } = this.#inner.workers;
    let loss = this.#inner.evaluate(batch);
    for (let row = 0, k = 0; row < confusion.length; row += this.#classCount, k = (k + 1) % this.#classCount) {
      loss += this.#weight * Math.log(confusion[row + k]);
      slope[row + k] += this.#weight / confusion[row + k];
    }
    return loss;
  }

  step(rate: number): void {
    this.#inner.step(rate);
  }
}

/** The training of the protocol; workers at ten times the rate of the network, as in the paper. */
const training = { epochs: 100, batch: 0, rate: 3e-3, decay: 1e-4, workerRate: 10 };

type Loss = 'trace' | 'crowd layer';
interface Found {
  readonly labels: number;
  readonly test: number;
}

/** What the network says of the pictures it was trained on, and of others. */
async function trained(study: Study, loss: CrowdLoss, seed: number, signal?: AbortSignal): Promise<Found> {
  const { table, features, truth, testMatrix, testTruth } = study;
  const architecture = ({ columns }: { columns: number }, classes: number) => mlp(columns, classes, 64, 0);
  const prepared = new PreparedTasks(table, features, { architecture, standardise: false }, seed);
  const context = { random: new Random(seed), onProgress: (): void => {}, ...(signal ? { signal } : {}) };
  const { network } = await trainJointly(prepared, loss, training, context);
  const f = new Float64Array(table.taskCount * 2);
  await prepared.ask(network, prepared.described, f);
  const right = table.tasks.names().filter((task, i) => truth.get(task) === (f[2 * i + 1] > f[2 * i] ? '1' : '0'));
  const p = await prepared.classifier(network).predict(testMatrix);
  const hits = testTruth.filter((label, row) => label === (p[2 * row + 1] > p[2 * row] ? '1' : '0'));
  return { labels: right.length / table.taskCount, test: hits.length / testTruth.length };
}

/** The loss with every worker's matrix begun as δ times the identity. */
function begun(loss: Loss, { table }: Study, lambda: number, delta: number): CrowdLoss {
  if (loss === 'crowd layer') {
    const layer = new CrowdLayerLoss(table, 'MW');
    for (let at = 0; at < layer.weights.values.length; at++) layer.weights.values[at] *= delta;
    return layer;
  }
  const logits = new Float64Array(table.workerCount * 4);
  for (let block = 0; block < logits.length; block += 4) logits[block] = logits[block + 3] = delta;
  const coupled = new CoupledCrossEntropy(table, new ConfusionLogits(logits, 2));
  return lambda === 0 ? coupled : new LogTrace(coupled, lambda, table.answerCount, 2);
}

/** Figure 7: the log-trace by its weight λ and by how workers begin, beside the crowd layer. */
export async function traceSensitivity(options: ExperimentOptions, garments: Garments): Promise<Part> {
  const { full, seed = 1, memory, signal, onProgress } = options;
  const crowds = full ? 7 : 1;
  const lambdas = full ? [0, 0.5, 1, 1.5, 2] : [0, 2];
  const deltas = full ? [1, 2, 3, 4, 5, 6] : [1, 6];
  const setting = { ...plain, truth: [3, 1] } as const;
  const measured = async (loss: Loss, lambda: number, delta: number): Promise<Found> => {
    const each: Found[] = [];
    for (let crowd = 0; crowd < crowds; crowd++) {
      const key = JSON.stringify(['trace', loss, lambda, delta, seed + crowd]);
      each.push(
        await once(memory, key, () => {
          const study = studyOf(garments, setting, seed + crowd);
          return trained(study, begun(loss, study, lambda, delta), seed + crowd, signal);
        }),
      );
    }
    const mean = (of: (found: Found) => number): number => each.reduce((sum, found) => sum + of(found), 0) / crowds;
    return { labels: mean(({ labels }) => labels), test: mean(({ test }) => test) };
  };
  const byLambda: Found[] = [];
  for (const [at, lambda] of lambdas.entries()) {
    onProgress('trace by weight', at, lambdas.length);
    byLambda.push(await measured('trace', lambda, 2));
  }
  const byDelta: Record<Loss, Found[]> = { trace: [], 'crowd layer': [] };
  for (const [at, delta] of deltas.entries()) {
    onProgress('trace by start', at, deltas.length);
    for (const loss of ['trace', 'crowd layer'] as const) byDelta[loss].push(await measured(loss, 0.5, delta));
  }
  const measures = [
    ['labels', 'accuracy on the pictures with answers'],
    ['test', 'accuracy on other pictures'],
  ] as const;
  return {
    tables: [
      {
        title: `Log-trace by its weight, start 2, Dir(3, 1), ${crowds} crowds`,
        columns: ['λ', 'labels', 'network'],
        rows: lambdas.map((lambda, i) => [lambda, byLambda[i].labels, byLambda[i].test]),
      },
      {
        title: `By the start of the workers' matrices, λ = .5, ${crowds} crowds`,
        columns: ['δ', 'trace: labels', 'network', 'crowd layer: labels', 'network'],
        rows: deltas.map((delta, i) => [
          delta,
          ...[byDelta.trace[i], byDelta['crowd layer'][i]].flatMap(({ labels, test }) => [labels, test]),
        ]),
      },
    ],
    bands: [
      band('labels: λ 0 above λ 2', byLambda[0].labels - byLambda[byLambda.length - 1].labels, 0.05, 1),
      band('network: λ 0 above λ 2', byLambda[0].test - byLambda[byLambda.length - 1].test, 0.05, 1),
    ],
    figures: [
      {
        name: 'deepbp-trace',
        svg: smallMultiples({
          title: 'The trace as a prior on workers',
          columns: 2,
          panels: measures.flatMap(([measure, label]) => [
            (width: number) =>
              linesFigure({
                title: 'By its weight λ',
                width,
                x: { label: 'λ' },
                y: { label, format: 'percent' },
                series: [{ name: 'trace', points: lambdas.map((x, i) => ({ x, y: byLambda[i][measure] })) }],
              }),
            (width: number) =>
              linesFigure({
                title: 'By the start δ',
                width,
                x: { label: 'δ' },
                y: { label, format: 'percent' },
                series: (['trace', 'crowd layer'] as const).map((name) => ({
                  name,
                  points: deltas.map((x, i) => ({ x, y: byDelta[name][i][measure] })),
                })),
              }),
          ]),
        }),
      },
    ],
  };
}
