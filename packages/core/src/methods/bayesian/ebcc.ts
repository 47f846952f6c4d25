import type { AnswerTable } from '../../answers/answer-table.ts';
import { BudgetError } from '../../errors.ts';
import type { Random } from '../../math/random.ts';
import { type ContentOrder, contentOrder } from '../content-order.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf, type WorkerEstimates } from '../estimate.ts';
import { limitNote, startsNotes, swappedNotes } from '../fit-notes.ts';
import { defineMethod, type Method, type Progress } from '../method.ts';
import { optionTable } from '../options.ts';
import { notYet, pauseWhenDue, showingProgress } from '../pauses.ts';
import { tableNotes } from '../table-notes.ts';
import { clampGold, startingPosterior } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { expectedRight, interval, workerLevel } from '../worker-estimates.ts';
import { dirichletOptions, dirichletPrior, presetOption } from './dirichlet-prior.ts';
import { EbccState } from './ebcc-sweep.ts';
import { variationalSweeps } from './variational-sweeps.ts';

/** Share of labels differing from the independent model above which a note warns. */
const warnsAbove = 0.05;
/** The most numbers a fit may hold: 2 GB of float64. */
const mostNumbers = 2 ** 28;
/** Time to draw one share of a subtype, about. */
const nsPerDraw = 100;
/** Tasks named for each subtype. */
const examplesPerSubtype = 5;

const options = optionTable({
  subtypes: {
    kind: 'number',
    default: 10,
    min: 1,
    max: 100,
    integer: true,
    does: 'Most hidden subtypes of each class.',
    why: 'The paper’s; few get used. 3 cost less and change accuracy by 0.001.',
  },
  concentration: {
    kind: 'number',
    default: 0.1,
    min: 0.01,
    max: 1e4,
    does: 'Dirichlet parameter of all subtypes of a class together.',
    why: 'Sparse: a class takes few subtypes unless the answers ask for more.',
  },
  preset: presetOption('ibcc41-empirical', 'The paper’s prior, with the class counts of the vote.'),
  ...dirichletOptions,
  starts: {
    kind: 'number',
    default: 10,
    min: 1,
    max: 1000,
    integer: true,
    does: 'Random starts; the best bound is kept.',
    why: 'Subtypes are alike until chance sets them apart, and the optima differ.',
  },
  maxIterations: {
    kind: 'number',
    default: 500,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Most iterations of each start.',
    why: 'Real sets settle in 20 to 300.',
  },
  tolerance: {
    kind: 'number',
    default: 1e-3,
    min: 0,
    max: 1,
    does: 'Largest change of a posterior at which a start has settled; 0 for never.',
    why: 'The paper’s; ten starts at 1e-6 would cost several times as much.',
  },
});

/** What one subtype of a class looks like. */
export interface Subtype {
  readonly class: string;
  /** Expected number of tasks. */
  readonly tasks: number;
  /** Share of the class. */
  readonly share: number;
  /** How the crowd answers on it, by class. */
  readonly crowd: readonly number[];
  /** The tasks most surely of it. */
  readonly examples: readonly string[];
}

/**
 * EBCC: variational Bayes in which classes have hidden subtypes, so that workers who share a mistake
 * on some tasks are not counted as independent.
 *
 * Use to find look-alikes (`extra.subtypes` lists, for each class, the kinds of tasks on which the
 * crowd answers in its own way) or where a known minority of tasks is systematically harder. Not as
 * a default: it is compared with the independent model on every run, and a note warns where more
 * than 5 % of the labels differ; then believe the independent one unless gold says otherwise. A
 * higher bound is no safeguard. Where most of the crowd shares a mistake it makes things worse.
 *
 * Model: a task has a class and a subtype of it; workers answer independently given both, with a
 * Dirichlet row for each. Class and subtype are kept jointly in the approximation. The objective is
 * the evidence bound; it never falls, and is comparable with that of {@link variationalBayes} with
 * the same prior. Ten random starts, the best bound is kept.
 *
 * Shapes: posterior T×K, confusion and confusionSd W×K×K (averaged over subtypes). O(N·K·G) per
 * sweep, W·K²·G and T·K·G numbers. Gold tasks are clamped to their class (the subtype stays open);
 * test answers enter the prior of every subtype; task priors replace the class frequencies; answer
 * weights are powers of the likelihood; soft answers count as their most likely class.
 *
 * Source: Li, Rubinstein & Cohn 2019, section 5. Differs: softmax with the usual care (the authors'
 * code exponentiates directly), the complete bound with the prior's constants, several starts.
 *
 * @throws {BudgetError} too-many-cells
 * @throws {InputError} invalid-option
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog'], ['t2', 'cy', 'dog']]);
 * fit(ebcc, table, { options: { subtypes: 3, starts: 2 } }).label('t1'); // => 'cat'
 */
export const ebcc: Method = defineMethod({
  id: 'ebcc',
  title: 'Enhanced Bayesian classifier combination (EBCC)',
  summary: 'Classes with hidden subtypes, for crowds that share mistakes on some kinds of tasks.',
  citation: 'Li, Rubinstein & Cohn (2019). Exploiting worker correlation for label aggregation in crowdsourcing. ICML.',
  answers: 'categorical',
  family: 'bayesian',
  options,
  monotone: true,
  random: true,
  *fit(table, values, { seed, random }) {
    const { id: method } = ebcc;
    const notes = tableNotes(table);
    if (table.answerCount === 0 || table.classCount < 2) return neutralEstimate(table, method, values, seed, notes);
    checkSize(table, values.subtypes);
    const prior = dirichletPrior(table, values);
    const order = contentOrder(table);
    yield notYet;
    let best: EbccState | undefined;
    let objective: number[] = [];
    let converged = false;
    const ends: number[] = [];
    for (let attempt = 0; attempt < values.starts; attempt++) {
      const start = yield* showingProgress(startingJoint(table, values.subtypes, order, random.fork(attempt)), notYet);
      const state = new EbccState(table, prior, values.subtypes, values.concentration, start);
      const bounds: number[] = [];
      let settled = false;
      while (!settled && bounds.length < values.maxIterations) {
        const reached = { iteration: bounds.length, objective: bounds.at(-1) ?? Number.NaN };
        const { bound, change } = yield* showingProgress(state.sweep(), reached);
        bounds.push(bound);
        yield { iteration: bounds.length, objective: bound };
        settled = values.tolerance > 0 && change <= values.tolerance;
      }
      ends.push(bounds[bounds.length - 1]);
      if (best === undefined || ends[attempt] > objective[objective.length - 1]) {
        best = state;
        objective = bounds;
        converged = settled;
      }
    }
    const kept = best as EbccState;
    const posterior = kept.posterior();
    clampGold(table, posterior);
    if (!converged && values.tolerance > 0) notes.push(limitNote(values.maxIterations));
    notes.push(...startsNotes(ends));

    const independent = yield* variationalSweeps(table, startingPosterior(table), {
      confusionPrior: prior.confusion,
      classPrior: prior.classes,
      maxIterations: values.maxIterations,
      tolerance: 1e-8,
    });
    const reached: Progress = { iteration: objective.length, objective: objective[objective.length - 1] };
    yield reached;
    const differing = differingLabels(table, posterior, independent.posterior);
    if (differing > warnsAbove) {
      notes.push(
        `${(100 * differing).toFixed(0)} % of the labels differ from those without subtypes; trust variational-bayes unless gold labels say otherwise`,
      );
    }
    const classes = table.taskPrior === undefined ? kept.classPrior() : meanRow(posterior, table.classCount);
    const workers = subtypeWorkers(table, kept, posterior, classes, values.subtypes);
    notes.push(...swappedNotes(table, workers.accuracy));
    yield reached;
    const occupied = yield* showingProgress(occupiedSubtypes(table, kept, values.subtypes), reached);
    return estimateOf(table, {
      method,
      options: values,
      seed,
      posterior,
      prior: classes,
      workers,
      objective,
      iterations: objective.length,
      converged,
      stopReason: converged ? 'posterior settled' : 'iteration limit',
      notes,
      extra: {
        subtypes: occupied,
        independentObjective: independent.objective[independent.objective.length - 1],
        differingLabels: differing,
      },
    });
  },
});

function checkSize(table: AnswerTable, subtypes: number): void {
  const numbers = (2 * table.workerCount * table.classCount + table.taskCount) * table.classCount * subtypes;
  if (numbers <= mostNumbers) return;
  throw new BudgetError(
    `invalid size for ebcc: ${subtypes} subtypes of ${table.classCount} classes need ${((numbers * 8) / 1e9).toFixed(1)} GB; lower subtypes or use variational-bayes`,
    { code: 'too-many-cells', got: String(numbers), hint: 'lower subtypes or use variational-bayes' },
  );
}

/** Vote shares split among subtypes by a uniform Dirichlet draw per task and class. */
function* startingJoint(
  table: AnswerTable,
  subtypes: number,
  order: ContentOrder,
  random: Random,
): Generator<void, Float64Array, void> {
  const due = pauseWhenDue();
  const { taskCount, classCount } = table;
  const shares = startingPosterior(table);
  const joint = new Float64Array(taskCount * classCount * subtypes);
  const flat = new Float64Array(subtypes).fill(1);
  const draw = new Float64Array(subtypes).fill(1);
  for (let task = 0; task < taskCount; task++) {
    if (due(classCount * subtypes * nsPerDraw)) yield;
    const own = random.fork(table.tasks.name(task));
    for (const k of order.classes) {
      if (subtypes > 1) own.dirichlet(flat, draw);
      const at = task * classCount + k;
      for (let m = 0; m < subtypes; m++) joint[at * subtypes + m] = shares[at] * draw[m];
    }
  }
  return joint;
}

function differingLabels(table: AnswerTable, one: Float64Array, other: Float64Array): number {
  const { taskCount, classCount, taskStart } = table;
  let answered = 0;
  let differing = 0;
  for (let task = 0; task < taskCount; task++) {
    if (taskStart[task] === taskStart[task + 1]) continue;
    answered++;
    const top = (rows: Float64Array): number => {
      let best = task * classCount;
      for (let at = best + 1; at < (task + 1) * classCount; at++) if (rows[at] > rows[best]) best = at;
      return best;
    };
    if (top(one) !== top(other)) differing++;
  }
  return answered === 0 ? 0 : differing / answered;
}

/** Confusions averaged over the subtypes of each class by their share. */
function subtypeWorkers(
  table: AnswerTable,
  state: EbccState,
  posterior: Float64Array,
  classes: Float64Array,
  subtypes: number,
): WorkerEstimates {
  const { workerCount, classCount } = table;
  const { beta, eta } = state;
  const cells = classCount * subtypes;
  const { variance: open } = expectedRight(table, posterior);
  const confusion = new Float64Array(workerCount * classCount ** 2);
  const confusionSd = new Float64Array(workerCount * classCount ** 2);
  const accuracy = new Float64Array(workerCount);
  const spread = new Float64Array(workerCount);
  for (let w = 0; w < workerCount; w++) {
    let total = 0;
    for (let k = 0; k < classCount; k++) {
      let mass = 0;
      for (let m = 0; m < subtypes; m++) mass += eta[k * subtypes + m];
      const row = (w * classCount + k) * classCount;
      for (let m = 0; m < subtypes; m++) {
        const share = eta[k * subtypes + m] / mass;
        const at = w * classCount * cells + k * subtypes + m;
        let sum = 0;
        for (let l = 0; l < classCount; l++) sum += beta[at + l * cells];
        total += share * sum;
        for (let l = 0; l < classCount; l++) {
          const mean = beta[at + l * cells] / sum;
          confusion[row + l] += share * mean;
          confusionSd[row + l] += (share ** 2 * mean * (1 - mean)) / (sum + 1);
        }
      }
      for (let l = 0; l < classCount; l++) confusionSd[row + l] = Math.sqrt(confusionSd[row + l]);
      accuracy[w] += classes[k] * confusion[row + k];
      spread[w] += (classes[k] * confusionSd[row + k]) ** 2;
    }
    spread[w] += open[w] / Math.max(1, total) ** 2;
  }
  return { accuracy, ...interval(accuracy, spread, accuracy), level: workerLevel, confusion, confusionSd };
}

/** Every subtype that holds more than one task, largest first within its class. */
function* occupiedSubtypes(table: AnswerTable, state: EbccState, subtypes: number): Generator<void, Subtype[], void> {
  const { taskCount, classCount, taskStart, label } = table;
  const cells = classCount * subtypes;
  const found: Subtype[] = [];
  for (let k = 0; k < classCount; k++) {
    const ofClass: Subtype[] = [];
    let total = 0;
    for (let m = 0; m < subtypes; m++) {
      const cell = k * subtypes + m;
      const crowd = new Float64Array(classCount);
      const nearest: [number, number][] = [];
      let tasks = 0;
      yield;
      for (let task = 0; task < taskCount; task++) {
        const p = state.joint[task * cells + cell];
        if (!(p > 0) || taskStart[task] === taskStart[task + 1]) continue;
        tasks += p;
        for (let e = taskStart[task]; e < taskStart[task + 1]; e++) crowd[label[e]] += p;
        if (p > 0.5) nearest.push([p, task]);
      }
      total += tasks;
      if (tasks <= 1) continue;
      const answers = crowd.reduce((sum, value) => sum + value, 0);
      nearest.sort((a, b) => b[0] - a[0] || (table.tasks.name(a[1]) < table.tasks.name(b[1]) ? -1 : 1));
      ofClass.push({
        class: table.classes.name(k),
        tasks,
        share: 0,
        crowd: Array.from(crowd, (value) => value / answers),
        examples: nearest.slice(0, examplesPerSubtype).map(([, task]) => table.tasks.name(task)),
      });
    }
    ofClass.sort((a, b) => b.tasks - a.tasks);
    found.push(...ofClass.map((subtype) => ({ ...subtype, share: subtype.tasks / total })));
  }
  return found;
}
