import {
  type AnswerTable,
  AnswerTableBuilder,
  dawidSkeneMap,
  type Estimate,
  fit,
  Random,
  type Receipt,
  type WorkerKind,
} from '@assay/core';
import { calibrationBins, measure, scoreTasks } from '@assay/core/quality';
import type { ReportInput } from '@assay/figures/report';

/** What a simulated crowd is made of. */
export interface CrowdRecipe {
  readonly tasks: number;
  readonly workers: number;
  readonly classes: readonly string[];
  readonly answersPerTask: number;
  readonly workerName?: (worker: number) => string;
  readonly taskName?: (task: number) => string;
}

export interface Crowd {
  readonly table: AnswerTable;
  readonly receipt: Receipt;
  readonly truth: ReadonlyMap<string, string>;
}

const kinds: readonly WorkerKind[] = ['human', 'human', 'human', 'ai', 'human', 'rule'];

/** A seeded crowd: some good, some careless, one guessing; the number of answers differs between workers. */
export function crowd(recipe: CrowdRecipe): Crowd {
  const random = new Random(19);
  const K = recipe.classes.length;
  const builder = new AnswerTableBuilder({ question: 'what is it' });
  const truth = new Map<string, string>();
  for (let task = 0; task < recipe.tasks; task++) {
    const name = recipe.taskName?.(task) ?? `task-${task}`;
    const right = random.integer(K);
    truth.set(name, recipe.classes[right]);
    const seen = new Set<number>();
    while (seen.size < Math.min(recipe.answersPerTask, recipe.workers)) {
      // Squared, so that the first workers answer most.
      const worker = Math.floor(recipe.workers * random.uniform() ** 2);
      if (seen.has(worker)) continue;
      seen.add(worker);
      const skill = worker % 7 === 5 ? 1 / K : 0.95 - 0.4 * ((worker * 0.618) % 1);
      const said = random.uniform() < skill ? right : random.uniform() < 0.6 ? (right + 1) % K : random.integer(K);
      builder.add({
        task: name,
        worker: recipe.workerName?.(worker) ?? `worker-${worker}`,
        label: recipe.classes[said],
        kind: kinds[worker % kinds.length],
      });
    }
  }
  const { table, receipt } = builder.build();
  return { table, receipt, truth };
}

/** A whole report's input: everything optional is there. */
export function fullInput(
  { table, receipt, truth }: Crowd,
  estimate: Estimate = fit(dawidSkeneMap, table),
): ReportInput {
  const measures = measure(estimate, truth);
  const scores = scoreTasks(estimate, truth);
  return {
    title: 'Support tickets, March',
    receipt: {
      ...receipt,
      sources: ['tickets.csv'],
      format: 'csv',
      columns: [
        { from: 'ticket', to: 'task' },
        { from: 'who', to: 'worker' },
        { from: 'answer', to: 'label' },
      ],
      guesses: ['the column "who" was taken for the worker; say --worker-column to change it'],
    },
    table,
    estimate,
    method: dawidSkeneMap,
    why: 'Chosen because every worker has enough answers for a confusion matrix of their own.',
    expectedAccuracy: {
      value: 0.93,
      lo: 0.9,
      hi: 0.95,
      level: 0.9,
      assumption:
        'This holds if workers err independently of each other given the true label. If many share a confusion it is too high.',
    },
    agreement: [
      {
        name: "Krippendorff's alpha",
        value: 0.62,
        lo: 0.58,
        hi: 0.66,
        sentence: 'Of the disagreement that chance would give, 62% is absent.',
      },
      {
        name: 'pairwise agreement',
        value: 0.71,
        sentence: 'Two workers on the same task say the same in 71% of the pairs.',
      },
    ],
    truth: {
      tasks: measures.scored,
      coverage: measures.coverage,
      accuracy: { value: measures.accuracy, lo: measures.accuracy - 0.02, hi: Math.min(1, measures.accuracy + 0.02) },
      voteAccuracy: { value: measures.accuracy - 0.03 },
      logLoss: measures.logLoss,
      ece: measures.ece,
      bins: calibrationBins(scores.confidence, scores.credit),
    },
    notes: ['12 tasks have one answer only'],
    files: { workers: 'workers.csv', labels: 'labels.csv' },
    checkCommand: 'assay aggregate tickets.csv --gold checked.csv',
    made: '21 November, with assay report tickets.csv',
  };
}
