import {
  type AnswerTable,
  answersFrom,
  coinShrunk,
  dawidSkene,
  dawidSkeneHard,
  dawidSkeneMap,
  type Estimate,
  fit,
  Random,
} from '@assay/core';
import { methodById } from '@assay/core/methods';
import { describe, expect, it } from 'vitest';
import { crowd, posteriorOf } from '../../support/crowd.ts';

/** The posterior of every task by enumeration from an estimate's own parameters. */
function enumerated(table: AnswerTable, estimate: Estimate): Float64Array {
  const { classCount } = table;
  const { confusion } = estimate.workers as { confusion: Float64Array };
  const posterior = new Float64Array(table.taskCount * classCount);
  for (let task = 0; task < table.taskCount; task++) {
    const joint = Array.from(estimate.prior as Float64Array);
    for (let answer = table.taskStart[task]; answer < table.taskStart[task + 1]; answer++) {
      for (let k = 0; k < classCount; k++) {
        joint[k] *= confusion[(table.worker[answer] * classCount + k) * classCount + table.label[answer]];
      }
    }
    const total = joint.reduce((a, b) => a + b, 0);
    joint.forEach((value, k) => {
      posterior[task * classCount + k] = value / total;
    });
  }
  return posterior;
}

describe('Dawid-Skene', () => {
  const { rows, truth } = crowd({ seed: 2, tasks: 40, workers: 6, classes: 3, redundancy: 4, accuracy: [0.6, 0.9] });
  const table = answersFrom(rows);

  it.each(['dawid-skene', 'dawid-skene-map', 'coin-shrunk', 'pooled-shrunk', 'confusion-vector', 'lfc', 'pooled'])(
    '%s has the posterior that its own parameters imply',
    (id) => {
      const estimate = fit(methodById(id), table);
      const expected = enumerated(table, estimate);
      expected.forEach((value, i) => {
        expect(estimate.posterior[i]).toBeCloseTo(value, 7);
      });
    },
  );

  it('is certain and counts classes when all workers are perfect', () => {
    const perfect = [...truth].flatMap(([task, label]) =>
      ['a', 'b', 'c'].map((worker) => [task, worker, label] as const),
    );
    const estimate = fit(dawidSkene, answersFrom(perfect));
    for (const [task, label] of truth) expect(posteriorOf(estimate, task, label)).toBeGreaterThan(1 - 1e-6);
    const share = [...truth.values()].filter((label) => label === 'c0').length / truth.size;
    expect((estimate.prior as Float64Array)[0]).toBeCloseTo(share, 6);
  });

  it('recovers dense binary confusions within 0.03', () => {
    const random = new Random(4);
    const workers = Array.from({ length: 20 }, () => [0.6 + 0.35 * random.uniform(), 0.6 + 0.35 * random.uniform()]);
    const made: [string, string, string][] = [];
    for (let t = 0; t < 2000; t++) {
      const real = random.integer(2);
      workers.forEach((right, w) => {
        made.push([`t${t}`, `w${w}`, String(random.uniform() < right[real] ? real : 1 - real)]);
      });
    }
    const dense = answersFrom(made);
    const { confusion } = fit(dawidSkene, dense).workers as { confusion: Float64Array };
    let error = 0;
    workers.forEach((right, w) => {
      const at = dense.workers.indexOf(`w${w}`) * 4;
      error += Math.abs(confusion[at] - right[0]) + Math.abs(confusion[at + 3] - right[1]);
    });
    expect(error / 40).toBeLessThan(0.03);
  });

  it('is not moved by a worker who always says the same, without smoothing', () => {
    const alone = fit(dawidSkene, table, { options: { smoothing: 0, tolerance: 0, maxIterations: 60 } });
    const lazy = [...truth.keys()].map((task) => [task, 'lazy', 'c1'] as const);
    const joined = fit(dawidSkene, answersFrom([...rows, ...lazy]), {
      options: { smoothing: 0, start: 'votes', tolerance: 0, maxIterations: 400 },
    });
    // The start differs, so compare the optimum both reach.
    for (const task of truth.keys()) {
      expect(Math.abs(posteriorOf(joined, task, 'c0') - posteriorOf(alone, task, 'c0'))).toBeLessThan(0.02);
    }
  });

  it('teaches itself from gold: all gold gives the counts of a supervised fit', () => {
    const estimate = fit(dawidSkene, table.withGold(truth).table, { options: { smoothing: 0 } });
    const counts = new Float64Array(table.workerCount * 9);
    rows.forEach(([task, worker, label]) => {
      const real = table.classes.indexOf(truth.get(task) as string);
      counts[table.workers.indexOf(worker) * 9 + real * 3 + table.classes.indexOf(label)]++;
    });
    const { confusion } = estimate.workers as { confusion: Float64Array };
    for (let row = 0; row < counts.length; row += 3) {
      const mass = counts[row] + counts[row + 1] + counts[row + 2];
      if (mass === 0) continue;
      for (let l = 0; l < 3; l++) expect(confusion[row + l]).toBeCloseTo(counts[row + l] / mass, 9);
    }
    expect(estimate.iterations).toBeLessThanOrEqual(2);
  });

  it('takes test answers as clamped tasks', () => {
    // Three test questions answered by w0; once as gold tasks, once as counts. Same class prior.
    const questions = [
      ['q0', 'w0', 'c0', 'c0'],
      ['q1', 'w0', 'c1', 'c1'],
      ['q2', 'w0', 'c2', 'c0'],
    ] as const;
    const asTasks = answersFrom([
      ...rows,
      ...questions.map(([task, worker, , said]) => [task, worker, said] as const),
    ]).withGold(new Map(questions.map(([task, , real]) => [task, real]))).table;
    const testCounts = new Float64Array(table.workerCount * 9);
    for (const [, worker, real, said] of questions) {
      testCounts[table.workers.indexOf(worker) * 9 + table.classes.indexOf(real) * 3 + table.classes.indexOf(said)]++;
    }
    const options = { prior: 'uniform', tolerance: 0, maxIterations: 200 };
    const clamped = fit(dawidSkene, asTasks, { options });
    const counted = fit(dawidSkene, table.with({ testCounts }), { options });
    for (const task of truth.keys()) {
      for (const label of ['c0', 'c1', 'c2']) {
        expect(posteriorOf(counted, task, label)).toBeCloseTo(posteriorOf(clamped, task, label), 9);
      }
    }
  });

  it('lets a classifier’s task prior replace the class prior', () => {
    const sure = new Float64Array(table.taskCount * 3).fill(1 / 3);
    sure.set([0.98, 0.01, 0.01], 0);
    const plain = fit(coinShrunk, table.with({ taskPrior: new Float64Array(table.taskCount * 3).fill(1 / 3) }));
    const informed = fit(coinShrunk, table.with({ taskPrior: sure }));
    expect(informed.posterior[0]).toBeGreaterThan(plain.posterior[0]);
  });

  it('counts an answer of weight two as two answers', () => {
    const weight = new Float64Array(table.answerCount).fill(1);
    weight[0] = 2;
    const task = table.tasks.name(0);
    const [worker, label] = [table.workers.name(table.worker[0]), table.classes.name(table.label[0])];
    const twice = answersFrom([...rows, [task, worker, label] as const], { duplicates: 'all' });
    const a = fit(dawidSkene, table.with({ weight }), { options: { tolerance: 0, maxIterations: 50 } });
    const b = fit(dawidSkene, twice, { options: { tolerance: 0, maxIterations: 50 } });
    for (const name of truth.keys()) expect(posteriorOf(a, name, 'c0')).toBeCloseTo(posteriorOf(b, name, 'c0'), 6);
  });

  it('says when it did not settle, and keeps the best of several starts', () => {
    const short = fit(dawidSkene, table, { options: { maxIterations: 2 } });
    expect(short.converged).toBe(false);
    expect(short.notes.join()).toContain('limit of 2 iterations');
    const one = fit(dawidSkene, table);
    const five = fit(dawidSkene, table, { options: { starts: 5 } });
    expect(five.objective.at(-1) as number).toBeGreaterThanOrEqual((one.objective.at(-1) as number) - 1e-6);
  });

  it('refuses options out of range and matrices of the wrong size', () => {
    expect(() => fit(dawidSkene, table, { options: { smoothing: -1 } })).toThrow('invalid smoothing');
    expect(() => fit(dawidSkene, table, { options: { smoothng: 1 } })).toThrow('did you mean smoothing');
    expect(() => fit(dawidSkeneMap, table, { options: { confusionPrior: [1, 2] } })).toThrow('invalid confusionPrior');
  });

  it('settles in few hard sweeps with one-hot posteriors', () => {
    const hard = fit(dawidSkeneHard, table);
    expect(hard.iterations).toBeLessThan(20);
    expect(hard.posterior.every((p) => p === 0 || p === 1)).toBe(true);
  });

  it('covers the true accuracy with its 90 % intervals about as often as it says', () => {
    // 20 crowds × 15 workers; outside [0.8, 0.97] by chance below 1e-3.
    let covered = 0;
    let total = 0;
    for (let seed = 0; seed < 20; seed++) {
      const random = new Random(100 + seed);
      const skill = Array.from({ length: 15 }, () => 0.55 + 0.4 * random.uniform());
      const made: [string, string, string][] = [];
      for (let t = 0; t < 150; t++) {
        const real = random.integer(2);
        for (const w of random.permutation(15).subarray(0, 6)) {
          made.push([`t${t}`, `w${w}`, String(random.uniform() < skill[w] ? real : 1 - real)]);
        }
      }
      const answered = answersFrom(made);
      const { workers } = fit(coinShrunk, answered);
      skill.forEach((value, w) => {
        const at = answered.workers.indexOf(`w${w}`);
        if (workers !== undefined && workers.lo[at] <= value && value <= workers.hi[at]) covered++;
        total++;
      });
    }
    expect(covered / total).toBeGreaterThan(0.8);
    expect(covered / total).toBeLessThan(0.97);
  });
});
