import { afterAll, describe, expect, it } from 'vitest';
import { Beliefs } from '../../src/campaign/beliefs.ts';
import { Estimator } from '../../src/campaign/estimator.ts';
import { fitted } from '../../src/campaign/fits.ts';

const [tasks, workers] = [7000, 40];

/** Three answers a task; worker w is wrong on every (w + 3)rd of her answers. */
function crowd(count: number): Beliefs {
  const beliefs = new Beliefs(['no', 'yes']);
  beliefs.grow(tasks, workers);
  const given = new Uint32Array(workers);
  for (let i = 0; i < count; i++) {
    const task = i % tasks;
    const worker = (7 * i + Math.floor(i / tasks)) % workers;
    const wrong = ++given[worker] % (worker + 3) === 0;
    beliefs.add(task, worker, (task % 2 === 0) !== wrong ? 'yes' : 'no');
  }
  return beliefs;
}

describe('fits in the background', () => {
  const started: Estimator[] = [];
  const estimatorOf = (beliefs: Beliefs): Estimator => {
    const estimator = new Estimator(beliefs, () => beliefs.answers(tasks, workers), Date.now);
    started.push(estimator);
    return estimator;
  };
  afterAll(async () => {
    for (const estimator of started) await estimator.stop();
  });

  it('make a large stream exact on a thread, as a fit here would', async () => {
    const beliefs = crowd(3 * tasks);
    const exact = await fitted('anchor', beliefs.answers(tasks, workers));
    const estimator = estimatorOf(beliefs);
    expect(estimator.isDue).toBe(true);
    await new Promise<void>((resolve) => estimator.anchor(async () => resolve()));
    expect(beliefs.stream.posterior.subarray(0, 2 * tasks)).toEqual(exact.posterior);
    expect(beliefs.isStale).toBe(false);
    expect(estimator.isDue).toBe(false);
  });

  it('keep what came while they ran', async () => {
    const beliefs = crowd(tasks);
    const estimator = estimatorOf(beliefs);
    const done = new Promise<void>((resolve) => estimator.anchor(async () => resolve()));
    const before = beliefs.posterior(1)[1];
    for (let worker = 30; worker < 38; worker++) beliefs.add(1, worker, 'yes');
    await done;
    expect(beliefs.posterior(1)[1]).toBeGreaterThan(before);
    expect(beliefs.stream.answersOfTask[1]).toBe(9);
  });

  it('report the same until an answer comes', async () => {
    const beliefs = crowd(2000);
    const estimator = estimatorOf(beliefs);
    const first = await estimator.report();
    expect(first?.workers?.accuracy).toHaveLength(workers);
    expect(await estimator.report()).toBe(first);
    beliefs.add(0, 39, 'no');
    expect(await estimator.report()).not.toBe(first);
  });

  it('end with the server, whatever they were doing', async () => {
    const estimator = estimatorOf(crowd(3 * tasks));
    const done = new Promise<void>((resolve) => estimator.anchor(async () => resolve()));
    await estimator.stop();
    await expect(Promise.race([done, Promise.resolve('not finished')])).resolves.toBe('not finished');
  });
});
