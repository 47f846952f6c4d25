import { answersFrom, Random } from '@assay/core';
import { digamma, logGamma } from '@assay/core/math';
import { knownClasses, logTaskPrior, meanFieldInference } from '@assay/core/methods';
import { ConfusionLogits, CoupledCrossEntropy, CrowdLayerLoss } from '@assay/learn/methods';
import { describe, expect, it } from 'vitest';

const classCount = 3;
const workerCount = 4;
const random = new Random('cases');
const table = answersFrom(
  Array.from({ length: 20 }, (_, task) =>
    [0, 1, 2].map((i) => [`t${task}`, `w${(task + i) % workerCount}`, `c${random.integer(classCount)}`] as const),
  ).flat(),
);
const block = classCount * classCount;
const cells = workerCount * block;
const tasks = Uint32Array.from({ length: table.taskCount }, (_, task) => task);

/** Log-probabilities of confusions with free logits, W×K×K. */
function logRows(logits: Float64Array): Float64Array {
  const logs = logits.slice();
  for (let row = 0; row < logs.length; row += classCount) {
    const total = Math.log(logits.subarray(row, row + classCount).reduce((sum, value) => sum + Math.exp(value), 0));
    for (let l = 0; l < classCount; l++) logs[row + l] -= total;
  }
  return logs;
}

/** Σ over answers of Σ_k q_k · log[worker][k][said]: what all of them have in common (eq. 34). */
function expectedAnswers(q: Float64Array, logs: Float64Array): number {
  let sum = 0;
  for (let e = 0; e < table.answerCount; e++)
    for (let k = 0; k < classCount; k++)
      sum +=
        q[table.answerTask[e] * classCount + k] *
        logs[(table.worker[e] * classCount + k) * classCount + table.label[e]];
  return sum;
}

/** The bound of eq. 31 for any q(z), Dirichlet rows β, network f and prior α. */
function bound(q: Float64Array, beta: Float64Array, f: Float64Array, alpha: Float64Array): number {
  const expected = beta.slice();
  let divergence = 0;
  for (let row = 0; row < cells; row += classCount) {
    const at = row % block;
    const [own, prior] = [beta.subarray(row, row + classCount), alpha.subarray(at, at + classCount)];
    const [total, before] = [own, prior].map((list) => list.reduce((a, b) => a + b));
    divergence += logGamma(total) - logGamma(before);
    for (let l = 0; l < classCount; l++) {
      expected[row + l] = digamma(own[l]) - digamma(total);
      divergence += logGamma(prior[l]) - logGamma(own[l]) + (own[l] - prior[l]) * expected[row + l];
    }
  }
  let labels = 0;
  q.forEach((p, i) => {
    if (p > 0) labels += p * (Math.log(f[i]) - Math.log(p));
  });
  return expectedAnswers(q, expected) + labels - divergence;
}

function network(sharpness: number): Float64Array {
  const f = Float64Array.from({ length: table.taskCount * classCount }, () => sharpness * random.normal());
  for (let row = 0; row < f.length; row += classCount) {
    const sum = f.subarray(row, row + classCount).reduce((total, value) => total + Math.exp(value), 0);
    for (let k = row; k < row + classCount; k++) f[k] = Math.exp(f[k]) / sum;
  }
  return f;
}

function certain(): Float64Array {
  const f = new Float64Array(table.taskCount * classCount);
  for (let row = 0; row < f.length; row += classCount) f[row + random.integer(classCount)] = 1;
  return f;
}

/** Soft counts of the answers by posteriors, with the prior: β of eq. 29. */
function rowsOf(q: Float64Array, alpha: Float64Array): Float64Array {
  const beta = Float64Array.from({ length: cells }, (_, cell) => alpha[cell % block]);
  for (let e = 0; e < table.answerCount; e++)
    for (let k = 0; k < classCount; k++)
      beta[(table.worker[e] * classCount + k) * classCount + table.label[e]] += q[table.answerTask[e] * classCount + k];
  return beta;
}

describe('what deepMF has in common with others (Kim et al. 2022, appendix C)', () => {
  const alpha = Float64Array.from({ length: block }, (_, cell) => (cell % 4 === 0 ? 2 : 1));

  it('its bound is eq. 31 at its own labels and workers', () => {
    const f = network(1);
    const uniform = logTaskPrior(table, knownClasses(table, null));
    const workers = { model: 'confusion', right: 2, wrong: 1, confusionPrior: null } as const;
    const inference = meanFieldInference(table, workers, uniform);
    const logs = f.map(Math.log);
    let before = new Float64Array(0);
    for (let sweep = 0; sweep < 5; sweep++) {
      const update = inference.update(logs);
      let step = update.next();
      while (step.done !== true) step = update.next();
      const { posterior, bound: reached } = step.value;
      if (sweep > 0) expect(reached).toBeCloseTo(bound(posterior, rowsOf(before, alpha), f, alpha), 8);
      before = posterior.slice();
    }
  });

  it('with q = f, point estimates and a flat prior it is what a crowd layer maximises, exact for a network that is sure', () => {
    const logits = Float64Array.from({ length: cells }, () => 2 * random.normal());
    const theta = logRows(logits);
    const flat = new Float64Array(block).fill(1);
    // Dirichlet rows drawn together to a point: the expected logarithms become logarithms.
    const narrow = theta.map((log) => 1e7 * Math.exp(log));
    const f = network(1);
    const point = bound(f, narrow, f, flat) - bound(new Float64Array(f.length), narrow, f, flat);
    expect(point).toBeCloseTo(expectedAnswers(f, theta), 3);

    const layer = new CrowdLayerLoss(table, 'MW');
    layer.weights.values.set(logits);
    const coupled = new CoupledCrossEntropy(table, new ConfusionLogits(logits.slice(), classCount));
    const scored = (loss: CrowdLayerLoss | CoupledCrossEntropy, q: Float64Array): number =>
      -table.answerCount * loss.evaluate({ tasks, f: q, slope: new Float64Array(q.length) });
    const sure = certain();
    expect(scored(layer, sure)).toBeCloseTo(expectedAnswers(sure, theta), 8);
    expect(scored(coupled, sure)).toBeCloseTo(expectedAnswers(sure, theta), 6);
    // Unsure, both are more generous than the bound: they mix before the logarithm, or normalise after it.
    expect(scored(layer, f)).toBeGreaterThan(expectedAnswers(f, theta));
    expect(scored(coupled, f)).toBeGreaterThan(expectedAnswers(f, theta));
  });

  it('the slopes of the crowd layer are those of the bound too, for a network that is sure', () => {
    const logits = Float64Array.from({ length: cells }, () => random.normal());
    const layer = new CrowdLayerLoss(table, 'MW');
    layer.weights.values.set(logits);
    const sure = certain();
    layer.evaluate({ tasks, f: sure, slope: new Float64Array(sure.length) });
    const step = 1e-5;
    for (const cell of [0, 5, 13, 22, 35]) {
      const moved = [step, -step].map((by) => {
        const other = logits.slice();
        other[cell] += by;
        return expectedAnswers(sure, logRows(other));
      });
      const slope = (moved[0] - moved[1]) / (2 * step);
      expect(-table.answerCount * layer.weights.gradient[cell]).toBeCloseTo(slope, 6);
    }
  });

  it('its slope under a prior that expects adversaries, Dir(1 − λ, 1), is that of the trace where workers begin as experts', () => {
    const lambda = 0.3;
    const logits = Float64Array.from({ length: cells }, (_, cell) =>
      (cell % block) % (classCount + 1) === 0 ? 14 : 0,
    );
    const workers = new ConfusionLogits(logits, classCount);
    const trace = (lambda * workerCount) / table.answerCount;
    const q = certain();
    new CoupledCrossEntropy(table, workers, { trace }).evaluate({ tasks, f: q, slope: new Float64Array(q.length) });
    const adversaries = Float64Array.from({ length: block }, (_, cell) =>
      cell % (classCount + 1) === 0 ? 1 - lambda : 1,
    );
    // d/dA of Σ ln A + ln p(A | α) is (β − 1) / A, with β of eq. 29.
    const beta = rowsOf(q, adversaries);
    for (let cell = 0; cell < cells; cell++) {
      if ((cell % block) % (classCount + 1) !== 0) continue;
      const slope = (beta[cell] - 1) / workers.confusion[cell];
      expect(-table.answerCount * workers.slope[cell]).toBeCloseTo(slope, 4);
    }
  });
});
