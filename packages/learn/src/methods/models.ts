import type { AnswerTable } from '@assay/core';
import { argmaxRow, type CoWorker, fixedCoWorkers } from './co-workers.ts';
import { copyGuard } from './copies.ts';

/** How models count beside people. */
export interface ModelSettings {
  /** Pseudo-answers per row of a model's confusion, spread evenly. */
  readonly smooth: number;
  readonly vote: 'hard' | 'soft';
  /** Largest log-odds one fixed model may bring. */
  readonly mostWeight: number;
  /** Recognise models that copy each other. */
  readonly guard: boolean;
}

/** As published for HAEM, with the cap and the guard. */
const modelDefaults: ModelSettings = { smooth: 1, vote: 'hard', mostWeight: 4.6, guard: true };

/** A model with what it was found to be worth. */
export interface WeighedModel {
  /** K×K, rows truth. */
  readonly confusion: Float64Array;
  /** T×K. */
  readonly opinions: Float64Array;
  /** Power its vote is raised to. */
  readonly power: number;
}

/**
 * Adds what models say to log posteriors `logs` (T×K), each by a confusion matrix estimated from `q`.
 *
 * Source: Yamashita, Ito, Wakabayashi, Kobayashi & Morishima, "HAEM", the factor β of the E-step; the
 * guard against copies and the cap on fixed models are ours.
 *
 * @param opinions of each of `coWorkers`, T×K, NaN rows without opinion
 * @param alone posterior of the people alone, T×K, by which copies are recognised
 */
export function weighModels(
  logs: Float64Array,
  coWorkers: readonly CoWorker[],
  opinions: readonly Float64Array[],
  q: Float64Array,
  alone: Float64Array,
  classCount: number,
  settings: ModelSettings,
): WeighedModel[] {
  const { power } = settings.guard
    ? copyGuard(opinions, alone, classCount)
    : { power: new Float64Array(opinions.length).fill(1) };
  return coWorkers.map(({ trained }, p) => {
    const confusion = modelConfusion(opinions[p], q, classCount, settings);
    const most = trained ? Number.POSITIVE_INFINITY : settings.mostWeight;
    addOpinions(logs, opinions[p], confusion, power[p], classCount, settings.vote, most);
    return { confusion, opinions: opinions[p], power: power[p] };
  });
}

/** The models with fixed answers of a table, for methods whose E-step they only join. */
export class FixedModels {
  readonly #coWorkers: readonly CoWorker[];
  readonly #opinions: readonly Float64Array[];
  readonly #alone: Float64Array;
  readonly #classCount: number;
  #weighed: readonly WeighedModel[] = [];

  private constructor(table: AnswerTable, opinions: readonly Float64Array[], alone: Float64Array) {
    this.#coWorkers = fixedCoWorkers(table);
    this.#opinions = opinions;
    this.#alone = alone;
    this.#classCount = table.classCount;
  }

  /** @param alone posterior of the people alone, T×K */
  static async of(table: AnswerTable, alone: () => Float64Array): Promise<FixedModels> {
    const models = fixedCoWorkers(table);
    const opinions = await Promise.all(models.map((model) => model.opinions(new Float64Array(0), false)));
    return new FixedModels(table, opinions, models.length === 0 ? new Float64Array(0) : alone());
  }

  /** Adds their votes to log posteriors, by what `q` says of them. */
  join(logs: Float64Array, q: Float64Array): void {
    if (this.#coWorkers.length === 0) return;
    const [own, alone] = [this.#opinions, this.#alone];
    this.#weighed = weighModels(logs, this.#coWorkers, own, q, alone, this.#classCount, modelDefaults);
  }

  /** `confusion` of the people, W×K×K, with those of the models in their workers' places. */
  withConfusions(confusion: Float64Array): Float64Array {
    const result = confusion.slice();
    this.#weighed.forEach((model, p) => {
      result.set(model.confusion, this.#coWorkers[p].worker * this.#classCount * this.#classCount);
    });
    return result;
  }

  /** What users should know of how they count. */
  get notes(): string[] {
    return this.#weighed.flatMap(({ power }, p) => (power < 0.95 ? [copyNote(this.#coWorkers[p].name, power)] : []));
  }
}

/** Says that a model copies another. */
export function copyNote(name: string, power: number): string {
  return `${name} says the same as another model beyond its skill: its vote counts ${power.toFixed(2)}`;
}

/** β: rows truth, columns said, with `smooth` pseudo-answers spread over each row. */
function modelConfusion(
  opinions: Float64Array,
  q: Float64Array,
  classCount: number,
  { smooth, vote }: ModelSettings,
): Float64Array {
  const beta = new Float64Array(classCount * classCount).fill(smooth / classCount);
  for (let row = 0; row < q.length; row += classCount) {
    if (Number.isNaN(opinions[row])) continue;
    if (vote === 'hard') {
      const said = argmaxRow(opinions, row / classCount, classCount);
      for (let k = 0; k < classCount; k++) beta[k * classCount + said] += q[row + k];
      continue;
    }
    for (let k = 0; k < classCount; k++)
      for (let l = 0; l < classCount; l++) beta[k * classCount + l] += q[row + k] * opinions[row + l];
  }
  for (let row = 0; row < beta.length; row += classCount) {
    let mass = 0;
    for (let l = 0; l < classCount; l++) mass += beta[row + l];
    for (let l = 0; l < classCount; l++) beta[row + l] = mass > 0 ? beta[row + l] / mass : 1 / classCount;
  }
  return beta;
}

function addOpinions(
  logs: Float64Array,
  opinions: Float64Array,
  beta: Float64Array,
  power: number,
  classCount: number,
  vote: 'hard' | 'soft',
  mostWeight: number,
): void {
  const logBeta = beta.map((cell) => Math.log(Math.max(1e-10, cell)));
  const evidence = new Float64Array(classCount);
  for (let row = 0; row < logs.length; row += classCount) {
    if (Number.isNaN(opinions[row])) continue;
    const said = argmaxRow(opinions, row / classCount, classCount);
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classCount; k++) {
      let value = 0;
      if (vote === 'hard') value = logBeta[k * classCount + said];
      else for (let l = 0; l < classCount; l++) value += opinions[row + l] * logBeta[k * classCount + l];
      evidence[k] = value;
      most = Math.max(most, value);
    }
    for (let k = 0; k < classCount; k++) logs[row + k] += power * Math.max(evidence[k], most - mostWeight);
  }
}
