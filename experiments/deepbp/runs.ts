import type { ExperimentOptions } from '../experiment.ts';
import { mean, type Outcome, type Study } from '../haem/protocol.ts';
import { once } from '../memory.ts';
import { type Contender, compete, type Setting, studyOf } from './contenders.ts';
import type { Garments } from './pictures.ts';

/** Means over the crowds of one setting, and the worst labels. */
export interface Summary {
  readonly inference: number;
  readonly worst: number;
  readonly test: number | null;
}

/** Runs contenders on drawn crowds, remembers what they found, and says how far it is. */
export class Runs {
  readonly #options: ExperimentOptions;
  readonly #garments: Garments;
  readonly #known: Map<string, Outcome> = new Map();
  #study: { readonly key: string; readonly study: Study } | undefined;

  constructor(options: ExperimentOptions, garments: Garments) {
    this.#options = options;
    this.#garments = garments;
  }

  /** Every contender in every setting on `count` crowds. */
  async all(
    part: string,
    settings: readonly Setting[],
    contenders: readonly Contender[],
    count: number,
  ): Promise<Summary[][]> {
    const found = settings.map(() => contenders.map((): Outcome[] => []));
    const total = settings.length * count;
    for (let crowd = 0; crowd < count; crowd++)
      for (const [row, setting] of settings.entries()) {
        this.#options.onProgress(part, crowd * settings.length + row, total);
        for (const [column, contender] of contenders.entries())
          found[row][column].push(await this.#outcome(setting, contender, crowd));
      }
    return found.map((row) => row.map(summary));
  }

  async #outcome(setting: Setting, contender: Contender, crowd: number): Promise<Outcome> {
    const seed = (this.#options.seed ?? 1) + crowd;
    const { belief, ...drawn } = setting;
    // Answers alone do not see the pictures.
    const seen = contender.kind === 'labels' ? { ...drawn, blur: 0 } : drawn;
    const key = JSON.stringify([contender.name, seen, contender.believes ? belief : null, seed]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const outcome = await once(this.#options.memory, key, () =>
      compete(this.#studyOf(setting, seed), contender, setting, seed, this.#options.signal),
    );
    this.#known.set(key, outcome);
    return outcome;
  }

  #studyOf(setting: Setting, seed: number): Study {
    const { belief: _belief, ...drawn } = setting;
    const key = JSON.stringify([drawn, seed]);
    if (this.#study?.key !== key) this.#study = { key, study: studyOf(this.#garments, setting, seed) };
    return this.#study.study;
  }
}

export function summary(outcomes: readonly Outcome[]): Summary {
  return {
    inference: mean(outcomes.map(({ inference }) => inference)) as number,
    worst: Math.min(...outcomes.map(({ inference }) => inference)),
    test: mean(outcomes.map(({ test }) => test)),
  };
}
