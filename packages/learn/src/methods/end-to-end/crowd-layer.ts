import type { AnswerTable } from '@assay/core';
import { defineLearnMethod, type LearnMethod } from '../method.ts';
import { CrowdLayerLoss } from './crowd-layer-loss.ts';
import { bayesPosterior, countedConfusions, fitJointly, jointOptions, jointResult } from './end-to-end.ts';

/** Rounds of counting confusions and weighing answers, with the network as it is. */
const countingRounds = 5;

/**
 * Crowd layer: behind the network, a layer per worker turns its probabilities into what that worker
 * says.
 *
 * The simplest end-to-end method: no probabilities of workers, no constraint. Its network is good
 * where workers gave many answers each; `VW` and `S` have fewer numbers to learn than `MW` and are
 * steadier with few. Where labels or confusions are what is wanted take `ccem`: free weights make the
 * network here surer than it should be.
 *
 * The layer is no likelihood. Labels are therefore made as in Dawid-Skene with the network as prior of
 * each task: confusions are counted from what is believed, and Bayes adds the answers, five times; `labels: network` gives the network
 * alone, as published. Tasks without features count with their vote shares. Workers' confusions are
 * the counted ones. The objective is minus the mean loss of an epoch. O(answers · K²) for `MW`, else
 * O(answers · K).
 *
 * Source: Rodrigues & Pereira (2018), section 3. Ours: the loss is a mean over answers, and the Bayes step.
 * Re-implementations that put a softmax on the rows of the weights and another behind it are neither
 * this nor `ccem`.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learn(crowdLayer, { table, features })).estimate.label('t2'); // => 'yes'
 */
export const crowdLayer: LearnMethod = defineLearnMethod({
  id: 'crowd-layer',
  title: 'Crowd layer',
  summary: 'A layer per worker behind the network; the simplest end-to-end training.',
  citation: 'Rodrigues & Pereira (2018). Deep learning from crowds. AAAI.',
  options: {
    form: {
      kind: 'choice',
      default: 'VW',
      choices: ['MW', 'VW', 'VB', 'VW+B', 'S'],
      does: 'What a worker’s layer does: a matrix, a weight per class, a bias per class, both, or one weight.',
      why: 'Labels 0 to 5 points better than with MW, the authors’ best, on the drawn crowds, music and LabelMe.',
    },
    labels: {
      kind: 'choice',
      default: 'bayes',
      choices: ['bayes', 'network'],
      does: 'Labels by Bayes from the network and the task’s answers, or from the network alone.',
      why: 'The network alone forgets the answers of the task: 85 against 90 % on the drawn crowds.',
    },
    warmUp: {
      kind: 'number',
      default: 5,
      min: 0,
      max: 10000,
      integer: true,
      unit: 'epochs',
      does: 'Epochs on the vote shares before the layer comes in.',
      why: 'Without, as published, the flat start loses a class for one seed in four on the drawn crowds.',
    },
    ...jointOptions,
  },
  async fit(input, values, context) {
    const { form, warmUp } = values;
    const joint = await fitJointly('crowd-layer', input, values, context, (table) => new CrowdLayerLoss(table, form), {
      warmUp,
    });
    let confusion = countedConfusions(input.table, joint.believed);
    let posterior = bayesPosterior(joint, confusion);
    for (let round = 1; round < countingRounds; round++) {
      confusion = countedConfusions(input.table, posterior);
      posterior = bayesPosterior(joint, confusion);
    }
    if (values.labels === 'network') takeOpinions(input.table, joint.opinions, posterior);
    return jointResult('crowd-layer', joint, values, context, {
      confusion,
      posterior,
      notes: form === 'MW' ? tooManyWeights(input.table) : [],
    });
  },
});

/** Puts the network's opinion in the place of the posterior, but for gold tasks and tasks without features. */
function takeOpinions({ gold, classCount }: AnswerTable, opinions: Float64Array, posterior: Float64Array): void {
  for (let i = 0; i < posterior.length; i++) {
    const known = gold !== undefined && gold[Math.floor(i / classCount)] >= 0;
    if (!known && !Number.isNaN(opinions[i])) posterior[i] = opinions[i];
  }
}

function tooManyWeights({ answerCount, workerCount, classCount }: AnswerTable): string[] {
  const each = answerCount / Math.max(1, workerCount);
  if (each >= classCount ** 2) return [];
  return [
    `workers have ${each.toFixed(0)} answers on average for ${classCount ** 2} weights each: form VW needs ${classCount}`,
  ];
}
