import { Random } from '@assay/core';
import {
  Desk,
  informationPerPrice,
  OnlineEm,
  type Source,
  type TaskDecision,
  TaskQueue,
  valuePerPrice,
} from '@assay/core/control';
import { expect, it } from 'vitest';

interface Outcome {
  readonly log: string[];
  readonly desk: Desk;
  readonly right: number;
}

/** A campaign of 60 binary tasks run by the objects a server would use; 2 of 12 workers guess. */
function campaign(seed: number, budgetMicros: number): Outcome {
  const [tasks, workers, price] = [60, 12, 1000];
  const world = new Random(seed).fork('world');
  const random = new Random(seed).fork('decisions');
  const truth = Array.from({ length: tasks }, () => world.integer(2));
  const stream = new OnlineEm({ classes: 2, tasks, workers });
  const queue = new TaskQueue(tasks, seed);
  const desk = new Desk({ budgetMicros, answersPerTask: 7 });
  const [controller, policy] = [informationPerPrice({ threshold: 0.93, most: 7, least: 2 }), valuePerPrice()];
  const counts = Array.from({ length: tasks }, () => new Float64Array(2));
  const log: string[] = [];
  for (let task = 0; task < tasks; task++) queue.set(task, Math.log(2));
  const name = (task: number): string => `t${task}`;
  for (let turn = 0; turn < 2000 && queue.size > 0; turn++) {
    const worker = world.integer(workers);
    const may = (task: number): boolean => desk.refusal(name(task), `w${worker}`, price) === undefined;
    const assignment = policy.next({ queue, stream, may, priceMicros: () => price }, worker, random);
    log.push(JSON.stringify(assignment));
    if (assignment.kind === 'none') continue;
    const { task } = assignment;
    const lease = desk.offer(name(task), `w${worker}`, price, turn);
    if (typeof lease === 'string') throw new Error(`the policy chose a task that is ${lease}`);
    const label = world.bernoulli(worker < 2 ? 0.5 : 0.85) ? truth[task] : 1 - truth[task];
    desk.accept(lease.id);
    stream.add(task, worker, label);
    counts[task][label]++;
    const crowd: Source = {
      id: 'crowd',
      confusion: Float64Array.of(0.8, 0.2, 0.2, 0.8),
      priceMicros: price,
      available: 9,
    };
    const decision: TaskDecision = controller.decide(
      {
        task: name(task),
        posterior: stream.posterior.slice(2 * task, 2 * task + 2),
        counts: counts[task],
        outstanding: desk.openLeasesOf(name(task)),
        sources: [crowd],
        remainingMicros: desk.ledger.freeMicros,
      },
      random,
    );
    log.push(JSON.stringify(decision));
    if (decision.kind === 'stop') {
      desk.close(name(task), decision.reason);
      queue.remove(task);
    } else queue.set(task, stream.entropyOf(task));
  }
  stream.refreshAll();
  const right = truth.filter((label, task) => stream.posterior[2 * task + label] > 0.5).length;
  return { log, desk, right };
}

it('a campaign of real objects closes its tasks with reasons, within its money, the same on replay', () => {
  const { log, desk, right } = campaign(3, 1_000_000);
  for (let task = 0; task < 60; task++) {
    expect(desk.closedBecause(`t${task}`)).toMatch(/\w/);
    expect(desk.answersOf(`t${task}`)).toBeGreaterThanOrEqual(2);
    expect(desk.answersOf(`t${task}`)).toBeLessThanOrEqual(7);
  }
  // 85 % crowd with 2 guessers and 2 to 7 answers: below 48 of 60 by chance less than once in 1e4.
  expect(right).toBeGreaterThanOrEqual(48);
  expect(campaign(3, 1_000_000).log).toEqual(log);
  expect(campaign(4, 1_000_000).log).not.toEqual(log);
});

it('a campaign stops when its money is spent, to the micro-unit', () => {
  const { desk } = campaign(3, 100_500);
  expect(desk.ledger.committedMicros).toBe(100_000);
  expect(desk.ledger.reservedMicros).toBe(0);
});
