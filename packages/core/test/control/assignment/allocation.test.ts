import { AnswerTable, answersFrom, dictionaryOf, Random } from '@assay/core';
import {
  activelabQueue,
  impactSampling,
  labelUncertainty,
  mostUncertain,
  OnlineEm,
  reactiveScore,
  regularAllocation,
  relabelScore,
  voteDoubt,
} from '@assay/core/control';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('regularAllocation', () => {
  it('gives every task its workers, every worker her tasks, nobody one twice', () => {
    const size = fc.record({ tasks: fc.integer({ min: 4, max: 60 }), l: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 4 }), fc.nat(99), ({ tasks, l }, r, seed) => {
        fc.pre(Math.ceil((tasks * l) / r) >= 2 * l);
        const lists = regularAllocation(tasks, l, r, new Random(seed));
        const times = new Uint32Array(tasks);
        lists.forEach((list, worker) => {
          expect(new Set(list).size).toBe(list.length);
          expect(worker < lists.length - 1 ? list.length === r : list.length <= r).toBe(true);
          for (const task of list) times[task]++;
        });
        expect(times.every((count) => count === l)).toBe(true);
      }),
      { numRuns: 100, seed: 8 },
    );
  });

  it('is the same for the same seed and refuses the impossible', () => {
    expect(regularAllocation(9, 2, 3, new Random(1))).toEqual(regularAllocation(9, 2, 3, new Random(1)));
    expect(() => regularAllocation(3, 4, 3, new Random(1))).not.toThrow();
    expect(() => regularAllocation(2, 3, 3, new Random(1))).toThrow(/invalid allocation/);
    expect(() => regularAllocation(0, 1, 1, new Random(1))).toThrow(/invalid allocation/);
  });
});

describe('selective relabelling', () => {
  it('doubts votes by the Beta tail, and by draws with more classes', () => {
    expect(voteDoubt([2, 1], new Random(1))).toBe(labelUncertainty(2, 1));
    // P(another class of three leads after 5, 0, 0) by integration is .0202; 2,000 draws have a standard error of .003.
    const sure = voteDoubt([5, 0, 0], new Random(1));
    expect(sure).toBeLessThan(voteDoubt([1, 0, 0], new Random(1)));
    expect(sure).toBeLessThan(0.04);
    expect(voteDoubt([0, 0, 0], new Random(2))).toBeGreaterThan(0.6);
    expect(relabelScore(0.25, [0.36, 0.64])).toBeCloseTo(0.3, 12);
    expect(relabelScore(0.25, [0, 1])).toBe(0);
  });
});

describe('re-active learning', () => {
  it('lets go of points whose votes are settled', () => {
    const [unclear, settled, split] = [
      [0.5, 0.5],
      [0.99, 0.01],
      [0.5, 0.5],
    ].map((q) => Float64Array.from(q));
    expect(reactiveScore(unclear, settled)).toBeLessThan(reactiveScore(unclear, split));
    expect(reactiveScore(unclear, settled, 0)).toBeCloseTo(Math.LN2, 12);
  });

  it('asks where the answer moves most predictions, old task or new', () => {
    // Four points on a line and a threshold learner: the label of point 1 decides points 0 to 2, that of 3 its own.
    const predicted = Float64Array.of(0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.1, 0.9);
    const flipped = Float64Array.of(0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9);
    const own = Float64Array.of(0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1);
    const problem = {
      classCount: 2,
      predicted,
      belief: new Float64Array(8).fill(0.5),
      retrained: (task: number, label: number) =>
        task === 1 && label === 1 ? flipped : task === 3 && label === 0 ? own : predicted,
      votesToFlip: (task: number, label: number) => (predicted[2 * task + label] > 0.5 ? 0 : 1),
    };
    expect(impactSampling(problem, [0, 1, 2, 3])).toMatchObject({ task: 1 });
    expect(impactSampling(problem, [1])?.impact).toBeCloseTo(0.5 * (0.1 + 0.5) * 0.75, 12);
    expect(impactSampling(problem, [1], true)?.impact).toBeCloseTo(0.75, 12);
    // Two votes are needed: half the impact, not none.
    const held = { ...problem, votesToFlip: (task: number, label: number) => 2 * problem.votesToFlip(task, label) };
    expect(impactSampling(held, [1], true)?.impact).toBeCloseTo(0.375, 12);
    expect(impactSampling(problem, [])).toBeNull();
  });
});

describe('activelabQueue', () => {
  it('hands the least certain task of the worked example to a worker', () => {
    const rows = ['00-', '110', '11-', '1-1', '222', '0--', '---', '---'];
    const model = [0.8, 0.1, 0.1, 0.3, 0.6, 0.1, 0.2, 0.7, 0.1, 0.6, 0.3, 0.1, 0.2, 0.2, 0.6, 0.5, 0.3, 0.2];
    const probabilities = Float64Array.from([...model, 0.34, 0.33, 0.33, 0.9, 0.05, 0.05]);
    const answers = rows.flatMap((row, task) =>
      [...row].flatMap((label, w): [string, string, string][] => (label === '-' ? [] : [[`${task}`, `${w}`, label]])),
    );
    const { taskStart, worker, label, workers, classes } = answersFrom(answers);
    const table = new AnswerTable({
      question: 'label',
      tasks: dictionaryOf(rows.map((_, task) => `${task}`)),
      workers,
      classes,
      taskStart: Uint32Array.of(...taskStart, taskStart[6], taskStart[6]),
      worker,
      label,
    });
    const queue = activelabQueue(table, [probabilities], { temperature: 1 });
    expect(queue.scoreOf(6)).toBeCloseTo(-0.3376196, 6);
    const stream = new OnlineEm({ classes: 3, tasks: 8, workers: 3 });
    const state = { queue, stream, may: () => true, priceMicros: () => 1 };
    expect(mostUncertain({ explore: 0 }).next(state, 0, new Random(0))).toMatchObject({ kind: 'assign', task: 6 });
    const allowed = { ...state, may: (task: number) => task !== 6 };
    expect(mostUncertain({ explore: 0 }).next(allowed, 0, new Random(0))).toMatchObject({ task: 3 });
  });
});
