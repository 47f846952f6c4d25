import { crowdlabEstimate } from '@assay/core/ai';
import { fixedCoWorkers, NetworkCoWorker, peopleOf } from './co-workers.ts';
import { defineLearnMethod, type LearnMethod, needFeatures } from './method.ts';
import { foldsOf, foldsOption, networkOptions, networkSettings } from './options.ts';
import { voteShares } from './votes.ts';

/**
 * CROWDLAB with a network trained on the vote shares, asked out of fold, and any models in the table.
 *
 * One training, no iteration: the cheapest way to let a model help, and a linear one: never surer than
 * its surest member. See `crowdlab` of `@assay/core/ai` for predictions from elsewhere.
 *
 * Source: Goh, Tkachenko & Mueller (2022).
 */
export const crowdlabMethod: LearnMethod = defineLearnMethod({
  id: 'crowdlab',
  title: 'CROWDLAB',
  summary: 'A weighted mean of an out-of-fold network, other models and the answers; one training.',
  citation:
    'Goh, Tkachenko & Mueller (2022). CROWDLAB: Supervised learning to infer consensus labels and quality scores for data with multiple annotators.',
  options: {
    folds: foldsOption,
    temper: {
      kind: 'boolean',
      default: false,
      does: 'Temper the models to fit the vote shares first.',
      why: 'As in the reference package.',
    },
    ...networkOptions,
  },
  async fit(input, values, context) {
    const { table } = input;
    const people = peopleOf(table);
    const fixed = fixedCoWorkers(table);
    const features = fixed.length === 0 || input.features !== undefined ? needFeatures(input, 'crowdlab') : undefined;
    const folds = foldsOf(values.folds, table.taskCount);
    const network =
      features === undefined || table.classCount < 2
        ? undefined
        : new NetworkCoWorker(people, features, networkSettings(values, folds), context);
    const shares = voteShares(people);
    const opinions = await network?.opinions(shares, true);
    const models = await Promise.all(fixed.map((each) => each.opinions(shares, true)));
    if (opinions !== undefined) models.unshift(opinions);
    const estimate = crowdlabEstimate(people, models, { temper: values.temper, seed: context.seed });
    const notes = [...estimate.notes, ...(network?.notes ?? []), ...(features?.notes ?? [])];
    return { estimate: estimate.with({ options: values, notes }), classifier: network?.classifier, opinions };
  },
});
