import { afterEach, describe, expect, it } from 'vitest';
import { confusionSweep, setSweepThreads } from '../../src/kernels/confusion-sweep.ts';
import { shardCount } from '../../src/kernels/sharded-confusion-sweep.ts';
import { startSweepThreads, stopSweepThreads } from '../../src/node/sweep-threads.ts';
import { crowd, distance, randomTable, uniforms } from './crowd.ts';

const classes = 3;
const counts = Array.from({ length: 110_000 }, (_, task) => task % 9);
const answers = crowd({ seed: 1, classes, workers: 40, counts });
const table = randomTable(answers, 2);
const prior = Float64Array.of(0.5, 0.3, 0.2);

/** A few iterations; every number that comes out. */
function run(options: { threads?: number; taskPrior?: Float64Array }) {
  const sweep = confusionSweep(answers, options);
  const added = new Float64Array(classes * classes).fill(0.01);
  const random = uniforms(3);
  sweep.scatterVotes();
  const numbers = [...sweep.counts(new Float64Array(table.length)), ...sweep.classTotals(new Float64Array(classes))];
  sweep.scatter(Float64Array.from({ length: counts.length * classes }, () => random()));
  numbers.push(...sweep.counts(new Float64Array(table.length)));
  sweep.setTable(table);
  for (let i = 0; i < 3; i++) {
    const { logLikelihood, maxChange } = sweep.sweep(prior, { store: i !== 1 });
    numbers.push(logLikelihood, i === 1 ? 0 : maxChange);
    numbers.push(...sweep.counts(new Float64Array(table.length)), ...sweep.classTotals(new Float64Array(classes)));
    if (i < 2) sweep.normalise(added);
    numbers.push(...sweep.table(new Float64Array(table.length)), sweep.logDensity(added));
  }
  const posterior = sweep.posterior(new Float64Array(counts.length * classes));
  expect(sweep.writePosterior(prior, new Float64Array(posterior.length))).toEqual(posterior);
  sweep.dispose();
  return { numbers, posterior, engine: sweep.engine };
}

describe('a sweep in shards', () => {
  afterEach(stopSweepThreads);

  it('gives the same bits on 1, 2 and 3 threads, and the same to 1e-11 as in one piece', () => {
    expect(shardCount(answers)).toBe(3);
    const whole = run({});
    startSweepThreads(1);
    const [first, ...others] = [1, 2, 3].map((threads) => run({ threads }));
    expect(first.engine).toBe('wasm');
    for (const other of others) {
      expect(other.numbers).toEqual(first.numbers);
      expect(distance(other.posterior, first.posterior)).toBe(0);
    }
    expect(distance(first.numbers, whole.numbers)).toBeLessThan(1e-11);
    expect(distance(first.posterior, whole.posterior)).toBeLessThan(1e-12);
  });

  it('keeps gold and task priors with their tasks', () => {
    const random = uniforms(5);
    const taskPrior = Float64Array.from({ length: counts.length * classes }, () => random());
    for (let task = 0; task < counts.length; task += 4) {
      taskPrior.fill(0, task * classes, (task + 1) * classes);
      taskPrior[task * classes + (task % classes)] = 1;
    }
    startSweepThreads(2);
    const sharded = run({ taskPrior });
    setSweepThreads(undefined);
    const whole = run({ taskPrior });
    expect(distance(sharded.numbers, whole.numbers)).toBeLessThan(1e-11);
    expect(distance(sharded.posterior, whole.posterior)).toBeLessThan(1e-12);
  });

  it('stays in one piece where there is too little to share out', () => {
    const small = crowd({ seed: 1, classes, workers: 40, counts: counts.slice(0, 1000) });
    expect(shardCount(small)).toBe(1);
    startSweepThreads(4);
    const sweep = confusionSweep(small, { engine: 'wasm' });
    expect(sweep.sweep(prior, { store: false }).logLikelihood).toBeLessThan(0);
  });
});
