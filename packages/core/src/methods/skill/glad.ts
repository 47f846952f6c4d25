import { lbfgsSteps } from '../../math/lbfgs.ts';
import { contentOrder } from '../content-order.ts';
import type { StopReason } from '../convergence.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf, type WorkerEstimates } from '../estimate.ts';
import { limitNote, startsNotes, swappedNotes } from '../fit-notes.ts';
import { defineMethod, type Method, type Progress } from '../method.ts';
import { optionTable } from '../options.ts';
import { notYet, showingProgress } from '../pauses.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { workerLevel } from '../worker-estimates.ts';
import { abilityErrors } from './glad-errors.ts';
import { integratedGlad } from './glad-integrated.ts';
import { jointGlad } from './glad-joint.ts';
import type { GladModel, GladSetting } from './glad-model.ts';

const options = optionTable({
  eases: {
    kind: 'choice',
    default: 'mode',
    choices: ['mode', 'integrated'],
    does: 'Eases estimated together with the abilities, or integrated out over their prior.',
    why: 'The mode is the paper’s. Integrated, labels are as accurate, probabilities better and intervals right, for ten times the time.',
  },
  abilityMean: {
    kind: 'number',
    default: 1,
    min: -100,
    max: 100,
    does: 'Mean of the normal prior of abilities.',
    why: 'The paper’s: workers are better than guessing.',
  },
  abilitySd: {
    kind: 'number',
    default: 1,
    min: 0.001,
    max: 1000,
    does: 'Standard deviation of the normal prior of abilities.',
    why: 'The paper’s.',
  },
  easeMean: {
    kind: 'number',
    default: 1,
    min: -10,
    max: 10,
    does: 'Mean of the normal prior of eases (log inverse difficulties).',
    why: 'The paper’s.',
  },
  easeSd: {
    kind: 'number',
    default: 1,
    min: 0.001,
    max: 10,
    does: 'Standard deviation of the normal prior of eases; next to 0 makes all tasks alike.',
    why: 'The paper’s.',
  },
  prior: {
    kind: 'choice',
    default: 'uniform',
    choices: ['uniform', 'estimated'],
    does: 'Class frequencies: kept uniform, or estimated with the rest.',
    why: 'Uniform was better or equal on nine of eleven real sets, by up to 15 points.',
  },
  starts: {
    kind: 'number',
    default: 1,
    min: 1,
    max: 1000,
    integer: true,
    does: 'Number of starts; those after the first draw abilities and eases from their priors, and the best is kept.',
    why: 'On real sets all starts near the prior end in the same optimum.',
  },
  maxIterations: {
    kind: 'number',
    default: 500,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Most steps of the ascent.',
    why: 'Real sets settle in 15 to 110.',
  },
  tolerance: {
    kind: 'number',
    default: 1e-9,
    min: 0,
    max: 1,
    does: 'Relative gain of a step at which the fit has settled; 0 for never.',
    why: 'Smaller gains move no label.',
  },
});

/** Largest gradient, in scaled parameters, at which a point counts as an optimum. */
const gradientTolerance = 1e-5;

/**
 * GLAD: an ability for each worker and a difficulty for each task; an answer is right with
 * probability σ(ability · ease).
 *
 * Use when tasks differ in difficulty and workers in skill but not in the kind of mistakes; hard
 * tasks then count less against a worker. Not where classes are confused in a systematic way
 * (Dawid-Skene sees that) or with fewer than about five answers a task, where it is a one-coin
 * model. Abilities below 0 are adversaries and count in reverse.
 *
 * `eases: 'integrated'` is the better choice for probabilities and worker reports: log-loss falls by
 * a third to a half on most real sets, and 90 % intervals of abilities hold in 88 to 91 % of
 * simulated crowds, against 61 to 80 % for the default, which is the paper's. Labels hardly differ.
 *
 * Shapes: posterior T×K; `workers.extra`: `ability`, `abilityStandardError`, `abilityLo`,
 * `abilityHi`; `workers.accuracy` is the mean probability of a right answer over the tasks, its
 * interval the transformed ability's; `tasks.difficulty` is e^−ease, `tasks.ease` with
 * `tasks.easeStandardError` (abilities taken as known). About 50 passes of O(N + T·K), 15 times the
 * additions when integrated. Tasks without answers have the prior and the difficulty of the prior's
 * mean; gold tasks are clamped and teach abilities; task priors replace the class prior; answer
 * weights are powers of the likelihood; soft answers count as their most likely class. The
 * log-posterior never falls.
 *
 * Source: Whitehill et al. 2009, eqs. 1-5; wrong answers even over K − 1 classes as in their section
 * on several classes. Differs: the marginal log-posterior is climbed directly by L-BFGS with the
 * gradient that the E-step gives (Fisher's identity), which needs a tenth of the passes of EM with
 * inner ascents and reaches the same point; standard errors from the observed information.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog'], ['t2', 'cy', 'cat']]);
 * fit(glad, table).label('t1'); // => 'cat'
 */
export const glad: Method = defineMethod({
  id: 'glad',
  title: 'GLAD: abilities and difficulties',
  summary: 'One ability per worker, one difficulty per task; where tasks differ in difficulty.',
  citation:
    'Whitehill, Ruvolo, Wu, Bergsma & Movellan (2009). Whose vote should count more: optimal integration of labels from labelers of unknown expertise. NIPS 22.',
  answers: 'categorical',
  family: 'skill',
  options,
  monotone: true,
  *fit(table, values, { seed, random }) {
    const notes = tableNotes(table);
    const { classCount } = table;
    if (table.answerCount === 0 || classCount < 2) return neutralEstimate(table, glad.id, values, seed, notes);
    const setting: GladSetting = {
      ...values,
      estimatePrior: values.prior === 'estimated' && table.taskPrior === undefined,
    };
    const model = values.eases === 'mode' ? jointGlad(table, setting) : integratedGlad(table, setting);
    yield notYet;
    const order = contentOrder(table);
    yield notYet;
    let best: Ascent | undefined;
    const ends: number[] = [];
    for (let attempt = 0; attempt < values.starts; attempt++) {
      const start = model.start(attempt === 0 ? undefined : random.fork(attempt), order.workers, order.tasks);
      const found = yield* ascend(model, start, values);
      ends.push(found.value);
      if (best === undefined || found.value > best.value) best = found;
    }
    const { parameters, objective, iterations, stopReason } = best as Ascent;
    const reached: Progress = { iteration: iterations, objective: objective[objective.length - 1] };
    yield* showingProgress(model.evaluate(parameters, new Float64Array(model.size)), reached);
    const posterior = model.posterior().slice();
    if (stopReason === 'iteration limit') notes.push(limitNote(values.maxIterations));
    notes.push(...startsNotes(ends));

    const information = yield* showingProgress(model.information(parameters), reached);
    const errors = yield* showingProgress(abilityErrors(information, order.workers, random), reached);
    if (!errors.observed) {
      notes.push('standard errors take the labels as known: the fit is not at a maximum in every direction');
    }
    yield reached;
    const { ease, error } = yield* showingProgress(model.eases(parameters), reached);
    yield reached;
    const workers = yield* showingProgress(
      abilityWorkers(model, parameters, errors.error, information.diagonal),
      reached,
    );
    yield reached;
    const sought = workers.hi.reduce((count, hi) => count + (hi < 1 / classCount ? 1 : 0), 0);
    if (sought > 0) notes.push(`${counted(sought, 'worker is', 'workers are')} surely worse than chance`);
    notes.push(...swappedNotes(table, workers.accuracy));
    return estimateOf(table, {
      method: glad.id,
      options: values,
      seed,
      posterior,
      prior: table.taskPrior === undefined ? model.prior : meanRow(posterior, classCount),
      workers,
      tasks: { difficulty: ease.map((b) => Math.exp(-b)), ease, easeStandardError: error },
      objective,
      iterations,
      converged: stopReason !== 'iteration limit',
      stopReason,
      notes,
    });
  },
});

interface Ascent {
  readonly parameters: Float64Array;
  readonly value: number;
  readonly objective: number[];
  readonly iterations: number;
  readonly stopReason: StopReason;
}

/** L-BFGS on parameters scaled by the curvature that their answers give them. */
function* ascend(
  model: GladModel,
  start: Float64Array,
  limits: { readonly maxIterations: number; readonly tolerance: number },
): Generator<Progress, Ascent, void> {
  const unit = model.units();
  const point = new Float64Array(model.size);
  const slope = new Float64Array(model.size);
  const negative = function* (scaled: Float64Array, gradient: Float64Array): Generator<unknown, number, void> {
    for (let i = 0; i < point.length; i++) point[i] = scaled[i] * unit[i];
    const value = yield* model.evaluate(point, slope);
    for (let i = 0; i < point.length; i++) gradient[i] = -slope[i] * unit[i];
    return -value;
  };
  const objective: number[] = [];
  const steps = lbfgsSteps(
    negative,
    start.map((value, i) => value / unit[i]),
    { maxIterations: limits.maxIterations, functionTolerance: limits.tolerance, gradientTolerance },
  );
  let step = steps.next();
  while (step.done !== true) {
    if (step.value.iteration > objective.length) objective.push(-step.value.value);
    yield { iteration: objective.length, objective: -step.value.value };
    step = steps.next();
  }
  const { x, value, iterations, converged } = step.value;
  if (objective.length < iterations || objective.length === 0) objective.push(-value);
  return {
    parameters: x.map((scaled, i) => scaled * unit[i]),
    value: -value,
    objective,
    iterations,
    stopReason: converged ? 'objective settled' : 'iteration limit',
  };
}

/** Abilities with their errors, and as mean accuracies over the tasks with the interval's ends transformed. */
function* abilityWorkers(
  model: GladModel,
  parameters: Float64Array,
  abilityStandardError: Float64Array,
  diagonal: Float64Array,
): Generator<unknown, WorkerEstimates, void> {
  const { scale, weight } = yield* model.typicalScales(parameters);
  const meanAccuracy = (ability: number): number => {
    let sum = 0;
    for (let i = 0; i < scale.length; i++) sum += weight[i] / (1 + Math.exp(-ability * scale[i]));
    return Math.min(1, sum);
  };
  const ability = parameters.slice(0, diagonal.length);
  const { lo, hi } = yield* model.intervals(parameters, abilityStandardError, diagonal, (1 - workerLevel) / 2);
  const accuracy = ability.map(meanAccuracy);
  return {
    accuracy,
    lo: lo.map((end, w) => Math.min(accuracy[w], meanAccuracy(end))),
    hi: hi.map((end, w) => Math.max(accuracy[w], meanAccuracy(end))),
    level: workerLevel,
    extra: { ability, abilityStandardError, abilityLo: lo, abilityHi: hi },
  };
}
