import type { AnswerTable } from '../../answers/answer-table.ts';
import { type MaceSweep, maceSweep } from '../../kernels/mace-sweep.ts';
import { taskFactors } from '../../kernels/sweep-layout.ts';
import { dirichletKl } from '../../math/dirichlet.ts';
import { digamma } from '../../math/gamma-functions.ts';
import type { Random } from '../../math/random.ts';
import { type ContentOrder, contentOrder } from '../content-order.ts';
import { objectiveSettled, type StopReason } from '../convergence.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf, type WorkerEstimates } from '../estimate.ts';
import { limitNote, startsNotes } from '../fit-notes.ts';
import { defineMethod, type Method, type Progress } from '../method.ts';
import { type OptionValues, optionTable } from '../options.ts';
import { notYet } from '../pauses.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { coinWorkers, interval } from '../worker-estimates.ts';

const options = optionTable({
  inference: {
    kind: 'choice',
    default: 'variational',
    choices: ['variational', 'em'],
    does: 'Variational Bayes with priors on competence and guessing, or maximum likelihood by EM.',
    why: 'The authors’ recommendation; less overconfident on all eight real sets tried.',
  },
  competencePrior: {
    kind: 'number',
    default: 0.5,
    min: 1e-6,
    max: 1e6,
    does: 'Both parameters of the Beta prior of competence (variational only).',
    why: 'The authors’: workers tend to be either competent or not.',
  },
  guessPrior: {
    kind: 'number',
    default: 10,
    min: 1e-6,
    max: 1e6,
    does: 'Parameters of the symmetric Dirichlet prior of guessed labels (variational only).',
    why: 'The authors’: guesses are not far from even until many answers say so.',
  },
  smoothing: {
    kind: 'number',
    default: 0.01,
    min: 0,
    max: 1e6,
    unit: 'answers',
    does: 'Pseudo-answers spread over the classes in each count (EM only).',
    why: 'The authors’: keeps logarithms finite.',
  },
  starts: {
    kind: 'number',
    default: 10,
    min: 1,
    max: 1000,
    integer: true,
    does: 'Number of starts: the first even, the others random; the best objective is kept.',
    why: 'The authors’: optima differ on some sets.',
  },
  sweepsPerStart: {
    kind: 'number',
    default: 50,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Sweeps of each start before the best is chosen and finished.',
    why: 'The authors’; by then the order of the starts is settled.',
  },
  maxIterations: {
    kind: 'number',
    default: 500,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Most sweeps of the best start, those before it was chosen included.',
    why: 'Real sets settle in 20 to 200.',
  },
  tolerance: {
    kind: 'number',
    default: 1e-8,
    min: 0,
    max: 1,
    does: 'Relative change of the objective at which a start has settled; 0 for never.',
    why: 'Smaller changes move no label.',
  },
});

type Values = OptionValues<typeof options>;

/** Size of the noise in random starts, beside 1. */
const noise = 0.5;
/** Starts that were not run to the end count as worse only when this much (relative) is missing. */
const unfinished = 1e-3;
/** Above so many cells the workers' confusion matrices are left out. */
const mostConfusionCells = 2 ** 25;

/**
 * MACE: each worker knows an answer with a probability of their own, the competence, and otherwise
 * guesses by a habit of their own.
 *
 * Use to find spammers: who always says the same or clicks at random has a competence near 0 whatever
 * the classes' frequencies, and their answers stop counting. `tasks.entropy` ranks tasks for
 * filtering. It does not know adversaries (nobody is worse than guessing) nor that some classes are
 * harder than others.
 *
 * Shapes: posterior T×K; `workers.extra`: `competence` with the ends of its 90 % interval,
 * `competenceLo` and `competenceHi`, from the observed information given the other workers; `workers.confusion` is
 * competence on the diagonal plus guesses (left out beyond 2^25 cells). Classes are equally frequent
 * unless the table has task priors. Gold tasks are clamped and teach competences; answer weights are
 * powers of the likelihood; soft answers count as their most likely class; tasks without answers are
 * uniform. About 3 ns per answer and sweep. Neither the evidence bound of `variational` nor the
 * penalised likelihood of `em` ever falls.
 *
 * Source: Hovy et al. 2013, sections 3.1-3.2 and the settings of its software. Differs: the best
 * start is chosen by the evidence bound and then run until it settles; the first start is even.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog'], ['t2', 'cy', 'dog']]);
 * fit(mace, table).label('t1'); // => 'cat'
 */
export const mace: Method = defineMethod({
  id: 'mace',
  title: 'MACE: competence and guessing',
  summary: 'Each worker knows or guesses; finds spammers whatever they say.',
  citation: 'Hovy, Berg-Kirkpatrick, Vaswani & Hovy (2013). Learning whom to trust with MACE. NAACL-HLT.',
  answers: 'categorical',
  family: 'skill',
  options,
  monotone: true,
  random: true,
  *fit(table, values, { seed, random }) {
    const notes = tableNotes(table);
    const { classCount } = table;
    if (table.answerCount === 0 || classCount < 2) return neutralEstimate(table, mace.id, values, seed, notes);
    const sweep = maceSweep(table, { taskPrior: taskFactors(table) });
    const prior = new Float64Array(classCount).fill(table.taskPrior === undefined ? 1 / classCount : 1);
    yield notYet;
    const order = contentOrder(table);
    yield notYet;
    let best: State | undefined;
    const ends: number[] = [];
    for (let start = 0; start < values.starts; start++) {
      const state = startingState(table, order, start === 0 ? undefined : random.fork(start));
      yield* climb(sweep, prior, state, values, Math.min(values.sweepsPerStart, values.maxIterations));
      ends.push(last(state.objective));
      if (best === undefined || last(state.objective) > last(best.objective)) best = state;
    }
    const state = best as State;
    if (state.stopReason === 'iteration limit') yield* climb(sweep, prior, state, values, values.maxIterations);
    const reached = last(state.objective);
    notes.push(
      ...startsNotes(ends.map((end) => (reached - end > unfinished * (1 + Math.abs(reached)) ? end : reached))),
    );
    if (state.stopReason === 'iteration limit') notes.push(limitNote(values.maxIterations));

    sweep.setParameters(state.know, state.spam, state.strategy);
    sweep.sweep(prior, { store: true });
    const posterior = sweep.posterior(new Float64Array(table.taskCount * classCount));
    yield { iteration: state.objective.length, objective: reached };
    const workers = competentWorkers(table, state, values, posterior);
    const competence = workers.extra?.competenceHi as Float64Array;
    const spammers = competence.reduce((count, hi) => count + (hi < 0.1 ? 1 : 0), 0);
    if (spammers > 0)
      notes.push(`${counted(spammers, 'worker', 'workers')} hardly ever know: competence surely below 0.1`);
    return estimateOf(table, {
      method: mace.id,
      options: values,
      seed,
      posterior,
      prior: table.taskPrior === undefined ? prior : meanRow(posterior, classCount),
      workers,
      tasks: { entropy: entropies(posterior, classCount) },
      objective: state.objective,
      iterations: state.objective.length,
      converged: state.stopReason !== 'iteration limit',
      stopReason: state.stopReason,
      notes,
    });
  },
});

/** Where one start stands. Under variational Bayes know, spam and strategy are exp E ln, not normalised. */
interface State {
  /** W. */
  readonly know: Float64Array;
  readonly spam: Float64Array;
  /** W×K. */
  readonly strategy: Float64Array;
  /** Expected known answers, W, and guessed ones by label, W×K, behind the parameters. */
  readonly knowing: Float64Array;
  readonly guessing: Float64Array;
  /** What the priors add to the objective at these parameters. */
  added: number;
  readonly objective: number[];
  stopReason: StopReason;
}

/** Half knowing, even guesses; with `random`, both stirred by up to half, in content order. */
function startingState(table: AnswerTable, order: ContentOrder, random: Random | undefined): State {
  const { workerCount, classCount } = table;
  const know = new Float64Array(workerCount).fill(0.5);
  const strategy = new Float64Array(workerCount * classCount).fill(1 / classCount);
  for (const w of random === undefined ? [] : order.workers) {
    const stream = random as Random;
    const [knows, guesses] = [1 + noise * stream.uniform(), 1 + noise * stream.uniform()];
    know[w] = knows / (knows + guesses);
    let total = 0;
    for (const k of order.classes) {
      strategy[w * classCount + k] = 1 + noise * stream.uniform();
      total += strategy[w * classCount + k];
    }
    for (let k = 0; k < classCount; k++) strategy[w * classCount + k] /= total;
  }
  return {
    know,
    spam: know.map((value) => 1 - value),
    strategy,
    knowing: new Float64Array(workerCount),
    guessing: new Float64Array(workerCount * classCount),
    added: Number.NaN,
    objective: [],
    stopReason: 'iteration limit',
  };
}

/** Sweeps until the state has `most` objectives or settles. The first E-step only gives counts. */
function* climb(
  sweep: MaceSweep,
  prior: Float64Array,
  state: State,
  values: Values,
  most: number,
): Generator<Progress, void, void> {
  sweep.setParameters(state.know, state.spam, state.strategy);
  sweep.sweep(prior, { store: false });
  while (state.objective.length < most && state.stopReason === 'iteration limit') {
    sweep.knowing(state.knowing);
    sweep.guessing(state.guessing);
    state.added = values.inference === 'em' ? likeliest(state, values.smoothing) : variational(state, values);
    sweep.setParameters(state.know, state.spam, state.strategy);
    const { logLikelihood } = sweep.sweep(prior, { store: false });
    state.objective.push(logLikelihood + state.added);
    if (values.tolerance > 0 && objectiveSettled(state.objective, values.tolerance))
      state.stopReason = 'objective settled';
    yield { iteration: state.objective.length, objective: last(state.objective) };
  }
}

/** M-step of EM with `smoothing` / K pseudo-answers in each count. */
function likeliest(state: State, smoothing: number): number {
  const { know, spam, strategy, knowing, guessing } = state;
  const classCount = strategy.length / know.length;
  const extra = smoothing / classCount;
  let added = 0;
  for (let w = 0; w < know.length; w++) {
    const row = w * classCount;
    let guessed = 0;
    for (let l = row; l < row + classCount; l++) guessed += guessing[l];
    const total = knowing[w] + guessed + 2 * extra;
    if (!(total > 0)) continue;
    know[w] = (knowing[w] + extra) / total;
    spam[w] = (guessed + extra) / total;
    for (let l = row; l < row + classCount; l++) {
      const mass = guessed + classCount * extra;
      if (mass > 0) strategy[l] = (guessing[l] + extra) / mass;
      if (extra > 0) added += extra * Math.log(strategy[l]);
    }
    if (extra > 0) added += extra * (Math.log(know[w]) + Math.log(spam[w]));
  }
  return added;
}

/** Variational M-step: exp of expected logs; what it adds is minus the divergence from the priors. */
function variational(state: State, values: Values): number {
  const { know, spam, strategy, knowing, guessing } = state;
  const classCount = strategy.length / know.length;
  const { competencePrior, guessPrior } = values;
  const coin = new Float64Array(2);
  const coinPrior = Float64Array.of(competencePrior, competencePrior);
  const habit = new Float64Array(classCount);
  const habitPrior = new Float64Array(classCount).fill(guessPrior);
  let added = 0;
  for (let w = 0; w < know.length; w++) {
    const row = w * classCount;
    let guessed = 0;
    for (let l = 0; l < classCount; l++) {
      guessed += guessing[row + l];
      habit[l] = guessing[row + l] + guessPrior;
    }
    coin[0] = knowing[w] + competencePrior;
    coin[1] = guessed + competencePrior;
    const whole = digamma(coin[0] + coin[1]);
    know[w] = Math.exp(digamma(coin[0]) - whole);
    spam[w] = Math.exp(digamma(coin[1]) - whole);
    const habits = digamma(guessed + classCount * guessPrior);
    for (let l = 0; l < classCount; l++) strategy[row + l] = Math.exp(digamma(habit[l]) - habits);
    added -= dirichletKl(coin, coinPrior) + dirichletKl(habit, habitPrior);
  }
  return added;
}

/** Competences with intervals, and what they mean for accuracy. */
function competentWorkers(table: AnswerTable, state: State, values: Values, posterior: Float64Array): WorkerEstimates {
  const { workerCount, classCount } = table;
  const { know, strategy, knowing, guessing } = state;
  const frequency = meanRow(posterior, classCount);
  const bayes = values.inference === 'variational';
  const [behind, behindGuess] = bayes ? [values.competencePrior, values.guessPrior] : [0.5, 1];
  const competence = new Float64Array(workerCount);
  const mean = new Float64Array(workerCount);
  const accuracy = new Float64Array(workerCount);
  const habit = new Float64Array(workerCount * classCount);
  for (let w = 0; w < workerCount; w++) {
    const row = w * classCount;
    let guessed = 0;
    for (let l = row; l < row + classCount; l++) guessed += guessing[l];
    mean[w] = (knowing[w] + behind) / (knowing[w] + guessed + 2 * behind);
    competence[w] = bayes ? mean[w] : know[w];
    let lucky = 0;
    for (let l = 0; l < classCount; l++) {
      habit[row + l] = bayes
        ? (guessing[row + l] + behindGuess) / (guessed + classCount * behindGuess)
        : strategy[row + l];
      lucky += frequency[l] * habit[row + l];
    }
    accuracy[w] = competence[w] + (1 - competence[w]) * lucky;
  }
  const spread = competenceVariance(table, posterior, mean, habit, Math.max(1, behindGuess - 1));
  for (let w = 0; w < workerCount; w++) {
    let guessed = 0;
    for (let l = 0; l < classCount; l++) guessed += guessing[w * classCount + l];
    const size = knowing[w] + guessed + 2 * behind;
    spread[w] = Math.max(spread[w], (mean[w] * (1 - mean[w])) / (size + 1));
  }
  const { lo, hi } = interval(mean, spread, competence);
  const workers = coinWorkers(table, posterior, accuracy, { competence, competenceLo: lo, competenceHi: hi });
  if (workerCount * classCount ** 2 > mostConfusionCells) return workers;
  const confusion = new Float64Array(workerCount * classCount * classCount);
  for (let w = 0; w < workerCount; w++) {
    for (let k = 0; k < classCount; k++) {
      const row = (w * classCount + k) * classCount;
      for (let l = 0; l < classCount; l++) {
        confusion[row + l] = (1 - competence[w]) * habit[w * classCount + l] + (k === l ? competence[w] : 0);
      }
    }
  }
  return { ...workers, confusion };
}

/**
 * Variance of each competence, W, from the observed information of what the worker said given what
 * the others say about each task, with the guessing habit eliminated under its constraint Σ = 1.
 *
 * An answer l has probability τ·c + (1 − τ)·ξ[l], c the chance that l is true by the others alone.
 * `pseudo` answers of each label stand behind the habit.
 */
function competenceVariance(
  table: AnswerTable,
  posterior: Float64Array,
  competence: Float64Array,
  habit: Float64Array,
  pseudo: number,
): Float64Array {
  const { taskCount, workerCount, classCount, taskStart, worker, label, weight } = table;
  const own = new Float64Array(workerCount);
  const cross = new Float64Array(workerCount * classCount);
  const habits = habit.map((value) => pseudo / Math.max(value * value, 1e-24));
  for (let task = 0; task < taskCount; task++) {
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const w = worker[answer];
      const cell = w * classCount + label[answer];
      const guess = Math.max((1 - competence[w]) * habit[cell], 1e-12);
      const ifTrue = posterior[task * classCount + label[answer]] / (competence[w] + guess);
      const ifFalse = (1 - posterior[task * classCount + label[answer]]) / guess;
      const others = ifTrue / (ifTrue + ifFalse);
      const chance = competence[w] * others + guess;
      const power = weight === undefined ? 1 : weight[answer];
      const slope = (others - habit[cell]) / chance;
      const habitSlope = (1 - competence[w]) / chance;
      own[w] += power * slope * slope;
      cross[cell] += power * slope * habitSlope;
      habits[cell] += power * habitSlope * habitSlope;
    }
  }
  return own.map((information, w) => {
    let [lost, along, freedom] = [0, 0, 0];
    for (let cell = w * classCount; cell < (w + 1) * classCount; cell++) {
      lost += cross[cell] ** 2 / habits[cell];
      along += cross[cell] / habits[cell];
      freedom += 1 / habits[cell];
    }
    const left = information - lost + along ** 2 / freedom;
    // A competence nothing is known about is as uncertain as an even one can be.
    return 1 / Math.max(left, 12);
  });
}

/** Entropy of each task's posterior in nats, T. */
function entropies(posterior: Float64Array, classCount: number): Float64Array {
  const entropy = new Float64Array(posterior.length / classCount);
  for (let i = 0; i < posterior.length; i++) {
    if (posterior[i] > 0) entropy[Math.floor(i / classCount)] -= posterior[i] * Math.log(posterior[i]);
  }
  return entropy;
}

function last(values: readonly number[]): number {
  return values[values.length - 1];
}
