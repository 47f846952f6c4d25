import { describe, expect, it } from 'vitest';
import { confusionSweep } from '../../src/kernels/confusion-sweep.ts';
import type { SweepAnswers } from '../../src/kernels/sweep-layout.ts';
import { confusionOracle, crowd, distance, randomTable, uniforms } from './crowd.ts';

const engines = ['reference', 'wasm'] as const;

/** Tasks of 0 to 12 answers, a few of them with many. */
function mixedCounts(seed: number, tasks: number, many: readonly number[] = []): number[] {
  const random = uniforms(seed);
  return [...Array.from({ length: tasks }, () => Math.floor(random() * 13)), ...many];
}

function goldAndPriors(answers: SweepAnswers, seed: number): Float64Array {
  const random = uniforms(seed);
  const { taskCount, classCount } = answers;
  const taskPrior = Float64Array.from({ length: taskCount * classCount }, () => random());
  for (let task = 0; task < taskCount; task += 3) {
    taskPrior.fill(0, task * classCount, (task + 1) * classCount);
    taskPrior[task * classCount + (task % classCount)] = 1;
  }
  return taskPrior;
}

function expectAgreement(
  engine: (typeof engines)[number],
  answers: SweepAnswers,
  table: Float64Array,
  taskPrior: Float64Array | undefined,
  floor: number,
  tolerance = 1e-12,
): void {
  const { taskCount, classCount } = answers;
  const random = uniforms(99);
  const prior = Float64Array.from({ length: classCount }, () => 0.1 + random());
  const oracle = confusionOracle(answers, table, prior, taskPrior, floor);
  const sweep = confusionSweep(answers, { engine, taskPrior, floor });
  expect(sweep.engine).toBe(answers.weight === undefined ? engine : 'reference');
  sweep.setTable(table);
  for (const store of [false, true, false]) {
    const { logLikelihood, maxChange } = sweep.sweep(prior, { store });
    expect(Math.abs(logLikelihood - oracle.logLikelihood)).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(oracle.logLikelihood)),
    );
    expect(distance(sweep.counts(new Float64Array(table.length)), oracle.counts)).toBeLessThanOrEqual(tolerance);
    expect(distance(sweep.classTotals(new Float64Array(classCount)), oracle.totals)).toBeLessThanOrEqual(tolerance);
    if (!store) {
      expect(maxChange).toBeNaN();
      expect(() => sweep.posterior(new Float64Array(taskCount * classCount))).toThrow(/^missing posterior/);
      continue;
    }
    const posterior = sweep.posterior(new Float64Array(taskCount * classCount));
    expect(distance(posterior, oracle.posterior)).toBeLessThanOrEqual(tolerance);
    const answered = answers.worker.length > 0;
    expect(maxChange > 0).toBe(answered);
    expect(sweep.sweep(prior, { store }).maxChange).toBe(0);
  }
  sweep.dispose();
}

describe.each(engines)('the confusion sweep, %s engine', (engine) => {
  it('agrees with the logarithmic form for every number of classes from 1 to 20', () => {
    for (let classes = 1; classes <= 20; classes++) {
      const answers = crowd({ seed: classes, classes, workers: 7, counts: mixedCounts(classes, 60, [40, 41, 200]) });
      expectAgreement(engine, answers, randomTable(answers, classes, 3), undefined, 1e-10);
      expectAgreement(engine, answers, randomTable(answers, classes, 3), goldAndPriors(answers, classes), 1e-10);
    }
  });

  it('stays exact when most cells are at the floor and tasks have hundreds of answers', () => {
    for (const classes of [2, 3, 4, 5, 8, 10, 12, 13]) {
      for (const floor of [1e-10, 1e-13, 1e-60, 1e-100]) {
        const answers = crowd({ seed: 5, classes, workers: 9, counts: [1, 2, 15, 16, 17, 31, 32, 33, 100, 300, 777] });
        const table = randomTable(answers, 8).map((cell, i) => (i % 3 === 0 ? 0 : cell));
        // The oracle's own error: logarithms around 1e5 carry 1e-11.
        expectAgreement(engine, answers, table, undefined, floor, 1e-10);
      }
    }
  });

  it('lets a class that fell hopelessly behind come back', () => {
    // Fifty answers against class 0 at the floor, then fifty against class 1: even at the end.
    const count = 100;
    const answers: SweepAnswers = {
      taskStart: Uint32Array.of(0, count),
      worker: new Uint32Array(count),
      label: Uint16Array.from({ length: count }, (_, i) => (i < count / 2 ? 0 : 1)),
      weight: undefined,
      taskCount: 1,
      workerCount: 1,
      classCount: 2,
    };
    const sweep = confusionSweep(answers, { engine });
    sweep.setTable(Float64Array.of(0, 1, 1, 0));
    const { logLikelihood } = sweep.sweep(Float64Array.of(0.75, 0.25), { store: true });
    expect(sweep.posterior(new Float64Array(2))[0]).toBeCloseTo(0.75, 12);
    expect(logLikelihood).toBeCloseTo(50 * Math.log(1e-10), 9);
  });

  it('takes a known class against the evidence of hundreds of answers', () => {
    const counts = [400, 3];
    const answers = crowd({ seed: 3, classes: 4, workers: 5, counts });
    const taskPrior = new Float64Array(8);
    for (const task of [0, 1]) taskPrior[task * 4 + 2] = 1;
    const table = randomTable(answers, 4).map((cell, i) => (Math.floor(i / 4) % 4 === 2 ? 1e-10 : cell));
    expectAgreement(engine, answers, table, taskPrior, 1e-10);
  });

  it('gives one worker, one task and no answer at all a proper result', () => {
    for (const counts of [[], [0], [0, 0], [1], [5], [0, 1, 0]]) {
      const answers = crowd({ seed: 1, classes: 3, workers: 1, counts });
      expectAgreement(engine, answers, randomTable(answers, 2), undefined, 1e-10);
    }
    const nobody = crowd({ seed: 1, classes: 2, workers: 0, counts: [0] });
    const sweep = confusionSweep(nobody, { engine });
    expect(sweep.sweep(Float64Array.of(3, 1), { store: true }).logLikelihood).toBe(0);
    expect([...sweep.posterior(new Float64Array(2))]).toEqual([0.75, 0.25]);
  });

  it('counts from given posteriors and normalises to the M-step', () => {
    for (const classes of [2, 3, 7, 8, 12, 17]) {
      const answers = crowd({ seed: 4, classes, workers: 6, counts: mixedCounts(2, 50) });
      const { taskCount, workerCount } = answers;
      const size = workerCount * classes * classes;
      const random = uniforms(6);
      const posterior = Float64Array.from({ length: taskCount * classes }, () => random());
      const added = Float64Array.from({ length: classes * classes }, () => random());
      const sweep = confusionSweep(answers, { engine });
      sweep.scatter(posterior);
      const counts = new Float64Array(size);
      const totals = new Float64Array(classes);
      for (let task = 0; task < taskCount; task++) {
        const [first, end] = [answers.taskStart[task], answers.taskStart[task + 1]];
        for (let k = 0; k < classes; k++) {
          const q = posterior[task * classes + k];
          if (end > first) totals[k] += q;
          for (let e = first; e < end; e++) counts[(answers.worker[e] * classes + k) * classes + answers.label[e]] += q;
        }
      }
      expect(distance(sweep.counts(new Float64Array(size)), counts)).toBeLessThan(1e-12);
      expect(distance(sweep.classTotals(new Float64Array(classes)), totals)).toBeLessThan(1e-12);
      sweep.normalise(added);
      const table = counts.map((count, i) => count + added[i % (classes * classes)]);
      for (let row = 0; row < size; row += classes) {
        const sum = table.subarray(row, row + classes).reduce((a, b) => a + b, 0);
        for (let k = row; k < row + classes; k++) table[k] /= sum;
      }
      expect(distance(sweep.table(new Float64Array(size)), table)).toBeLessThan(1e-12);
    }
  });

  it('starts from votes as from their shares', () => {
    for (const classes of [1, 2, 3, 7, 8, 17]) {
      for (const weighted of [false, true]) {
        const answers = crowd({ seed: 5, classes, workers: 6, counts: mixedCounts(3, 50, [90]), weighted });
        const { taskStart, label, weight, workerCount, taskCount } = answers;
        const shares = new Float64Array(taskCount * classes);
        for (let task = 0; task < taskCount; task++) {
          for (let e = taskStart[task]; e < taskStart[task + 1]; e++)
            shares[task * classes + label[e]] += weight?.[e] ?? 1;
          const row = shares.subarray(task * classes, (task + 1) * classes);
          const sum = row.reduce((a, b) => a + b, 0);
          for (let k = 0; sum > 0 && k < classes; k++) row[k] /= sum;
        }
        const size = workerCount * classes * classes;
        const [votes, given] = [0, 1].map(() => confusionSweep(answers, { engine }));
        votes.setTable(randomTable(answers, 4));
        votes.scatterVotes();
        given.scatter(shares);
        const counts = given.counts(new Float64Array(size));
        expect(distance(votes.counts(new Float64Array(size)), counts)).toBeLessThan(1e-12);
        const totals = given.classTotals(new Float64Array(classes));
        expect(distance(votes.classTotals(new Float64Array(classes)), totals)).toBeLessThan(1e-12);
        expect([...votes.table(new Float64Array(size))]).toEqual(new Array(size).fill(1 / classes));
        expect(votes.sweep(Float64Array.from(totals), { store: false })).toEqual(
          given.sweep(Float64Array.from(totals), { store: false }),
        );
      }
    }
  });

  it('adds the logarithms of its table', () => {
    for (const classes of [2, 3, 5, 8, 19]) {
      const answers = crowd({ seed: 7, classes, workers: 300, counts: [4, 1, 6] });
      const random = uniforms(classes);
      const added = Float64Array.from({ length: classes * classes }, (_, i) => (i % 4 === 1 ? 0 : random()));
      const sweep = confusionSweep(answers, { engine });
      const table = randomTable(answers, 8, 9).map((cell) => Math.max(cell, 1e-10));
      sweep.setTable(table);
      const expected = table.reduce((sum, cell, i) => sum + added[i % added.length] * Math.log(cell), 0);
      expect(sweep.logDensity(added) / expected).toBeCloseTo(1, 11);
      expect(sweep.logDensity(new Float64Array(classes * classes))).toBe(0);
      const even = new Float64Array(classes * classes).fill(0.5);
      const logs = table.reduce((sum, cell) => sum + Math.log(cell), 0);
      expect(sweep.logDensity(even) / logs).toBeCloseTo(0.5, 11);
    }
  });

  it('writes posteriors it does not keep', () => {
    for (const classes of [2, 3, 9, 18]) {
      const answers = crowd({ seed: 2, classes, workers: 30, counts: mixedCounts(9, 60, [70, 70, 400]) });
      for (const taskPrior of [undefined, goldAndPriors(answers, 4)]) {
        const [passing, keeping] = [0, 1].map(() => confusionSweep(answers, { engine, taskPrior }));
        const prior = Float64Array.from({ length: classes }, (_, k) => 1 + k);
        const [size, rows] = [answers.workerCount * classes ** 2, answers.taskCount * classes];
        for (const sweep of [passing, keeping]) sweep.setTable(randomTable(answers, 6));
        keeping.sweep(prior, { store: true });
        const written = passing.writePosterior(prior, new Float64Array(rows));
        expect([...written]).toEqual([...keeping.posterior(new Float64Array(rows))]);
        expect([...passing.counts(new Float64Array(size))]).toEqual([...keeping.counts(new Float64Array(size))]);
        expect(passing.classTotals(new Float64Array(classes))).toEqual(keeping.classTotals(new Float64Array(classes)));
        expect(() => passing.posterior(new Float64Array(rows))).toThrow(/^missing posterior/);
      }
    }
  });

  it('keeps a row nobody could fill and raises empty cells to the floor', () => {
    const answers = crowd({ seed: 4, classes: 2, workers: 2, counts: [3] });
    answers.worker.fill(0);
    answers.label.fill(1);
    const sweep = confusionSweep(answers, { engine });
    sweep.setTable(Float64Array.of(0.9, 0.1, 0.2, 0.8, 0.7, 0.3, 0.4, 0.6));
    sweep.scatter(Float64Array.of(1, 0));
    sweep.normalise(new Float64Array(4));
    expect([...sweep.table(new Float64Array(8))]).toEqual([1e-10, 1, 0.2, 0.8, 0.7, 0.3, 0.4, 0.6]);
  });

  it('takes a task prior without any class for no prior', () => {
    const answers = crowd({ seed: 4, classes: 3, workers: 4, counts: [0, 3, 5] });
    const sweep = confusionSweep(answers, { engine, taskPrior: new Float64Array(9) });
    const plain = confusionSweep(answers, { engine });
    const prior = Float64Array.of(0.2, 0.3, 0.5);
    const [a, b] = [sweep, plain].map((each) => each.sweep(prior, { store: true }).logLikelihood);
    expect(a).toBe(b);
    expect([...sweep.posterior(new Float64Array(9))]).toEqual([...plain.posterior(new Float64Array(9))]);
  });

  it('raises each factor to the weight of its answer', () => {
    const answers = crowd({ seed: 8, classes: 3, workers: 5, counts: mixedCounts(8, 40), weighted: true });
    expectAgreement(engine, answers, randomTable(answers, 3, 2), undefined, 1e-10);
    expectAgreement(engine, answers, randomTable(answers, 3, 2), goldAndPriors(answers, 2), 1e-10);
  });

  it('does not depend on the order of tasks', () => {
    const counts = mixedCounts(11, 40);
    const answers = crowd({ seed: 11, classes: 4, workers: 6, counts });
    const reversed = [...counts.keys()].reverse();
    const taskStart = new Uint32Array(counts.length + 1);
    const worker: number[] = [];
    const label: number[] = [];
    reversed.forEach((task, i) => {
      for (let e = answers.taskStart[task]; e < answers.taskStart[task + 1]; e++) {
        worker.push(answers.worker[e]);
        label.push(answers.label[e]);
      }
      taskStart[i + 1] = worker.length;
    });
    const other = { ...answers, taskStart, worker: Uint32Array.from(worker), label: Uint16Array.from(label) };
    const table = randomTable(answers, 5);
    const prior = Float64Array.of(0.1, 0.2, 0.3, 0.4);
    const [a, b] = [answers, other].map((each) => {
      const sweep = confusionSweep(each, { engine });
      sweep.setTable(table);
      sweep.sweep(prior, { store: true });
      return sweep.posterior(new Float64Array(counts.length * 4));
    });
    const restored = reversed.flatMap((_, task) => {
      const at = reversed.indexOf(task) * 4;
      return [...b.subarray(at, at + 4)];
    });
    expect(distance(a, restored)).toBe(0);
  });
});
