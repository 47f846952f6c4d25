import { InputError } from '../../errors.ts';
import { bisection, goldenSection } from '../../math/scalar-search.ts';
import type { Estimate } from '../../methods/estimate.ts';
import { counted } from '../../methods/table-notes.ts';

/** Fewer known labels than this say too little about confidence. */
const leastGoldTasks = 20;

/** The temperature taken without enough known labels: what typical real crowds need. */
const typicalTemperature = 3;

/** Prior of ln T: typical models claim about twice the log-odds they should. */
const priorMean = Math.LN2;
const priorSd = 1;

/** Temperatures looked at. */
const coldest = 0.5;
const hottest = 10;

/** Probabilities are raised to this before their logarithm is taken. */
const leastProbability = 1e-300;

/** A temperature and what it rests on. */
export interface Temperature {
  /** T > 0: probabilities become softmax(ln q / T). Above 1 they move to even shares. */
  readonly temperature: number;
  /** Number of known labels used. */
  readonly goldTasks: number;
  /** False when T was assumed, because fewer than 20 known labels were there. */
  readonly calibrated: boolean;
  readonly notes: readonly string[];
}

/**
 * The temperature that makes an estimate's probabilities fit known labels.
 *
 * Use before costs, thresholds or sets: methods that think workers independent claim far too much.
 * One number is fitted, minimising −Σ ln softmax(ln q/T)[gold] with ln T ~ N(ln 2, 1) as prior, T in
 * [0.5, 10]. With fewer than 20 known labels on answered tasks T = 3 and `calibrated` is false. The
 * known labels must not have been given to the fit, or the posterior is certain of them and says
 * nothing about the others; a note warns when it looks so. O(n·K·log).
 *
 * Source: Guo, Pleiss, Sun & Weinberger (2017), ICML (temperature scaling); prior and least number
 * are our own.
 *
 * @example
 * const votes = fit(majorityVote, answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'dog']]));
 * fitTemperature(votes, new Map([['t1', 'cat']])).temperature; // => 3
 */
export function fitTemperature(estimate: Estimate, gold: ReadonlyMap<string, string>): Temperature {
  const { classCount, posterior } = estimate;
  const logs: Float64Array[] = [];
  const known: number[] = [];
  let certain = 0;
  for (const [name, label] of gold) {
    const task = estimate.taskNames.indexOf(name);
    const truth = estimate.classNames.indexOf(label);
    if (task < 0 || truth < 0 || estimate.answersPerTask[task] === 0) continue;
    const row = posterior.subarray(task * classCount, (task + 1) * classCount);
    logs.push(row.map((p) => Math.log(Math.max(leastProbability, p))));
    known.push(truth);
    if (row[truth] === 1) certain++;
  }
  const goldTasks = known.length;
  if (goldTasks < leastGoldTasks) {
    const found = counted(goldTasks, 'known label', 'known labels');
    return {
      temperature: typicalTemperature,
      goldTasks,
      calibrated: false,
      notes: [
        `uncalibrated: ${found}, ${leastGoldTasks} needed; confidence lowered by a typical temperature of ${typicalTemperature}`,
      ],
    };
  }
  const loss = (logTemperature: number): number => {
    const inverse = Math.exp(-logTemperature);
    let total = (logTemperature - priorMean) ** 2 / (2 * priorSd ** 2);
    for (let i = 0; i < goldTasks; i++) total += lossOf(logs[i], inverse, known[i]);
    return total;
  };
  const temperature = Math.exp(goldenSection(loss, Math.log(coldest), Math.log(hottest), 1e-6));
  const notes =
    certain === goldTasks
      ? ['every known label has probability 1 already: if they were given to the fit, fit without them to calibrate']
      : [];
  return { temperature, goldTasks, calibrated: true, notes };
}

/**
 * A copy of an estimate with probabilities softmax(ln q / T); labels, ties and workers stay.
 *
 * Takes a number or what {@link fitTemperature} returned, whose notes and `calibrated` mark it then
 * carries. `extra.temperature` tells what was done. Tasks without answers keep their row: it is the
 * prior. O(T·K).
 *
 * @throws {InputError} invalid-temperature unless a finite number above 0
 * @example
 * const votes = fit(majorityVote, answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog']]));
 * temper(votes, 2).probability('t1').toFixed(3); // => '0.586'
 */
export function temper(estimate: Estimate, temperature: number | Temperature): Estimate {
  const given = typeof temperature === 'number' ? { temperature, notes: [] } : temperature;
  const value = given.temperature;
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InputError(`invalid temperature "${value}"; expected a number above 0`, {
      code: 'invalid-temperature',
      got: String(value),
      hint: 'give a number above 0; 1 changes nothing',
    });
  }
  const calibrated = typeof temperature === 'number' ? estimate.calibrated : temperature.calibrated;
  return estimate.with({
    posterior: value === 1 ? estimate.posterior : temperedPosterior(estimate, 1 / value),
    labels: Int32Array.from({ length: estimate.taskCount }, (_, task) => estimate.labelIndex(task)),
    calibrated,
    notes: [...estimate.notes, ...given.notes],
    extra: { ...estimate.extra, temperature: value },
  });
}

/**
 * A copy whose mean confidence is a wanted accuracy: the temperature is found by bisection.
 *
 * Use when the accuracy of the whole result is known better than each probability: from a checked
 * sample, or from an estimate of accuracy. Confidence is the largest probability of a task with
 * answers. The target is reached to 1e-9 unless no temperature from 0.01 to 1,000 reaches it (below
 * chance, or above what tied tasks allow); a note says how far it got. O(60·T·K).
 *
 * @throws {InputError} invalid-accuracy outside (0, 1]
 */
export function temperToAccuracy(estimate: Estimate, accuracy: number): Estimate {
  if (!(accuracy > 0 && accuracy <= 1)) {
    throw new InputError(`invalid accuracy "${accuracy}"; expected a share above 0, at most 1`, {
      code: 'invalid-accuracy',
      got: String(accuracy),
      hint: 'give a share such as 0.9',
    });
  }
  if (estimate.taskCount === 0 || estimate.classCount < 2) return temper(estimate, 1);
  const logTemperature = bisection(
    (x) => meanConfidenceAt(estimate, Math.exp(-x)) - accuracy,
    Math.log(0.01),
    Math.log(1000),
  );
  const tempered = temper(estimate, Math.exp(logTemperature));
  const reached = meanConfidenceAt(estimate, Math.exp(-logTemperature));
  if (Number.isNaN(reached) || Math.abs(reached - accuracy) < 1e-6) return tempered;
  const note = `a mean confidence of ${accuracy.toFixed(3)} cannot be reached by one temperature: it is ${reached.toFixed(3)}`;
  return tempered.with({ notes: [...tempered.notes, note] });
}

function lossOf(logs: Float64Array, inverse: number, truth: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const log of logs) if (log > most) most = log;
  let sum = 0;
  for (const log of logs) sum += Math.exp(inverse * (log - most));
  return Math.log(sum) - inverse * (logs[truth] - most);
}

/** Powers of the probabilities, rows of tasks with answers normalised again. */
function temperedPosterior(estimate: Estimate, inverse: number): Float64Array {
  const { classCount, answersPerTask } = estimate;
  const posterior = estimate.posterior.slice();
  for (let task = 0; task < answersPerTask.length; task++) {
    if (answersPerTask[task] === 0) continue;
    const row = task * classCount;
    const most = largestLog(posterior, row, classCount);
    let sum = 0;
    for (let k = row; k < row + classCount; k++) {
      posterior[k] = Math.exp(inverse * (Math.log(Math.max(leastProbability, posterior[k])) - most));
      sum += posterior[k];
    }
    for (let k = row; k < row + classCount; k++) posterior[k] /= sum;
  }
  return posterior;
}

/** Mean largest probability of the tasks with answers at T = 1 / `inverse`. */
function meanConfidenceAt(estimate: Estimate, inverse: number): number {
  const { classCount, answersPerTask, posterior } = estimate;
  let total = 0;
  let tasks = 0;
  for (let task = 0; task < answersPerTask.length; task++) {
    if (answersPerTask[task] === 0) continue;
    const row = task * classCount;
    const most = largestLog(posterior, row, classCount);
    let sum = 0;
    for (let k = row; k < row + classCount; k++) {
      sum += Math.exp(inverse * (Math.log(Math.max(leastProbability, posterior[k])) - most));
    }
    total += 1 / sum;
    tasks++;
  }
  return total / tasks;
}

function largestLog(posterior: Float64Array, from: number, count: number): number {
  let most = 0;
  for (let k = from; k < from + count; k++) if (posterior[k] > most) most = posterior[k];
  return Math.log(Math.max(leastProbability, most));
}
