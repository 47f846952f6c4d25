import { type AnswerTable, AnswerTableBuilder, Random } from '@assay/core';
import { softmaxInPlace } from '@assay/core/math';
import {
  ConfusionLogits,
  CoupledCrossEntropy,
  type CrowdLayerForm,
  CrowdLayerLoss,
  type CrowdLoss,
  MutualInformation,
  OutlierLoss,
} from '@assay/learn/methods';
import { describe, expect, it } from 'vitest';
import { pullBackSoftmax } from '../../../src/methods/end-to-end/confusion-logits.ts';
import { addTaskVolume, addWorkerVolume } from '../../../src/methods/end-to-end/volume.ts';

const [taskCount, workerCount, classCount] = [7, 4, 3];

/** Seven tasks of one to three answers, one without, with weights. */
function crowd(weighted = true): AnswerTable {
  const random = new Random(5);
  const builder = new AnswerTableBuilder({ classes: ['a', 'b', 'c'] });
  for (let t = 0; t < taskCount; t++) {
    builder.tasks.add(`t${t}`);
    for (let w = 0; w < t % 4; w++)
      builder.add({
        task: `t${t}`,
        worker: `w${(t + w) % workerCount}`,
        label: 'abc'[random.integer(3)],
        ...(weighted ? { weight: 0.5 + random.uniform() } : {}),
      });
  }
  return builder.build().table;
}

const table = crowd();
const all = Uint32Array.from({ length: taskCount }, (_, t) => t);

function normals(length: number, seed: number, sd = 1): Float64Array {
  const random = new Random(seed);
  return Float64Array.from({ length }, () => sd * random.normal());
}

function softmaxed(logits: Float64Array): Float64Array {
  const rows = logits.slice();
  for (let row = 0; row < rows.length; row += classCount) softmaxInPlace(rows, row, classCount);
  return rows;
}

/** The derivative of a loss by the network's logits, and the loss. */
function byLogits(loss: CrowdLoss, z: Float64Array, tasks = all): { value: number; gradient: Float64Array } {
  const f = softmaxed(z);
  const slope = new Float64Array(z.length);
  const gradient = new Float64Array(z.length);
  const value = loss.evaluate({ tasks, f, slope });
  pullBackSoftmax(f, slope, gradient, classCount);
  return { value, gradient };
}

/** Central differences of `value` by each number of `x`, beside the derivative claimed. */
function expectSlope(x: Float64Array, claimed: Float64Array, value: () => number): void {
  const h = 1e-5;
  const largest = Math.max(...claimed.map(Math.abs));
  expect(largest).toBeGreaterThan(0);
  for (let i = 0; i < x.length; i++) {
    const kept = x[i];
    x[i] = kept + h;
    const above = value();
    x[i] = kept - h;
    const below = value();
    x[i] = kept;
    expect(Math.abs((above - below) / (2 * h) - claimed[i]) / largest, `entry ${i}`).toBeLessThan(1e-6);
  }
}

const regularisers = { none: {}, trace: { trace: 0.7 }, tasks: { taskVolume: 0.3 }, workers: { workerVolume: 0.3 } };
const z = normals(taskCount * classCount, 1);
const omega = normals(workerCount * classCount * classCount, 2);

describe('derivatives, beside central differences', () => {
  for (const [name, weights] of Object.entries(regularisers)) {
    const lossAt = (logits: Float64Array): CoupledCrossEntropy =>
      new CoupledCrossEntropy(table, new ConfusionLogits(logits.slice(), classCount), weights);
    it(`of coupled cross entropy with ${name}`, () => {
      const at = z.slice();
      expectSlope(at, byLogits(lossAt(omega), at).gradient, () => byLogits(lossAt(omega), at).value);
      const loss = lossAt(omega);
      byLogits(loss, z);
      loss.workers.pullBack();
      const logits = omega.slice();
      expectSlope(logits, loss.workers.logits.gradient, () => byLogits(lossAt(logits), z).value);
    });
  }

  for (const form of ['MW', 'VW', 'VB', 'VW+B', 'S'] as CrowdLayerForm[]) {
    it(`of the crowd layer ${form}`, () => {
      const loss = new CrowdLayerLoss(table, form);
      for (const { values } of [loss.weights, loss.biases])
        normals(values.length, 3).forEach((value, i) => {
          values[i] = value;
        });
      const at = z.slice();
      const { gradient } = byLogits(loss, at);
      const claimed = [loss.weights, loss.biases].map((own) => own.gradient.slice());
      expectSlope(at, gradient, () => byLogits(loss, at).value);
      [loss.weights, loss.biases].forEach(({ values }, i) => {
        if (values.length > 0) expectSlope(values, claimed[i], () => byLogits(loss, z).value);
      });
    });
  }

  it('of mutual information', () => {
    const prior = Float64Array.of(0.5, 0.2, 0.3);
    const lossAt = (logits: Float64Array): MutualInformation => new MutualInformation(table, logits.slice(), prior);
    const at = z.slice();
    expectSlope(at, byLogits(lossAt(omega), at).gradient, () => byLogits(lossAt(omega), at).value);
    const loss = lossAt(omega);
    byLogits(loss, z);
    const logits = omega.slice();
    expectSlope(logits, loss.aggregator.gradient, () => byLogits(lossAt(logits), z).value);
  });

  it('of corrections, confusions and logits with outliers', () => {
    const settings = { sparsity: 0.5, power: 0.4, taskVolume: 0.1, proximal: undefined };
    const corrections = normals(table.answerCount * classCount, 4, 0.05);
    for (let i = 0; i < corrections.length; i += classCount) {
      const mean = (corrections[i] + corrections[i + 1] + corrections[i + 2]) / 3;
      for (let k = 0; k < classCount; k++) corrections[i + k] -= mean;
    }
    const lossAt = (logits: Float64Array): OutlierLoss => {
      const loss = new OutlierLoss(table, new ConfusionLogits(logits.slice(), classCount), settings);
      loss.corrections.values.set(corrections);
      return loss;
    };
    const at = z.slice();
    expectSlope(at, byLogits(lossAt(omega), at).gradient, () => byLogits(lossAt(omega), at).value);
    const loss = lossAt(omega);
    byLogits(loss, z);
    loss.workers.pullBack();
    const logits = omega.slice();
    expectSlope(logits, loss.workers.logits.gradient, () => byLogits(lossAt(logits), z).value);
    // Corrections move only where their sum stays 0: compare along differences of two entries.
    const moved = (i: number, by: number): number => {
      corrections[i] += by;
      corrections[i + 1] -= by;
      const { value } = byLogits(lossAt(omega), z);
      corrections[i] -= by;
      corrections[i + 1] += by;
      return value;
    };
    for (let i = 0; i < corrections.length; i += classCount) {
      const { gradient } = loss.corrections;
      const difference = (moved(i, 1e-6) - moved(i, -1e-6)) / 2e-6;
      expect(difference).toBeCloseTo(gradient[i] - gradient[i + 1], 6);
      expect(gradient[i] + gradient[i + 1] + gradient[i + 2]).toBeCloseTo(0, 12);
    }
  });
});

describe('volumes', () => {
  it('of balanced one-hot tasks are as large as they can be', () => {
    const rows = 30;
    const f = new Float64Array(rows * classCount);
    for (let i = 0; i < rows; i++) f[i * classCount + (i % classCount)] = 1;
    const best = addTaskVolume(f, new Float64Array(f.length), rows, classCount, 1);
    expect(best).toBeCloseTo(-classCount * Math.log(rows / classCount), 5);
    const other = softmaxed(normals(f.length, 8));
    expect(addTaskVolume(other, new Float64Array(f.length), rows, classCount, 1)).toBeGreaterThan(best);
  });

  it('leave out batches with fewer tasks than classes, and tasks that are all alike', () => {
    const f = Float64Array.of(0.5, 0.3, 0.2, 0.1, 0.8, 0.1);
    const slope = new Float64Array(f.length);
    expect(addTaskVolume(f, slope, 2, classCount, 1)).toBe(0);
    const alike = new Float64Array(50 * 50).fill(0.02);
    expect(addTaskVolume(alike, alike.slice(), 50, 50, 1)).toBe(0);
    expect(slope.every((value) => value === 0)).toBe(true);
  });

  it('of one perfect worker per class exceed those of uniform workers', () => {
    const perfect = Float64Array.from({ length: 9 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const slope = new Float64Array(9);
    expect(addWorkerVolume(perfect, slope, 3, 1)).toBeLessThan(
      addWorkerVolume(
        perfect.map(() => 1 / 3),
        slope,
        3,
        1,
      ),
    );
  });
});

describe('losses', () => {
  it('CCEM with confusions held at the identity is cross entropy on all answers', () => {
    const sure = omega.map((_, i) => ((Math.floor(i / classCount) - i) % classCount === 0 ? 60 : -60));
    const plain = crowd(false);
    const { value, gradient } = byLogits(new CoupledCrossEntropy(plain, new ConfusionLogits(sure, classCount)), z);
    const expected = crossEntropy(plain, z);
    expect(value).toBeCloseTo(expected.value, 9);
    gradient.forEach((slope, i) => void expect(slope).toBeCloseTo(expected.gradient[i], 9));
  });

  it('CCEM does not care what classes are called, and learns nothing about tasks from a worker who guesses', () => {
    const turn = [2, 0, 1];
    const before = byLogits(new CoupledCrossEntropy(table, new ConfusionLogits(omega.slice(), classCount)), z);
    const turned = omega.slice();
    for (let row = 0; row < turned.length / classCount; row++) {
      const into = row - (row % classCount) + turn[row % classCount];
      for (let l = 0; l < classCount; l++) turned[into * classCount + l] = omega[row * classCount + l];
    }
    const turnedZ = z.map((_, i) => z[i - (i % classCount) + turn.indexOf(i % classCount)]);
    const after = byLogits(new CoupledCrossEntropy(table, new ConfusionLogits(turned, classCount)), turnedZ);
    expect(after.value).toBeCloseTo(before.value, 12);
    const guessing = new ConfusionLogits(new Float64Array(omega.length), classCount);
    const { gradient } = byLogits(new CoupledCrossEntropy(table, guessing), z);
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-12);
  });

  it('the crowd layer MW with c·identity, c large, is training on all answers as if they were true', () => {
    const plain = crowd(false);
    const loss = new CrowdLayerLoss(plain, 'MW');
    const sure = z.map((value, i) => (i % classCount === Math.floor(i / classCount) % classCount ? 40 : value));
    const target = byLogits(loss, sure).value;
    const scale = 1e4;
    loss.weights.values.forEach((value, i) => {
      loss.weights.values[i] = scale * value;
    });
    // With one-hot f the activation is c at one class: the loss is c for each wrong answer and 0 for a right one.
    const f = softmaxed(sure);
    let wrong = 0;
    for (let t = 0; t < taskCount; t++)
      for (let e = plain.taskStart[t]; e < plain.taskStart[t + 1]; e++)
        if (f[t * classCount + plain.label[e]] < 0.5) wrong++;
    expect(target).toBeGreaterThan(0);
    expect(byLogits(loss, sure).value / scale).toBeCloseTo(wrong / plain.answerCount, 9);
  });

  it('mutual information is 0 where one side says nothing, and log K at most', () => {
    const prior = new Float64Array(3).fill(1 / 3);
    const uniform = new Float64Array(z.length);
    expect(byLogits(new MutualInformation(table, omega.slice(), prior), uniform).value).toBeCloseTo(0, 7);
    const builder = new AnswerTableBuilder({ classes: ['a', 'b', 'c'] });
    const tasks = 300;
    for (let t = 0; t < tasks; t++) builder.add({ task: `t${t}`, worker: 'w', label: 'abc'[t % 3] });
    const agreed = builder.build().table;
    const identity = Float64Array.from({ length: 9 }, (_, i) => (i % 4 === 0 ? 0 : -50));
    const sure = Float64Array.from({ length: tasks * 3 }, (_, i) =>
      agreed.label[Math.floor(i / 3)] === i % 3 ? 50 : 0,
    );
    const every = Uint32Array.from({ length: tasks }, (_, t) => t);
    const best = byLogits(new MutualInformation(agreed, identity, prior), sure, every).value;
    // Pairs are of different tasks: their mean ratio is (n − 3)/(n − 1), 1 in the limit.
    expect(best).toBeCloseTo(-Math.log(3) - 1 + (tasks - 3) / (tasks - 1), 6);
    expect(
      byLogits(new MutualInformation(agreed, identity.slice(), prior), sure.subarray(0, 3), every.subarray(0, 1)).value,
    ).toBe(0);
  });

  it('COINNet with frozen corrections is GeoCrowdNet (F), and without its volume CCEM', () => {
    for (const taskVolume of [0, 0.3]) {
      const settings = { sparsity: 0, power: 0.4, taskVolume, proximal: 0 };
      const corrected = new OutlierLoss(table, new ConfusionLogits(omega.slice(), classCount), settings);
      const plain = new CoupledCrossEntropy(table, new ConfusionLogits(omega.slice(), classCount), { taskVolume });
      for (let step = 0; step < 3; step++) {
        const [found, expected] = [byLogits(corrected, z), byLogits(plain, z)];
        expect(found.value).toBeCloseTo(expected.value, 9);
        found.gradient.forEach((slope, i) => void expect(slope).toBeCloseTo(expected.gradient[i], 9));
        corrected.step(0.1);
        plain.step(0.1);
        corrected.workers.confusion.forEach((p, i) => void expect(p).toBeCloseTo(plain.workers.confusion[i], 7));
      }
      expect(corrected.difficulty()).toEqual(new Float64Array(taskCount));
    }
  });
});

/** Mean cross entropy of all answers, with its derivative by the logits: softmax minus one-hot. */
function crossEntropy(of: AnswerTable, logits: Float64Array): { value: number; gradient: Float64Array } {
  const f = softmaxed(logits);
  const gradient = new Float64Array(logits.length);
  let value = 0;
  for (let t = 0; t < taskCount; t++)
    for (let e = of.taskStart[t]; e < of.taskStart[t + 1]; e++) {
      value -= Math.log(f[t * classCount + of.label[e]]) / of.answerCount;
      for (let k = 0; k < classCount; k++)
        gradient[t * classCount + k] += (f[t * classCount + k] - (k === of.label[e] ? 1 : 0)) / of.answerCount;
    }
  return { value, gradient };
}
