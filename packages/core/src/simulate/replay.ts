import { AnswerTable } from '../answers/answer-table.ts';
import { TaskQueue } from '../control/assignment/task-queue.ts';
import { greatest, informationGain } from '../control/stopping/belief.ts';
import { OnlineEm } from '../control/streaming/online-em.ts';
import { Random } from '../math/random.ts';
import { coinShrunk } from '../methods/dawid-skene/shrunk.ts';
import { fit } from '../methods/method.ts';

/**
 * How a replay chooses the next of the answers that exist:
 * `random` any; `round-robin` one more for every task before any task gets the next (what a fixed number per task does);
 * `adaptive` the task about which least is known, and of its workers the one whose answer tells most.
 */
export type ReplayOrder = 'random' | 'round-robin' | 'adaptive';

export interface ReplayOptions {
  readonly order: ReplayOrder;
  readonly seed: number;
  /** Answers every task gets before `adaptive` looks at uncertainty, default 1. */
  readonly least?: number;
  /** Share of the answers after which `adaptive` catches up with a batch fit, default 0.05. */
  readonly anchorEvery?: number;
}

/**
 * The answers of a table in the order a strategy would have bought them: a rehearsal on real answers.
 *
 * Only answers that exist can be bought, so a strategy's gain here is a lower bound of what free choice gives. Every
 * strategy buys everything in the end; look at the first n with {@link firstAnswers}. `adaptive` runs the objects of live
 * campaigns: the stream, the queue of open tasks, information gain. O(N·(K² + log T)) and some batch fits.
 *
 * @returns N indices into the table's answers
 * @example
 * const order = replayOrder(table, { order: 'adaptive', seed: 1 });
 * firstAnswers(table, order, 500); // what 500 answers would have been
 */
export function replayOrder(table: AnswerTable, options: ReplayOptions): Uint32Array {
  const random = new Random(options.seed).fork('replay');
  if (options.order === 'random') return random.permutation(table.answerCount);
  const left = answersLeft(table, random);
  return options.order === 'round-robin' ? roundRobin(table, left, random) : adaptive(table, left, options);
}

/** The table of the first `count` answers of an order. Tasks, workers and classes keep their indices. */
export function firstAnswers(table: AnswerTable, order: Uint32Array, count: number): AnswerTable {
  const kept = order.slice(0, count).sort();
  const taskStart = new Uint32Array(table.taskCount + 1);
  for (const answer of kept) taskStart[table.answerTask[answer] + 1]++;
  for (let task = 0; task < table.taskCount; task++) taskStart[task + 1] += taskStart[task];
  const { question, tasks, workers, classes, workerKind, gold } = table;
  return new AnswerTable({
    question,
    tasks,
    workers,
    classes,
    workerKind,
    ...(gold === undefined ? {} : { gold }),
    taskStart,
    worker: Uint32Array.from(kept, (answer) => table.worker[answer]),
    label: Uint16Array.from(kept, (answer) => table.label[answer]),
  });
}

/** The answers of each task in random order; the draw of a task depends on its name only. */
function answersLeft(table: AnswerTable, random: Random): number[][] {
  return Array.from({ length: table.taskCount }, (_, task) => {
    const from = table.taskStart[task];
    const count = table.taskStart[task + 1] - from;
    const order = random.fork(table.tasks.name(task)).permutation(count);
    return Array.from(order, (i) => from + i);
  });
}

function roundRobin(table: AnswerTable, left: number[][], random: Random): Uint32Array {
  const order: number[] = [];
  while (order.length < table.answerCount) {
    for (const task of random.permutation(table.taskCount)) {
      const next = left[task].pop();
      if (next !== undefined) order.push(next);
    }
  }
  return Uint32Array.from(order);
}

function adaptive(
  table: AnswerTable,
  left: number[][],
  { seed, least = 1, anchorEvery = 0.05 }: ReplayOptions,
): Uint32Array {
  const { taskCount, workerCount, classCount, answerCount } = table;
  const order = new Uint32Array(answerCount);
  if (classCount < 2) return roundRobin(table, left, new Random(seed));
  const stream = new OnlineEm({ classes: classCount, tasks: taskCount, workers: workerCount });
  const queue = new TaskQueue(taskCount, seed);
  const score = (task: number): number => {
    const given = stream.answersOfTask[task];
    // Below the least number of answers a task comes before all others, those with fewest first.
    if (given < least) return 1e6 - given;
    const belief = stream.posterior.subarray(task * classCount, (task + 1) * classCount);
    return (1 - greatest(belief)) / Math.sqrt(given);
  };
  const requeue = (task: number): void => {
    if (left[task].length === 0) queue.remove(task);
    else queue.set(task, score(task));
  };
  for (let task = 0; task < taskCount; task++) requeue(task);
  const anchorStep = Math.max(50, Math.round(anchorEvery * answerCount));
  for (let bought = 0; bought < answerCount; bought++) {
    const [task] = queue.best(1, () => true);
    const answer = mostTelling(table, stream, task, left[task]);
    order[bought] = answer;
    stream.add(task, table.worker[answer], table.label[answer]);
    if ((bought + 1) % anchorStep === 0 && bought + 1 >= taskCount) {
      stream.anchor(fit(coinShrunk, firstAnswers(table, order, bought + 1), { seed }));
      for (let other = 0; other < taskCount; other++) requeue(other);
    } else requeue(task);
  }
  return order;
}

/** Takes from the list the answer whose worker tells most about the task; the label is not looked at. */
function mostTelling(table: AnswerTable, stream: OnlineEm, task: number, list: number[]): number {
  const { classCount } = table;
  const block = classCount * classCount;
  const belief = stream.posterior.subarray(task * classCount, (task + 1) * classCount);
  let best = 0;
  let most = -1;
  for (let i = 0; i < list.length; i++) {
    const worker = table.worker[list[i]];
    const gain = informationGain(belief, stream.confusion.subarray(worker * block, (worker + 1) * block));
    if (gain > most + 1e-12) [best, most] = [i, gain];
  }
  return list.splice(best, 1)[0];
}
