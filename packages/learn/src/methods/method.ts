import {
  type AnswerTable,
  type Estimate,
  InputError,
  type OptionTable,
  type OptionValues,
  parseOptions,
  Random,
} from '@assay/core';
import type { FeatureMatrix, TaskFeatures } from '../features/index.ts';
import type { Network, Standardisation } from '../networks/index.ts';

/** What a learning method works on. */
export interface LearnInput {
  /** Answers of people and, marked with kind `ai`, of models whose answers are fixed. */
  readonly table: AnswerTable;
  /** Features of the tasks; without them only models in the table stand beside the people. */
  readonly features?: TaskFeatures;
}

/** Where a fit stands. */
export interface LearnProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

/** What a fit gets from outside. */
export interface LearnContext {
  readonly seed: number;
  readonly random: Random;
  readonly signal?: AbortSignal;
  readonly onProgress: (progress: LearnProgress) => void;
}

/** A trained network with what features must go through before it. */
export interface Classifier {
  readonly network: Network;
  readonly standardisation: Standardisation;
  readonly classes: readonly string[];
  /** Probabilities for rows of features as they were read, rows × K. */
  predict(matrix: FeatureMatrix): Promise<Float64Array>;
  /** A standard ONNX file: raw features in, probabilities out. */
  toOnnx(): Uint8Array;
}

/** What a learning method gives. */
export interface LearnResult {
  /** Labels of the tasks from answers and models together. */
  readonly estimate: Estimate;
  /** For tasks nobody answered; absent where nothing was trained. */
  readonly classifier?: Classifier;
  /** Probabilities of the trained network for the tasks, T×K, NaN rows where it has no opinion. */
  readonly opinions?: Float64Array;
}

/** One way to learn from answers and features together. */
export interface LearnMethod {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly citation: string;
  readonly options: OptionTable;
  fit(input: LearnInput, options: Readonly<Record<string, unknown>>, context: LearnContext): Promise<LearnResult>;
}

export interface LearnMethodDefinition<T extends OptionTable> extends Omit<LearnMethod, 'options' | 'fit'> {
  readonly options: T;
  fit(input: LearnInput, options: OptionValues<T>, context: LearnContext): Promise<LearnResult>;
}

/** Makes a {@link LearnMethod} of its definition; the option table types what `fit` receives. */
export function defineLearnMethod<const T extends OptionTable>(definition: LearnMethodDefinition<T>): LearnMethod {
  return definition as unknown as LearnMethod;
}

export interface LearnOptions {
  readonly options?: Readonly<Record<string, unknown>>;
  /** Default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LearnProgress) => void;
}

/**
 * Fits a learning method.
 *
 * @throws {InputError} unknown-option, invalid-option, missing-features
 * @throws {StateError} cancelled, diverged
 * @throws {EngineError} missing-runtime
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learn(raykar, { table, features })).estimate.label('t2'); // => 'yes'
 */
export function learn(method: LearnMethod, input: LearnInput, options: LearnOptions = {}): Promise<LearnResult> {
  const { seed = 0, signal, onProgress = (): void => {} } = options;
  const values = parseOptions(method.options, options.options);
  return method.fit(input, values, { seed, random: new Random(seed), signal, onProgress });
}

/** The features, or an error that says they are needed. */
export function needFeatures({ features }: LearnInput, method: string): TaskFeatures {
  if (features !== undefined) return features;
  const hint = 'give --features FILE';
  throw new InputError(`missing features for ${method}: it trains a network; ${hint}`, {
    code: 'missing-features',
    hint,
  });
}
