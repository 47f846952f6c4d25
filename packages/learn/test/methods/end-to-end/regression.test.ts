import { Random } from '@assay/core';
import { matrixOf } from '@assay/learn/features';
import { learnNumbers, type NumberAnswers, type RegressionForm, RegressionLayerLoss } from '@assay/learn/methods';
import { describe, expect, it } from 'vitest';
import { describeWithRuntime } from '../../runtime.ts';

const [tasks, width, workers] = [1000, 10, 40];

/** Linear truth with noise 0.3, workers with biases of deviation 0.8 and noise exp(N(−1, 0.8²)), three answers a task. */
function crowd(seed: number): { answers: NumberAnswers; truth: Float64Array; x: Float64Array } {
  const random = new Random(`numbers ${seed}`);
  const weights = Float64Array.from({ length: width }, () => random.normal() / Math.sqrt(width));
  const bias = Float64Array.from({ length: workers }, () => 0.8 * random.normal());
  const noise = Float64Array.from({ length: workers }, () => Math.exp(-1 + 0.8 * random.normal()));
  const x = Float64Array.from({ length: tasks * width }, () => random.normal());
  const truth = Float64Array.from({ length: tasks }, (_, t) =>
    weights.reduce((sum, w, i) => sum + w * x[t * width + i], 0.3 * random.normal()),
  );
  const each = Uint32Array.from({ length: workers }, (_, u) => u);
  const [task, worker, value]: [number[], number[], number[]] = [[], [], []];
  for (let t = 0; t < tasks; t++) {
    random.shuffle(each);
    for (const u of each.subarray(0, 3)) {
      task.push(t);
      worker.push(u);
      value.push(truth[t] + bias[u] + noise[u] * random.normal());
    }
  }
  const answers = {
    taskCount: tasks,
    workerCount: workers,
    task: Uint32Array.from(task),
    worker: Uint32Array.from(worker),
    value: Float64Array.from(value),
  };
  return { answers, truth, x };
}

/** Root of the mean squared error, without the offset that all workers share. */
function error(found: Float64Array, truth: Float64Array): number {
  const offset = found.reduce((sum, value, t) => sum + value - truth[t], 0) / truth.length;
  return Math.sqrt(found.reduce((sum, value, t) => sum + (value - truth[t] - offset) ** 2, 0) / truth.length);
}

describe('the crowd layer of regression', () => {
  for (const form of ['B', 'S', 'S+B', 'B+S'] as RegressionForm[])
    it(`has the derivatives of ${form} that central differences have`, () => {
      const random = new Random(form);
      const answers = {
        taskCount: 3,
        workerCount: 2,
        task: Uint32Array.of(0, 0, 2, 1, 2),
        worker: Uint32Array.of(0, 1, 1, 0, 0),
        value: Float64Array.from({ length: 5 }, () => random.normal()),
      };
      const loss = new RegressionLayerLoss(answers, Uint32Array.of(2, 0, 1), form);
      const z = Float64Array.from({ length: 3 }, () => random.normal());
      if (form !== 'B') loss.scale.values.set([0.7, 1.4]);
      if (form !== 'S') loss.bias.values.set([-0.3, 0.9]);
      const places = Uint32Array.of(0, 1, 2);
      const slope = new Float64Array(3);
      loss.evaluate(places, z, slope);
      const claimed = [slope, loss.scale.gradient.slice(), loss.bias.gradient.slice()];
      const value = (): number => loss.evaluate(places, z, new Float64Array(3));
      [z, loss.scale.values, loss.bias.values].forEach((numbers, which) => {
        if ((which === 1 && form === 'B') || (which === 2 && form === 'S')) return;
        for (let i = 0; i < numbers.length; i++) {
          const kept = numbers[i];
          numbers[i] = kept + 1e-5;
          const above = value();
          numbers[i] = kept - 1e-5;
          const below = value();
          numbers[i] = kept;
          expect((above - below) / 2e-5).toBeCloseTo(claimed[which][i], 7);
        }
      });
    });
});

describeWithRuntime('numbers from a crowd', () => {
  it('are found in the published order: mean of answers, crowd layer, EM', async () => {
    const { answers, truth, x } = crowd(0);
    const features = matrixOf('x', [tasks, width], x);
    const plain = new Float64Array(tasks);
    answers.value.forEach((value, e) => {
      plain[answers.task[e]] += value / 3;
    });
    const layer = await learnNumbers(answers, features, { method: 'crowd-layer' });
    const em = await learnNumbers(answers, features);
    // An independent implementation finds .606 ± .046, .301, .159 ± .010 and .300 over five such crowds.
    expect(Math.abs(error(plain, truth) - 0.606)).toBeLessThan(0.1);
    expect(Math.abs(error(layer.predicted, truth) - 0.301)).toBeLessThan(0.03);
    expect(Math.abs(error(em.mean, truth) - 0.159)).toBeLessThan(0.03);
    expect(Math.abs(error(em.predicted, truth) - 0.3)).toBeLessThan(0.03);
    expect(error(layer.mean, truth)).toBeLessThan(error(plain, truth));
    const [first] = await em.predict(matrixOf('x', [1, width], x.subarray(0, width)));
    expect(first).toBeCloseTo(em.predicted[0], 5);
    expect(em.sd.every((sd) => sd > 0 && sd < 1)).toBe(true);
    expect((await learnNumbers(answers, features)).mean).toEqual(em.mean);
  });

  it('move and stretch with the answers', async () => {
    const { answers, x } = crowd(1);
    const features = matrixOf('x', [tasks, width], x);
    const options = { epochs: 20, rounds: 2 };
    const plain = await learnNumbers(answers, features, options);
    const value = answers.value.map((number) => 100 + 1000 * number);
    const moved = await learnNumbers({ ...answers, value }, features, options);
    for (let t = 0; t < 20; t++) expect((moved.mean[t] - 100) / 1000).toBeCloseTo(plain.mean[t], 4);
    for (let u = 0; u < 20; u++) expect(moved.bias[u] / 1000).toBeCloseTo(plain.bias[u], 4);
  });

  it('are finite without answers, with one, and when all are the same', async () => {
    const features = matrixOf('x', [3, 1], [1, 2, 3]);
    for (const value of [[], [5], [5, 5, 5]]) {
      const task = Uint32Array.from(value, (_, i) => i);
      const answers = {
        taskCount: 3,
        workerCount: 1,
        task,
        worker: task.map(() => 0),
        value: Float64Array.from(value),
      };
      for (const method of ['em', 'crowd-layer'] as const) {
        const { mean, sd, noise } = await learnNumbers(answers, features, { method, epochs: 3 });
        for (const numbers of [mean, sd, noise]) expect(numbers.every(Number.isFinite)).toBe(true);
      }
    }
  });
});
