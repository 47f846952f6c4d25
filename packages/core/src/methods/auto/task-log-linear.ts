import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Progress } from '../method.ts';
import { identityProfile } from './log-linear.ts';

const workerPrecision = 2;
const taskPrecision = 4;
const profilePrecision = 0.1;

/** Three blocks move at once, times the bound ½ of the softmax's curvature. */
const curvature = 1.5;

const stepsPerSweep = 4;
const mostSweeps = 15;
const tolerance = 5e-3;

/** Rows of a task whose class has less posterior than this do not move: their gradient is nothing. */
const leastPosterior = 1e-4;

/** The most task cells held: 1 GB of float64. */
export const mostTaskCells: number = 2 ** 27;

/** Up to this many classes a row fits in local variables: rows are padded to it, so none is shorter. */
const narrow = 4;

/**
 * The member `task`: Pr(l | k) = softmax(B[k] + S_u[k] + T_i[k]), a crowd profile, a worker part and
 * a task part.
 *
 * "This picture looks like the other class to many" is explained by the picture instead of turning
 * the class round, which is what tells shared confusions from worker bias. Starts from the votes
 * and is stopped early. O(N·K²) per bound step, less where posteriors are sure; memory
 * (T + W)·K². Exponentials are taken per worker and per task, not per answer: the answer only
 * multiplies them.
 *
 * Cells whose class has almost no posterior are frozen at 0.
 */
export function* fitTaskLogLinear(
  table: AnswerTable,
  start: Float64Array,
  prior: Float64Array,
): Generator<Progress, Float64Array, void> {
  const { taskCount, classCount, taskStart } = table;
  const state = stateOf(table, start);
  const logPrior = prior.map((p) => Math.log(Math.max(p, 1e-300)));
  for (let sweep = 1; sweep <= mostSweeps; sweep++) {
    writeMasses(state);
    for (let step = 0; step < stepsPerSweep; step++) {
      boundStep(state);
      yield { iteration: sweep, objective: Number.NaN };
    }
    const change = updatePosteriors(state, logPrior);
    yield { iteration: sweep, objective: Number.NaN };
    if (change < tolerance) break;
  }
  for (let task = 0; task < taskCount; task++) {
    if (taskStart[task] === taskStart[task + 1]) state.posterior.set(prior, task * classCount);
  }
  return state.posterior;
}

/** Rows of K classes are `stride` apart; padding behind them is 0, or −∞ in the profile. */
interface TaskState {
  readonly table: AnswerTable;
  readonly stride: number;
  /** Answers with each label, T×stride. */
  readonly said: Float64Array;
  readonly posterior: Float64Array;
  readonly profile: Float64Array;
  readonly workerPart: Float64Array;
  readonly taskPart: Float64Array;
  /** exp(profile + worker part), 0 in the padding. */
  readonly expWorker: Float64Array;
  /** Σ of the posteriors under which a worker said each label. */
  readonly workerSaid: Float64Array;
  readonly workerGradient: Float64Array;
  readonly workerMass: Float64Array;
  readonly profileMass: Float64Array;
  readonly taskGradient: Float64Array;
  readonly expTask: Float64Array;
  readonly share: Float64Array;
}

function stateOf(table: AnswerTable, start: Float64Array): TaskState {
  const { taskCount, workerCount, classCount } = table;
  const stride = classCount <= narrow ? narrow : classCount;
  const block = classCount * stride;
  const profile = new Float64Array(block).fill(Number.NEGATIVE_INFINITY);
  const said = new Float64Array(taskCount * stride);
  for (let task = 0; task < taskCount; task++) {
    for (let answer = table.taskStart[task]; answer < table.taskStart[task + 1]; answer++) {
      said[task * stride + table.label[answer]]++;
    }
  }
  const identity = identityProfile(classCount);
  for (let k = 0; k < classCount; k++) {
    profile.set(identity.subarray(k * classCount, (k + 1) * classCount), k * stride);
  }
  return {
    table,
    stride,
    said,
    posterior: start.slice(),
    profile,
    workerPart: new Float64Array(workerCount * block),
    taskPart: new Float64Array(taskCount * block),
    expWorker: new Float64Array(workerCount * block),
    workerSaid: new Float64Array(workerCount * block),
    workerGradient: new Float64Array(workerCount * block),
    workerMass: new Float64Array(workerCount * classCount),
    profileMass: new Float64Array(classCount),
    taskGradient: new Float64Array(stride),
    expTask: new Float64Array(block),
    share: new Float64Array(Math.max(stride, classCount)),
  };
}

/** Σ of the posteriors a worker, and the crowd, has answered and said under: fixed during the bound steps. */
function writeMasses({ table, stride, posterior, workerMass, profileMass, workerSaid }: TaskState): void {
  const { taskCount, classCount, taskStart, worker, label } = table;
  const block = classCount * stride;
  workerMass.fill(0);
  profileMass.fill(0);
  workerSaid.fill(0);
  for (let task = 0; task < taskCount; task++) {
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      for (let k = 0; k < classCount; k++) {
        const q = posterior[task * classCount + k];
        workerMass[worker[answer] * classCount + k] += q;
        profileMass[k] += q;
        if (q >= leastPosterior) workerSaid[worker[answer] * block + k * stride + label[answer]] += q;
      }
    }
  }
}

function writeExpWorkers({ profile, workerPart, expWorker }: TaskState): void {
  const block = profile.length;
  for (let from = 0; from < workerPart.length; from += block) {
    for (let cell = 0; cell < block; cell++) expWorker[from + cell] = Math.exp(profile[cell] + workerPart[from + cell]);
  }
}

/** One step of the task, worker and profile parts, all from the gradient at the present values. */
function boundStep(state: TaskState): void {
  writeExpWorkers(state);
  state.workerGradient.set(state.workerSaid);
  if (state.stride === narrow) moveTasksNarrow(state);
  else moveTasksWide(state);
  moveWorkersAndProfile(state);
}

/** Moves the task parts and takes what was expected of every worker off the workers' gradient. */
function moveTasksWide(state: TaskState): void {
  const { table, stride, said, posterior, taskPart, expWorker, workerGradient, taskGradient, expTask, share } = state;
  const { taskCount, classCount, taskStart, worker } = table;
  const block = classCount * stride;
  for (let task = 0; task < taskCount; task++) {
    const first = taskStart[task];
    const end = taskStart[task + 1];
    for (let k = 0; k < classCount; k++) {
      const q = posterior[task * classCount + k];
      const row = task * block + k * stride;
      if (q < leastPosterior) {
        taskPart.fill(0, row, row + stride);
        continue;
      }
      for (let l = 0; l < classCount; l++) {
        expTask[l] = Math.exp(taskPart[row + l]);
        taskGradient[l] = q * said[task * stride + l];
      }
      for (let answer = first; answer < end; answer++) {
        const cell = worker[answer] * block + k * stride;
        let sum = 0;
        for (let l = 0; l < classCount; l++) {
          share[l] = expWorker[cell + l] * expTask[l];
          sum += share[l];
        }
        const scale = q / sum;
        for (let l = 0; l < classCount; l++) {
          const expected = share[l] * scale;
          workerGradient[cell + l] -= expected;
          taskGradient[l] -= expected;
        }
      }
      const bound = curvature * (end - first) * q + taskPrecision;
      for (let l = 0; l < classCount; l++) {
        taskPart[row + l] += (taskGradient[l] - taskPrecision * taskPart[row + l]) / bound;
      }
    }
  }
}

/** As {@link moveTasksWide} with the row in local variables: several times as fast. */
function moveTasksNarrow(state: TaskState): void {
  const { table, said, posterior, taskPart, expWorker, workerGradient } = state;
  const { taskCount, classCount, taskStart, worker } = table;
  const block = classCount * narrow;
  for (let task = 0; task < taskCount; task++) {
    const first = taskStart[task];
    const end = taskStart[task + 1];
    for (let k = 0; k < classCount; k++) {
      const q = posterior[task * classCount + k];
      const row = task * block + k * narrow;
      if (q < leastPosterior) {
        taskPart.fill(0, row, row + narrow);
        continue;
      }
      const t0 = taskPart[row];
      const t1 = taskPart[row + 1];
      const t2 = taskPart[row + 2];
      const t3 = taskPart[row + 3];
      const e0 = Math.exp(t0);
      const e1 = Math.exp(t1);
      const e2 = Math.exp(t2);
      const e3 = Math.exp(t3);
      let g0 = q * said[task * narrow];
      let g1 = q * said[task * narrow + 1];
      let g2 = q * said[task * narrow + 2];
      let g3 = q * said[task * narrow + 3];
      for (let answer = first; answer < end; answer++) {
        const cell = worker[answer] * block + k * narrow;
        const s0 = expWorker[cell] * e0;
        const s1 = expWorker[cell + 1] * e1;
        const s2 = expWorker[cell + 2] * e2;
        const s3 = expWorker[cell + 3] * e3;
        const scale = q / (s0 + s1 + s2 + s3);
        const d0 = s0 * scale;
        const d1 = s1 * scale;
        const d2 = s2 * scale;
        const d3 = s3 * scale;
        workerGradient[cell] -= d0;
        workerGradient[cell + 1] -= d1;
        workerGradient[cell + 2] -= d2;
        workerGradient[cell + 3] -= d3;
        g0 -= d0;
        g1 -= d1;
        g2 -= d2;
        g3 -= d3;
      }
      const rate = 1 / (curvature * (end - first) * q + taskPrecision);
      taskPart[row] = t0 + (g0 - taskPrecision * t0) * rate;
      taskPart[row + 1] = t1 + (g1 - taskPrecision * t1) * rate;
      taskPart[row + 2] = t2 + (g2 - taskPrecision * t2) * rate;
      taskPart[row + 3] = t3 + (g3 - taskPrecision * t3) * rate;
    }
  }
}

function moveWorkersAndProfile(state: TaskState): void {
  const { table, stride, profile, workerPart, workerGradient, workerMass, profileMass } = state;
  const { workerCount, classCount } = table;
  const block = classCount * stride;
  const total = new Float64Array(block);
  for (let w = 0; w < workerCount; w++) {
    for (let k = 0; k < classCount; k++) {
      const bound = curvature * workerMass[w * classCount + k] + workerPrecision;
      const row = w * block + k * stride;
      for (let l = 0; l < classCount; l++) {
        total[k * stride + l] += workerGradient[row + l];
        workerPart[row + l] += (workerGradient[row + l] - workerPrecision * workerPart[row + l]) / bound;
      }
    }
  }
  for (let k = 0; k < classCount; k++) {
    const bound = curvature * profileMass[k] + profilePrecision;
    for (let l = 0; l < classCount; l++) {
      const cell = k * stride + l;
      profile[cell] += (total[cell] - profilePrecision * (profile[cell] - (l === k ? 2 : 0))) / bound;
    }
  }
}

/** E-step; returns the largest change of a posterior. */
function updatePosteriors(state: TaskState, logPrior: Float64Array): number {
  const { table, stride, posterior, taskPart, expWorker, expTask, share } = state;
  const { taskCount, classCount, taskStart, worker, label } = table;
  const block = classCount * stride;
  writeExpWorkers(state);
  let change = 0;
  for (let task = 0; task < taskCount; task++) {
    const first = taskStart[task];
    const end = taskStart[task + 1];
    if (first === end) continue;
    for (let cell = 0; cell < block; cell++) {
      const part = taskPart[task * block + cell];
      expTask[cell] = part === 0 ? 1 : Math.exp(part);
    }
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classCount; k++) {
      let logProduct = logPrior[k];
      let product = 1;
      const row = k * stride;
      for (let answer = first; answer < end; answer++) {
        const cell = worker[answer] * block + row;
        let sum =
          expWorker[cell] * expTask[row] +
          expWorker[cell + 1] * expTask[row + 1] +
          expWorker[cell + 2] * expTask[row + 2] +
          expWorker[cell + 3] * expTask[row + 3];
        for (let l = narrow; l < classCount; l++) sum += expWorker[cell + l] * expTask[row + l];
        const said = label[answer];
        product *= (expWorker[cell + said] * expTask[row + said]) / sum;
        if (product < 1e-200) {
          logProduct += Math.log(Math.max(product, 1e-300));
          product = 1;
        }
      }
      share[k] = logProduct + Math.log(Math.max(product, 1e-300));
      if (share[k] > most) most = share[k];
    }
    let sum = 0;
    for (let k = 0; k < classCount; k++) {
      share[k] = Math.exp(share[k] - most);
      sum += share[k];
    }
    for (let k = 0; k < classCount; k++) {
      const p = share[k] / sum;
      change = Math.max(change, Math.abs(p - posterior[task * classCount + k]));
      posterior[task * classCount + k] = p;
    }
  }
  return change;
}
