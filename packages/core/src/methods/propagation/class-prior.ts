import type { AnswerTable } from '../../answers/answer-table.ts';
import { perClass } from '../bayesian/dirichlet-prior.ts';
import type { ChoiceOption, NumberOption, NumbersOption } from '../options.ts';

/** Log-probabilities are not let below this: messages multiply, and their ratios must stay finite. */
export const logFloor = -700;

/** The option for known class frequencies: propagation integrates workers out, not frequencies. */
export const knownClassesOption: NumbersOption = {
  kind: 'numbers',
  default: null,
  min: 0,
  max: 1,
  does: 'Known class frequencies, one per class; they are normalised. Uniform when not given.',
  why: 'The published model keeps them fixed; estimate them with another method where classes are unbalanced.',
};

/** Where messages count as settled. */
export const messageOptions: {
  readonly maxIterations: NumberOption;
  readonly tolerance: NumberOption;
  readonly damping: NumberOption;
} = {
  maxIterations: {
    kind: 'number',
    default: 100,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Most sweeps.',
    why: 'Real sets settle in 10 to 40.',
  },
  tolerance: {
    kind: 'number',
    default: 1e-6,
    min: 0,
    max: 1,
    does: 'Largest change of a message (as a probability) at which they have settled; 0 for never.',
    why: 'Smaller changes move no label.',
  },
  damping: {
    kind: 'number',
    default: 0,
    min: 0,
    max: 0.95,
    does: 'Share of the old message kept in each sweep, on the log scale.',
    why: 'Messages rarely swing; where they do, the fit turns it to 0.5 by itself and says so.',
  },
};

/** How exact messages are computed. */
export type MessageRule = 'auto' | 'dynamic-programme' | 'quadrature';
export const messageRuleOption: ChoiceOption<MessageRule> = {
  kind: 'choice',
  default: 'auto',
  choices: ['auto', 'dynamic-programme', 'quadrature'],
  does: 'How workers are integrated out: by a sum over numbers of right answers, or by quadrature over the accuracy.',
  why: 'The sum is exact for workers of few answers, quadrature as good and faster for the others.',
};

/** K frequencies from the option: uniform when not given, otherwise normalised. */
export function knownClasses(table: AnswerTable, given: readonly number[] | null): Float64Array {
  const { classCount } = table;
  const frequencies = given === null ? new Float64Array(classCount).fill(1) : perClass('classPrior', given, classCount);
  let sum = 0;
  for (const value of frequencies) sum += value;
  return frequencies.map((value) => (sum > 0 ? value / sum : 1 / classCount));
}

/**
 * ln f, T×K, floored: the task priors of the table, or the known class frequencies; gold tasks have
 * the floor everywhere but at their class.
 */
export function logTaskPrior(table: AnswerTable, frequencies: Float64Array): Float64Array {
  const { taskCount, classCount, gold, taskPrior } = table;
  const logs = new Float64Array(taskCount * classCount);
  for (let task = 0; task < taskCount; task++) {
    const known = gold === undefined ? -1 : gold[task];
    for (let k = 0; k < classCount; k++) {
      const at = task * classCount + k;
      if (known >= 0) logs[at] = k === known ? 0 : logFloor;
      else logs[at] = Math.max(logFloor, Math.log(taskPrior === undefined ? frequencies[k] : taskPrior[at]));
    }
  }
  return logs;
}
