import { type AnswerTable, type Estimate, estimateOf, tableNotes } from '@assay/core';
import { argmaxRow, type CoWorker, fixedCoWorkers, NetworkCoWorker, peopleOf } from './co-workers.ts';
import {
  answerCounts,
  type ConfusionRule,
  classFrequencies,
  logFrequencies,
  normaliseConfusions,
  peopleAlone,
  posteriorInPlace,
} from './confusions.ts';
import { copyGuard } from './copies.ts';
import { defineLearnMethod, type LearnMethod, needFeatures } from './method.ts';
import { copyNote, type ModelSettings, type WeighedModel, weighModels } from './models.ts';
import { confusionOptions, foldsOf, foldsOption, networkOptions, networkSettings } from './options.ts';
import { voteShares } from './votes.ts';
import { workersOf } from './workers.ts';

/** Settings of the rounds, apart from the network. */
export interface HaemSettings extends ModelSettings {
  readonly rounds: number;
  readonly start: 'human' | 'vote';
  readonly confusion: ConfusionRule;
  readonly strength: number;
  readonly freezePeople: boolean;
}

/** What {@link runHaem} found. */
export interface HaemFit {
  /** T×K. */
  readonly q: Float64Array;
  readonly confusion: Float64Array;
  readonly prior: Float64Array;
  /** Confusions K×K, opinions T×K and powers of the models, in their order. */
  readonly models: readonly WeighedModel[];
  /** Posterior of the people alone. */
  readonly people: Float64Array;
  readonly objective: readonly number[];
}

/**
 * The rounds of HAEM over given co-workers: every model is one more worker with a confusion matrix of
 * its own, and networks are trained again on what is believed in each round.
 *
 * Source: Yamashita, Ito, Wakabayashi, Kobayashi & Morishima, "HAEM". Ours: the human-first start,
 * shrunken confusions, the guard against copies and the cap on fixed models.
 */
export async function runHaem(
  people: AnswerTable,
  coWorkers: readonly CoWorker[],
  settings: HaemSettings,
): Promise<HaemFit> {
  const { rounds, start, confusion: rule, strength, guard, freezePeople } = settings;
  const { classCount, taskCount } = people;
  const shares = voteShares(people);
  const alone = peopleAlone(people, shares, rule, strength);
  let q = alone.q;
  if (start === 'vote') {
    const opinions = await Promise.all(coWorkers.map((each) => each.opinions(shares, rounds === 0)));
    const { power } = guard
      ? copyGuard(opinions, alone.q, classCount)
      : { power: new Float64Array(opinions.length).fill(1) };
    q = withVotes(people, opinions, power);
  }
  let confusion = alone.confusion;
  let prior = classFrequencies(people, q);
  let models: HaemFit['models'] = [];
  const objective: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const opinions: Float64Array[] = [];
    for (const each of coWorkers) opinions.push(await each.opinions(q, round === rounds));
    if (!freezePeople || confusion.length === 0) {
      confusion = answerCounts(people, q);
      normaliseConfusions(confusion, classCount, rule, strength);
    }
    prior = classFrequencies(people, q);
    const next = logFrequencies(prior, taskCount);
    models = weighModels(next, coWorkers, opinions, q, alone.q, classCount, settings);
    objective.push(posteriorInPlace(people, next, confusion));
    q = next;
  }
  return { q, confusion, prior, models, people: alone.q, objective };
}

/** Vote shares with one more vote for what each model takes for likeliest. */
function withVotes(people: AnswerTable, opinions: readonly Float64Array[], power: Float64Array): Float64Array {
  const { taskCount, classCount, taskStart } = people;
  const q = voteShares(people);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    if (people.gold !== undefined && people.gold[task] >= 0) continue;
    let total = taskStart[task + 1] - taskStart[task];
    for (let k = 0; k < classCount; k++) q[row + k] *= total;
    opinions.forEach((matrix, p) => {
      if (Number.isNaN(matrix[row])) return;
      q[row + argmaxRow(matrix, task, classCount)] += power[p];
      total += power[p];
    });
    for (let k = 0; k < classCount; k++) q[row + k] = total > 0 ? q[row + k] / total : 1 / classCount;
  }
  return q;
}

/**
 * HAEM: people and AI models as co-workers.
 *
 * Every model (networks trained here, models whose answers are in the table with kind `ai`) counts as
 * one more worker with a confusion matrix: a bad model gets a flat one and does little harm. Use when
 * models are of unknown quality. Not more than 3 rounds, unless `confusion` is `coin` or people are
 * frozen: longer runs drift to "the model is the truth".
 *
 * Tasks without features get no vote of the network, tasks without answers only that. Cost: one
 * training per round (one more for the vote start), times the folds.
 *
 * Source: Yamashita, Ito, Wakabayashi, Kobayashi & Morishima, "HAEM: Obtaining higher-quality
 * classification task results with AI co-workers". Literal: start vote, confusion raw, folds none.
 */
export const haem: LearnMethod = defineLearnMethod({
  id: 'haem',
  title: 'Human-AI EM',
  summary: 'Dawid-Skene in which models are workers with confusions of their own; for models of unknown quality.',
  citation:
    'Yamashita, Ito, Wakabayashi, Kobayashi & Morishima. HAEM: Obtaining Higher-Quality Classification Task Results with AI Co-Workers.',
  options: {
    rounds: {
      kind: 'number',
      default: 2,
      min: 0,
      max: 100,
      integer: true,
      does: 'Rounds of training and weighing.',
      why: 'More rounds overfit the confusions: 2 acts as early stopping.',
    },
    start: {
      kind: 'choice',
      default: 'human',
      choices: ['human', 'vote'],
      does: 'Begin with what people say alone, or count the model as one vote.',
      why: 'A model that answers everything outvotes people when it is let in at once.',
    },
    ...confusionOptions,
    folds: foldsOption,
    vote: {
      kind: 'choice',
      default: 'hard',
      choices: ['hard', 'soft'],
      does: 'Models vote with their likeliest class or with probabilities.',
      why: 'As published.',
    },
    smooth: {
      kind: 'number',
      default: 1,
      min: 0,
      max: 1e6,
      unit: 'answers',
      does: 'Pseudo-answers in each row of a model’s confusions.',
      why: 'No class is ever impossible.',
    },
    mostWeight: {
      kind: 'number',
      default: 4.6,
      min: 0,
      max: 1000,
      unit: 'log-odds',
      does: 'The most one ready-made model may weigh.',
      why: 'Odds of 99 to 1: never certain.',
    },
    freezePeople: {
      kind: 'boolean',
      default: false,
      does: 'Keep people’s confusions as they are without models.',
      why: 'Only long runs need it.',
    },
    guard: {
      kind: 'boolean',
      default: true,
      does: 'Recognise models that copy each other and count them as one.',
      why: 'Three identical models must not outvote people.',
    },
    ...networkOptions,
  },
  async fit(input, values, context) {
    const { table } = input;
    const people = peopleOf(table);
    const fixed = fixedCoWorkers(table);
    const features = fixed.length === 0 || input.features !== undefined ? needFeatures(input, 'haem') : undefined;
    const notes = tableNotes(table);
    const folds = foldsOf(values.folds, table.taskCount);
    const network =
      features === undefined || table.classCount < 2
        ? undefined
        : new NetworkCoWorker(people, features, networkSettings(values, folds), context);
    const coWorkers = network === undefined ? fixed : [network, ...fixed];
    const found = await runHaem(people, coWorkers, values);
    if (network !== undefined) notes.push(...network.notes);
    notes.push(...(features?.notes ?? []));
    return {
      estimate: haemEstimate(table, people, found, coWorkers, { id: 'haem', values, seed: context.seed, notes }),
      classifier: network?.classifier,
      opinions: network === undefined ? undefined : found.models[0]?.opinions,
    };
  },
});

/** The estimate with a report on each model: confusions, how often it decided, what copies it. */
function haemEstimate(
  table: AnswerTable,
  people: AnswerTable,
  found: HaemFit,
  coWorkers: readonly CoWorker[],
  {
    id,
    values,
    seed,
    notes,
  }: { id: string; values: Readonly<Record<string, unknown>>; seed: number; notes: readonly string[] },
): Estimate {
  const { classCount } = table;
  const confusion = found.confusion.slice();
  const said = [...notes];
  const models = found.models.map((model, p) => {
    const { name, trained, worker } = coWorkers[p];
    if (worker >= 0) confusion.set(model.confusion, worker * classCount * classCount);
    const flipped = flips(people, found.people, found.q);
    if (model.power < 0.95) said.push(copyNote(name, model.power));
    let accuracy = 0;
    for (let k = 0; k < classCount; k++) accuracy += found.prior[k] * model.confusion[k * (classCount + 1)];
    return { name, trained, accuracy, power: model.power, flipped, confusion: Array.from(model.confusion) };
  });
  return estimateOf(table, {
    method: id,
    options: values,
    seed,
    posterior: found.q,
    prior: found.prior,
    workers: workersOf(table, confusion, found.prior),
    objective: found.objective,
    iterations: found.objective.length,
    converged: true,
    stopReason: 'rounds done',
    notes: said,
    extra: { models },
  });
}

/** Share of tasks with answers whose label is another than people alone would give. */
function flips({ taskCount, classCount, taskStart }: AnswerTable, before: Float64Array, after: Float64Array): number {
  let [changed, tasks] = [0, 0];
  for (let task = 0; task < taskCount; task++) {
    if (taskStart[task] === taskStart[task + 1]) continue;
    tasks++;
    if (argmaxRow(before, task, classCount) !== argmaxRow(after, task, classCount)) changed++;
  }
  return tasks === 0 ? 0 : changed / tasks;
}
