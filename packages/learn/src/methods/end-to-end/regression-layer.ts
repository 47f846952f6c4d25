import type { OutputLoss } from './descend.ts';
import { AdamParameters } from './parameters.ts';

/** Numbers that workers gave for tasks: answer e is `value[e]` of `worker[e]` for `task[e]`. */
export interface NumberAnswers {
  readonly taskCount: number;
  readonly workerCount: number;
  readonly task: Uint32Array;
  readonly worker: Uint32Array;
  /** All finite. */
  readonly value: Float64Array;
}

/** Answers by task: those of task t are `order[start[t]]` to `order[start[t + 1] − 1]`. */
export function byTask({ taskCount, task }: NumberAnswers): { start: Uint32Array; order: Uint32Array } {
  const start = new Uint32Array(taskCount + 1);
  for (const t of task) start[t + 1]++;
  for (let t = 0; t < taskCount; t++) start[t + 1] += start[t];
  const next = start.slice();
  const order = new Uint32Array(task.length);
  task.forEach((t, e) => {
    order[next[t]++] = e;
  });
  return { start, order };
}

/** How a worker distorts the network's μ: μ + b, s·μ, s·μ + b, or s·(μ + b). */
export type RegressionForm = 'B' | 'S' | 'S+B' | 'B+S';

/** Pull of mean bias and of scales to 0 and 1, in units of the answers' variance: η. */
const anchoring = 1e-2;

/**
 * The crowd layer of regression: mean over answers of the squared error of s_u(·)μ + b_u, with bias and
 * scale of each worker.
 *
 * Without an anchor the network could take over an offset that all workers share; the mean bias is
 * therefore drawn to 0 and scales to 1. Answers should be standardised.
 *
 * Source: Rodrigues & Pereira (2018), section 3 for regression. The anchor is ours.
 */
export class RegressionLayerLoss implements OutputLoss {
  readonly scale: AdamParameters;
  readonly bias: AdamParameters;
  readonly #answers: NumberAnswers;
  readonly #start: Uint32Array;
  readonly #order: Uint32Array;
  readonly #form: RegressionForm;

  /** @param tasks task of each place of the training set */
  constructor(answers: NumberAnswers, tasks: Uint32Array, form: RegressionForm) {
    const { start, order } = byTask(answers);
    this.scale = new AdamParameters(new Float64Array(answers.workerCount).fill(1));
    this.bias = new AdamParameters(new Float64Array(answers.workerCount));
    this.#answers = answers;
    this.#start = Uint32Array.from([...tasks].flatMap((task) => [start[task], start[task + 1]]));
    this.#order = order;
    this.#form = form;
  }

  evaluate(places: Uint32Array, z: Float64Array, slope: Float64Array): number {
    const { worker, value, workerCount } = this.#answers;
    const [scale, bias] = [this.scale, this.bias];
    let total = 0;
    for (const place of places) total += this.#start[2 * place + 1] - this.#start[2 * place];
    let loss = 0;
    for (let i = 0; i < places.length; i++) {
      for (let at = this.#start[2 * places[i]]; at < this.#start[2 * places[i] + 1]; at++) {
        const e = this.#order[at];
        const u = worker[e];
        const inner = this.#form === 'B+S' ? z[i] + bias.values[u] : z[i];
        const outer = this.#form === 'B+S' ? 0 : bias.values[u];
        const rest = scale.values[u] * inner + outer - value[e];
        const pull = (2 * rest) / total;
        loss += rest ** 2 / total;
        slope[i] += pull * scale.values[u];
        if (this.#form !== 'B') scale.gradient[u] += pull * inner;
        if (this.#form !== 'S') bias.gradient[u] += pull * (this.#form === 'B+S' ? scale.values[u] : 1);
      }
    }
    let mean = 0;
    for (const b of bias.values) mean += b / workerCount;
    loss += anchoring * mean ** 2;
    for (let u = 0; u < workerCount; u++) {
      const off = scale.values[u] - 1;
      loss += (anchoring * off ** 2) / workerCount;
      if (this.#form !== 'S') bias.gradient[u] += (2 * anchoring * mean) / workerCount;
      if (this.#form !== 'B') scale.gradient[u] += (2 * anchoring * off) / workerCount;
    }
    return loss;
  }

  step(rate: number): void {
    this.scale.step(rate);
    this.bias.step(rate);
  }
}
