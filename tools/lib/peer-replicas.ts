/**
 * Small copies of what other libraries do where no option of Assay does it, to show that a
 * difference comes from there. They follow the description of the deviation, not anyone's code, and
 * are made to be read: plain arrays, no speed.
 */
import { digamma } from '@assay/core/math';

/** An answer: task, worker, label. */
export type Row = readonly [task: string, worker: string, label: string];

/** The label each task gets. */
export type Labels = ReadonlyMap<string, string>;

interface Coded {
  readonly tasks: readonly string[];
  readonly workers: readonly string[];
  readonly classes: readonly string[];
  readonly task: readonly number[];
  readonly worker: readonly number[];
  readonly label: readonly number[];
}

/** Names by number, in the order they appear or sorted. */
function coded(rows: readonly Row[], sorted: boolean): Coded {
  const column = (at: 0 | 1 | 2): [string[], number[]] => {
    const names = [...new Set(rows.map((row) => row[at]))];
    if (sorted) names.sort();
    const index = new Map(names.map((name, i) => [name, i]));
    return [names, rows.map((row) => index.get(row[at]) as number)];
  };
  const [[tasks, task], [workers, worker], [classes, label]] = [column(0), column(1), column(2)];
  return { tasks, workers, classes, task, worker, label };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const scaled = (values: readonly number[]): number[] => {
  const sum = total(values);
  return sum > 0 ? values.map((value) => value / sum) : [...values];
};
const grid = (rows: number, columns: number, value = 0): number[][] =>
  Array.from({ length: rows }, () => new Array<number>(columns).fill(value));

/** The first largest class of each task. */
function labelsOf({ tasks, classes }: Coded, posterior: readonly (readonly number[])[]): Labels {
  return new Map(tasks.map((name, t) => [name, classes[posterior[t].indexOf(Math.max(...posterior[t]))]]));
}

/**
 * Textbook Dawid-Skene, fifty rounds, in which a worker's row of a class that none of their tasks
 * got a vote for is all zeros: such a task can never become that class.
 */
export function dawidSkeneWithEmptyRows(rows: readonly Row[]): Labels {
  const data = coded(rows, true);
  const { tasks, workers, classes, task, worker, label } = data;
  const count = classes.length;
  let posterior = grid(tasks.length, count);
  label.forEach((l, e) => {
    posterior[task[e]][l]++;
  });
  posterior = posterior.map(scaled);
  for (let round = 0; round < 50; round++) {
    const prior = classes.map((_, k) => total(posterior.map((row) => row[k])) / tasks.length);
    const confusion = workers.map(() => grid(count, count));
    label.forEach((l, e) => {
      for (let k = 0; k < count; k++) confusion[worker[e]][k][l] += posterior[task[e]][k];
    });
    const shares = confusion.map((matrix) => matrix.map(scaled));
    posterior = tasks.map(() => [...prior]);
    label.forEach((l, e) => {
      for (let k = 0; k < count; k++) posterior[task[e]][k] *= shares[worker[e]][k][l];
    });
    posterior = posterior.map(scaled);
  }
  return labelsOf(data, posterior);
}

/**
 * MACE (variational, one even start, fifty rounds) in which the counts of guessed labels come back
 * sorted by the workers' and the classes' names and are read in order of appearance: every worker
 * gets the guessing habit of another.
 */
export function maceWithMixedHabits(rows: readonly Row[]): Labels {
  const data = coded(rows, false);
  const { tasks, workers, classes, task, worker, label } = data;
  const count = classes.length;
  const sortedOrder = (names: readonly string[]): number[] =>
    names.map((_, i) => i).sort((a, b) => (names[a] < names[b] ? -1 : 1));
  const [workerAt, classAt] = [sortedOrder(workers), sortedOrder(classes)];
  let know = workers.map(() => 0.5);
  let spam = workers.map(() => 0.5);
  let habit = grid(workers.length, count, 1 / count);
  let posterior: number[][] = [];
  for (let round = 0; ; round++) {
    posterior = grid(tasks.length, count, 1 / count);
    label.forEach((l, e) => {
      const w = worker[e];
      for (let k = 0; k < count; k++) posterior[task[e]][k] *= spam[w] * habit[w][l] + (k === l ? know[w] : 0);
    });
    posterior = posterior.map(scaled);
    if (round === 50) return labelsOf(data, posterior);
    const known = workers.map(() => 0);
    const guessed = grid(workers.length, count);
    label.forEach((l, e) => {
      const w = worker[e];
      const share = (posterior[task[e]][l] * know[w]) / (spam[w] * habit[w][l] + know[w]);
      known[w] += share;
      guessed[w][l] += 1 - share;
    });
    const whole = workers.map((_, w) => digamma(known[w] + total(guessed[w]) + 1));
    know = workers.map((_, w) => Math.exp(digamma(known[w] + 0.5) - whole[w]));
    spam = workers.map((_, w) => Math.exp(digamma(total(guessed[w]) + 0.5) - whole[w]));
    habit = workers.map((_, i) => {
      const counts = guessed[workerAt[i]];
      const sum = digamma(total(counts) + 10 * count);
      return classAt.map((l) => Math.exp(digamma(counts[l] + 10) - sum));
    });
  }
}

/**
 * GLAD by EM, two rounds of 25 conjugate-gradient steps each: what is left when the rounds are
 * compared by the expected log-joint without the entropy, which falls at the second.
 */
export function gladOfTwoRounds(rows: readonly Row[]): Labels {
  const data = coded(rows, true);
  const { tasks, workers, classes, task, worker, label } = data;
  const others = Math.log(classes.length - 1);
  const softplus = (x: number): number => (x > 30 ? x : Math.log1p(Math.exp(x)));
  const easeAt = (e: number): number => workers.length + task[e];
  let point = new Array<number>(workers.length + tasks.length).fill(1);
  let posterior: number[][] = [];

  const objective = (at: readonly number[]): number => {
    let sum = 0;
    for (const value of at) sum -= (value - 1) ** 2 / 2;
    label.forEach((l, e) => {
      const logit = at[worker[e]] * Math.exp(at[easeAt(e)]);
      const right = posterior[task[e]][l];
      sum -= right * softplus(-logit) + (1 - right) * (softplus(logit) + others);
    });
    return sum;
  };
  const gradient = (at: readonly number[]): number[] => {
    const slope = at.map((value) => 1 - value);
    label.forEach((l, e) => {
      const [ability, ease] = [at[worker[e]], Math.exp(at[easeAt(e)])];
      const pull = (posterior[task[e]][l] - 1 / (1 + Math.exp(-ability * ease))) * ease;
      slope[worker[e]] += pull;
      slope[easeAt(e)] += pull * ability;
    });
    return slope;
  };
  const along = (direction: readonly number[], step: number): number[] =>
    point.map((value, i) => value + step * direction[i]);

  for (let round = 0; round < 2; round++) {
    posterior = grid(tasks.length, classes.length);
    label.forEach((l, e) => {
      const logit = point[worker[e]] * Math.exp(point[easeAt(e)]);
      for (let k = 0; k < classes.length; k++) {
        posterior[task[e]][k] -= k === l ? softplus(-logit) : softplus(logit) + others;
      }
    });
    posterior = posterior.map((row) => scaled(row.map((value) => Math.exp(value - Math.max(...row)))));
    let slope = gradient(point);
    let direction = slope;
    let reach = 1 / Math.hypot(...slope);
    for (let step = 0; step < 25; step++) {
      let [low, high] = [0, 2 * reach];
      while (objective(along(direction, 2 * high)) > objective(along(direction, high))) high *= 2;
      high *= 2;
      for (let cut = 0; cut < 30; cut++) {
        const [left, right] = [low + (high - low) * 0.382, low + (high - low) * 0.618];
        if (objective(along(direction, left)) < objective(along(direction, right))) low = left;
        else high = right;
      }
      reach = (low + high) / 2;
      point = along(direction, reach);
      const next = gradient(point);
      const change = total(next.map((value, i) => value * (value - slope[i])));
      const conjugate = Math.max(0, change / total(slope.map((value) => value * value)));
      direction = next.map((value, i) => value + conjugate * direction[i]);
      slope = next;
    }
  }
  return labelsOf(data, posterior);
}
