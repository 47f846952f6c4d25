import type { ChoiceOption, NumberOption } from '../options.ts';
import { type Start, starts } from './starts.ts';
import { type PriorRule, priorRules } from './steps.ts';

/** Options that every fit by expectation-maximisation shares. */
export const emOptions: {
  readonly start: ChoiceOption<Start>;
  readonly starts: NumberOption;
  readonly maxIterations: NumberOption;
  readonly tolerance: NumberOption;
} = {
  start: {
    kind: 'choice',
    default: 'votes',
    choices: starts,
    does: 'Where the fit starts: vote shares, the majority alone (ties shared, or to the first class), or shares mixed with noise.',
    why: 'Vote shares keep what the majority is unsure of.',
  },
  starts: {
    kind: 'number',
    default: 1,
    min: 1,
    max: 1000,
    integer: true,
    does: 'Number of starts; those after the first are random and the best objective is kept.',
    why: 'On real sets the start from votes ends in the best or an equally accurate optimum.',
  },
  maxIterations: {
    kind: 'number',
    default: 500,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Most iterations.',
    why: 'Real sets settle in 10 to 200.',
  },
  tolerance: {
    kind: 'number',
    default: 1e-8,
    min: 0,
    max: 1,
    does: 'Relative change of the objective at which the fit has settled; 0 for never.',
    why: 'Smaller changes move no label.',
  },
};

export const priorOption: ChoiceOption<PriorRule> = {
  kind: 'choice',
  default: 'estimated',
  choices: priorRules,
  does: 'Class frequencies: estimated from the answers, or kept uniform.',
  why: 'Uniform gains a little on balanced data and loses up to 20 points on unbalanced data.',
};

export const priorSmoothingOption: NumberOption = {
  kind: 'number',
  default: 0,
  min: 0,
  max: 1e9,
  unit: 'tasks',
  does: 'Pseudo-tasks added to each class when class frequencies are estimated.',
  why: 'Class frequencies rest on all tasks and need no help.',
};

/** Largest change of a posterior at which a fit has settled. */
export const posteriorTolerance = 1e-6;
