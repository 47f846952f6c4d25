import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Random } from '../../math/random.ts';
import { dirichletWorkers } from '../bayesian/dirichlet-workers.ts';
import { type VariationalFit, variationalSweeps } from '../bayesian/variational-sweeps.ts';
import { contentOrder } from '../content-order.ts';
import type { WorkerEstimates } from '../estimate.ts';
import { matrixOption } from '../options.ts';
import { clampGold } from '../votes.ts';
import { checkConfusionSize, interval, workerLevel } from '../worker-estimates.ts';
import { requireTwoClasses } from './binary-only.ts';
import { weightNotes } from './bp-one-coin.ts';
import { pairWorkers } from './bp-two-coin.ts';
import { type CoinMeanField, coinMeanField } from './coin-mean-field.ts';
import { CoinMessages } from './coin-messages.ts';
import { coinPrior, drawnCoins } from './coin-prior.ts';
import { dirichletDraws } from './confusion-draws.ts';
import { betaWorkers } from './mean-field.ts';
import { type MessageLoopResult, type MessageSettings, type Messages, messageLoop } from './message-loop.ts';
import { PairMessages } from './pair-messages.ts';
import { pairPrior } from './pair-prior.ts';
import { expectedCoinLogs, expectedRowLogs, priorPosterior } from './prior-start.ts';
import { SampledPropagation } from './sampled-propagation.ts';

/** What one update found. */
export interface LabelUpdate {
  /** T×K; gold tasks have their class. */
  readonly posterior: Float64Array;
  /** Lower bound on the log evidence under the given priors; NaN for belief propagation, which has none. */
  readonly bound: number;
}

/** What is known at the end. */
export interface LabelConclusion {
  readonly workers: WorkerEstimates;
  /** The bound, or the Bethe approximation of the log evidence. */
  readonly logEvidence: number;
  readonly notes: readonly string[];
}

/**
 * Propagation that goes on while the priors of the tasks change: what a network in the place of the
 * class frequencies needs. Priors are logarithms, T×K, such as `logTaskPrior` gives, gold included.
 */
export interface LabelInference {
  /** Goes on from where it stands under these priors. May pause. */
  update(logPrior: Float64Array): Generator<unknown, LabelUpdate, void>;
  /** After at least one update: the workers as they stand, accuracies averaged over these class frequencies. */
  conclude(classes: Float64Array): LabelConclusion;
}

/** How a worker is described: one accuracy, or a confusion matrix with Dirichlet rows. */
export type WorkerModel = 'one-coin' | 'confusion';

/** What is believed of workers beforehand: pseudo-answers right, and wrong (of each kind in a confusion row). */
export interface WorkerPrior {
  readonly model: WorkerModel;
  readonly right: number;
  readonly wrong: number;
  /** K×K Dirichlet parameters by rows (truth) in the place of both. */
  readonly confusionPrior: readonly number[] | null;
}

/**
 * Mean field, one sweep per update: workers from the present posteriors, then all posteriors at once.
 * It begins with every worker at its prior under `logPrior`, as published.
 *
 * @throws {BudgetError} too-many-cells for confusions
 * @throws {InputError} invalid-option
 */
export function meanFieldInference(table: AnswerTable, prior: WorkerPrior, logPrior: Float64Array): LabelInference {
  const { classCount } = table;
  const { right, wrong } = prior;
  const sweep = { maxIterations: 1, tolerance: 0 };
  if (prior.model === 'one-coin') {
    let posterior = priorPosterior(table, logPrior, expectedCoinLogs(right, wrong, classCount));
    let found: CoinMeanField;
    return {
      *update(priors) {
        found = yield* coinMeanField(table, priors, { right, wrong, ...sweep, starting: posterior });
        posterior = found.posterior;
        clampGold(table, posterior);
        return { posterior, bound: found.objective[0] };
      },
      conclude() {
        return { workers: betaWorkers(table, found), logEvidence: found.objective[0], notes: [] };
      },
    };
  }
  checkConfusionSize(table, 'mean field of confusions');
  const confusionPrior = dirichletRows(prior, classCount);
  let posterior = priorPosterior(table, logPrior, expectedRowLogs(confusionPrior, classCount));
  let found: VariationalFit;
  return {
    *update(priors) {
      const informed = table.with({ taskPrior: priors.map(Math.exp) });
      found = yield* variationalSweeps(informed, posterior, { confusionPrior, ...sweep });
      posterior = found.posterior;
      clampGold(table, posterior);
      return { posterior, bound: found.objective[0] };
    },
    conclude(classes) {
      const workers = dirichletWorkers(table, posterior, found.beta, classes);
      return { workers, logEvidence: found.objective[0], notes: [] };
    },
  };
}

/** How messages are computed, and when they count as settled. */
export interface BeliefSettings extends MessageSettings {
  /** Exactly, or with `draws` workers drawn from the prior. */
  readonly messages: 'exact' | 'sampled';
  readonly draws: number;
  /** Several Betas and single accuracies, for the one-coin model. */
  readonly mixture: readonly number[] | null;
  readonly atoms: readonly number[] | null;
}

/**
 * Belief propagation until messages settle in each update; messages stay from one to the next.
 *
 * @throws {InputError} binary-only for exact messages about confusions of more than two classes; invalid-option
 * @throws {BudgetError} too-many-cells for sampled confusions
 */
export function beliefInference(
  table: AnswerTable,
  prior: WorkerPrior,
  settings: BeliefSettings,
  logPrior: Float64Array,
  random: Random,
): LabelInference {
  if (prior.model === 'one-coin') return coinBelief(table, prior, settings, logPrior, random);
  return settings.messages === 'exact'
    ? pairBelief(table, prior, settings, logPrior)
    : sampledBelief(table, prior, settings, logPrior, random);
}

function coinBelief(
  table: AnswerTable,
  { right, wrong }: WorkerPrior,
  settings: BeliefSettings,
  logPrior: Float64Array,
  random: Random,
): LabelInference {
  const exact = coinPrior({ right, wrong, mixture: settings.mixture, atoms: settings.atoms });
  const prior = settings.messages === 'exact' ? exact : drawnCoins(exact, settings.draws, random.fork('draws'));
  const messages = new CoinMessages(table, logPrior, prior, 'auto');
  const loop = beliefLoop(table, messages, () => messageLoop(messages, settings));
  return {
    update: loop.update,
    conclude() {
      const { mean, variance, logEvidence } = finished(messages.workers());
      const workers = { accuracy: mean, ...interval(mean, variance, mean), level: workerLevel };
      return { workers, logEvidence: messages.logEvidence(logEvidence), notes: loop.notes() };
    },
  };
}

function pairBelief(
  table: AnswerTable,
  { right, wrong, confusionPrior }: WorkerPrior,
  settings: BeliefSettings,
  logPrior: Float64Array,
): LabelInference {
  requireTwoClasses(table, 'exact messages about confusions', 'messages=sampled');
  // Rows [right on the first, wrong], [wrong, right on the second].
  const [a, b, c, d] =
    confusionPrior === null ? [right, wrong, wrong, right] : matrixOption('confusionPrior', confusionPrior, 2);
  const prior = pairPrior({ right: [a, d], wrong: [b, c], mixture: null, atoms: null });
  const messages = new PairMessages(table, logPrior, prior, 'auto');
  const loop = beliefLoop(table, messages, () => messageLoop(messages, settings));
  return {
    update: loop.update,
    conclude(classes) {
      const found = messages.workers();
      const logEvidence = messages.logEvidence(found.logEvidence);
      return { workers: pairWorkers(table, found, classes), logEvidence, notes: loop.notes() };
    },
  };
}

function sampledBelief(
  table: AnswerTable,
  prior: WorkerPrior,
  settings: BeliefSettings,
  logPrior: Float64Array,
  random: Random,
): LabelInference {
  checkConfusionSize(table, 'sampled confusions');
  const { classCount } = table;
  const alpha = dirichletRows(prior, classCount);
  const order = contentOrder(table);
  const { draws } = settings;
  const shared = dirichletDraws(alpha, draws, order, random.fork('draws'));
  const propagation = new SampledPropagation(table, logPrior, shared, { alpha, draws, order, random });
  const { messages } = propagation;
  const even = new Float64Array(classCount).fill(1 / classCount);
  const loop = beliefLoop(table, messages, () => propagation.settle(settings, () => even));
  return {
    update: loop.update,
    conclude(classes) {
      const found = finished(messages.workers(classes));
      const { confusion, confusionSd, accuracy, variance, effective, logEvidence } = found;
      return {
        workers: {
          accuracy,
          ...interval(accuracy, variance, accuracy),
          level: workerLevel,
          confusion,
          confusionSd,
          extra: { effectiveDraws: effective },
        },
        logEvidence: messages.logEvidence(logEvidence),
        notes: [...propagation.notes(), ...loop.notes()],
      };
    },
  };
}

/** Updates by a loop over messages, and what the last of them had to say. */
function beliefLoop(
  table: AnswerTable,
  messages: Messages & { posterior(out: Float64Array): Float64Array },
  settle: () => Generator<unknown, MessageLoopResult, void>,
): { update: LabelInference['update']; notes: () => readonly string[] } {
  let last: MessageLoopResult | undefined;
  return {
    *update(logPrior) {
      messages.setLogPrior(logPrior);
      last = yield* settle();
      const posterior = messages.posterior(new Float64Array(table.taskCount * table.classCount));
      clampGold(table, posterior);
      return { posterior, bound: Number.NaN };
    },
    notes: () => [...weightNotes(table), ...(last?.notes ?? [])],
  };
}

/** The result of a pass without its pauses. */
function finished<T>(pass: Generator<unknown, T, void>): T {
  for (;;) {
    const step = pass.next();
    if (step.done === true) return step.value;
  }
}

/** K×K Dirichlet parameters by rows. */
function dirichletRows({ right, wrong, confusionPrior }: WorkerPrior, classCount: number): Float64Array {
  if (confusionPrior !== null) return matrixOption('confusionPrior', confusionPrior, classCount);
  return Float64Array.from({ length: classCount ** 2 }, (_, cell) => (cell % (classCount + 1) === 0 ? right : wrong));
}
