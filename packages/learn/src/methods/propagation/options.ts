import type { ChoiceOption, NumberOption, NumbersOption } from '@assay/core';
import { coinPriorOptions, knownClassesOption, type WorkerModel } from '@assay/core/methods';
import { foldsOption, networkOptions } from '../options.ts';

/** Training goes an epoch at a time, so nothing is held out. */
const { patience: _patience, ...network } = networkOptions;

type Network = Omit<typeof networkOptions, 'patience'>;

/** Options of both methods: the workers, what the network may say, and its training. */
export const propagationOptions: Network & {
  readonly model: ChoiceOption<WorkerModel>;
  readonly right: NumberOption;
  readonly wrong: NumberOption;
  readonly confusionPrior: NumbersOption;
  readonly clip: NumberOption;
  readonly classPrior: NumbersOption;
  readonly folds: ChoiceOption<(typeof foldsOption.choices)[number]>;
} = {
  model: {
    kind: 'choice',
    default: 'confusion',
    choices: ['one-coin', 'confusion'],
    does: 'One accuracy per worker, or a confusion matrix with Dirichlet rows.',
    why: 'Real workers confuse particular classes: 1 to 4 points on music and LabelMe.',
  },
  right: coinPriorOptions.right,
  wrong: {
    ...coinPriorOptions.wrong,
    does: 'Pseudo-answers that were wrong; in a confusion row, of each wrong class.',
  },
  confusionPrior: {
    kind: 'numbers',
    default: null,
    min: 0.01,
    max: 1e9,
    does: 'For model confusion: all K×K Dirichlet parameters by rows (truth), instead of right and wrong.',
    why: 'Few users know more than "better than random".',
  },
  clip: {
    kind: 'number',
    default: 0.9,
    min: 0,
    max: 1,
    does: 'Largest probability the network may give a class; 1/K or less leaves the features out.',
    why: 'The paper’s: training from scratch is unsteady, and networks are too sure.',
  },
  classPrior: {
    ...knownClassesOption,
    does: 'Class frequencies of tasks without features, one per class; they are normalised. Uniform when not given.',
  },
  folds: foldsOption,
  ...network,
};
