import type { AnswerTable } from '../../answers/answer-table.ts';
import { InputError } from '../../errors.ts';
import { type ChoiceOption, matrixOption, type NumbersOption } from '../options.ts';
import { voteShares } from '../votes.ts';

/** What is believed before any answer: Dirichlet parameters of confusion rows and class frequencies. */
export interface DirichletPrior {
  /** K×K, by rows (truth): parameters of every worker's row for each true class. */
  readonly confusion: Float64Array;
  /** K: parameters of the class frequencies. */
  readonly classes: Float64Array;
}

/** Published priors by name. */
export type Preset = 'bayesgc' | 'bcc' | 'uniform' | 'dir21' | 'ibcc41' | 'ibcc41-empirical';
export const presets: readonly Preset[] = ['bayesgc', 'bcc', 'uniform', 'dir21', 'ibcc41', 'ibcc41-empirical'];

/** The smallest parameter: below it the expected logarithms leave what products of doubles can hold. */
const least = 0.01;
/** The class parameter of a class nobody voted for where votes are the prior. */
const withoutVotes = 1e-3;

/** The options that say a {@link DirichletPrior}; `preset` needs a default of the method's own. */
export const dirichletOptions: {
  readonly diagonal: NumbersOption;
  readonly offDiagonal: NumbersOption;
  readonly confusionPrior: NumbersOption;
  readonly classPrior: NumbersOption;
} = {
  diagonal: {
    kind: 'numbers',
    default: null,
    min: least,
    max: 1e9,
    does: 'Dirichlet parameter of a right answer: one number, or one per class. Overrides the preset.',
    why: 'The preset says it.',
  },
  offDiagonal: {
    kind: 'numbers',
    default: null,
    min: least,
    max: 1e9,
    does: 'Dirichlet parameter of each wrong answer: one number, or one per true class. Overrides the preset.',
    why: 'The preset says it.',
  },
  confusionPrior: {
    kind: 'numbers',
    default: null,
    min: least,
    max: 1e9,
    does: 'All K×K Dirichlet parameters by rows (truth), instead of preset, diagonal and offDiagonal.',
    why: 'Few users know more than "better than random".',
  },
  classPrior: {
    kind: 'numbers',
    default: null,
    min: 1e-3,
    max: 1e9,
    does: 'Dirichlet parameter of the class frequencies: one number, or one per class. Overrides the preset.',
    why: 'The preset says it.',
  },
};

/** The option that chooses a preset. */
export function presetOption(preset: Preset, why: string): ChoiceOption<Preset> {
  return {
    kind: 'choice',
    default: preset,
    choices: presets,
    does: 'A published prior: right / wrong / class parameters are bayesgc 5/2/1.1, bcc (7/3)(K−1)/1/1, uniform 1/1/1, dir21 2/1/1, ibcc41 4/1/1; ibcc41-empirical uses the vote shares as class parameters.',
    why,
  };
}

/**
 * The prior that the options describe.
 *
 * @throws {InputError} invalid-option when a list has neither one number nor one per class
 */
export function dirichletPrior(
  table: AnswerTable,
  values: {
    readonly preset: Preset;
    readonly diagonal: readonly number[] | null;
    readonly offDiagonal: readonly number[] | null;
    readonly confusionPrior: readonly number[] | null;
    readonly classPrior: readonly number[] | null;
  },
): DirichletPrior {
  const count = table.classCount;
  const [right, wrong, frequency] = presetParameters(values.preset, count);
  const empirical = values.preset === 'ibcc41-empirical' && values.classPrior === null;
  const classes = empirical ? votesAsPrior(table) : perClass('classPrior', values.classPrior ?? [frequency], count);
  if (values.confusionPrior !== null) {
    return { confusion: matrixOption('confusionPrior', values.confusionPrior, count), classes };
  }
  const diagonal = perClass('diagonal', values.diagonal ?? [right], count);
  const offDiagonal = perClass('offDiagonal', values.offDiagonal ?? [wrong], count);
  const confusion = new Float64Array(count * count);
  for (let k = 0; k < count; k++) {
    confusion.fill(offDiagonal[k], k * count, (k + 1) * count);
    confusion[k * count + k] = diagonal[k];
  }
  return { confusion, classes };
}

/** Right, wrong and class parameter of a preset. */
function presetParameters(preset: Preset, classCount: number): readonly [number, number, number] {
  switch (preset) {
    case 'bayesgc':
      return [5, 2, 1.1];
    case 'bcc':
      return [(0.7 / 0.3) * Math.max(1, classCount - 1), 1, 1];
    case 'uniform':
      return [1, 1, 1];
    case 'dir21':
      return [2, 1, 1];
    default:
      return [4, 1, 1];
  }
}

/** Vote shares summed over the tasks with answers: the answers enter once more as a prior. */
export function votesAsPrior(table: AnswerTable): Float64Array {
  const { classCount, taskCount, taskStart } = table;
  const shares = voteShares(table);
  const totals = new Float64Array(classCount);
  for (let task = 0; task < taskCount; task++) {
    if (taskStart[task + 1] === taskStart[task]) continue;
    for (let k = 0; k < classCount; k++) totals[k] += shares[task * classCount + k];
  }
  return totals.map((total) => (total > 0 ? total : withoutVotes));
}

/**
 * A list of one number as the same for every class.
 *
 * @throws {InputError} invalid-option
 */
export function perClass(name: string, values: readonly number[], classCount: number): Float64Array {
  if (values.length === 1) return new Float64Array(classCount).fill(values[0]);
  if (values.length === classCount) return Float64Array.from(values);
  throw new InputError(
    `invalid ${name}: ${values.length} values; expected one, or one for each of ${classCount} classes`,
    {
      code: 'invalid-option',
      path: name,
      got: String(values.length),
      hint: `give one number or ${classCount}`,
    },
  );
}
