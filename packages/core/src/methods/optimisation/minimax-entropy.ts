import type { AnswerTable } from '../../answers/answer-table.ts';
import { BudgetError } from '../../errors.ts';
import { lbfgsSteps, type Minimum } from '../../math/lbfgs.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf } from '../estimate.ts';
import { limitNote, swappedNotes } from '../fit-notes.ts';
import { defineMethod, type Method, type Progress } from '../method.ts';
import { optionTable } from '../options.ts';
import { notYet, showingProgress } from '../pauses.ts';
import { tableNotes } from '../table-notes.ts';
import { answersPerWorker, startingPosterior } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { checkConfusionSize, confusionWorkers } from '../worker-estimates.ts';
import { type MinimaxPass, minimaxPass } from './minimax-pass.ts';

const options = optionTable({
  ordinal: {
    kind: 'boolean',
    default: false,
    does: 'Are the classes in order (as declared)? Then neighbours are confused together, with fewer parameters.',
    why: 'Most questions are not; declare the classes in order and turn it on for ratings.',
  },
  workerPenalty: {
    kind: 'number',
    default: 0.25,
    min: 0,
    above: true,
    max: 1e12,
    does: 'Quadratic penalty on workers’ scores, in units of K².',
    why: 'The authors’ setting.',
  },
  taskPenalty: {
    kind: 'number',
    default: 1,
    min: 0,
    above: true,
    max: 1e12,
    does: 'Penalty on tasks’ scores, in units of the workers’ times mean answers per worker over mean answers per task.',
    why: 'The authors’: scores of both kinds are held back in the same proportion to their data.',
  },
  diagonal: {
    kind: 'number',
    default: 0.5,
    min: 0,
    max: 20,
    does: 'Score of a right answer before anything is learned: penalties hold scores near it, not near chance.',
    why: 'At 0, the paper’s, the penalties flatten sets with eight or ten classes altogether; 0.5 costs little elsewhere.',
  },
  startIterations: {
    kind: 'number',
    default: 25,
    min: 1,
    max: 10_000,
    integer: true,
    does: 'Steps of the ascent with the labels held at the vote shares, before they are set free.',
    why: 'Without them all scores start equal and nothing distinguishes the classes.',
  },
  maxIterations: {
    kind: 'number',
    default: 500,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Most steps of the ascent after that.',
    why: 'Real sets settle in 20 to 150.',
  },
  tolerance: {
    kind: 'number',
    default: 1e-7,
    min: 0,
    max: 1,
    does: 'Relative gain of a step at which the fit has settled; 0 for never.',
    why: 'Smaller gains move no label.',
  },
});

/** Steps and gradient changes the ascent remembers; each costs two vectors of all parameters. */
const memory = 5;
/** Vectors of all parameters held at once, and the bytes they may take. */
const vectors = 2 * memory + 10;
const mostBytes = 4e9;

/**
 * Minimax conditional entropy: each worker and each task has a K×K matrix of scores, and their sum
 * says what is answered; both are held small.
 *
 * Use when tasks themselves pull answers in a direction (a confusing picture), beyond what each
 * worker's habits explain, and tasks have several answers. With `ordinal` for ratings. On sparse
 * data the penalties keep all workers near a common, modest accuracy.
 *
 * Shapes: posterior T×K; `workers.confusion` W×K×K on a task without a pull of its own;
 * `tasks.pull` the length of a task's scores. Classes are equally frequent unless the table has task
 * priors. Gold tasks are clamped and teach the scores; answer weights are powers of the likelihood;
 * soft answers count as their most likely class; tasks without answers are uniform. O(N·K²)
 * exponentials per step and (W + T)·K² parameters, 20 vectors of them in memory. The penalised
 * log-likelihood never falls.
 *
 * Source: Zhou, Platt, Basu & Mao 2012, eqs. 5-9 (dual form); Zhou, Liu, Platt & Meek 2014 for the
 * penalties and the ordinal form. Differs: right answers have a head start (`diagonal: 0` is the
 * paper's); after a start from vote shares the marginal
 * log-likelihood is climbed directly by L-BFGS instead of by turns of E- and M-steps.
 *
 * @throws {BudgetError} too-many-parameters when they would need more than 4 GB
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t2', 'ana', 'dog'], ['t2', 'bo', 'dog']]);
 * fit(minimaxEntropy, table).label('t2'); // => 'dog'
 */
export const minimaxEntropy: Method = defineMethod({
  id: 'minimax-entropy',
  title: 'Minimax conditional entropy',
  summary: 'Score matrices of workers and of tasks; where tasks themselves mislead.',
  citation:
    'Zhou, Platt, Basu & Mao (2012). Learning from the wisdom of crowds by minimax entropy. NIPS 25; Zhou, Liu, Platt & Meek (2014). ICML.',
  answers: 'categorical',
  family: 'optimisation',
  options,
  monotone: true,
  *fit(table, values, { seed }) {
    const notes = tableNotes(table);
    const { classCount, taskCount, workerCount } = table;
    if (table.answerCount === 0 || classCount < 2) {
      return neutralEstimate(table, minimaxEntropy.id, values, seed, notes);
    }
    checkConfusionSize(table, minimaxEntropy.id);
    const { workerPenalty, taskPenalty } = penalties(table, values.workerPenalty, values.taskPenalty);
    checkSize(table, values.ordinal);
    const pass = minimaxPass(table, workerPenalty, taskPenalty, values.ordinal, values.diagonal);
    const unit = units(table, pass, workerPenalty, taskPenalty);
    yield notYet;
    const votes = startingPosterior(table);
    yield notYet;
    const guided = yield* ascend(pass, unit, new Float64Array(pass.size), votes, {
      maxIterations: values.startIterations,
      functionTolerance: values.tolerance,
    });
    const objective: number[] = [];
    const free = yield* ascend(
      pass,
      unit,
      guided.x,
      undefined,
      { maxIterations: values.maxIterations, functionTolerance: values.tolerance },
      objective,
    );
    const parameters = free.x.map((value, i) => value * unit[i]);
    const reached: Progress = { iteration: free.iterations, objective: -free.value };
    objective.push(yield* showingProgress(pass.evaluate(parameters, new Float64Array(pass.size)), reached));
    if (!free.converged) notes.push(limitNote(values.maxIterations));
    yield reached;
    const posterior = pass.posterior;
    const prior =
      table.taskPrior === undefined
        ? new Float64Array(classCount).fill(1 / classCount)
        : meanRow(posterior, classCount);
    const pull = new Float64Array(taskCount);
    for (let task = 0; task < taskCount; task++) {
      const from = (workerCount + task) * pass.block;
      let square = 0;
      for (let i = from; i < from + pass.block; i++) square += parameters[i] ** 2;
      pull[task] = Math.sqrt(square);
    }
    const workers = confusionWorkers(table, posterior, pass.confusion(parameters), prior);
    notes.push(...swappedNotes(table, workers.accuracy));
    return estimateOf(table, {
      method: minimaxEntropy.id,
      options: values,
      seed,
      posterior,
      prior,
      workers,
      tasks: { pull },
      objective,
      iterations: guided.iterations + free.iterations,
      converged: free.converged,
      stopReason: free.converged ? 'objective settled' : 'iteration limit',
      notes,
      extra: { workerPenalty, taskPenalty },
    });
  },
});

/** The penalties in absolute units: workers' times K², tasks' in proportion to their answers. */
function penalties(table: AnswerTable, perCell: number, ratio: number): { workerPenalty: number; taskPenalty: number } {
  const active = answersPerWorker(table).reduce((count, answers) => count + (answers > 0 ? 1 : 0), 0);
  let answered = 0;
  for (let task = 0; task < table.taskCount; task++) {
    if (table.taskStart[task + 1] > table.taskStart[task]) answered++;
  }
  const workerPenalty = perCell * table.classCount ** 2;
  return { workerPenalty, taskPenalty: (ratio * workerPenalty * answered) / active };
}

function checkSize(table: AnswerTable, ordinal: boolean): void {
  const block = ordinal ? 4 * (table.classCount - 1) : table.classCount ** 2;
  const bytes = 8 * vectors * block * (table.taskCount + table.workerCount);
  if (bytes <= mostBytes) return;
  throw new BudgetError(
    `invalid size for minimax-entropy: ${table.taskCount} tasks and ${table.workerCount} workers with ${table.classCount} classes need ${(bytes / 1e9).toFixed(1)} GB; use dawid-skene-map`,
    {
      code: 'too-many-parameters',
      got: String(bytes),
      hint: 'use dawid-skene-map, whose memory grows with workers only',
    },
  );
}

/** Scales of the parameters: one over the root of what penalty and answers make of the curvature. */
function units(table: AnswerTable, pass: MinimaxPass, workerPenalty: number, taskPenalty: number): Float64Array {
  const { workerCount, taskCount, classCount, taskStart } = table;
  const unit = new Float64Array(pass.size);
  const answered = answersPerWorker(table);
  const cells = classCount ** 2;
  for (let w = 0; w < workerCount; w++) {
    unit.fill(1 / Math.sqrt(workerPenalty + answered[w] / cells), w * pass.block, (w + 1) * pass.block);
  }
  for (let task = 0; task < taskCount; task++) {
    const from = (workerCount + task) * pass.block;
    unit.fill(1 / Math.sqrt(taskPenalty + (taskStart[task + 1] - taskStart[task]) / cells), from, from + pass.block);
  }
  return unit;
}

/** L-BFGS on scaled parameters, `fixed` labels or free ones; collects the objective when asked. */
function* ascend(
  pass: MinimaxPass,
  unit: Float64Array,
  start: Float64Array,
  fixed: Float64Array | undefined,
  limits: { readonly maxIterations: number; readonly functionTolerance: number },
  objective?: number[],
): Generator<Progress, Minimum, void> {
  const point = new Float64Array(pass.size);
  const slope = new Float64Array(pass.size);
  const negative = function* (scaled: Float64Array, gradient: Float64Array): Generator<unknown, number, void> {
    for (let i = 0; i < point.length; i++) point[i] = scaled[i] * unit[i];
    const value = yield* pass.evaluate(point, slope, fixed);
    for (let i = 0; i < point.length; i++) gradient[i] = -slope[i] * unit[i];
    return -value;
  };
  const steps = lbfgsSteps(negative, start, { ...limits, memory, gradientTolerance: 1e-5 });
  let iterations = 0;
  let step = steps.next();
  while (step.done !== true) {
    if (step.value.iteration > iterations) objective?.push(-step.value.value);
    iterations = step.value.iteration;
    yield { iteration: step.value.iteration, objective: -step.value.value };
    step = steps.next();
  }
  return step.value;
}
