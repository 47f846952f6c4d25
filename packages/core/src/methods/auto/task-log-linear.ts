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
const leastPosterior = 1e-6;

/** The most task cells held: 1 GB of float64. */
export const mostTaskCells: number = 2 ** 27;

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
  const { taskCount, workerCount, classCount, taskStart } = table;
  const block = classCount * classCount;
  const state: TaskState = {
    table,
    posterior: start.slice(),
    profile: identityProfile(classCount),
    workerPart: new Float64Array(workerCount * block),
    taskPart: new Float64Array(taskCount * block),
    expWorker: new Float64Array(workerCount * block),
    workerGradient: new Float64Array(workerCount * block),
    workerMass: new Float64Array(workerCount * classCount),
    profileGradient: new Float64Array(block),
    profileMass: new Float64Array(classCount),
    taskGradient: new Float64Array(classCount),
    expTask: new Float64Array(block),
    share: new Float64Array(classCount),
  };
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

interface TaskState {
  readonly table: AnswerTable;
  readonly posterior: Float64Array;
  readonly profile: Float64Array;
  readonly workerPart: Float64Array;
  readonly taskPart: Float64Array;
  readonly expWorker: Float64Array;
  readonly workerGradient: Float64Array;
  readonly workerMass: Float64Array;
  readonly profileGradient: Float64Array;
  readonly profileMass: Float64Array;
  readonly taskGradient: Float64Array;
  readonly expTask: Float64Array;
  readonly share: Float64Array;
}

/** Σ of the posteriors a worker, and the crowd, has answered under: fixed during the bound steps. */
function writeMasses({ table, posterior, workerMass, profileMass }: TaskState): void {
  const { taskCount, classCount, taskStart, worker } = table;
  workerMass.fill(0);
  profileMass.fill(0);
  for (let task = 0; task < taskCount; task++) {
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      for (let k = 0; k < classCount; k++) {
        const q = posterior[task * classCount + k];
        workerMass[worker[answer] * classCount + k] += q;
        profileMass[k] += q;
      }
    }
  }
}

function writeExpWorkers({ profile, workerPart, expWorker }: TaskState): void {
  const block = profile.length;
  for (let cell = 0; cell < workerPart.length; cell++)
    expWorker[cell] = Math.exp(profile[cell % block] + workerPart[cell]);
}

function boundStep(state: TaskState): void {
  const { table, posterior, profile, workerPart, taskPart, expWorker, share } = state;
  const { workerGradient, workerMass, profileGradient, profileMass, taskGradient, expTask } = state;
  const { taskCount, classCount, taskStart, worker, label } = table;
  const block = classCount * classCount;
  writeExpWorkers(state);
  workerGradient.fill(0);
  for (let task = 0; task < taskCount; task++) {
    const first = taskStart[task];
    const end = taskStart[task + 1];
    const part = task * block;
    for (let k = 0; k < classCount; k++) {
      const q = posterior[task * classCount + k];
      const row = part + k * classCount;
      if (q < leastPosterior) {
        for (let l = 0; l < classCount; l++) taskPart[row + l] = 0;
        continue;
      }
      for (let l = 0; l < classCount; l++) {
        expTask[l] = Math.exp(taskPart[row + l]);
        taskGradient[l] = 0;
      }
      for (let answer = first; answer < end; answer++) {
        const cell = worker[answer] * block + k * classCount;
        let sum = 0;
        for (let l = 0; l < classCount; l++) {
          share[l] = expWorker[cell + l] * expTask[l];
          sum += share[l];
        }
        const scale = q / sum;
        for (let l = 0; l < classCount; l++) {
          const gradient = -share[l] * scale;
          workerGradient[cell + l] += gradient;
          taskGradient[l] += gradient;
        }
        workerGradient[cell + label[answer]] += q;
        taskGradient[label[answer]] += q;
      }
      const bound = curvature * (end - first) * q + taskPrecision;
      for (let l = 0; l < classCount; l++) {
        taskPart[row + l] += (taskGradient[l] - taskPrecision * taskPart[row + l]) / bound;
      }
    }
  }
  profileGradient.fill(0);
  for (let cell = 0; cell < workerPart.length; cell++) {
    profileGradient[cell % block] += workerGradient[cell];
    const bound = curvature * workerMass[Math.floor(cell / classCount)] + workerPrecision;
    workerPart[cell] += (workerGradient[cell] - workerPrecision * workerPart[cell]) / bound;
  }
  for (let cell = 0; cell < block; cell++) {
    const mean = cell % (classCount + 1) === 0 ? 2 : 0;
    const bound = curvature * profileMass[Math.floor(cell / classCount)] + profilePrecision;
    profile[cell] += (profileGradient[cell] - profilePrecision * (profile[cell] - mean)) / bound;
  }
}

/** E-step; returns the largest change of a posterior. */
function updatePosteriors(state: TaskState, logPrior: Float64Array): number {
  const { table, posterior, taskPart, expWorker, expTask, share } = state;
  const { taskCount, classCount, taskStart, worker, label } = table;
  const block = classCount * classCount;
  writeExpWorkers(state);
  let change = 0;
  for (let task = 0; task < taskCount; task++) {
    const first = taskStart[task];
    const end = taskStart[task + 1];
    if (first === end) continue;
    for (let cell = 0; cell < block; cell++) expTask[cell] = Math.exp(taskPart[task * block + cell]);
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classCount; k++) {
      let logProduct = logPrior[k];
      let product = 1;
      for (let answer = first; answer < end; answer++) {
        const cell = worker[answer] * block + k * classCount;
        let sum = 0;
        for (let l = 0; l < classCount; l++) sum += expWorker[cell + l] * expTask[k * classCount + l];
        const said = label[answer];
        product *= (expWorker[cell + said] * expTask[k * classCount + said]) / sum;
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
