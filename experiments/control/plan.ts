import { resolve } from 'node:path';
import { type AnswerTable, answersFrom, fit, Random } from '@assay/core';
import { type PlanPoint, plan } from '@assay/core/control';
import { methodById } from '@assay/core/methods';
import { thin } from '@assay/core/simulate';
import { bars } from '@assay/figures';
import { band, type Experiment, type ExperimentOptions, type ExperimentResult } from '../experiment.ts';
import { accuracyOn, type RealSet, realSet } from './real-set.ts';

/** Public sets with four or more answers a task, and known labels of 200 tasks or more. */
const sets = [
  'temp',
  'rte',
  'dog',
  'web',
  'music',
  'sentpol',
  'weather',
  'medical_cause',
  'ducks',
  'trec2010',
] as const;
const mostPeople = 8;
/** Of fewer other tasks what is seen is itself so uncertain that the width of a band says little of the forecast. */
const enoughOthers = 300;
const goldTasks = 100;
const replays = 2;

/**
 * Pilots of 100 tasks with known labels: does the forecast's 90 % band cover what replaying all other tasks then shows?
 *
 * A pilot has all answers of its tasks. The others are replayed with 1 to 8 random answers a task, aggregated by the method
 * the plan names for so many, and scored by their known labels.
 */
export const planCoverage: Experiment = {
  id: 'plan',
  title: 'Forecasts from pilots of 100 tasks against what the other tasks show',
  source: 'Assay; mixtures of Dirichlet-multinomials and a parametric bootstrap, aggregated with coin-shrunk.',
  run: measure,
};

/** One number of answers in one pilot. */
interface Cell {
  /** Other tasks with known labels. */
  readonly others: number;
  readonly people: number;
  readonly seen: number;
  readonly forecast: PlanPoint['accuracy'];
}

async function measure({ full, seed = 1, data, onProgress, signal }: ExperimentOptions): Promise<ExperimentResult> {
  const folder = resolve(data ?? process.env.ASSAY_DATA ?? '../shared/datasets');
  const seeds = full ? 10 : 2;
  const rows: string[][] = [];
  const all: Cell[] = [];
  const covers: number[] = [];
  for (const [index, name] of sets.entries()) {
    const set = await realSet(folder, name);
    const cells: Cell[] = [];
    for (let draw = 0; draw < seeds; draw++) {
      signal?.throwIfAborted();
      cells.push(...pilotAndRest(set, seed + draw));
      onProgress(`pilots of ${name}`, index * seeds + draw + 1, sets.length * seeds);
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
    }
    all.push(...cells);
    covers.push(covered(cells));
    rows.push([
      name,
      String(cells[0].others),
      ...[2, 3, 5, 8].map((people) => {
        const these = cells.filter((cell) => cell.people === people);
        if (these.length === 0) return '';
        return `${mean(these.map(({ seen }) => seen))} ${mean(these.map(({ forecast }) => forecast.value))}`;
      }),
      covered(cells).toFixed(2),
      mean(cells.map(width)),
    ]);
  }
  const large = all.filter(({ others }) => others >= enoughOthers);
  return {
    tables: [
      {
        title: `Accuracy seen and forecast, and how often the 90 % band covers what was seen, 1 to 8 people a task, ${seeds} pilots`,
        columns: ['set', 'other tasks', '2 people', '3 people', '5 people', '8 people', 'covered', 'mean width'],
        rows,
      },
    ],
    bands: [
      band('share of all set × pilot × number cells the band covers', covered(all), 0.8, 1, 0.9),
      band(`the same on sets with ${enoughOthers} other tasks or more`, covered(large), 0.8, 1, 0.9),
      band(
        `mean width of the band on sets with ${enoughOthers} other tasks or more`,
        Number(mean(large.map(width))),
        0,
        0.1,
      ),
    ],
    figures: [
      {
        name: 'plan-coverage',
        svg: bars({
          title: 'How often the 90 % band of a forecast covers what was then seen',
          format: 'percent',
          rows: sets.map((set, i) => ({ label: set, value: covers[i] })),
        }),
      },
    ],
    notes: [
      `What is seen is itself of a sample, and the band counts that: with the sets of fewer than ${enoughOthers} other tasks the mean width is ${mean(all.map(width))}.`,
    ],
  };
}

function pilotAndRest({ table, truth }: RealSet, seed: number): Cell[] {
  const known = [...truth.keys()].filter((task) => table.tasks.indexOf(task) >= 0).sort();
  const gold = new Set(new Random(seed).fork('pilot').shuffle(known).slice(0, goldTasks));
  const labels = new Map([...gold].map((task) => [task, truth.get(task) as string]));
  const pilot = partOf(table, (task) => gold.has(task)).withGold(labels).table;
  const rest = partOf(table, (task) => !gold.has(task));
  const scored = [...truth].filter(([task]) => rest.tasks.indexOf(task) >= 0);
  const { points } = plan(pilot, {
    prices: { humanMicros: 1 },
    budgetMicros: 1e9,
    tasks: scored.length,
    mostPeople: Math.min(mostPeople, Math.floor(table.answerCount / table.taskCount)),
    seed,
  });
  // A pilot with fewer than four answers a task gets the votes it shows itself, and no more points.
  return points.map(({ people, method, accuracy }) => {
    let seen = 0;
    for (let replay = 0; replay < replays; replay++) {
      const estimate = fit(methodById(method), thin(rest, people, seed * replays + replay));
      seen += accuracyOn((task) => estimate.label(task), scored) / replays;
    }
    return { others: scored.length, people, seen, forecast: accuracy };
  });
}

/** The answers to some tasks, with the workers and classes that are among them. */
function partOf(table: AnswerTable, keep: (task: string) => boolean): AnswerTable {
  const { taskStart, worker, label, workers, classes } = table;
  const rows: [task: string, worker: string, label: string][] = [];
  for (let task = 0; task < table.taskCount; task++) {
    const name = table.tasks.name(task);
    if (!keep(name)) continue;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      rows.push([name, workers.name(worker[answer]), classes.name(label[answer])]);
    }
  }
  return answersFrom(rows);
}

function covered(cells: readonly Cell[]): number {
  return cells.filter(({ seen, forecast: { lo, hi } }) => lo <= seen && seen <= hi).length / cells.length;
}

function width({ forecast: { lo, hi } }: Cell): number {
  return hi - lo;
}

function mean(values: readonly number[]): string {
  return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3);
}
