import { defineLearnMethod, type LearnMethod } from '../method.ts';
import { ConfusionLogits, startLogits } from './confusion-logits.ts';
import { bayesPosterior, fitJointly, jointOptions, jointResult, startOption, surpriseOfTasks } from './end-to-end.ts';
import { OutlierLoss } from './outlier-loss.ts';

/**
 * COINNet: `geocrowdnet-f` that lets the answers of a few tasks differ from what confusions explain,
 * and says which tasks those are.
 *
 * Take it to find tasks that are ambiguous, mislabelled or unusual: `tasks.difficulty` ranks them.
 * Three answers a task or more; with two and no such tasks the corrections cost accuracy, and with one
 * they mean nothing (a note says so). Memory: K numbers per answer.
 *
 * `tasks.difficulty` is the squared length of all corrections of a task, 0 without answers, and exactly 0
 * for tasks that need none. The rest as in `ccem`, the posterior without corrections; `tasks.surprise`
 * found planted outliers even better.
 *
 * Source: Nguyen, Ibrahim & Fu (2024), eq. 9. Ours: the start and, for corrections, proximal steps:
 * Adam moves a correction by its rate whatever the penalty is. `corrections: adam` with
 * `sparsity` 0.01 and `start: identity` is as published.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learn(coinnet, { table, features })).estimate.tasks.difficulty.length; // => 3
 */
export const coinnet: LearnMethod = defineLearnMethod({
  id: 'coinnet',
  title: 'COINNet',
  summary: 'Coupled cross entropy with rare corrections; finds tasks that class-level confusions do not explain.',
  citation:
    'Nguyen, Ibrahim & Fu (2024). Noisy label learning with instance-dependent outliers: identifiability via crowd wisdom. NeurIPS.',
  options: {
    start: startOption,
    sparsity: {
      kind: 'number',
      default: 0.1,
      min: 0,
      max: 1e6,
      does: 'Weight of the penalty of corrections (μ₁).',
      why: 'Finds planted outliers and leaves half of the other tasks alone; the authors’ 0.01 leaves hardly any.',
    },
    power: {
      kind: 'number',
      default: 0.4,
      min: 0.05,
      max: 2,
      does: 'Power of the length of a task’s corrections in the penalty (p).',
      why: 'The authors’.',
    },
    lambda: {
      kind: 'number',
      default: 0.01,
      min: 0,
      max: 1000,
      does: 'Weight of log det FᵀF (μ₂).',
      why: 'The authors’.',
    },
    corrections: {
      kind: 'choice',
      default: 'proximal',
      choices: ['proximal', 'adam'],
      does: 'How corrections are learned.',
      why: 'Exact zeros for most tasks; Adam, as published, lets corrections explain what confusions should.',
    },
    correctionRate: {
      kind: 'number',
      default: 0.1,
      min: 0,
      max: 1000,
      does: 'Rate of the proximal steps.',
      why: 'At 1 and above corrections explain what confusions should.',
    },
    ...jointOptions,
  },
  async fit(input, values, context) {
    const { start, sparsity, power, lambda, corrections, correctionRate } = values;
    const joint = await fitJointly(
      'coinnet',
      input,
      values,
      context,
      (table) =>
        new OutlierLoss(table, new ConfusionLogits(startLogits(table, start), table.classCount), {
          sparsity,
          power,
          taskVolume: lambda,
          proximal: corrections === 'proximal' ? correctionRate : undefined,
        }),
    );
    const { confusion } = joint.loss.workers;
    const { answerCount, taskCount } = input.table;
    return jointResult('coinnet', joint, values, context, {
      confusion,
      posterior: bayesPosterior(joint, confusion),
      tasks: { difficulty: joint.loss.difficulty(), surprise: surpriseOfTasks(joint, confusion) },
      notes: answerCount < 1.5 * taskCount ? ['most tasks have one answer: their difficulty means nothing'] : [],
    });
  },
});
