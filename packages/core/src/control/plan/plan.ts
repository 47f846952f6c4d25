import type { AnswerTable } from '../../answers/answer-table.ts';
import { InputError } from '../../errors.ts';
import { normalCdf } from '../../math/normal.ts';
import { normalQuantile } from '../../math/normal-quantile.ts';
import { Random } from '../../math/random.ts';
import { coinShrunk } from '../../methods/dawid-skene/shrunk.ts';
import { fit, type Method } from '../../methods/method.ts';
import { version } from '../../version.ts';
import { ceilingOf, crowdModelOf, enoughToResample } from './crowd-model.ts';
import { type DirectEstimate, directVote } from './direct.ts';
import { type Forecast, forecast } from './forecast.ts';
import { type Pilot, pilotOf } from './pilot.ts';
import { familyNumbers, nameOf, recipesOf } from './recipes.ts';
import { fitTwoKinds, type TwoKinds } from './two-kinds.ts';

/** What an answer costs, in whole micro-units. */
export interface Prices {
  /** One answer of a person. */
  readonly humanMicros: number;
  /** One answer of each AI worker by name; `ai` in the record is the price of AIs not named. */
  readonly aiMicros?: Readonly<Record<string, number>>;
  /** Models that share mistakes, by worker name. */
  readonly families?: Readonly<Record<string, string>>;
  /** Fees, gold and refused work, as a share of what people are paid; default 0. */
  readonly overhead?: number;
}

export interface PlanOptions {
  readonly prices: Prices;
  readonly budgetMicros: number;
  /** Tasks to be labelled; default as many as the pilot has. */
  readonly tasks?: number;
  /** Accuracy wanted: the plan then names the cheapest recipe that reaches it with probability 0.8. */
  readonly target?: number;
  /** The method that will aggregate the answers; default coin-shrunk. */
  readonly method?: Method;
  readonly methodOptions?: Readonly<Record<string, unknown>>;
  /** The most people asked per task; default 9. */
  readonly mostPeople?: number;
  /** Simulated worlds; default 40. */
  readonly draws?: number;
  readonly seed?: number;
}

/** One way to spend the money. Money is in whole micro-units. */
export interface PlanPoint {
  readonly name: string;
  readonly people: number;
  readonly ais: readonly string[];
  readonly threshold: number | null;
  /** Expected people's answers per task. */
  readonly peopleAsked: number;
  /** Id of the method that should find the labels: the plan's, or `majority-vote` where a plain vote is safer. */
  readonly method: string;
  readonly costMicros: number;
  readonly accuracy: { readonly value: number; readonly lo: number; readonly hi: number };
  /** Majority vote on the same answers. */
  readonly vote: number;
  /** Majority vote read off the pilot itself, where it has that many answers. */
  readonly direct: number | null;
  /** Probability of reaching the target, null without one. */
  readonly chance: number | null;
  /** No cheaper plan is as good. */
  readonly efficient: boolean;
  readonly affordable: boolean;
}

/** A forecast of quality against money, with a recommendation. */
export interface Plan {
  readonly version: string;
  readonly seed: number;
  readonly tasks: number;
  readonly budgetMicros: number;
  readonly points: readonly PlanPoint[];
  /** Index into `points` of the recommended plan, or null when nothing is affordable. */
  readonly recommended: number | null;
  /** Why it is recommended, in one sentence. */
  readonly reason: string;
  /** Index of the cheapest plan that reaches the target with probability 0.8, or null. */
  readonly reachesTarget: number | null;
  /** The number of people from which on every further answer adds less than half a point; null when all add more. */
  readonly enoughPeople: number | null;
  /** Accuracy that no number of people's answers exceeds in a plain vote; null without people. */
  readonly ceiling: number | null;
  /** Gold tasks behind the forecast. */
  readonly goldTasks: number;
  readonly answersPerGoldTask: number;
  /** True when there was too little gold: shared mistakes are invisible, and the truth is likely lower. */
  readonly upperBound: boolean;
  /** `forecast`, or `direct` where the pilot has too few answers a task for a model of it. */
  readonly basis: 'forecast' | 'direct';
  readonly assumptions: readonly string[];
  readonly warnings: readonly string[];
}

/** Below so many gold tasks the labels of the best method stand in for gold, and the forecast is an upper bound. */
export const leastGold = 20;

/** From so many gold tasks on the band was measured to hold. */
export const enoughGold = 100;

/** Below so many answers a gold task the kinds of task cannot be told apart. */
export const leastAnswers = 4;

/**
 * What money buys: accuracy against cost for people, AIs, both, and AIs first with people where they are unsure.
 *
 * Use after a pilot of 50 to 100 tasks with known labels and five or more people's answers each (and the AIs' answers,
 * which cost little). Refuses nothing it can answer honestly: with fewer than 20 gold tasks the forecast is an upper bound
 * and says so; with fewer than 4 answers a task only numbers of answers the pilot itself has are forecast, by majority
 * vote. Ties inside the bands are for the user to see; the recommendation takes the cheapest plan within half a point of
 * the best affordable one.
 *
 * A generator: yields progress after each simulated world, returns the plan. Seconds for pilots of hundreds of tasks.
 *
 * @throws {InputError} invalid-budget, invalid-price, missing-price, missing-classes, missing-answers
 */
export function* planFrontier(
  table: AnswerTable,
  options: PlanOptions,
): Generator<{ readonly done: number; readonly total: number }, Plan, void> {
  checkMoney(options);
  const seed = options.seed ?? 0;
  const random = new Random(seed).fork('plan');
  const tasks = options.tasks ?? table.taskCount;
  const warnings: string[] = [];
  const method = options.method ?? coinShrunk;
  const goldTasks = goldCount(table);
  const upperBound = goldTasks < leastGold;
  const pilot = pilotOf(table, upperBound ? labelsOf(table, seed) : table.gold);
  if (pilot.truth.length === 0) {
    throw new InputError('missing answers: no task has any; a plan needs a pilot', {
      code: 'missing-answers',
      hint: 'give a pilot: 50 to 100 tasks with known labels and five answers each',
    });
  }
  if (upperBound) {
    warnings.push(
      `${goldTasks === 0 ? 'No' : `Only ${goldTasks}`} known labels: mistakes that many workers share cannot be seen, so every accuracy here is an upper bound. Label 50 to 100 tasks of the pilot yourself and pass them with --gold.`,
    );
  } else if (goldTasks < enoughGold) {
    warnings.push(
      `${goldTasks} known labels: the bands were measured with ${enoughGold} or more and are wide with fewer.`,
    );
  }
  const withPeople = pilot.people.length > 0;
  const tooThin = withPeople && pilot.answersPerTask < leastAnswers;
  if (tooThin) {
    warnings.push(
      `${pilot.answersPerTask.toFixed(1)} people's answers per task with a known label: fewer than ${leastAnswers} cannot tell hard tasks from careless people, so only majority vote with up to ${Math.floor(pilot.answersPerTask)}, and each AI alone, are forecast. Ask for five or more answers on the pilot's tasks.`,
    );
  }
  const mostPeople = Math.min(options.mostPeople ?? 9, Math.max(1, pilot.people.length));
  const names = Array.from(pilot.ais, (w) => table.workers.name(w));
  const families = familyNumbers(names, options.prices.families);
  const recipes = tooThin ? [] : recipesOf(pilot, mostPeople, families);
  if (!tooThin && names.length > 1 && pilot.truth.length < enoughToResample) {
    warnings.push(
      `Joint mistakes of AI workers are modelled, not observed: ${pilot.truth.length} known labels are few.`,
    );
  }
  const kinds = fitTwoKinds(pilot);
  const model = crowdModelOf(table, pilot, kinds, families);
  const forecasts = tooThin
    ? directForecasts(pilot)
    : yield* forecast(model, recipes, {
        method,
        ...(options.methodOptions === undefined ? {} : { methodOptions: options.methodOptions }),
        tasks,
        draws: options.draws ?? 40,
        random,
      });
  const points = pointsOf(forecasts, pilot, names, options, tasks);
  const { recommended, reason } = recommend(points, options.budgetMicros);
  const target = options.target;
  const reaching = target === undefined ? [] : points.filter(({ chance }) => (chance ?? 0) >= 0.8);
  const cheapest = reaching.reduce<PlanPoint | undefined>(
    (best, point) => (best === undefined || point.costMicros < best.costMicros ? point : best),
    undefined,
  );
  return {
    version,
    seed,
    tasks,
    budgetMicros: options.budgetMicros,
    points,
    recommended,
    reason,
    reachesTarget: cheapest === undefined ? null : points.indexOf(cheapest),
    enoughPeople: enoughPeople(points),
    ceiling: withPeople && !tooThin ? ceilingOf(kinds, pilot.classCount, random.fork('ceiling')) : null,
    goldTasks,
    answersPerGoldTask: pilot.answersPerTask,
    upperBound,
    basis: tooThin ? 'direct' : 'forecast',
    assumptions: assumptionsOf(tooThin ? undefined : kinds, options, method, names.length > 0, withPeople),
    warnings,
  };
}

/** Runs {@link planFrontier} to its end. */
export function plan(table: AnswerTable, options: PlanOptions): Plan {
  const running = planFrontier(table, options);
  for (;;) {
    const step = running.next();
    if (step.done === true) return step.value;
  }
}

function checkMoney({ prices, budgetMicros, target, tasks }: PlanOptions): void {
  const whole = (name: string, value: number): void => {
    if (Number.isSafeInteger(value) && value >= 0) return;
    throw new InputError(`invalid ${name} ${value}; give whole micro-units of money, 0 or more`, {
      code: name === 'budget' ? 'invalid-budget' : 'invalid-price',
      got: String(value),
      hint: 'give whole micro-units of money, 0 or more',
    });
  };
  whole('budget', budgetMicros);
  whole('price of a person', prices.humanMicros);
  for (const [name, price] of Object.entries(prices.aiMicros ?? {})) whole(`price of ${name}`, price);
  const wrong = (name: string, value: number, hint: string): never => {
    throw new InputError(`invalid ${name} ${value}; ${hint}`, { code: `invalid-${name}`, got: String(value), hint });
  };
  if (prices.overhead !== undefined && !(prices.overhead >= 0 && prices.overhead < 100)) {
    wrong('overhead', prices.overhead, 'give a share of the pay, 0 or more');
  }
  if (target !== undefined && !(target > 0 && target < 1)) wrong('target', target, 'give an accuracy between 0 and 1');
  if (tasks !== undefined && !(Number.isInteger(tasks) && tasks > 0))
    wrong('tasks', tasks, 'give a whole number above 0');
}

function goldCount(table: AnswerTable): number {
  let count = 0;
  for (let task = 0; task < table.taskCount; task++) {
    if (table.gold !== undefined && table.gold[task] >= 0 && table.taskStart[task + 1] > table.taskStart[task]) count++;
  }
  return count;
}

/** Labels that stand in for gold: the most likely class of each task. */
function labelsOf(table: AnswerTable, seed: number): Int32Array {
  const estimate = fit(coinShrunk, table, { seed });
  return Int32Array.from({ length: table.taskCount }, (_, task) => estimate.labelIndex(task));
}

/** Majority vote for the numbers of answers the pilot has itself, and each AI alone by its gold tasks. */
function directForecasts(pilot: Pilot): Forecast[] {
  const forecasts: Forecast[] = [];
  for (let people = 1; people <= Math.max(1, Math.floor(pilot.answersPerTask)); people++) {
    const direct: DirectEstimate = directVote(pilot, people);
    if (direct.tasks === 0) continue;
    const pilotSd = direct.taskSd / Math.sqrt(direct.tasks);
    const half = normalQuantile(0.95) * pilotSd;
    const value = direct.accuracy;
    forecasts.push({
      recipe: { people, ais: [] },
      method: 'majority-vote',
      value,
      lo: Math.max(0, value - half),
      hi: Math.min(1, value + half),
      draws: Float64Array.of(value),
      pilotSd,
      vote: value,
      peopleAsked: people,
    });
  }
  for (let ai = 0; ai < pilot.ais.length; ai++) {
    let [right, all] = [0, 0];
    for (let g = 0; g < pilot.truth.length; g++) {
      const said = pilot.aiSaid[g * pilot.ais.length + ai];
      if (said >= 0) all++;
      if (said === pilot.truth[g]) right++;
    }
    const value = (right + 1) / (all + 2);
    const pilotSd = Math.sqrt((value * (1 - value)) / (all + 2));
    const half = normalQuantile(0.95) * pilotSd;
    const draws = Float64Array.of(value);
    const [lo, hi] = [Math.max(0, value - half), Math.min(1, value + half)];
    const recipe = { people: 0, ais: [ai] };
    forecasts.push({ recipe, method: 'majority-vote', value, lo, hi, draws, pilotSd, vote: value, peopleAsked: 0 });
  }
  return forecasts;
}

function pointsOf(
  forecasts: readonly Forecast[],
  pilot: Pilot,
  aiNames: readonly string[],
  options: PlanOptions,
  tasks: number,
): PlanPoint[] {
  const { prices, budgetMicros, target } = options;
  const aiPrice = (name: string): number => {
    const price = prices.aiMicros?.[name] ?? prices.aiMicros?.ai;
    if (price !== undefined) return price;
    throw new InputError(`missing price of the AI worker "${name}"; name it, or give one for "ai"`, {
      code: 'missing-price',
      got: name,
      hint: 'name it in the prices, or give one for "ai"',
    });
  };
  const points = forecasts.map(({ recipe, method, value, lo, hi, vote, peopleAsked, draws, pilotSd }): PlanPoint => {
    const ais = recipe.ais.map((ai) => aiNames[ai]);
    const perTask =
      ais.reduce((sum, name) => sum + aiPrice(name), 0) +
      peopleAsked * prices.humanMicros * (1 + (prices.overhead ?? 0));
    const costMicros = Math.round(perTask * tasks);
    const direct = recipe.ais.length === 0 ? directVote(pilot, recipe.people) : undefined;
    return {
      name: nameOf(recipe, ais),
      people: recipe.people,
      ais,
      threshold: recipe.threshold ?? null,
      peopleAsked,
      method,
      costMicros,
      accuracy: { value, lo, hi },
      vote,
      direct: direct === undefined || direct.tasks < 0.5 * pilot.truth.length ? null : direct.accuracy,
      chance: target === undefined ? null : chanceOf(draws, value, pilotSd, target),
      efficient: false,
      affordable: costMicros <= budgetMicros,
    };
  });
  return points.map((point) => ({
    ...point,
    efficient: !points.some(
      (other) =>
        (other.costMicros < point.costMicros && other.accuracy.value >= point.accuracy.value) ||
        (other.costMicros === point.costMicros && other.accuracy.value > point.accuracy.value),
    ),
  }));
}

/** Probability that the accuracy reaches the target: over the worlds, with the pilot's sampling error where it is larger. */
function chanceOf(draws: Float64Array, mean: number, pilotSd: number, target: number): number {
  const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, draws.length - 1);
  const missing = Math.sqrt(Math.max(1e-12, pilotSd * pilotSd - variance));
  return draws.reduce((sum, value) => sum + normalCdf((value - target) / missing), 0) / draws.length;
}

function recommend(points: readonly PlanPoint[], budgetMicros: number): { recommended: number | null; reason: string } {
  const affordable = points.filter((point) => point.affordable);
  if (affordable.length === 0) {
    const least = Math.min(...points.map(({ costMicros }) => costMicros));
    return {
      recommended: null,
      reason: `The budget of ${money(budgetMicros)} is below the cheapest plan, ${money(least)}: label fewer tasks or raise it.`,
    };
  }
  const best = affordable.reduce((a, b) => (b.accuracy.value > a.accuracy.value ? b : a));
  const chosen = affordable
    .filter(({ accuracy }) => accuracy.value >= best.accuracy.value - 0.005)
    .reduce((a, b) => (b.costMicros < a.costMicros ? b : a));
  const accuracy = (100 * chosen.accuracy.value).toFixed(1);
  const why =
    chosen === best
      ? 'the most accurate plan the budget allows'
      : `within half a point of the most accurate affordable plan (${best.name}) for ${money(best.costMicros - chosen.costMicros)} less`;
  return {
    recommended: points.indexOf(chosen),
    reason: `${chosen.name}: ${accuracy} % expected for ${money(chosen.costMicros)}; ${why}.`,
  };
}

function money(micros: number): string {
  return (micros / 1e6).toFixed(2);
}

function enoughPeople(points: readonly PlanPoint[]): number | null {
  const curve = points.filter(({ ais }) => ais.length === 0).map(({ accuracy }) => accuracy.value);
  const smooth = isotonic(curve);
  let enough: number | null = null;
  for (let n = smooth.length - 1; n >= 1 && smooth[n] - smooth[n - 1] < 0.005; n--) enough = n;
  return enough;
}

/** The closest curve that never falls (pool adjacent violators). */
export function isotonic(values: readonly number[]): number[] {
  const blocks: { sum: number; count: number }[] = [];
  for (const value of values) {
    blocks.push({ sum: value, count: 1 });
    while (blocks.length > 1) {
      const [before, last] = blocks.slice(-2);
      if (before.sum / before.count <= last.sum / last.count) break;
      blocks.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  }
  return blocks.flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count));
}

/** `kinds` is undefined where the pilot was too thin for a model: then its votes are all there is. */
function assumptionsOf(
  kinds: TwoKinds | undefined,
  { prices }: PlanOptions,
  method: Method,
  withAi: boolean,
  withPeople: boolean,
): string[] {
  const list = ['The tasks to come are like those of the pilot, and so are the workers and how busy each of them is.'];
  if (withPeople && kinds !== undefined) {
    list.push(
      `Tasks are of two kinds: ${(100 * kinds.regularShare).toFixed(0)} % regular, the others hard or misleading for everybody.`,
    );
  }
  list.push(
    kinds === undefined
      ? 'Labels are found by a plain vote.'
      : `Labels are found with ${method.id}, or by a plain vote where that is safer; gold of the pilot is not used again for people.`,
  );
  if (withAi) list.push('An AI gives one answer per task; asking it twice is not a second opinion.');
  list.push(
    prices.overhead === undefined
      ? 'No fees, gold questions or refused work are in the costs; add them with the overhead.'
      : `${(100 * prices.overhead).toFixed(0)} % on top of what people are paid covers fees, gold and refused work.`,
  );
  return list;
}
