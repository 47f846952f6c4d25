import { type AnswerTable, AnswerTableBuilder, type Random } from '@assay/core';

/** A crowd of the protocol. */
export interface CrowdDesign {
  readonly tasks: number;
  /** Workers per task. */
  readonly redundancy: number;
  /** Tasks per worker. */
  readonly load: number;
  /** Beta parameters of a worker's accuracy. */
  readonly right: number;
  readonly wrong: number;
  /** Extreme spammers: workers besides who answer every task by the throw of a coin. */
  readonly spammers: number;
}

export interface DrawnCrowd {
  readonly table: AnswerTable;
  /** 0 or 1 for each task. */
  readonly truth: Uint8Array;
}

/**
 * Two classes, tasks and workers in a random graph with the same number of workers on every task and of
 * tasks on every worker, and one accuracy per worker. Task i is `t<i>`; spammers are `s0`, `s1`, ….
 */
export function drawCrowd(design: CrowdDesign, random: Random): DrawnCrowd {
  const { tasks, redundancy, load, right, wrong, spammers } = design;
  const truth = Uint8Array.from({ length: tasks }, () => (random.bernoulli(0.5) ? 1 : 0));
  const workers = Math.ceil((tasks * redundancy) / load);
  const accuracy = Float64Array.from({ length: workers }, () => random.beta(right, wrong));
  const graph = regularGraph(tasks, redundancy, load, random);
  const builder = new AnswerTableBuilder({ classes: ['0', '1'] });
  for (let task = 0; task < tasks; task++) {
    const say = (worker: string, said: number): void => builder.add({ task: `t${task}`, worker, label: `${said}` });
    for (let slot = task * redundancy; slot < (task + 1) * redundancy; slot++) {
      const worker = graph[slot];
      say(`w${worker}`, random.bernoulli(accuracy[worker]) ? truth[task] : 1 - truth[task]);
    }
    for (let s = 0; s < spammers; s++) say(`s${s}`, random.integer(2));
  }
  return { table: builder.build().table, truth };
}

/**
 * The configuration model: `load` slots per worker dealt to the tasks at random; a worker who meets a
 * task twice changes places with a slot of another task until nobody does.
 */
function regularGraph(tasks: number, redundancy: number, load: number, random: Random): Uint32Array {
  const slots = Uint32Array.from({ length: tasks * redundancy }, (_, slot) => Math.floor(slot / load));
  random.shuffle(slots);
  const has = (task: number, worker: number): boolean =>
    slots.subarray(task * redundancy, (task + 1) * redundancy).includes(worker);
  const isRepeated = (slot: number): boolean => {
    const first = Math.floor(slot / redundancy) * redundancy;
    return slots.subarray(first, slot).includes(slots[slot]);
  };
  for (let slot = 0; slot < slots.length; slot++) {
    while (isRepeated(slot)) {
      const other = random.integer(slots.length);
      const [here, there] = [slot, other].map((each) => Math.floor(each / redundancy));
      if (here === there || has(there, slots[slot]) || has(here, slots[other])) continue;
      [slots[slot], slots[other]] = [slots[other], slots[slot]];
    }
  }
  return slots;
}
