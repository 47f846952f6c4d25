import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Progress } from '../method.ts';
import { fitCoinMember } from './coins.ts';
import { fitLogLinear } from './log-linear.ts';
import { momentPrior } from './moment-prior.ts';
import { fitTaskLogLinear, mostTaskCells } from './task-log-linear.ts';
import { fitTwoCommunities } from './two-communities.ts';
import { wawaShares } from './wawa-shares.ts';

/** Nats of head start of the uniform prior, and the scale of the choice. */
const headStart = 6;
const choiceScale = 2;

/** The moment prior's side always gets at least and at most this much. */
const sideLimits = [0.2, 0.8] as const;

/** Weights of the members in the average. */
const memberWeights = { wawa: 0.4, task: 0.4, coin: 0.1, mix2: 0.1 } as const;

/** A larger task part is fitted only up to so many cells of a row per answer: minutes of work for noise otherwise. */
const smallTaskCells = 2e6;
const cellsPerAnswer = 20;

/** Share of a class's votes added to each start. */
const startSmoothing = 0.001;

/** The models of the average, each over both class priors. */
export interface Members {
  readonly average: Float64Array;
  /** Without `task` where the task part was left out. */
  readonly byName: Readonly<Partial<Record<string, Float64Array>>> &
    Readonly<Record<'wawa' | 'coin' | 'vector' | 'mix2' | 'loglin', Float64Array>>;
  /** (coin + mix2)/2 with sides weighted: models that cannot explain tasks. */
  readonly plain: Float64Array;
  readonly prior: Float64Array;
  readonly momentPrior: Float64Array;
  readonly momentWeight: number;
  readonly evidence: number;
  readonly repeatedTasks: number;
  readonly sweeps: number;
}

/**
 * Fits every member under a uniform and a moment prior, weighs the two sides by the evidence of the
 * log-linear model, and averages.
 */
export function* fitMembers(
  table: AnswerTable,
  votes: Float64Array,
  notes: string[],
): Generator<Progress, Members, void> {
  const { taskCount, classCount } = table;
  const uniform = new Float64Array(classCount).fill(1 / classCount);
  const start = startOf(table, votes);
  const moment = momentPrior(table, votes);
  let sweeps = 0;
  function* counting<R>(running: Generator<Progress, R, void>): Generator<Progress, R, void> {
    for (;;) {
      const step = running.next();
      if (step.done === true) return step.value;
      yield { iteration: ++sweeps, objective: Number.NaN };
    }
  }
  const uniformSide = yield* counting(fitLogLinear(table, start, uniform));
  const momentSide = moment.tasks === 0 ? undefined : yield* counting(fitLogLinear(table, start, moment.prior));
  const evidence = momentSide === undefined ? 0 : momentSide.evidence - uniformSide.evidence;
  const exponent = Math.min(50, Math.max(-50, (evidence - headStart) / choiceScale));
  const momentWeight =
    momentSide === undefined ? 0 : Math.min(sideLimits[1], Math.max(sideLimits[0], 1 / (1 + Math.exp(-exponent))));

  const taskCells = taskCount * classCount * classCount;
  const informed = taskCells <= smallTaskCells || taskCells <= cellsPerAnswer * table.answerCount * classCount;
  const withTask = informed && taskCells <= mostTaskCells;
  if (!withTask) {
    notes.push('the task part was left out: too many classes for so few answers, or for memory; votes have its weight');
  }
  const sum = (): Float64Array => new Float64Array(taskCount * classCount);
  const byName = {
    wawa: wawaShares(table, votes),
    task: sum(),
    coin: sum(),
    vector: sum(),
    mix2: sum(),
    loglin: sum(),
  };
  const prior = new Float64Array(classCount);
  const sides = [
    { prior: uniform, loglin: uniformSide, weight: 1 - momentWeight },
    ...(momentSide === undefined ? [] : [{ prior: moment.prior, loglin: momentSide, weight: momentWeight }]),
  ];
  for (const side of sides) {
    const halfway = start.map((p, i) => (p + side.loglin.posterior[i]) / 2);
    addTo(byName.loglin, side.loglin.posterior, side.weight);
    addTo(byName.coin, (yield* counting(fitCoinMember(table, halfway, side.prior, false))).posterior, side.weight);
    addTo(byName.vector, (yield* counting(fitCoinMember(table, halfway, side.prior, true))).posterior, side.weight);
    addTo(byName.mix2, (yield* counting(fitTwoCommunities(table, halfway, side.prior))).posterior, side.weight);
    if (withTask) addTo(byName.task, yield* counting(fitTaskLogLinear(table, start, side.prior)), side.weight);
    addTo(prior, side.prior, side.weight);
  }
  const average = sum();
  addTo(average, byName.wawa, memberWeights.wawa + (withTask ? 0 : memberWeights.task));
  addTo(average, byName.task, memberWeights.task);
  addTo(average, byName.coin, memberWeights.coin);
  addTo(average, byName.mix2, memberWeights.mix2);
  for (let task = 0; task < taskCount; task++) {
    if (table.taskStart[task] === table.taskStart[task + 1]) average.set(prior, task * classCount);
  }
  const { task: _left, ...withoutTask } = byName;
  const plain = byName.coin.map((p, i) => (p + byName.mix2[i]) / 2);
  return {
    average,
    byName: withTask ? byName : withoutTask,
    plain,
    prior,
    momentPrior: moment.prior,
    momentWeight,
    evidence,
    repeatedTasks: moment.tasks,
    sweeps,
  };
}

/** Votes with a trace of the overall shares; tasks without answers have the shares. */
function startOf(table: AnswerTable, votes: Float64Array): Float64Array {
  const { taskCount, classCount } = table;
  const share = new Float64Array(classCount);
  for (let i = 0; i < votes.length; i++) share[i % classCount] += votes[i] / table.answerCount;
  const start = votes.map((v, i) => v + startSmoothing * share[i % classCount]);
  for (let task = 0; task < taskCount; task++) {
    let sum = 0;
    for (let k = 0; k < classCount; k++) sum += start[task * classCount + k];
    for (let k = 0; k < classCount; k++) start[task * classCount + k] /= sum;
  }
  return start;
}

function addTo(total: Float64Array, values: Float64Array, weight: number): void {
  for (let i = 0; i < total.length; i++) total[i] += weight * values[i];
}
