import { InputError } from '../../errors.ts';
import type { Random } from '../../math/random.ts';

/**
 * Who answers what when all is assigned at once: every task to `perTask` workers, every worker `perWorker` tasks, at random.
 *
 * Use where answers cannot be awaited one by one; with answers coming in, adaptive rules need fewer. Random regular graphs
 * have few short loops, which is what the messages of {@link messageScores} need. T·perTask / perWorker workers are made,
 * the last of them with fewer tasks where it does not come out even. Aggregate with the method `kos` or any other. O(edges).
 *
 * Source: Karger, Oh & Shah (2014), the (l, r)-regular configuration model; a double edge is swapped away.
 *
 * @returns the tasks of each worker
 * @throws {InputError} invalid-allocation
 * @example
 * regularAllocation(6, 2, 3, new Random(1)).map((tasks) => tasks.length); // => [3, 3, 3, 3]
 */
export function regularAllocation(tasks: number, perTask: number, perWorker: number, random: Random): number[][] {
  const workers = Math.ceil((tasks * perTask) / perWorker);
  const whole = [tasks, perTask, perWorker].every((value) => Number.isInteger(value) && value > 0);
  if (!whole || perTask > workers || perWorker > tasks) {
    const hint = 'give whole numbers above 0, at most as many answers a task as there are workers, and tasks a worker';
    throw new InputError(`invalid allocation of ${perTask} answers a task and ${perWorker} tasks a worker; ${hint}`, {
      code: 'invalid-allocation',
      got: `${tasks}, ${perTask}, ${perWorker}`,
      hint,
    });
  }
  const slots = random.permutation(tasks * perTask).map((edge) => edge % tasks);
  const of = (worker: number): Uint32Array => slots.subarray(worker * perWorker, (worker + 1) * perWorker);
  for (let slot = 0; slot < slots.length; slot++) {
    const mine = of(Math.floor(slot / perWorker));
    while (countIn(mine, slots[slot]) > 1) {
      const other = random.integer(slots.length);
      const theirs = of(Math.floor(other / perWorker));
      if (countIn(mine, slots[other]) > 0 || countIn(theirs, slots[slot]) > 0) continue;
      [slots[slot], slots[other]] = [slots[other], slots[slot]];
    }
  }
  return Array.from({ length: workers }, (_, worker) => Array.from(of(worker)));
}

function countIn(list: Uint32Array, value: number): number {
  let count = 0;
  for (const one of list) if (one === value) count++;
  return count;
}
