import type { AnswerTable } from '../../answers/answer-table.ts';
import { assign } from '../../math/assign.ts';
import { logDirichletMultinomial } from '../../math/dirichlet.ts';
import { logGamma } from '../../math/gamma-functions.ts';
import type { Random } from '../../math/random.ts';
import type { ContentOrder } from '../content-order.ts';
import { pauseWhenDue } from '../pauses.ts';
import type { DirichletPrior } from './dirichlet-prior.ts';

/** Time of one class of one answer in a draw, about. */
const nsPerFactor = 15;

/** Time of one gamma draw, about. */
const nsPerGamma = 80;

/** Factors between two rescalings of a product. */
const rescaleEvery = 16;

/**
 * One Markov chain over the labels of all tasks.
 *
 * State: a class per task, and the counts they imply. `collapsed` draws each label given all others
 * with confusions and frequencies integrated out; `sweepWithConfusions` draws those too. Tasks,
 * classes and draws go in content order: neither the order of rows nor names change a chain. Passes over
 * all answers pause. Call {@link GibbsChain.begin} first.
 */
export class GibbsChain {
  /** Present class of each task, -1 where a task has neither answers nor gold. */
  readonly label: Int32Array;
  /** W×K×K counts [worker][true][said] at the present labels, test answers included. */
  readonly counts: Float64Array;
  /** K: tasks of each class. */
  readonly totals: Float64Array;
  readonly #table: AnswerTable;
  readonly #prior: DirichletPrior;
  readonly #order: ContentOrder;
  readonly #random: Random;
  /** W×K sums of the rows of counts and prior. */
  readonly #mass: Float64Array;
  readonly #conditional: Float64Array;
  readonly #place: Float64Array;
  readonly #repeats: boolean;
  #logJoint = 0;

  constructor(table: AnswerTable, prior: DirichletPrior, order: ContentOrder, random: Random) {
    const { taskCount, workerCount, classCount, testCounts } = table;
    this.#table = table;
    this.#prior = prior;
    this.#order = order;
    this.#random = random;
    this.label = new Int32Array(taskCount).fill(-1);
    this.counts = testCounts === undefined ? new Float64Array(workerCount * classCount ** 2) : testCounts.slice();
    this.totals = new Float64Array(classCount);
    this.#mass = new Float64Array(workerCount * classCount);
    this.#conditional = new Float64Array(classCount);
    this.#place = new Float64Array(classCount);
    this.#repeats = hasRepeats(table);
    for (let row = 0; row < this.#mass.length; row++) {
      const shape = (row % classCount) * classCount;
      for (let l = 0; l < classCount; l++) {
        this.#mass[row] += prior.confusion[shape + l] + this.counts[row * classCount + l];
      }
    }
  }

  /** Draws the first labels from `start` (T×K). */
  *begin(start: Float64Array): Generator<unknown, void, void> {
    const { classCount, gold } = this.#table;
    const due = pauseWhenDue();
    for (const task of this.#order.tasks) {
      if (!this.#isIn(task)) continue;
      if (due(this.#work(task))) yield;
      const known = gold === undefined ? -1 : gold[task];
      for (let k = 0; k < classCount; k++) this.#conditional[k] = start[task * classCount + k];
      this.#move(task, known >= 0 ? known : this.#draw());
    }
    this.#logJoint = this.logJoint();
  }

  /** About how long a task takes, in nanoseconds. */
  #work(task: number): number {
    const { taskStart, classCount } = this.#table;
    return (taskStart[task + 1] - taskStart[task] + 1) * classCount * nsPerFactor;
  }

  /** ln p(labels, answers) with everything else integrated out, kept up to date by sweeps. */
  get objective(): number {
    return this.#logJoint;
  }

  /** One collapsed sweep; conditionals are added to `sum` (T×K) if given. */
  *sweep(sum: Float64Array | undefined): Generator<unknown, void, void> {
    const { classCount, gold } = this.#table;
    const conditional = this.#conditional;
    const due = pauseWhenDue();
    for (const task of this.#order.tasks) {
      if (!this.#isIn(task)) continue;
      if (due(this.#work(task))) yield;
      if (gold !== undefined && gold[task] >= 0) {
        if (sum !== undefined) sum[task * classCount + gold[task]]++;
        continue;
      }
      const old = this.label[task];
      this.#move(task, -1);
      this.#collapsedConditional(task);
      const next = this.#draw();
      this.#move(task, next);
      if (next !== old) this.#logJoint += Math.log(conditional[next] / Math.max(conditional[old], 1e-300));
      this.#add(task, sum);
    }
  }

  /** One sweep that draws frequencies and confusions, then all labels given them. */
  *sweepWithConfusions(sum: Float64Array | undefined): Generator<unknown, void, void> {
    const { workerCount, classCount, gold, taskPrior } = this.#table;
    const random = this.#random;
    const { classes } = this.#order;
    const alpha = new Float64Array(classCount);
    const draw = new Float64Array(classCount);
    const frequencies = new Float64Array(classCount);
    classes.forEach((k, place) => {
      alpha[place] = this.#prior.classes[k] + this.totals[k];
    });
    random.dirichlet(alpha, draw);
    classes.forEach((k, place) => {
      frequencies[k] = draw[place];
    });
    const due = pauseWhenDue();
    const confusion = new Float64Array(workerCount * classCount * classCount);
    for (const w of this.#order.workers) {
      if (due(classCount ** 2 * nsPerGamma)) yield;
      for (const k of classes) {
        const row = (w * classCount + k) * classCount;
        classes.forEach((l, place) => {
          alpha[place] = this.#prior.confusion[k * classCount + l] + this.counts[row + l];
        });
        random.dirichlet(alpha, draw);
        classes.forEach((l, place) => {
          confusion[row + l] = Math.max(draw[place], 1e-300);
        });
      }
    }
    for (const task of this.#order.tasks) {
      if (!this.#isIn(task)) continue;
      if (due(this.#work(task))) yield;
      if (gold !== undefined && gold[task] >= 0) {
        if (sum !== undefined) sum[task * classCount + gold[task]]++;
        continue;
      }
      for (let k = 0; k < classCount; k++) {
        this.#conditional[k] = taskPrior === undefined ? frequencies[k] : taskPrior[task * classCount + k];
      }
      this.#multiplyByConfusions(task, confusion);
      this.#move(task, this.#draw());
      this.#add(task, sum);
    }
    this.#logJoint = this.logJoint();
  }

  /**
   * The order of classes that makes the workers look best, or undefined where the present one does:
   * entry k is the class that class k should be called.
   */
  betterNames(): Int32Array | undefined {
    const { workerCount, classCount } = this.#table;
    const means = new Float64Array(classCount * classCount);
    for (let w = 0; w < workerCount; w++) {
      for (let k = 0; k < classCount; k++) {
        const row = w * classCount + k;
        for (let l = 0; l < classCount; l++) {
          const cell = this.#prior.confusion[k * classCount + l] + this.counts[row * classCount + l];
          means[k * classCount + l] += cell / this.#mass[row];
        }
      }
    }
    let trace = 0;
    for (let k = 0; k < classCount; k++) trace += means[k * (classCount + 1)];
    const best = assign(means, classCount, classCount, 'maximise');
    return best.total > trace + 1e-9 * workerCount ? best.columns : undefined;
  }

  /** Gives every class another name: a move between equally likely states where the prior has no favourites. */
  rename(names: Int32Array): void {
    for (let task = 0; task < this.#table.taskCount; task++) {
      const old = this.label[task];
      if (old >= 0 && names[old] !== old) this.#move(task, names[old]);
    }
    this.#logJoint = this.logJoint();
  }

  /** ln p(labels, answers) from the counts alone. */
  logJoint(): number {
    const { classCount, taskPrior, taskCount, testCounts } = this.#table;
    let log = 0;
    if (taskPrior === undefined) log += logDirichletMultinomial(this.totals, this.#prior.classes);
    else {
      for (let task = 0; task < taskCount; task++) {
        if (this.label[task] >= 0) log += Math.log(Math.max(taskPrior[task * classCount + this.label[task]], 1e-300));
      }
    }
    for (let row = 0; row < this.#mass.length; row++) {
      const shape = (row % classCount) * classCount;
      log += logDirichletMultinomial(this.counts, this.#prior.confusion, row * classCount, classCount, shape);
      if (testCounts !== undefined) {
        log -= logDirichletMultinomial(testCounts, this.#prior.confusion, row * classCount, classCount, shape);
      }
    }
    return log;
  }

  /** Does the task take part? Without answers and gold it would only add its own noise. */
  #isIn(task: number): boolean {
    const { taskStart, gold } = this.#table;
    return taskStart[task + 1] > taskStart[task] || (gold !== undefined && gold[task] >= 0);
  }

  #add(task: number, sum: Float64Array | undefined): void {
    if (sum === undefined) return;
    const { classCount } = this.#table;
    const conditional = this.#conditional;
    let total = 0;
    for (let place = 0; place < classCount; place++) total += conditional[this.#order.classes[place]];
    for (let k = 0; k < classCount; k++) sum[task * classCount + k] += conditional[k] / total;
  }

  /** A class in proportion to the conditional, taken in content order. */
  #draw(): number {
    const { classes } = this.#order;
    for (let place = 0; place < classes.length; place++) this.#place[place] = this.#conditional[classes[place]];
    return classes[this.#random.categorical(this.#place)];
  }

  /** Takes the task out of its class and puts it into another (-1 for none). */
  #move(task: number, next: number): void {
    const { classCount, taskStart, worker, label, weight } = this.#table;
    const old = this.label[task];
    const block = classCount * classCount;
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      const power = weight === undefined ? 1 : weight[e];
      if (old >= 0) {
        this.counts[worker[e] * block + old * classCount + label[e]] -= power;
        this.#mass[worker[e] * classCount + old] -= power;
      }
      if (next >= 0) {
        this.counts[worker[e] * block + next * classCount + label[e]] += power;
        this.#mass[worker[e] * classCount + next] += power;
      }
    }
    if (old >= 0) this.totals[old]--;
    if (next >= 0) this.totals[next]++;
    this.label[task] = next;
  }

  /** p(k) ∝ (a₀ₖ + Nₖ) Π (αₖ_said + n) / (Σα + n·) for a task that is taken out. */
  #collapsedConditional(task: number): void {
    const { classCount, taskStart, worker, label, weight, taskPrior } = this.#table;
    const { confusion, classes } = this.#prior;
    const conditional = this.#conditional;
    for (let k = 0; k < classCount; k++) {
      conditional[k] = taskPrior === undefined ? classes[k] + this.totals[k] : taskPrior[task * classCount + k];
    }
    if (weight !== undefined || this.#repeats) {
      this.#risingConditional(task);
      return;
    }
    const counts = this.counts;
    const mass = this.#mass;
    let left = rescaleEvery;
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      const said = label[e];
      let cell = worker[e] * classCount * classCount + said;
      let shape = said;
      const row = worker[e] * classCount;
      for (let k = 0; k < classCount; k++, cell += classCount, shape += classCount) {
        conditional[k] *= (confusion[shape] + counts[cell]) / mass[row + k];
      }
      if (--left === 0) {
        left = rescaleEvery;
        this.#rescale();
      }
    }
    this.#rescale();
  }

  /**
   * The same with answer weights, or where a worker answered a task twice: the factor is then a
   * ratio of gamma functions over the worker's answers to the task together.
   */
  #risingConditional(task: number): void {
    const { classCount, taskStart, worker, label, weight } = this.#table;
    const { confusion } = this.#prior;
    const conditional = this.#conditional;
    for (let k = 0; k < classCount; k++) {
      let log = Math.log(Math.max(conditional[k], 1e-300));
      for (let first = taskStart[task]; first < taskStart[task + 1]; ) {
        const w = worker[first];
        let all = 0;
        let end = first;
        for (; end < taskStart[task + 1] && worker[end] === w; end++) {
          const power = weight === undefined ? 1 : weight[end];
          // What the same worker said before on this task counts as seen.
          let seen = 0;
          for (let e = first; e < end; e++) if (label[e] === label[end]) seen += weight === undefined ? 1 : weight[e];
          const cell =
            confusion[k * classCount + label[end]] + this.counts[(w * classCount + k) * classCount + label[end]] + seen;
          log += logGamma(cell + power) - logGamma(cell);
          all += power;
        }
        const mass = this.#mass[w * classCount + k];
        log -= logGamma(mass + all) - logGamma(mass);
        first = end;
      }
      conditional[k] = log;
    }
    const most = Math.max(...conditional);
    for (let k = 0; k < classCount; k++) conditional[k] = Math.exp(conditional[k] - most);
  }

  #multiplyByConfusions(task: number, confusion: Float64Array): void {
    const { classCount, taskStart, worker, label, weight } = this.#table;
    const conditional = this.#conditional;
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      for (let k = 0; k < classCount; k++) {
        const cell = confusion[(worker[e] * classCount + k) * classCount + label[e]];
        conditional[k] *= weight === undefined ? cell : cell ** weight[e];
      }
      this.#rescale();
    }
  }

  #rescale(): void {
    const conditional = this.#conditional;
    let most = 0;
    for (let k = 0; k < conditional.length; k++) if (conditional[k] > most) most = conditional[k];
    if (!(most > 0)) {
      conditional.fill(1);
      return;
    }
    const scale = 1 / most;
    for (let k = 0; k < conditional.length; k++) conditional[k] *= scale;
  }
}

/** Does some worker answer a task more than once? Answers of a task are sorted by worker. */
function hasRepeats({ taskCount, taskStart, worker }: AnswerTable): boolean {
  for (let task = 0; task < taskCount; task++) {
    for (let e = taskStart[task] + 1; e < taskStart[task + 1]; e++) if (worker[e] === worker[e - 1]) return true;
  }
  return false;
}
