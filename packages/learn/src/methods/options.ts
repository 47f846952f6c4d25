import { InputError } from '@assay/core';
import type { FeatureMatrix } from '../features/index.ts';
import {
  type Architecture,
  fourLayerCnn,
  logistic,
  mlp,
  smallAlexNet,
  smallCnn,
  smallResNet,
} from '../networks/index.ts';
import type { NetworkSettings } from './co-workers.ts';

/** Options of every method that trains a network. */
export const networkOptions = {
  network: {
    kind: 'choice',
    default: 'mlp',
    choices: ['mlp', 'logistic', 'cnn', 'cnn4', 'alexnet', 'resnet'],
    does: 'The network; all but mlp and logistic need pictures, cnn4 of 46 pixels or more, alexnet of 16.',
    why: 'One hidden layer is the best of them on features that others have made.',
  },
  hidden: {
    kind: 'number',
    default: 128,
    min: 1,
    max: 65536,
    integer: true,
    does: 'Hidden units of the mlp.',
    why: 'As in the crowd-layer protocol on LabelMe.',
  },
  dropout: {
    kind: 'number',
    default: 0.5,
    min: 0,
    max: 0.95,
    does: 'Share of hidden units left out at random in training.',
    why: 'Few tasks and many features: less is memorised.',
  },
  epochs: {
    kind: 'number',
    default: 40,
    min: 1,
    max: 100000,
    integer: true,
    does: 'Passes over the tasks per training.',
    why: 'Enough for a thousand tasks.',
  },
  batch: {
    kind: 'number',
    default: 64,
    min: 0,
    max: 65536,
    integer: true,
    does: 'Tasks per step, at most an eighth of all; 0 for all at once.',
    why: 'As in the crowd-layer protocol.',
  },
  rate: {
    kind: 'number',
    default: 1e-3,
    min: 0,
    max: 10,
    above: true,
    does: 'Learning rate of Adam.',
    why: 'Adam’s usual rate.',
  },
  decay: {
    kind: 'number',
    default: 0,
    min: 0,
    max: 10,
    does: 'L2 added to the gradient.',
    why: 'Dropout does the work.',
  },
  standardise: {
    kind: 'boolean',
    default: true,
    does: 'Bring every feature to mean 0 and deviation 1 over the tasks trained on.',
    why: 'One rate then suits all features; false for pixels that are scaled already.',
  },
  patience: {
    kind: 'number',
    default: 0,
    min: 0,
    max: 10000,
    integer: true,
    does: 'Stop when a tenth held out has not improved for so many epochs; 0 trains them all.',
    why: 'Targets are noisy: a held-out tenth of them decides little.',
  },
} as const;

/** Options about confusion matrices. */
export const confusionOptions = {
  confusion: {
    kind: 'choice',
    default: 'coin-shrunk',
    choices: ['coin-shrunk', 'raw', 'coin'],
    does: 'How the workers’ confusion matrices are estimated.',
    why: 'Rows that borrow from the worker’s own accuracy gain 2 to 10 points over raw ones.',
  },
  strength: {
    kind: 'number',
    default: 5,
    min: 0,
    max: 1e9,
    unit: 'answers',
    does: 'Weight of the worker’s accuracy in each row.',
    why: 'As in coin-shrunk.',
  },
} as const;

/** Out-of-fold predictions. */
export const foldsOption = {
  kind: 'choice',
  default: 'auto',
  choices: ['auto', 'none', '3', '5', '10'],
  does: 'Ask networks only about tasks they were not trained on, in so many folds.',
  why: 'A network that has seen a task repeats what it was told; auto is 5 up to 10,000 tasks, none beyond.',
} as const;

/** Number of folds for an option and a number of tasks. */
export function foldsOf(option: string, tasks: number): number {
  if (option === 'auto') return tasks <= 10_000 ? 5 : 0;
  return option === 'none' ? 0 : Number(option);
}

export interface NetworkValues {
  readonly network: string;
  readonly hidden: number;
  readonly dropout: number;
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  readonly decay: number;
  readonly patience: number;
  readonly standardise: boolean;
}

/** How the network takes part, as the options say. */
export function networkSettings(values: NetworkValues, folds: number, epochs: number = values.epochs): NetworkSettings {
  const { batch, rate, decay, patience } = values;
  return {
    architecture: (matrix, classes) => architectureOf(values, matrix, classes),
    training: { epochs, batch, rate, decay, patience },
    folds,
    standardise: values.standardise,
  };
}

function architectureOf(
  { network, hidden, dropout }: NetworkValues,
  { columns, picture }: FeatureMatrix,
  classes: number,
): Architecture {
  if (network === 'logistic') return logistic(columns, classes);
  if (network === 'mlp') return mlp(columns, classes, hidden, dropout);
  if (picture === undefined) {
    const hint = 'give a folder of pictures, IDX, or .npy of rows × height × width, or take mlp';
    throw new InputError(`missing pictures for the network ${network}: the features are rows of numbers; ${hint}`, {
      code: 'missing-pictures',
      got: network,
      hint,
    });
  }
  if (network === 'cnn4') return fourLayerCnn(picture, classes, dropout);
  if (network === 'alexnet') return smallAlexNet(picture, classes, dropout);
  if (network === 'resnet') return smallResNet(picture, classes);
  return smallCnn(picture, classes);
}
