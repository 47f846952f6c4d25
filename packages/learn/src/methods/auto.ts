import { type AnswerTable, estimateOf, fitAsync, auto as labelOnly, tableNotes } from '@assay/core';
import { tempered } from '@assay/core/ai';
import { aggnet } from './aggnet.ts';
import { bayesdgc } from './bayesian/bayesdgc.ts';
import { fixedCoWorkers, peopleOf } from './co-workers.ts';
import { answerCounts, classFrequencies, normaliseConfusions } from './confusions.ts';
import { maxMig } from './end-to-end/index.ts';
import { haem } from './haem.ts';
import { defineLearnMethod, type LearnMethod, type LearnResult, learn } from './method.ts';
import { confusionOptions, foldsOption, networkOptions } from './options.ts';
import { deepMf } from './propagation/deepmf.ts';
import {
  type Foretelling,
  foretelling,
  foretellingTemperature,
  heldOut,
  probabilities,
  stackingGain,
  stackingWeights,
} from './stacking.ts';
import { workersOf } from './workers.ts';

/** Answers are dealt into so many parts; each check puts one aside. */
const parts = 5;

/** Members with less weight are left out. */
const leastWeight = 0.005;

/** The average must foretell better than the answers alone by so many standard errors: the simpler one otherwise. */
const clearly = 1;

/** The member that needs no features. */
const alone = 'answers alone';

/**
 * What learns from features, each in another way. All give workers confusions of their own: one
 * accuracy per worker foretells answers well and labels real tasks worse.
 */
const learners: readonly LearnMethod[] = [haem, aggnet, deepMf, bayesdgc, maxMig];

/**
 * An average of methods, weighted by how well each foretells answers it has not seen.
 *
 * A fifth of the answers is put aside (`checks` times, another fifth each time) and every member is
 * fitted to the rest. Each gets the temperature at which it foretells the answers put aside best, since
 * members trust their own network too much; then the weights are those of the average under which those
 * answers are likeliest. The members are the answers alone (`auto` of the core), `haem`, `aggnet` out
 * of fold, `deepmf`, `bayesdgc` and `max-mig`. Unless the average foretells better than the answers alone
 * by more than the standard error of the difference, the features hardly help and the answers alone decide.
 * No truth is involved. It cannot see a mistake that the crowd and the features share.
 *
 * What was chosen and why is in the notes and in `extra.chosen`: weights, temperatures, the number of
 * answers put aside. Classifier and opinions are those of the heaviest member that has them; workers are
 * counted from the average. Models whose answers are in the table come in by `haem`, which guards
 * against copies; the others see the people. Without features these two are all; without models either
 * the answers alone decide. Cost: all members, `checks` + 1 times;
 * `checks: 0` weighs them equally.
 *
 * Source: stacking of predictive distributions, Yao, Vehtari, Simpson & Gelman (2018), after Wolpert
 * (1992), with answers in the place of outcomes; the one-standard-error rule of Breiman, Friedman,
 * Olshen & Stone (1984).
 */
export const auto: LearnMethod = defineLearnMethod({
  id: 'auto',
  title: 'Automatic choice',
  summary: 'An average of methods, weighted by how well each foretells answers put aside; for when you do not know.',
  citation:
    'Assay (2026), over Yao, Vehtari, Simpson & Gelman (2018). Using stacking to average Bayesian predictive distributions. Bayesian Analysis 13(3).',
  options: {
    checks: {
      kind: 'number',
      default: 2,
      min: 0,
      max: parts,
      integer: true,
      does: 'How often a fifth of the answers is put aside to weigh the members; 0 weighs them equally.',
      why: 'The second steadies the weights; more cost more than they change.',
    },
    ...confusionOptions,
    folds: foldsOption,
    ...networkOptions,
  },
  async fit(input, { checks, ...values }, { seed, signal, onProgress }) {
    const { table, features } = input;
    const { classCount } = table;
    const learnable = classCount > 1 && table.answerCount > 0;
    const canLearn = learnable && (features !== undefined || fixedCoWorkers(table).length > 0);
    const members = [undefined, ...(canLearn ? (features === undefined ? [haem] : learners) : [])];
    const names = members.map((member) => member?.id ?? alone);
    const total = members.length * (checks + 1);
    let done = 0;
    const fitted = async (stage: string, m: number, on: AnswerTable): Promise<LearnResult> => {
      onProgress({ stage: `${stage}: ${names[m]}`, done: done++, total });
      const member = members[m];
      const seen = member === haem || members.length === 1 ? on : peopleOf(on);
      if (member === undefined) return { estimate: await fitAsync(labelOnly, seen, { seed, signal }) };
      return learn(member, { ...input, table: seen }, { options: memberOptions(member, values), seed, signal });
    };
    if (members.length === 1) {
      const { estimate } = await fitted('fit', 0, table);
      const why = 'there is nothing to train on: the answers alone decide';
      const notes = [...estimate.notes, why, ...(features?.notes ?? [])];
      return { estimate: estimate.with({ notes, extra: { ...estimate.extra, chosen: { method: alone, why } } }) };
    }
    const told: Foretelling[][] = members.map(() => []);
    for (let part = 0; part < checks; part++) {
      const aside = heldOut(table, part, parts, seed);
      for (const m of members.keys())
        told[m].push(foretelling(aside, (await fitted(`check ${part + 1}`, m, aside.rest)).estimate.posterior));
    }
    const verdict = verdictOn(told, names, classCount);
    const { temperatures, weights, helps, why } = verdict;
    const heaviest = indexOfMost(weights.subarray(1)) + 1;
    const results = new Map<number, LearnResult>();
    for (const m of members.keys())
      if (m === heaviest || (helps ? weights[m] > 0 : m === 0)) results.set(m, await fitted('fit', m, table));
    const { classifier, opinions } = results.get(heaviest) as LearnResult;
    const chosen = { method: helps ? names[indexOfMost(weights)] : alone, ...namedParts(verdict, names) };
    const notes = [...(features?.notes ?? []), why];
    if (!helps) {
      const { estimate } = results.get(0) as LearnResult;
      const extra = { ...estimate.extra, chosen };
      return { estimate: estimate.with({ notes: [...estimate.notes, ...notes], extra }), classifier, opinions };
    }
    const posterior = new Float64Array(table.taskCount * classCount);
    for (const [m, { estimate }] of results) {
      const softer = tempered(estimate.posterior, temperatures[m], classCount);
      for (let i = 0; i < posterior.length; i++) posterior[i] += weights[m] * softer[i];
    }
    const prior = classFrequencies(table, posterior);
    const confusion = answerCounts(table, posterior);
    normaliseConfusions(confusion, classCount, values.confusion, values.strength);
    return {
      estimate: estimateOf(table, {
        method: 'auto',
        options: { checks, ...values },
        seed,
        posterior,
        prior,
        workers: workersOf(table, confusion, prior),
        notes: [...tableNotes(table), ...notes],
        extra: { chosen },
      }),
      classifier,
      opinions,
    };
  },
});

/** What the answers put aside say of the members; the first is the answers alone. */
interface Verdict {
  readonly weights: Float64Array;
  readonly temperatures: readonly number[];
  /** Does the average foretell clearly better than the answers alone? */
  readonly helps: boolean;
  /** Number of answers put aside. */
  readonly answers: number;
  readonly why: string;
}

function verdictOn(told: readonly Foretelling[][], names: readonly string[], classCount: number): Verdict {
  const temperatures = told.map((each) => foretellingTemperature(each, classCount));
  const foretold = told.map((each, m) => probabilities(each, classCount, temperatures[m]));
  const answers = foretold[0].length;
  const all = stackingWeights(foretold);
  const kept = all.map((weight) => (weight < leastWeight ? 0 : weight));
  const sum = kept.reduce((total, weight) => total + weight, 0);
  const weights = kept.map((weight) => weight / sum);
  const { gain, error } = stackingGain(foretold, weights, 0);
  const helps = answers === 0 || gain > clearly * error;
  const shares = [...names.keys()]
    .filter((m) => weights[m] > 0)
    .sort((a, b) => weights[b] - weights[a])
    .map((m) => `${names[m]} ${(100 * weights[m]).toFixed(0)} %`)
    .join(', ');
  const measured = `of ${answers} answers put aside, by ${gain.toFixed(1)} ± ${error.toFixed(1)} nats`;
  if (answers === 0) return { temperatures, weights, helps, answers, why: `${shares}: no answers could be put aside` };
  const why = helps
    ? `an average of ${shares}: it foretells better than the answers alone ${measured}`
    : `the features hardly help (they make little more ${measured}): the answers alone decide`;
  return { temperatures, weights, helps, answers, why };
}

function namedParts(
  { weights, temperatures, answers, why }: Verdict,
  names: readonly string[],
): Record<string, unknown> {
  return {
    weights: Object.fromEntries(names.map((name, m) => [name, weights[m]])),
    temperatures: Object.fromEntries(names.map((name, m) => [name, temperatures[m]])),
    heldOut: answers,
    why,
  };
}

function indexOfMost(values: Float64Array): number {
  return values.indexOf(Math.max(...values));
}

/** Options a member shares with `auto`. Members that train as they infer decide on folds for themselves. */
function memberOptions({ id, options }: LearnMethod, values: LearnValues): LearnValues {
  const own = Object.entries(values).filter(([name]) => name in options);
  return Object.fromEntries(own.filter(([name]) => name !== 'folds' || id === 'haem' || id === 'aggnet'));
}
type LearnValues = Readonly<Record<string, unknown>>;
