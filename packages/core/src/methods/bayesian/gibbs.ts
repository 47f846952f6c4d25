import type { AnswerTable } from '../../answers/answer-table.ts';
import { contentOrder } from '../content-order.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf, type WorkerEstimates } from '../estimate.ts';
import { swappedNotes } from '../fit-notes.ts';
import { defineMethod, type Method, type Progress } from '../method.ts';
import { optionTable } from '../options.ts';
import { showingProgress } from '../pauses.ts';
import { tableNotes } from '../table-notes.ts';
import { isInformed, startingPosterior } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { checkConfusionSize, interval, workerLevel } from '../worker-estimates.ts';
import { type DirichletPrior, dirichletOptions, dirichletPrior, presetOption } from './dirichlet-prior.ts';
import { GibbsChain } from './gibbs-chain.ts';
import { splitRHat } from './split-r-hat.ts';

/** Kept sweeps between two looks at the workers, whose confusions cost more than the labels. */
const workerThinning = 5;
/** Split-R̂ above which chains are said not to have mixed. */
const mixedBelow = 1.1;

const options = optionTable({
  preset: presetOption('bayesgc', 'The prior of variational Bayes, so that the two can be compared.'),
  ...dirichletOptions,
  burnIn: {
    kind: 'number',
    default: 500,
    min: 0,
    max: 1e7,
    integer: true,
    unit: 'sweeps',
    does: 'Sweeps of each chain that are thrown away.',
    why: 'Chains forget the vote they start from in 20 to 200.',
  },
  samples: {
    kind: 'number',
    default: 1000,
    min: 4,
    max: 1e7,
    integer: true,
    unit: 'sweeps',
    does: 'Sweeps of each chain that are kept.',
    why: 'The error of a probability is then about 0.01.',
  },
  chains: {
    kind: 'number',
    default: 2,
    min: 1,
    max: 64,
    integer: true,
    does: 'Independent chains.',
    why: 'Two show whether they agree.',
  },
  sampler: {
    kind: 'choice',
    default: 'collapsed',
    choices: ['collapsed', 'uncollapsed'],
    does: 'Integrate confusions out, or draw them too.',
    why: 'Collapsed chains mix faster and cost less.',
  },
  relabel: {
    kind: 'choice',
    default: 'auto',
    choices: ['auto', 'always', 'never'],
    does: 'Rename the classes of a sample when another order makes its workers look better; auto only where the prior favours no order.',
    why: 'A prior that favours right answers names the classes itself.',
  },
});

/**
 * Gibbs sampling for Dawid-Skene with Dirichlet priors: averages over the exact posterior instead of
 * an approximation.
 *
 * Use on small or hard data where {@link variationalBayes} may be too sure, and to check it. Costs a
 * few thousand sweeps: about 15 ns per answer and class each. With well separated optima two chains
 * may sit in different ones; a note then says that they disagree (split-R̂ of the log joint above
 * 1.1).
 *
 * Labels are drawn one after the other with confusions and frequencies integrated out (or all at
 * once given drawn ones, `sampler: 'uncollapsed'`); the posterior is the average of the conditional
 * distributions (Rao-Blackwell), over all chains. Where the prior cannot tell the classes apart,
 * samples are renamed so that workers look as good as possible; otherwise the share of samples that
 * would be renamed is only reported.
 *
 * Shapes: posterior T×K, confusion and confusionSd W×K×K, intervals that include the labels'
 * uncertainty, prior K. The objective is the log joint of labels and answers, chain after chain; it
 * goes up and down. Gold tasks are clamped; test answers are added to the worker's prior; task
 * priors replace the class frequencies; answer weights count as parts of answers; a worker's repeats
 * on a task are taken together (rising factorials). Tasks without answers get the mean frequencies.
 *
 * Source: Kim & Ghahramani 2012, section 2 (the independent model); collapsed form by conjugacy.
 *
 * @throws {BudgetError} too-many-cells
 * @throws {InputError} invalid-option
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog'], ['t2', 'cy', 'dog']]);
 * fit(gibbs, table, { options: { burnIn: 50, samples: 200 }, seed: 1 }).label('t1'); // => 'cat'
 */
export const gibbs: Method = defineMethod({
  id: 'gibbs',
  title: 'Gibbs sampling',
  summary: 'Dawid-Skene with Dirichlet priors, averaged over the exact posterior; slow and honest.',
  citation: 'Kim & Ghahramani (2012). Bayesian classifier combination. AISTATS.',
  answers: 'categorical',
  family: 'bayesian',
  options,
  random: true,
  *fit(table, values, { seed, random }) {
    const { id: method } = gibbs;
    const notes = tableNotes(table);
    if (table.answerCount === 0 || table.classCount < 2) return neutralEstimate(table, method, values, seed, notes);
    checkConfusionSize(table, method);
    const prior = dirichletPrior(table, values);
    const order = contentOrder(table);
    // Gold and test answers name the classes: nothing is left to rename.
    const pinned = table.gold !== undefined || table.testCounts !== undefined || table.taskPrior !== undefined;
    const relabels = values.relabel === 'always' || (values.relabel === 'auto' && favoursNone(prior));
    const average = new ChainAverage(table, prior);
    const objective: number[] = [];
    const kept: number[][] = [];
    let renamed = 0;
    const reached = (): Progress => ({ iteration: objective.length, objective: objective.at(-1) ?? Number.NaN });
    for (let chain = 0; chain < values.chains; chain++) {
      const state = new GibbsChain(table, prior, order, random.fork(`chain ${chain}`));
      yield reached();
      yield* showingProgress(state.begin(startingPosterior(table)), reached());
      const joint: number[] = [];
      for (let sweep = 0; sweep < values.burnIn + values.samples; sweep++) {
        const counts = sweep >= values.burnIn;
        if (counts || relabels) {
          const names = pinned ? undefined : state.betterNames();
          if (names !== undefined) {
            if (counts) renamed++;
            if (relabels) state.rename(names);
          }
        }
        const sum = counts ? average.posterior : undefined;
        const pass = values.sampler === 'collapsed' ? state.sweep(sum) : state.sweepWithConfusions(sum);
        yield* showingProgress(pass, reached());
        if (counts) {
          average.sweeps++;
          if (average.sweeps % workerThinning === 1) average.addWorkers(state);
          joint.push(state.objective);
        }
        objective.push(state.objective);
        yield { iteration: objective.length, objective: state.objective };
      }
      kept.push(joint);
    }
    const rHat = splitRHat(kept);
    const settled = !(rHat > mixedBelow);
    if (!settled) {
      notes.push(
        `the chains have not mixed (split-R̂ ${rHat.toFixed(2)}); raise burnIn and samples, or compare with variational-bayes`,
      );
    }
    if (renamed > 0) {
      const share = ((100 * renamed) / (values.chains * values.samples)).toPrecision(2);
      notes.push(
        relabels
          ? `classes were renamed in ${share} % of the samples to keep them apart`
          : `in ${share} % of the samples another naming of the classes would suit the workers better`,
      );
    }
    const { posterior, classes, workers } = average.finish();
    notes.push(...swappedNotes(table, workers.accuracy));
    return estimateOf(table, {
      method,
      options: values,
      seed,
      posterior,
      prior: classes,
      workers,
      objective,
      iterations: objective.length,
      converged: settled,
      stopReason: 'samples drawn',
      notes,
      extra: { splitRHat: Number.isFinite(rHat) ? rHat : null },
    });
  },
});

/** Would renaming the classes leave the prior as it is, and does it not favour right answers? */
function favoursNone({ confusion, classes }: DirichletPrior): boolean {
  return confusion.every((value) => value === confusion[0]) && classes.every((value) => value === classes[0]);
}

/** Running averages over kept sweeps of all chains. */
class ChainAverage {
  readonly posterior: Float64Array;
  sweeps = 0;
  readonly #table: AnswerTable;
  readonly #prior: DirichletPrior;
  readonly #mean: Float64Array;
  readonly #square: Float64Array;
  readonly #accuracy: Float64Array;
  readonly #accuracySquare: Float64Array;
  readonly #classes: Float64Array;
  #looks = 0;

  constructor(table: AnswerTable, prior: DirichletPrior) {
    const { taskCount, workerCount, classCount } = table;
    this.#table = table;
    this.#prior = prior;
    this.posterior = new Float64Array(taskCount * classCount);
    this.#mean = new Float64Array(workerCount * classCount ** 2);
    this.#square = new Float64Array(workerCount * classCount ** 2);
    this.#accuracy = new Float64Array(workerCount);
    this.#accuracySquare = new Float64Array(workerCount);
    this.#classes = new Float64Array(classCount);
  }

  /** Adds the Dirichlet moments of all confusions given the present labels. */
  addWorkers(chain: GibbsChain): void {
    const { workerCount, classCount } = this.#table;
    const { confusion, classes } = this.#prior;
    let mass = 0;
    const frequencies = classes.map((value, k) => value + chain.totals[k]);
    for (const value of frequencies) mass += value;
    for (let k = 0; k < classCount; k++) {
      frequencies[k] /= mass;
      this.#classes[k] += frequencies[k];
    }
    for (let w = 0; w < workerCount; w++) {
      let mean = 0;
      let variance = 0;
      for (let k = 0; k < classCount; k++) {
        const row = (w * classCount + k) * classCount;
        let sum = 0;
        for (let l = 0; l < classCount; l++) sum += confusion[k * classCount + l] + chain.counts[row + l];
        for (let l = 0; l < classCount; l++) {
          const p = (confusion[k * classCount + l] + chain.counts[row + l]) / sum;
          const spread = (p * (1 - p)) / (sum + 1);
          this.#mean[row + l] += p;
          this.#square[row + l] += p * p + spread;
          if (l === k) {
            mean += frequencies[k] * p;
            variance += frequencies[k] ** 2 * spread;
          }
        }
      }
      this.#accuracy[w] += mean;
      this.#accuracySquare[w] += mean * mean + variance;
    }
    this.#looks++;
  }

  finish(): { posterior: Float64Array; classes: Float64Array; workers: WorkerEstimates } {
    const { taskCount, classCount, taskPrior } = this.#table;
    const looks = Math.max(1, this.#looks);
    const classes = this.#classes.map((sum) => sum / looks);
    for (let task = 0; task < taskCount; task++) {
      const informed = isInformed(this.#table, task);
      for (let k = 0; k < classCount; k++) {
        const at = task * classCount + k;
        if (informed) this.posterior[at] /= this.sweeps;
        else this.posterior[at] = taskPrior === undefined ? classes[k] : taskPrior[at];
      }
    }
    const accuracy = this.#accuracy.map((sum) => sum / looks);
    const spread = this.#accuracySquare.map((sum, w) => Math.max(1e-12, sum / looks - accuracy[w] ** 2));
    const confusion = this.#mean.map((sum) => sum / looks);
    const confusionSd = this.#square.map((sum, cell) => Math.sqrt(Math.max(0, sum / looks - confusion[cell] ** 2)));
    return {
      posterior: this.posterior,
      classes: taskPrior === undefined ? classes : meanRow(this.posterior, classCount),
      workers: { accuracy, ...interval(accuracy, spread, accuracy), level: workerLevel, confusion, confusionSd },
    };
  }
}
