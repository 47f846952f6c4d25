import { defineLearnMethod, type LearnMethod } from '../method.ts';
import { ConfusionLogits, startLogits } from './confusion-logits.ts';
import { CoupledCrossEntropy, type Regularisers } from './coupled-cross-entropy.ts';
import { bayesPosterior, fitJointly, jointOptions, jointResult, startOption, surpriseOfTasks } from './end-to-end.ts';

/** What sets a method of this family apart from the others. */
interface Variant {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly citation: string;
  /** Weight of its term by default, and what the term is. */
  readonly lambda?: { readonly default: number; readonly does: string; readonly why: string };
  readonly regularisers: (lambda: number) => Regularisers;
}

/** A method that minimises the coupled cross entropy with one regulariser or none. */
function coupled({ id, title, summary, citation, lambda, regularisers }: Variant): LearnMethod {
  const weight = { kind: 'number', min: 0, max: 1000, ...(lambda ?? { default: 0, does: '', why: '' }) } as const;
  const options = { start: startOption, lambda: weight, ...jointOptions };
  const { lambda: _none, ...plain } = options;
  return defineLearnMethod({
    id,
    title,
    summary,
    citation,
    options: (lambda === undefined ? plain : options) as typeof options,
    async fit(input, values, context) {
      const joint = await fitJointly(
        id,
        input,
        values,
        context,
        (table) =>
          new CoupledCrossEntropy(
            table,
            new ConfusionLogits(startLogits(table, values.start), table.classCount),
            regularisers(values.lambda),
          ),
      );
      const { confusion } = joint.loss.workers;
      return jointResult(id, joint, values, context, {
        confusion,
        posterior: bayesPosterior(joint, confusion),
        tasks: { surprise: surpriseOfTasks(joint, confusion) },
      });
    },
  });
}

/**
 * Coupled cross-entropy minimisation: a network and a confusion matrix of each worker, trained together
 * so that A_uᵀf(x) is what worker u says of x.
 *
 * One short training, no rounds. Take it when tasks have good features and workers many answers; with
 * few answers per worker `haem` and `aggnet` are better. It finds the right confusions where every
 * class has tasks that show it clearly and some worker who never errs on it, even if workers depend on
 * each other; crowds of experts and spammers are such.
 *
 * The posterior is f times the likelihood of the task's answers, since the loss itself scores each
 * answer alone. Tasks without features get class frequencies for f; workers without answers keep the
 * start. `tasks.surprise` ranks tasks whose answers neither network nor confusions explain: ambiguous,
 * mislabelled or unusual ones. The objective is minus the mean loss of an epoch. O(answers · K) and O(W · K²) per step.
 *
 * Source: Ibrahim, Nguyen & Fu (2023), eq. 3; Rodrigues & Pereira (2018) for the idea. Ours: the start
 * (the authors' is nearly uniform for ten classes) and the posterior.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learn(ccem, { table, features })).estimate.label('t2'); // => 'yes'
 */
export const ccem: LearnMethod = coupled({
  id: 'ccem',
  title: 'Coupled cross entropy',
  summary: 'A network and the workers’ confusions trained together on every answer.',
  citation:
    'Ibrahim, Nguyen & Fu (2023). Deep learning from crowdsourced labels: coupled cross-entropy minimization, identifiability, and regularization. ICLR.',
  regularisers: () => ({}),
});

/**
 * `ccem` with the mean trace of the confusions made small: of all explanations of the same answers,
 * the one with the least reliable workers and the surest network.
 *
 * Right where workers are diagonally dominant on average; on crowds with experts it changes hardly
 * anything. All else as in `ccem`.
 *
 * Source: Tanno, Saeedi, Sankaranarayanan, Alexander & Silberman (2019), eq. 6.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learn(trace, { table, features })).estimate.label('t2'); // => 'yes'
 */
export const trace: LearnMethod = coupled({
  id: 'trace',
  title: 'Trace regularisation',
  summary: 'Coupled cross entropy that blames workers rather than the network.',
  citation:
    'Tanno, Saeedi, Sankaranarayanan, Alexander & Silberman (2019). Learning from noisy labels by regularized estimation of annotator confusion. CVPR.',
  lambda: { default: 0.01, does: 'Weight of the mean trace of the confusions.', why: 'The authors’.' },
  regularisers: (lambda) => ({ trace: lambda }),
});

/**
 * GeoCrowdNet(F): `ccem` with the volume of the network's probabilities, log det FᵀF over a batch, made
 * large.
 *
 * For many tasks and no experts: confusions are then found even though no worker is perfect on any
 * class. Batches with fewer tasks than classes leave the term out; five times as many are wanted. All
 * else as in `ccem`.
 *
 * Source: Ibrahim, Nguyen & Fu (2023), eq. 9. The term is maximised, although the paper speaks of
 * volume minimisation (of the other factor).
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learn(geocrowdnetF, { table, features })).estimate.label('t2'); // => 'yes'
 */
export const geocrowdnetF: LearnMethod = coupled({
  id: 'geocrowdnet-f',
  title: 'GeoCrowdNet (F)',
  summary: 'Coupled cross entropy that spreads the tasks over the classes; for many tasks without experts.',
  citation:
    'Ibrahim, Nguyen & Fu (2023). Deep learning from crowdsourced labels: coupled cross-entropy minimization, identifiability, and regularization. ICLR.',
  lambda: {
    default: 0.01,
    does: 'Weight of log det FᵀF.',
    why: 'The authors’ on CIFAR-10; they took 0.0001 to 0.2 on other sets.',
  },
  regularisers: (lambda) => ({ taskVolume: lambda }),
});

/**
 * GeoCrowdNet(W): `ccem` with the volume of the workers, log det Σ_u A_uA_uᵀ, made large.
 *
 * For few tasks and some experts: every class needs a worker who is nearly perfect on it. All else as
 * in `ccem`; O(W · K³) more per step.
 *
 * Source: Ibrahim, Nguyen & Fu (2023), eq. 10; columns are truth there.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learn(geocrowdnetW, { table, features })).estimate.label('t2'); // => 'yes'
 */
export const geocrowdnetW: LearnMethod = coupled({
  id: 'geocrowdnet-w',
  title: 'GeoCrowdNet (W)',
  summary: 'Coupled cross entropy that spreads the workers over the classes; for few tasks and some experts.',
  citation:
    'Ibrahim, Nguyen & Fu (2023). Deep learning from crowdsourced labels: coupled cross-entropy minimization, identifiability, and regularization. ICLR.',
  lambda: {
    default: 0.01,
    does: 'Weight of log det Σ A Aᵀ.',
    why: 'The authors’ on CIFAR-10; they took 0.0001 to 0.2 on other sets.',
  },
  regularisers: (lambda) => ({ workerVolume: lambda }),
});
