import { estimateOf, tableNotes } from '@assay/core';
import { argmaxRow, NetworkCoWorker, peopleOf } from './co-workers.ts';
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
 * MBEM: the network's own labels stand in for the truth when workers are judged.
 *
 * Use with one answer per task, where people cannot be compared with each other. With more answers
 * `haem` and `aggnet` are better: the posterior here forgets what the network says, so the network
 * may be more accurate than the labels; both are reported. Tasks without features count with what is
 * believed of them. Models whose answers are fixed (kind `ai`) are judged as people are, and
 * join as in `haem`: capped, copies as one. Cost: rounds + 1 trainings, times the folds.
 *
 * Source: Khetan, Lipton & Anandkumar (2018), Algorithm 1. Raw confusions and no folds
 * are literal; so is `prior` for the paper, not for its authors' code.
 */
export const mbem: LearnMethod = defineLearnMethod({
  id: 'mbem',
  title: 'Model-bootstrapped EM',
  summary: 'A network’s labels judge the workers, their answers retrain it; for one answer per task.',
  citation: 'Khetan, Lipton & Anandkumar (2018). Learning from noisy singly-labeled data. ICLR.',
  options: {
    rounds: {
      kind: 'number',
      default: 2,
      min: 0,
      max: 100,
      integer: true,
      does: 'Rounds of training and judging.',
      why: 'As HAEM, for comparison; the authors use 1.',
    },
    prior: {
      kind: 'boolean',
      default: false,
      does: 'Multiply by the class frequencies of the network’s labels.',
      why: 'The paper has it, the authors’ code has not; a weak network’s frequencies are off and cost 1 to 2 points.',
    },
    ...confusionOptions,
    folds: foldsOption,
    ...networkOptions,
  },
  async fit(input, values, context) {
    const { table } = input;
    const features = needFeatures(input, 'mbem');
    const people = peopleOf(table);
    const { classCount, taskCount } = table;
    const notes = tableNotes(table);
    const folds = foldsOf(values.folds, taskCount);
    const network = new NetworkCoWorker(people, features, networkSettings(values, folds), context);
    let q = voteShares(people);
    const models = await FixedModels.of(table, () => peopleAlone(people, q, values.confusion, values.strength).q);
    let confusion: Float64Array = new Float64Array(0);
    let prior = classFrequencies(people, q);
    const objective: number[] = [];
    for (let round = 0; round < values.rounds && classCount > 1; round++) {
      const hard = hardened(await network.opinions(q, false), q, classCount);
      confusion = answerCounts(people, hard);
      normaliseConfusions(confusion, classCount, values.confusion, values.strength);
      prior = classFrequencies(people, hard);
      const next = values.prior ? logFrequencies(prior, taskCount) : new Float64Array(taskCount * classCount);
      models.join(next, hard);
      objective.push(posteriorInPlace(people, next, confusion));
      q = next;
    }
    const opinions = classCount > 1 ? await network.opinions(q, true) : undefined;
    return {
      estimate: estimateOf(table, {
        method: 'mbem',
        options: values,
        seed: context.seed,
        posterior: q,
        prior,
        workers: workersOf(table, models.withConfusions(confusion), prior),
        objective,
        iterations: objective.length,
        stopReason: 'rounds done',
        notes: [...notes, ...network.notes, ...features.notes, ...models.notes],
      }),
      classifier: network.classifier,
      opinions,
    };
  },
});

/** One-hot rows of what the network takes for likeliest; what is believed where it has no opinion. */
function hardened(opinions: Float64Array, q: Float64Array, classCount: number): Float64Array {
  const result = q.slice();
  for (let row = 0; row < q.length; row += classCount) {
    if (Number.isNaN(opinions[row])) continue;
    result.fill(0, row, row + classCount);
    result[row + argmaxRow(opinions, row / classCount, classCount)] = 1;
  }
  return result;
}
