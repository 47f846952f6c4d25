import type { AnswerTable } from '@assay/core';
import { tempered } from '@assay/core/ai';
import { goldenSection, hash32 } from '@assay/core/math';
import { answerCounts, normaliseConfusions } from './confusions.ts';

/** A table with some answers put aside. */
export interface HeldOut {
  /** The table without them. */
  readonly rest: AnswerTable;
  /** Task, worker and label of each answer put aside. */
  readonly task: Uint32Array;
  readonly worker: Uint32Array;
  readonly label: Uint16Array;
}

/**
 * Puts one of `parts` of people's answers aside: part `part` of those that the names of task and worker
 * and the seed deal out. Models' answers stay, for models that copy each other would foretell each other.
 * A task whose answers would all go keeps them.
 */
export function heldOut(table: AnswerTable, part: number, parts: number, seed: number): HeldOut {
  const { taskCount, taskStart, worker, label, weight, tasks, workers } = table;
  const salt = Uint32Array.from({ length: table.workerCount }, (_, w) => hash32(workers.name(w), seed));
  const isPerson = Array.from({ length: table.workerCount }, (_, w) => table.kindOf(w) !== 'ai');
  const kept: number[] = [];
  const aside: number[] = [];
  const of: number[] = [];
  const start = new Uint32Array(taskCount + 1);
  for (let task = 0; task < taskCount; task++) {
    const chosen: number[] = [];
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++)
      if (isPerson[worker[e]] && hash32(tasks.name(task), salt[worker[e]]) % parts === part) chosen.push(e);
    let people = 0;
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) if (isPerson[worker[e]]) people++;
    const all = chosen.length === people;
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      if (all || !chosen.includes(e)) kept.push(e);
      else {
        aside.push(e);
        of.push(task);
      }
    }
    start[task + 1] = kept.length;
  }
  const rest = table.with({
    taskStart: start,
    worker: Uint32Array.from(kept, (e) => worker[e]),
    label: Uint16Array.from(kept, (e) => label[e]),
    weight: weight === undefined ? undefined : Float64Array.from(kept, (e) => weight[e]),
    time: undefined,
    durationMs: undefined,
    costMicros: undefined,
    exposed: undefined,
    soft: undefined,
    predicted: undefined,
  });
  return {
    rest,
    task: Uint32Array.from(of),
    worker: Uint32Array.from(aside, (e) => worker[e]),
    label: Uint16Array.from(aside, (e) => label[e]),
  };
}

/** What a posterior says of answers put aside, K numbers each. */
export interface Foretelling {
  /** Probabilities of the classes of the task. */
  readonly belief: Float64Array;
  /** Probability of the answer given each class. */
  readonly likelihood: Float64Array;
}

/**
 * What a posterior fitted to the rest says of each answer put aside; its worker has shrunken confusions
 * counted from the same posterior and the other answers.
 */
export function foretelling({ rest, task, worker, label }: HeldOut, q: Float64Array): Foretelling {
  const { classCount } = rest;
  const confusion = answerCounts(rest, q);
  normaliseConfusions(confusion, classCount, 'coin-shrunk', 5);
  const belief = new Float64Array(task.length * classCount);
  const likelihood = new Float64Array(task.length * classCount);
  for (let e = 0; e < task.length; e++)
    for (let k = 0; k < classCount; k++) {
      belief[e * classCount + k] = q[task[e] * classCount + k];
      likelihood[e * classCount + k] = confusion[(worker[e] * classCount + k) * classCount + label[e]];
    }
  return { belief, likelihood };
}

/** Probability of each answer put aside, in all parts, with the beliefs at a temperature. */
export function probabilities(told: readonly Foretelling[], classCount: number, temperature = 1): Float64Array {
  const result = new Float64Array(told.reduce((sum, { belief }) => sum + belief.length / classCount, 0));
  let e = 0;
  for (const { belief, likelihood } of told) {
    const softer = tempered(belief, temperature, classCount);
    for (let at = 0; at < belief.length; at += classCount, e++)
      for (let k = at; k < at + classCount; k++) result[e] += softer[k] * likelihood[k];
  }
  return result;
}

/** The highest temperature that is looked at: a posterior of .999 for two classes becomes .58. */
const hottest = 20;

/**
 * The temperature, 1 or above, at which a posterior foretells best: how far it is too sure of itself.
 * Without answers put aside 1.
 */
export function foretellingTemperature(told: readonly Foretelling[], classCount: number): number {
  if (told.every(({ belief }) => belief.length === 0)) return 1;
  const loss = (log: number): number =>
    -probabilities(told, classCount, Math.exp(log)).reduce((sum, p) => sum + Math.log(Math.max(p, 1e-300)), 0);
  const found = goldenSection(loss, 0, Math.log(hottest), 1e-3);
  return loss(0) <= loss(found) ? 1 : Math.exp(found);
}

/** Sweeps after which the weights have settled to three digits. */
const sweeps = 1000;

/**
 * Weights of a mixture under which what was put aside is likeliest: the only maximum of
 * Σ ln Σ_m weight_m · p_m, by expectation-maximisation. Equal where nothing was put aside.
 *
 * @param predictions probability of each answer put aside, for each member
 */
export function stackingWeights(predictions: readonly Float64Array[]): Float64Array {
  const members = predictions.length;
  const answers = predictions[0]?.length ?? 0;
  let weights = new Float64Array(members).fill(1 / Math.max(1, members));
  for (let sweep = 0; sweep < sweeps && answers > 0; sweep++) {
    const next = new Float64Array(members);
    for (let e = 0; e < answers; e++) {
      let sum = 0;
      for (let m = 0; m < members; m++) sum += weights[m] * predictions[m][e];
      for (let m = 0; m < members; m++) next[m] += (weights[m] * predictions[m][e]) / sum / answers;
    }
    weights = next;
  }
  return weights;
}

/**
 * How much likelier the answers put aside are under the average than under one member, in nats, with
 * the standard error of that sum.
 */
export function stackingGain(
  predictions: readonly Float64Array[],
  weights: Float64Array,
  member: number,
): { gain: number; error: number } {
  const answers = predictions[member].length;
  let [gain, square] = [0, 0];
  for (let e = 0; e < answers; e++) {
    let p = 0;
    for (let m = 0; m < predictions.length; m++) p += weights[m] * predictions[m][e];
    const difference = Math.log(p / predictions[member][e]);
    gain += difference;
    square += difference * difference;
  }
  return { gain, error: answers === 0 ? 0 : Math.sqrt(Math.max(0, square - (gain * gain) / answers)) };
}
