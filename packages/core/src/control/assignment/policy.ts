import type { Random } from '../../math/random.ts';
import { version } from '../../version.ts';
import { informationGain } from '../stopping/belief.ts';
import type { OnlineEm } from '../streaming/online-em.ts';
import type { TaskQueue } from './task-queue.ts';

/** What a policy looks at when a worker arrives. */
export interface PolicyState {
  readonly queue: TaskQueue;
  readonly stream: OnlineEm;
  /** May this worker have this task? All constraints: no repeat, quotas, groups, money. */
  readonly may: (task: number, worker: number) => boolean;
  readonly priceMicros: (worker: number) => number;
}

/** A task for a worker, or why there is none. Plain JSON. */
export type Assignment =
  | {
      readonly kind: 'assign';
      readonly task: number;
      readonly policy: string;
      readonly version: string;
      readonly reason: string;
      readonly values: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'none'; readonly policy: string; readonly version: string; readonly reason: string };

/** Matches an arriving worker to the open tasks. Pure but for the generator: the same state and seed, the same task. */
export interface Policy {
  readonly id: string;
  next(state: PolicyState, worker: number, random: Random): Assignment;
}

export interface PolicyOptions {
  /** Share of arrivals that get a random open task, so that quality can be estimated without bias; default 0.01. */
  readonly explore?: number;
  /** Tasks of equal score among which one is drawn, so that workers meet tasks in different orders; default 1: no draw. */
  readonly shuffle?: number;
}

/** The open task of largest score (uncertainty by default, as the queue was filled), with a little exploration. */
export function mostUncertain(options: PolicyOptions = {}): Policy {
  return policyOf('most-uncertain', options, 1, () => 0);
}

/**
 * Among the `short` most uncertain tasks the one on which this worker's answer tells most per price.
 *
 * The short list keeps a decision independent of the number of tasks; 16 was as good as 256 in our streams.
 */
export function valuePerPrice(options: PolicyOptions & { readonly short?: number } = {}): Policy {
  return policyOf('value-per-price', options, options.short ?? 16, ({ stream, priceMicros }, task, worker) => {
    const { classes, posterior, confusion } = stream;
    const belief = posterior.subarray(task * classes, (task + 1) * classes);
    const rows = confusion.subarray(worker * classes * classes, (worker + 1) * classes * classes);
    return informationGain(belief, rows) / Math.max(1, priceMicros(worker));
  });
}

function policyOf(
  id: string,
  { explore = 0.01, shuffle = 1 }: PolicyOptions,
  short: number,
  score: (state: PolicyState, task: number, worker: number) => number,
): Policy {
  return {
    id,
    next(state, worker, random) {
      const { queue, may } = state;
      if (queue.size === 0) return { kind: 'none', policy: id, version, reason: 'no task is open' };
      if (explore > 0 && random.bernoulli(explore)) {
        for (let attempt = 0; attempt < 8; attempt++) {
          const task = queue.at(random.integer(queue.size));
          if (!may(task, worker)) continue;
          const values = { propensity: explore / queue.size };
          return { kind: 'assign', task, policy: id, version, reason: 'drawn at random, to measure quality', values };
        }
      }
      const list = queue.best(Math.max(short, shuffle), (task) => may(task, worker));
      if (list.length === 0) {
        return { kind: 'none', policy: id, version, reason: 'no open task is allowed for this worker' };
      }
      let task = list[0];
      let most = score(state, task, worker);
      for (const other of list.slice(1, short)) {
        const value = score(state, other, worker);
        if (value > most * (1 + 1e-12)) [task, most] = [other, value];
      }
      if (shuffle > 1) {
        const alike = list.filter((other) => queue.scoreOf(other) === queue.scoreOf(task));
        if (alike.length > 1) task = alike[random.integer(alike.length)];
      }
      const values = { score: queue.scoreOf(task), gain: most, propensity: 1 - explore };
      return { kind: 'assign', task, policy: id, version, reason: 'where the answer tells most', values };
    },
  };
}

/**
 * ε-greedy choice of a worker: with probability ε anyone, else the most reliable by the stream's estimates.
 *
 * ε = 0.5 for the first 100 answers, 0.05 after: enough to find the good ones. Returns −1 when nobody is eligible.
 *
 * Source: the schedule of Ibrahim, Traganitis, Fu & Giannakis (2024), arXiv:2407.06902.
 */
export function epsilonGreedyWorker(
  stream: OnlineEm,
  eligible: readonly number[],
  random: Random,
  epsilon: number = stream.answers < 100 ? 0.5 : 0.05,
): number {
  if (eligible.length === 0) return -1;
  if (random.bernoulli(epsilon)) return eligible[random.integer(eligible.length)];
  let best = eligible[0];
  let most = stream.reliability(best);
  for (const worker of eligible) {
    const value = stream.reliability(worker);
    if (value > most + 1e-12) [best, most] = [worker, value];
  }
  return best;
}
