import { accuracyGain, entropy, greatest, informationGain } from '@assay/core/control';
import { hash32 } from '@assay/core/math';
import type { TaskFeatures } from '../features/index.ts';

/** What an answer about each task is worth. */
export type SelectionStrategy = 'entropy' | 'margin' | 'least-sure' | 'gain' | 'information';

/** What is known before asking. */
export interface SelectionState {
  /** T×K: labels from answers and network together; out of fold for tasks the network was trained on. */
  readonly posterior: Float64Array;
  readonly classCount: number;
  /** K×K confusion of the worker who would answer, rows truth, for `gain` and `information`; default one who knows. */
  readonly confusion?: Float64Array;
}

/**
 * How much one more answer about each task is worth, T; larger is more urgent.
 *
 * - `gain` (take this one when a worker's confusions are known): expected rise of the largest
 *   probability, Σ_l max_k q_k A_kl − max_k q_k. Never below 0, and 0 where no answer of this worker
 *   could change the label.
 * - `information`: I(truth; answer) = H(Σ_k q_k A_k) − Σ_k q_k H(A_k), in nats.
 * - `entropy`, `margin` (1 − the lead of the likeliest class), `least-sure` (1 − its probability): what
 *   is open about the task, whoever answers.
 *
 * A network asked about tasks it was trained on seems surer than it is: give a posterior out of fold.
 * For an order over answered and unanswered tasks with several models see `activelab` of the core.
 * O(T·K), the first two O(T·K²).
 *
 * Source: uncertainty sampling, Lewis & Gale (1994); information, Lindley (1956); the expected gain in
 * accuracy is one-step value of information with confusions as in Dawid & Skene (1979).
 *
 * @example
 * const careful = Float64Array.of(0.9, 0.1, 0.1, 0.9);
 * const posterior = Float64Array.of(0.5, 0.5, 1, 0);
 * Array.from(answerValues('gain', { posterior, classCount: 2, confusion: careful })); // => [0.4, 0]
 */
export function answerValues(strategy: SelectionStrategy, state: SelectionState): Float64Array {
  const { posterior, classCount } = state;
  const values = new Float64Array(classCount === 0 ? 0 : posterior.length / classCount);
  const confusion = state.confusion ?? identity(classCount);
  for (let task = 0; task < values.length; task++) {
    const q = posterior.subarray(task * classCount, (task + 1) * classCount);
    values[task] = Math.max(0, worths[strategy](q, confusion));
  }
  return values;
}

const worths: Readonly<Record<SelectionStrategy, (q: Float64Array, confusion: Float64Array) => number>> = {
  entropy,
  margin(q) {
    let [first, second] = [0, 0];
    for (const p of q) {
      if (p > first) [first, second] = [p, first];
      else if (p > second) second = p;
    }
    return 1 - (first - second);
  },
  'least-sure': (q) => 1 - greatest(q),
  gain: accuracyGain,
  information: informationGain,
};

/** A batch to ask about next. */
export interface BatchOptions {
  /** Tasks that may be asked about; default all. */
  readonly open?: (task: number) => boolean;
  /** Spread the batch: choose tasks far from each other in features among `pool` × count of the most urgent. */
  readonly features?: TaskFeatures;
  /** Default 5. */
  readonly pool?: number;
  /** For ties. Default 0. */
  readonly seed?: number;
}

/**
 * The `count` most urgent tasks, or with `features` a varied batch of them: the most urgent first, then
 * always the one farthest from all chosen (k-centre, Sener & Savarese 2018), so that a batch does not ask
 * the same thing many times. Tasks without features are farthest of all. Ties by a hash of the index.
 * O(T log T + pool · count² · D).
 *
 * @example
 * nextTasks(Float64Array.of(0.1, 0.7, 0.4), 2); // => [1, 2]
 */
export function nextTasks(values: Float64Array, count: number, options: BatchOptions = {}): number[] {
  const { open = (): boolean => true, features, pool = 5, seed = 0 } = options;
  const tie = (task: number): number => hash32(String(task), seed);
  const urgent = [...values.keys()].filter(open).sort((a, b) => values[b] - values[a] || tie(a) - tie(b));
  if (features === undefined || count < 2) return urgent.slice(0, count);
  const candidates = urgent.slice(0, pool * count);
  const nearest = new Float64Array(candidates.length).fill(Number.POSITIVE_INFINITY);
  const chosen: number[] = [];
  let next = 0;
  while (chosen.length < count && next >= 0) {
    const task = candidates[next];
    chosen.push(task);
    nearest[next] = -1;
    next = -1;
    candidates.forEach((other, i) => {
      if (nearest[i] < 0) return;
      nearest[i] = Math.min(nearest[i], squaredDistance(features, task, other));
      if (next < 0 || nearest[i] > nearest[next]) next = i;
    });
  }
  return chosen;
}

function squaredDistance({ matrix, rowOfTask }: TaskFeatures, a: number, b: number): number {
  const { values, columns } = matrix;
  if (rowOfTask[a] < 0 || rowOfTask[b] < 0) return Number.POSITIVE_INFINITY;
  const [x, y] = [rowOfTask[a] * columns, rowOfTask[b] * columns];
  let sum = 0;
  for (let i = 0; i < columns; i++) sum += (values[x + i] - values[y + i]) ** 2;
  return sum;
}

function identity(classCount: number): Float64Array {
  return Float64Array.from({ length: classCount ** 2 }, (_, cell) => (cell % (classCount + 1) === 0 ? 1 : 0));
}
