import { InputError, nearNames, shown } from '../errors.ts';
import { type NumberOption, parseOptions } from '../methods/options.ts';

/** The numbers of a {@link CrowdRecipe}. */
export type CrowdNumber =
  | 'tasks'
  | 'classes'
  | 'workers'
  | 'answers'
  | 'worst'
  | 'best'
  | 'spammers'
  | 'hard'
  | 'hardAccuracy'
  | 'activity';

/** What each number is, declared once for checks, `--help` and docs. */
export const crowdOptions: Readonly<Record<CrowdNumber, NumberOption>> = {
  tasks: { kind: 'number', default: 1000, min: 1, max: 1e7, integer: true, does: 'Tasks.', why: 'Enough to see.' },
  classes: {
    kind: 'number',
    default: 2,
    min: 2,
    max: 1000,
    integer: true,
    does: 'Classes, when they are not named.',
    why: 'Yes or no is the commonest question.',
  },
  workers: { kind: 'number', default: 50, min: 0, max: 1e6, integer: true, does: 'People.', why: 'A small crowd.' },
  answers: {
    kind: 'number',
    default: 5,
    min: 0,
    max: 1000,
    integer: true,
    does: "People's answers to each task, at most as many as there are people.",
    why: 'What many campaigns buy.',
  },
  worst: {
    kind: 'number',
    default: 0.6,
    min: 0,
    max: 1,
    does: 'Accuracy of the worst person who tries; accuracies are even between worst and best.',
    why: 'Between the weakest and the usual workers of public sets.',
  },
  best: { kind: 'number', default: 0.95, min: 0, max: 1, does: 'Accuracy of the best person.', why: 'As for worst.' },
  spammers: {
    kind: 'number',
    default: 0.05,
    min: 0,
    max: 1,
    does: 'Share of people who answer any class evenly.',
    why: 'Open crowds have some.',
  },
  hard: {
    kind: 'number',
    default: 0.1,
    min: 0,
    max: 1,
    does: 'Share of tasks that mislead: wrong answers of people fall on one class.',
    why: 'Without them every method looks far too good.',
  },
  hardAccuracy: {
    kind: 'number',
    default: 0.4,
    min: 0,
    max: 1,
    does: 'Accuracy on tasks that mislead, of everyone who tries and of every model.',
    why: 'Below one half a vote gets worse with every answer.',
  },
  activity: {
    kind: 'number',
    default: 1,
    min: 0,
    max: 5,
    does: 'Standard deviation of ln(how busy a person is); 0 makes all alike.',
    why: 'A few people do most of the work on every platform.',
  },
};

/** An AI worker that answers every task. */
export interface ModelRecipe {
  readonly name: string;
  /** On tasks that do not mislead. */
  readonly accuracy: number;
  /** Models of one family make the same mistakes; default its own. */
  readonly family?: string;
  /** Chance that the model gives the family's answer, not one of its own; default 0.8. Its accuracy stays the same. */
  readonly copying?: number;
}

/** A synthetic crowd in a few numbers; everything may be left out. Plain JSON. */
export interface CrowdRecipe extends Partial<Readonly<Record<Exclude<CrowdNumber, 'classes'>, number>>> {
  /** How many, or their names. */
  readonly classes?: number | readonly string[];
  /** Shares of the classes, any scale; default even. */
  readonly prior?: readonly number[];
  readonly models?: readonly ModelRecipe[];
}

/** A recipe with everything filled in. */
export interface FullRecipe extends Readonly<Record<CrowdNumber, number>> {
  readonly classNames: readonly string[];
  readonly prior: readonly number[];
  readonly models: readonly Required<ModelRecipe>[];
}

/**
 * A recipe from outside, checked, with defaults for what it leaves out.
 *
 * @throws {InputError} invalid-recipe, unknown-option, invalid-option
 * @example
 * fullRecipe({ classes: ['cat', 'dog'] }).tasks; // => 1000
 */
export function fullRecipe(given: unknown): FullRecipe {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid(`a recipe is a JSON object such as { "tasks": 1000, "workers": 50 }, not ${shown(given)}`);
  }
  const { classes, prior, models, ...numbers } = given as Record<string, unknown>;
  const named = Array.isArray(classes) ? classes : undefined;
  const known = [...Object.keys(crowdOptions), 'prior', 'models'];
  const strange = Object.keys(numbers).find((name) => !known.includes(name));
  if (strange !== undefined) {
    const [near = known.join(', ')] = nearNames(strange, known);
    throw invalid(`it has no ${shown(strange)}; did you mean ${near}?`);
  }
  const values = parseOptions(crowdOptions, { ...numbers, ...(named === undefined ? { classes } : {}) });
  const classNames = named?.map(String) ?? Array.from({ length: values.classes }, (_, k) => `class ${k + 1}`);
  if (classNames.length < 2 || new Set(classNames).size < classNames.length) {
    throw invalid(`classes are ${shown(classNames)}; give two or more different names`);
  }
  const shares = prior ?? classNames.map(() => 1);
  if (
    !Array.isArray(shares) ||
    shares.length !== classNames.length ||
    !shares.every((share) => typeof share === 'number' && share >= 0 && share < 1e9) ||
    !shares.some((share) => share > 0)
  ) {
    throw invalid(`prior is ${shown(prior)}; give ${classNames.length} numbers of 0 or more, one a class`);
  }
  return { ...values, classes: classNames.length, classNames, prior: shares, models: modelsOf(models ?? []) };
}

function modelsOf(given: unknown): Required<ModelRecipe>[] {
  if (!Array.isArray(given)) throw invalid(`models is ${shown(given)}; give a list`);
  const models = given.map((model: unknown): Required<ModelRecipe> => {
    const { name, accuracy, family, copying = 0.8 } = (model ?? {}) as Partial<ModelRecipe>;
    const share = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
    if (typeof name !== 'string' || name === '' || !share(accuracy) || !share(copying)) {
      throw invalid(`a model is ${shown(model)}; give { "name": "m", "accuracy": 0.8 }, shares in [0, 1]`);
    }
    return { name, accuracy, family: family ?? `only ${name}`, copying };
  });
  if (new Set(models.map(({ name }) => name)).size === models.length) return models;
  throw invalid('two models have the same name; give each its own');
}

function invalid(problem: string): InputError {
  const hint = problem.slice(problem.lastIndexOf(';') + 1).trim();
  return new InputError(`invalid recipe: ${problem}`, { code: 'invalid-recipe', hint });
}
