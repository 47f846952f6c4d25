/** A function to minimise: returns its value at `x` and writes its gradient into `gradient`. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

/** An {@link Objective} that pauses within an evaluation, for passes that take long. */
export type PausingObjective = (x: Float64Array, gradient: Float64Array) => Generator<unknown, number, void>;

/** Limits of `lbfgs`. */
export interface LbfgsOptions {
  /** Steps at most. Default 200. */
  readonly maxIterations?: number;
  /** Pairs of steps and gradient changes remembered. Default 8. */
  readonly memory?: number;
  /** Done when no component of the gradient is larger. Default 1e-6. */
  readonly gradientTolerance?: number;
  /** Done when one step lowers the value by less than this · (1 + |value|). Default 1e-10; 0 turns it off. */
  readonly functionTolerance?: number;
}

/** Where `lbfgs` ended. */
export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** False when the iterations ran out, no lower point was found, or the start itself was not finite. */
  readonly converged: boolean;
}

const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;
const TRIALS = 50;

/**
 * Finds a local minimum of a smooth function from values and gradients (limited-memory BFGS).
 *
 * For tens to many thousands of unknowns; to maximise, negate value and gradient. `start` is not
 * changed. The value never rises, so the result is never worse than the start. Where the function is
 * NaN or infinite the step is shortened; if the start is, it is returned with `converged: false`.
 * Deterministic. One step costs O(memory · n) besides usually one evaluation.
 *
 * Source: two-loop recursion of Nocedal 1980, initial scaling of Liu & Nocedal 1989 (eq. 7.20 of
 * Nocedal & Wright 2006); the line search brackets a point of the weak Wolfe conditions as in Lewis &
 * Overton 2013, with quadratic interpolation where a slope is at hand. A direction along which nothing
 * lower is found is replaced by the gradient once before giving up.
 *
 * @example
 * lbfgs((x, gradient) => {
 *   gradient[0] = 2 * (x[0] - 3);
 *   return (x[0] - 3) ** 2;
 * }, Float64Array.of(0)).x; // 3
 */
export function lbfgs(objective: Objective, start: Float64Array, options: LbfgsOptions = {}): Minimum {
  const steps = lbfgsSteps(objective, start, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * `lbfgs` as a generator that yields after each step, for progress and cancellation: the value
 * reached and the point, which is overwritten by later steps. At each pause of a pausing objective it
 * yields the state of the last step again (iteration 0 and NaN before the first).
 */
export function* lbfgsSteps(
  objective: Objective | PausingObjective,
  start: Float64Array,
  options: LbfgsOptions = {},
): Generator<Step, Minimum, void> {
  const { maxIterations = 200, memory = 8, gradientTolerance = 1e-6, functionTolerance = 1e-10 } = options;
  const n = start.length;
  let x = Float64Array.from(start);
  let gradient = new Float64Array(n);
  let value = Number.NaN;
  let iteration = 0;
  const pausing = function* <T>(run: Generator<unknown, T, void>): Generator<Step, T, void> {
    for (;;) {
      const step = run.next();
      if (step.done === true) return step.value;
      yield { x, value, iteration };
    }
  };
  value = yield* pausing(evaluation(objective, x, gradient));
  if (!finite(value, gradient)) return { x, value, iterations: 0, converged: false };
  if (n >= longVector) yield { x, value, iteration };
  let nextX = new Float64Array(n);
  let nextGradient = new Float64Array(n);
  const direction = new Float64Array(n);
  const history = new History(memory, n);

  for (; iteration < maxIterations; iteration++) {
    if (largest(gradient) <= gradientTolerance) return { x, value, iterations: iteration, converged: true };
    yield* pausing(history.direct(gradient, direction));
    let slope = dot(direction, gradient);
    if (n >= longVector) yield { x, value, iteration };
    if (!(slope < 0)) slope = history.restart(gradient, direction);
    let firstStep = history.size === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    let found = yield* pausing(search(objective, x, value, direction, slope, firstStep, nextX, nextGradient));
    if (Number.isNaN(found) && history.size > 0) {
      slope = history.restart(gradient, direction);
      firstStep = Math.min(1, 1 / Math.sqrt(-slope));
      found = yield* pausing(search(objective, x, value, direction, slope, firstStep, nextX, nextGradient));
    }
    if (Number.isNaN(found)) {
      // Half the slope is what a step could still gain: below rounding there is nothing left to find.
      const converged = -slope <= 1e-12 * (1 + Math.abs(value));
      return { x, value, iterations: iteration, converged };
    }
    if (n >= longVector) yield { x, value, iteration };
    history.remember(x, nextX, gradient, nextGradient);
    if (n >= longVector) yield { x, value, iteration };
    const gained = value - found;
    value = found;
    [x, nextX] = [nextX, x];
    [gradient, nextGradient] = [nextGradient, gradient];
    if (gained < functionTolerance * (1 + Math.abs(value))) {
      return { x, value, iterations: iteration + 1, converged: true };
    }
    yield { x, value, iteration: iteration + 1 };
  }
  return { x, value, iterations: maxIterations, converged: largest(gradient) <= gradientTolerance };
}

/** A pair of vectors this long takes some milliseconds. */
const longVector = 1e6;

/** Where `lbfgsSteps` stands. */
interface Step {
  readonly x: Float64Array;
  readonly value: number;
  readonly iteration: number;
}

/** One evaluation, with its pauses if it has any. */
function* evaluation(
  objective: Objective | PausingObjective,
  x: Float64Array,
  gradient: Float64Array,
): Generator<unknown, number, void> {
  const found = objective(x, gradient);
  return typeof found === 'number' ? found : yield* found;
}

/** The last few steps and gradient changes, oldest overwritten first. */
class History {
  size = 0;
  readonly #memory: number;
  readonly #n: number;
  readonly #steps: Float64Array;
  readonly #changes: Float64Array;
  readonly #inverse: Float64Array;
  readonly #weight: Float64Array;
  #next = 0;
  #scale = 1;

  constructor(memory: number, n: number) {
    this.#memory = memory;
    this.#n = n;
    this.#steps = new Float64Array(memory * n);
    this.#changes = new Float64Array(memory * n);
    this.#inverse = new Float64Array(memory);
    this.#weight = new Float64Array(memory);
  }

  /** Forgets everything and points down the gradient; returns the slope. */
  restart(gradient: Float64Array, direction: Float64Array): number {
    this.size = 0;
    this.#scale = 1;
    for (let i = 0; i < this.#n; i++) direction[i] = -gradient[i];
    return dot(direction, gradient);
  }

  /** Keeps a pair unless its curvature is not clearly positive, which would spoil the estimate. */
  remember(x: Float64Array, nextX: Float64Array, gradient: Float64Array, nextGradient: Float64Array): void {
    if (this.#memory === 0) return;
    const n = this.#n;
    const at = this.#next * n;
    let curvature = 0;
    let square = 0;
    let length = 0;
    for (let i = 0; i < n; i++) {
      const step = nextX[i] - x[i];
      const change = nextGradient[i] - gradient[i];
      this.#steps[at + i] = step;
      this.#changes[at + i] = change;
      curvature += step * change;
      square += change * change;
      length += step * step;
    }
    if (!(curvature > 1e-14 * Math.sqrt(square * length)) || curvature === Infinity || square === Infinity) return;
    this.#inverse[this.#next] = 1 / curvature;
    this.#scale = curvature / square;
    this.#next = (this.#next + 1) % this.#memory;
    if (this.size < this.#memory) this.size++;
  }

  /** direction ← −H · gradient by the two-loop recursion. Pauses where vectors are long. */
  *direct(gradient: Float64Array, direction: Float64Array): Generator<unknown, void, void> {
    const n = this.#n;
    for (let i = 0; i < n; i++) direction[i] = -gradient[i];
    for (let back = 1; back <= this.size; back++) {
      const pair = (this.#next - back + this.#memory) % this.#memory;
      const at = pair * n;
      let product = 0;
      for (let i = 0; i < n; i++) product += this.#steps[at + i] * direction[i];
      const weight = product * this.#inverse[pair];
      this.#weight[pair] = weight;
      for (let i = 0; i < n; i++) direction[i] -= weight * this.#changes[at + i];
      if (n >= longVector) yield;
    }
    if (this.size > 0) for (let i = 0; i < n; i++) direction[i] *= this.#scale;
    for (let back = this.size; back >= 1; back--) {
      const pair = (this.#next - back + this.#memory) % this.#memory;
      const at = pair * n;
      let product = 0;
      for (let i = 0; i < n; i++) product += this.#changes[at + i] * direction[i];
      const weight = this.#weight[pair] - product * this.#inverse[pair];
      for (let i = 0; i < n; i++) direction[i] += weight * this.#steps[at + i];
      if (n >= longVector) yield;
    }
  }
}

/** Writes the accepted point and gradient and returns its value; NaN when nothing lower was found. */
function* search(
  objective: Objective | PausingObjective,
  x: Float64Array,
  value: number,
  direction: Float64Array,
  slope: number,
  firstStep: number,
  nextX: Float64Array,
  nextGradient: Float64Array,
): Generator<unknown, number, void> {
  let low = 0;
  let lowValue = value;
  let lowSlope = slope;
  let high = Infinity;
  let step = firstStep;
  for (let trial = 0; trial < TRIALS; trial++) {
    move(x, direction, step, nextX);
    const reached = yield* evaluation(objective, nextX, nextGradient);
    if (x.length >= longVector) yield;
    const usable = finite(reached, nextGradient);
    if (usable && reached <= value + SUFFICIENT_DECREASE * step * slope && reached < value) {
      const reachedSlope = dot(direction, nextGradient);
      if (reachedSlope >= CURVATURE * slope) return reached;
      low = step;
      lowValue = reached;
      lowSlope = reachedSlope;
      step = high === Infinity ? 4 * low : between(low, high, 0.5 * (low + high));
    } else {
      high = step;
      const width = high - low;
      const excess = reached - lowValue - lowSlope * width;
      const guess = usable && excess > 0 ? low - (lowSlope * width * width) / (2 * excess) : low + 0.25 * width;
      step = between(low, high, guess);
    }
    if (!(step > 0) || step === low || step === high || step === Infinity) break;
  }
  if (low === 0) return Number.NaN;
  // The curvature condition was never met (an unbounded or kinked function): take the decrease there is.
  move(x, direction, low, nextX);
  const reached = yield* evaluation(objective, nextX, nextGradient);
  return reached < value ? reached : Number.NaN;
}

/** Keeps a trial step away from both ends of its bracket. */
function between(low: number, high: number, guess: number): number {
  const margin = 0.1 * (high - low);
  return Math.min(Math.max(guess, low + margin), high - margin);
}

function move(x: Float64Array, direction: Float64Array, step: number, nextX: Float64Array): void {
  for (let i = 0; i < x.length; i++) nextX[i] = x[i] + step * direction[i];
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function largest(gradient: Float64Array): number {
  let most = 0;
  for (let i = 0; i < gradient.length; i++) most = Math.max(most, Math.abs(gradient[i]));
  return most;
}

function finite(value: number, gradient: Float64Array): boolean {
  if (!Number.isFinite(value)) return false;
  for (let i = 0; i < gradient.length; i++) if (!Number.isFinite(gradient[i])) return false;
  return true;
}
