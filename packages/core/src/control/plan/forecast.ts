import type { AnswerTable } from '../../answers/answer-table.ts';
import { normalQuantile } from '../../math/normal-quantile.ts';
import type { Random } from '../../math/random.ts';
import { fit, type Method } from '../../methods/method.ts';
import { tiedCount } from '../../methods/ties.ts';
import {
  aiConfidence,
  type CrowdModel,
  type CrowdNames,
  crowdNames,
  type DrawnCrowd,
  drawCrowd,
  tableOfCrowd,
} from './crowd-model.ts';
import { directVote } from './direct.ts';

/** One way to buy answers for every task. */
export interface Recipe {
  /** People asked per task. */
  readonly people: number;
  /** AIs asked on every task, as index of the pilot's AIs. */
  readonly ais: readonly number[];
  /** With AIs: people are asked only where the AIs' posterior is below this; undefined asks them always. */
  readonly threshold?: number;
}

/** What a recipe is expected to give. */
export interface Forecast {
  readonly recipe: Recipe;
  /** Id of the method the numbers are of: the one asked for, or `majority-vote` where that is the safer one. */
  readonly method: string;
  /** Accuracy over new tasks, with its band. */
  readonly value: number;
  readonly lo: number;
  readonly hi: number;
  /** Accuracy in each simulated world, and the sampling error of the pilot that must be added to their spread. */
  readonly draws: Float64Array;
  readonly pilotSd: number;
  /** Majority vote on the same answers. */
  readonly vote: number;
  /** Mean number of people asked per task: below `people` where a threshold spares them. */
  readonly peopleAsked: number;
}

export interface ForecastOptions {
  readonly method: Method;
  readonly methodOptions?: Readonly<Record<string, unknown>>;
  /** Tasks to be labelled; at most `mostSimulated` of them are simulated. */
  readonly tasks: number;
  /** Simulated worlds, default 40. */
  readonly draws?: number;
  /** Probability the band is meant to cover, default 0.9. */
  readonly level?: number;
  readonly random: Random;
}

/** The worlds already carry part of the pilot's error, so the smaller of the two variances counts a quarter. */
function joined(a: number, b: number): number {
  return Math.max(a, b) + 0.25 * Math.min(a, b);
}

/** Simulated tasks per world: more changes the forecast by less than its band. */
const mostSimulated = 600;

/**
 * Accuracy of each recipe on new tasks: a parametric bootstrap of the crowd, aggregated by the method that will be used.
 *
 * All recipes see the same worlds (common random numbers), so differences between them are sharper than their bands. The
 * band joins the spread over worlds with the pilot's own sampling error: the standard deviation between gold tasks of
 * what majority vote gets right, over √G. Yields after each world; about recipes × worlds fits of 600 tasks.
 *
 * With people in the pilot the forecast is moved by the difference between majority vote simulated and majority vote read
 * off the pilot at the same number of answers (or the most the pilot has).
 *
 * People's answers may also be counted plainly. A method that weighs workers can lose its way with two answers a task, or
 * where many workers share a mistake; the plan takes whichever of the two promises more with probability 0.8.
 *
 * Source: two kinds of task, parametric bootstrap; Assay's own, measured against replay in `docs/control.md`.
 */
export function* forecast(
  model: CrowdModel,
  recipes: readonly Recipe[],
  options: ForecastOptions,
): Generator<{ readonly done: number; readonly total: number }, Forecast[], void> {
  const worlds = options.draws ?? 40;
  const taskCount = Math.max(1, Math.min(options.tasks, mostSimulated));
  const most = Math.max(1, ...recipes.map(({ people }) => people));
  const names = crowdNames(model, taskCount);
  const accuracy = recipes.map(() => new Float64Array(worlds));
  const votes = recipes.map(() => new Float64Array(worlds));
  const asked = recipes.map(() => 0);
  for (let world = 0; world < worlds; world++) {
    const crowd = drawCrowd(model, options.random.fork(`world ${world}`), taskCount, most);
    recipes.forEach((recipe, index) => {
      const { table, people } = answersOf(model, crowd, names, recipe);
      accuracy[index][world] = accuracyOf(table, crowd.truth, options);
      votes[index][world] = voteAccuracy(table, crowd.truth);
      asked[index] += people / taskCount / worlds;
    });
    yield { done: world + 1, total: worlds };
  }
  const z = normalQuantile(0.5 + (options.level ?? 0.9) / 2);
  const shifts = votedShifts(model, recipes, votes.map(meanOf));
  return recipes.map((recipe, index) => {
    const shift = recipe.ais.length === 0 ? (shifts[Math.min(recipe.people, shifts.length - 1)] ?? 0) : 0;
    const promise = (method: string, worldly: Float64Array): Promised => {
      const draws = worldly.map((value) => Math.min(1, Math.max(0, value + shift)));
      const value = meanOf(draws);
      const variance = draws.reduce((sum, draw) => sum + (draw - value) ** 2, 0) / Math.max(1, worlds - 1);
      const pilotSd = pilotSdOf(model, recipe, value);
      return { method, value, draws, pilotSd, sd: Math.sqrt(joined(variance, pilotSd * pilotSd)) };
    };
    const vote = promise('majority-vote', votes[index]);
    const weighed = promise(options.method.id, accuracy[index]);
    const { method, value, draws, pilotSd, sd } = recipe.ais.length === 0 ? safer(vote, weighed) : weighed;
    return {
      recipe,
      method,
      value,
      lo: Math.max(0, value - z * sd),
      hi: Math.min(1, value + z * sd),
      draws,
      pilotSd,
      vote: meanOf(votes[index]),
      peopleAsked: asked[index],
    };
  });
}

/** What one way of counting the same answers promises. */
interface Promised {
  readonly method: string;
  readonly value: number;
  readonly draws: Float64Array;
  readonly pilotSd: number;
  readonly sd: number;
}

/** The one that reaches more with probability 0.8; the first where they are equal. */
function safer(one: Promised, other: Promised): Promised {
  const reached = ({ value, sd }: Promised): number => value + sd * normalQuantile(0.2);
  return reached(other) > reached(one) ? other : one;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function answersOf(
  model: CrowdModel,
  crowd: DrawnCrowd,
  names: CrowdNames,
  recipe: Recipe,
): { table: AnswerTable; people: number } {
  let people = 0;
  const asked = (task: number): number => {
    const spared = recipe.threshold !== undefined && aiConfidence(model, crowd, task, recipe.ais) >= recipe.threshold;
    const count = spared ? 0 : recipe.people;
    people += count;
    return count;
  };
  const table = tableOfCrowd(model, crowd, names, asked, recipe.ais);
  return { table, people };
}

function accuracyOf(table: AnswerTable, truth: Int32Array, options: ForecastOptions): number {
  // One answer a task: nobody can be checked against anybody, and models collapse onto the commonest class.
  if (table.answerCount <= table.taskCount && table.testCounts === undefined) return voteAccuracy(table, truth);
  const { posterior } = fit(options.method, table, { seed: 0, options: options.methodOptions });
  const { classCount } = table;
  let credit = 0;
  for (let task = 0; task < truth.length; task++)
    credit += creditOf(posterior, task * classCount, classCount, truth[task]);
  return credit / truth.length;
}

function voteAccuracy(table: AnswerTable, truth: Int32Array): number {
  const { classCount, taskStart, label } = table;
  const votes = new Float64Array(classCount);
  let credit = 0;
  for (let task = 0; task < truth.length; task++) {
    votes.fill(0);
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) votes[label[answer]]++;
    credit += creditOf(votes, 0, classCount, truth[task]);
  }
  return credit / truth.length;
}

/** 1/c for a label tied with c − 1 others at the top, 0 for any other. */
function creditOf(scores: Float64Array, from: number, count: number, truth: number): number {
  let most = 0;
  for (let k = 0; k < count; k++) if (scores[from + k] > most) most = scores[from + k];
  return scores[from + truth] < most * (1 - 1e-12) ? 0 : 1 / tiedCount(scores, from, count);
}

/** By number of people: majority vote read off the pilot minus majority vote simulated, as far as the pilot's answers go. */
function votedShifts({ pilot }: CrowdModel, recipes: readonly Recipe[], votes: readonly number[]): number[] {
  const shifts: number[] = [0];
  for (let people = 1; ; people++) {
    const index = recipes.findIndex((recipe) => recipe.ais.length === 0 && recipe.people === people);
    const direct = index < 0 ? undefined : directVote(pilot, people);
    if (direct === undefined || direct.tasks < Math.max(10, 0.5 * pilot.truth.length)) return shifts;
    shifts.push(direct.accuracy - votes[index]);
  }
}

/** Standard error of the pilot's mean: between gold tasks for people's answers, of single trials for AIs. */
function pilotSdOf({ pilot }: CrowdModel, recipe: Recipe, mean: number): number {
  const goldCount = Math.max(1, pilot.truth.length);
  const trial = Math.sqrt((mean * (1 - mean)) / goldCount);
  if (recipe.ais.length > 0) return trial;
  const direct = directVote(pilot, Math.max(1, Math.min(recipe.people, Math.floor(pilot.answersPerTask))));
  return direct.tasks < 2 ? trial : Math.min(trial, direct.taskSd / Math.sqrt(direct.tasks));
}
