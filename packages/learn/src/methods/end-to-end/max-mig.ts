import type { AnswerTable } from '@assay/core';
import { peopleAlone } from '../confusions.ts';
import { defineLearnMethod, type LearnMethod } from '../method.ts';
import { voteShares } from '../votes.ts';
import { bayesPosterior, countedConfusions, fitJointly, jointOptions, jointResult } from './end-to-end.ts';
import { MutualInformation } from './mutual-information.ts';

/** Added to the confusions that the aggregator begins with. */
const startFloor = 1e-4;

/**
 * Max-MIG: a network and an aggregator of answers, trained to tell as much about each other as they
 * can.
 *
 * The aggregator is free: it need not believe that workers err independently, so workers who share
 * mistakes are discounted. About as good as `aggnet` where mistakes are independent, and one of the
 * best networks on LabelMe and music. It wants batches in which all classes meet (four times as many
 * tasks as classes).
 *
 * The posterior is f · g / π. Tasks without features get g; workers' confusions are counted from the
 * posterior, as the aggregator's weights are no probabilities. π are the vote shares, one task added
 * over all classes together so that none is 0. The objective is minus the mean loss of an epoch; it ends at most at
 * log K. O(answers · K) per step.
 *
 * Source: Cao, Xu, Kong & Wang (2019), Algorithm 1 with the Kullback-Leibler gain. Ours: shrunk
 * confusions to start with, and one rate for both parts (the authors' aggregator learns ten times slower).
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learn(maxMig, { table, features })).estimate.label('t2'); // => 'yes'
 */
export const maxMig: LearnMethod = defineLearnMethod({
  id: 'max-mig',
  title: 'Max-MIG',
  summary: 'A network and an aggregator that tell most about each other; for workers who share mistakes.',
  citation:
    'Cao, Xu, Kong & Wang (2019). Max-MIG: an information theoretic approach for joint learning from crowds. ICLR.',
  options: {
    start: {
      kind: 'choice',
      default: 'vote',
      choices: ['vote', 'dawid-skene'],
      does: 'Confusions the aggregator begins with: counted from vote shares, or those of Dawid-Skene.',
      why: 'As published, and a point better on music and LabelMe; Dawid-Skene is 2 points better on the drawn crowds.',
    },
    warmUp: {
      kind: 'number',
      default: 0,
      min: 0,
      max: 10000,
      integer: true,
      unit: 'epochs',
      does: 'Epochs on the vote shares before the aggregator comes in.',
      why: 'As published; five steady small networks.',
    },
    ...jointOptions,
  },
  async fit(input, values, context) {
    const { start, warmUp } = values;
    const joint = await fitJointly(
      'max-mig',
      input,
      values,
      context,
      (table) => {
        const shares = voteShares(table);
        const { confusion } =
          start === 'vote'
            ? { confusion: countedConfusions(table, shares) }
            : peopleAlone(table, shares, 'coin-shrunk', 5);
        return new MutualInformation(
          table,
          confusion.map((cell) => Math.log(cell + startFloor)),
          priorOf(table, shares),
        );
      },
      { warmUp, wholeBatches: true },
    );
    const posterior = bayesPosterior(joint, joint.loss.aggregator.values.map(Math.exp));
    const confusion = countedConfusions(input.table, posterior);
    return jointResult('max-mig', joint, values, context, { confusion, posterior });
  },
});

function priorOf({ taskCount, classCount }: AnswerTable, shares: Float64Array): Float64Array {
  const prior = new Float64Array(classCount).fill(1 / Math.max(1, classCount) / (taskCount + 1));
  for (let i = 0; i < shares.length; i++) prior[i % classCount] += shares[i] / (taskCount + 1);
  return prior;
}
