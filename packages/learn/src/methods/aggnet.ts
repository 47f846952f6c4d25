import { estimateOf, tableNotes } from '@assay/core';
import { NetworkCoWorker, peopleOf } from './co-workers.ts';
import {
  answerCounts,
  classFrequencies,
  logFrequencies,
  normaliseConfusions,
  peopleAlone,
  posteriorInPlace,
} from './confusions.ts';
import { defineLearnMethod, type LearnMethod, needFeatures } from './method.ts';
import { FixedModels } from './models.ts';
import { confusionOptions, foldsOf, foldsOption, networkOptions, networkSettings } from './options.ts';
import { voteShares } from './votes.ts';
import { workersOf } from './workers.ts';

/**
 * AggNet: the network is the prior of each task, the answers are the evidence.
 *
 * The strongest simple method while the network is decent; unlike `haem` it believes a network that is
 * wrong and sure of it, which `clip` and `temper` soften. Tasks without features start from class
 * frequencies. Models whose answers are fixed (kind `ai`) join the evidence as in `haem`: by confusions
 * of their own, capped, copies as one. The network goes on training through the rounds: all `epochs` together. The objective
 * is the log-likelihood, which rises up to the noise of training.
 *
 * Source: Raykar et al. (2010); Albarqouni et al. (2016), a generalised EM with a network in the place
 * of logistic regression.
 */
export const aggnet: LearnMethod = defineLearnMethod({
  id: 'aggnet',
  title: 'AggNet: a network as prior',
  summary: 'EM with the network’s probabilities as each task’s prior; strong where the features are good.',
  citation: 'Raykar et al. (2010), JMLR 11; Albarqouni et al. (2016). AggNet. IEEE TMI 35(5).',
  options: {
    rounds: {
      kind: 'number',
      default: 10,
      min: 1,
      max: 1000,
      integer: true,
      does: 'Rounds of EM; the epochs are shared among them.',
      why: 'Short trainings keep the network soft.',
    },
    ...confusionOptions,
    folds: { ...foldsOption, default: 'none' },
    temper: {
      kind: 'number',
      default: 1,
      min: 0,
      max: 1,
      above: true,
      does: 'Power of the network’s probabilities.',
      why: 'They count in full.',
    },
    clip: {
      kind: 'number',
      default: 1,
      min: 0.5,
      max: 1,
      does: 'Largest probability the network may give a class.',
      why: 'No cap; 0.9 is safer with many features.',
    },
    ...networkOptions,
  },
  async fit(input, values, context) {
    const { table } = input;
    const features = needFeatures(input, 'aggnet');
    const people = peopleOf(table);
    const { classCount, taskCount } = table;
    const { rounds, confusion: rule, strength } = values;
    const folds = foldsOf(values.folds, taskCount);
    const settings = { ...networkSettings(values, folds, Math.max(1, Math.round(values.epochs / rounds))), warm: true };
    const network = new NetworkCoWorker(people, features, settings, context);
    let q = voteShares(people);
    const models = await FixedModels.of(table, () => peopleAlone(people, q, rule, strength).q);
    let confusion: Float64Array = new Float64Array(0);
    let opinions: Float64Array | undefined;
    const objective: number[] = [];
    for (let round = 1; round <= rounds && classCount > 1; round++) {
      context.onProgress({ stage: 'round', done: round - 1, total: rounds });
      opinions = await network.opinions(q, round === rounds || folds > 1);
      confusion = answerCounts(people, q);
      normaliseConfusions(confusion, classCount, rule, strength);
      const next = logFrequencies(classFrequencies(people, q), taskCount);
      asPrior(next, opinions, values.temper, values.clip, classCount);
      models.join(next, q);
      objective.push(posteriorInPlace(people, next, confusion));
      q = next;
    }
    const prior = classFrequencies(people, q);
    return {
      estimate: estimateOf(table, {
        method: 'aggnet',
        options: values,
        seed: context.seed,
        posterior: q,
        prior,
        workers: workersOf(table, models.withConfusions(confusion), prior),
        objective,
        iterations: objective.length,
        stopReason: 'rounds done',
        notes: [...tableNotes(table), ...network.notes, ...features.notes, ...models.notes],
      }),
      classifier: network.classifier,
      opinions,
    };
  },
});

/** Replaces log-priors by the network's log-probabilities, capped and tempered, where it has some. */
function asPrior(logs: Float64Array, opinions: Float64Array, power: number, clip: number, classCount: number): void {
  for (let row = 0; row < logs.length; row += classCount) {
    if (Number.isNaN(opinions[row])) continue;
    let most = 0;
    for (let k = 1; k < classCount; k++) if (opinions[row + k] > opinions[row + most]) most = k;
    // The mass above the cap is shared by the others in proportion to what they have, evenly where they have none.
    const excess = Math.max(0, opinions[row + most] - clip);
    const rest = 1 - opinions[row + most];
    for (let k = 0; k < classCount; k++) {
      const p = opinions[row + k];
      const share = rest > 1e-12 ? p / rest : 1 / (classCount - 1);
      logs[row + k] = power * Math.log(Math.max(1e-30, k === most ? p - excess : p + excess * share));
    }
  }
}
