import { type AnswerTable, answersFrom, Random } from '@assay/core';

export interface CrowdRecipe {
  readonly seed: number;
  readonly tasks: number;
  readonly workers: number;
  readonly classes: number;
  /** Answers per task. */
  readonly redundancy: number;
  /** Worker accuracies are drawn evenly between these. */
  readonly accuracy: readonly [number, number];
}

export interface Crowd {
  readonly rows: [task: string, worker: string, label: string][];
  readonly truth: Map<string, string>;
}

/** A one-coin crowd of our own making: wrong answers are even over the other classes. */
export function crowd({ seed, tasks, workers, classes, redundancy, accuracy }: CrowdRecipe): Crowd {
  const random = new Random(seed);
  const skill = Array.from({ length: workers }, () => accuracy[0] + (accuracy[1] - accuracy[0]) * random.uniform());
  const rows: Crowd['rows'] = [];
  const truth = new Map<string, string>();
  for (let t = 0; t < tasks; t++) {
    const real = random.integer(classes);
    truth.set(`t${t}`, `c${real}`);
    for (const w of random.permutation(workers).subarray(0, redundancy)) {
      const said = random.uniform() < skill[w] ? real : (real + 1 + random.integer(classes - 1)) % classes;
      rows.push([`t${t}`, `w${w}`, `c${said}`]);
    }
  }
  return { rows, truth };
}

export function tableOf(recipe: CrowdRecipe): AnswerTable {
  return answersFrom(crowd(recipe).rows);
}

/** The posterior of a task and class by name, whatever the order of either. */
export function posteriorOf(
  estimate: {
    posterior: Float64Array;
    taskNames: { indexOf(n: string): number };
    classNames: { indexOf(n: string): number; size: number };
  },
  task: string,
  label: string,
): number {
  return estimate.posterior[
    estimate.taskNames.indexOf(task) * estimate.classNames.size + estimate.classNames.indexOf(label)
  ];
}
