import { AnswerTable } from '../../answers/answer-table.ts';
import { type Dictionary, dictionaryOf } from '../../answers/dictionary.ts';
import type { Random } from '../../math/random.ts';
import { WeightedDraw } from '../../math/weighted-draw.ts';
import { sharedMistakes } from '../stopping/families.ts';
import type { Pilot } from './pilot.ts';
import { coinRows, type TaskKind, type TwoKinds } from './two-kinds.ts';

/** Everything the forecast draws crowds from: kinds of task, people, AI workers. */
export interface CrowdModel {
  readonly pilot: Pilot;
  readonly kinds: TwoKinds;
  /** Dirichlet parameters of each person's rows on regular tasks, people×K×K. */
  readonly peopleRows: Float64Array;
  /** The same of each AI on regular tasks, AIs×K×K. */
  readonly aiRows: Float64Array;
  /** Accuracy of each AI on hard tasks, AIs. */
  readonly aiHard: Float64Array;
  /** Right and wrong answers of each AI over all gold tasks, AIs×K×K [true][said]. */
  readonly aiCounts: Float64Array;
  /** Family of each AI: the same number means shared mistakes. */
  readonly families: readonly number[];
  /** ρ: chance that an AI copies the wrong answer of the one before it in its family. */
  readonly copying: number;
}

/** Pseudo-answers that shrink each worker's rows towards one coin. */
const rowStrength = 5;

/** From this many gold tasks on, the joint answers of several AIs are redrawn from the pilot instead of modelled. */
export const enoughToResample = 100;

/** How often a family's members share a wrong answer when the pilot cannot tell. */
export const leastCopying = 0.3;

/** Estimates the workers of a pilot, weighting each gold task by how regular it is. O(N + W·K²). */
export function crowdModelOf(
  table: AnswerTable,
  pilot: Pilot,
  kinds: TwoKinds,
  families: readonly number[],
): CrowdModel {
  const { classCount, tasks, truth } = pilot;
  const block = classCount * classCount;
  const position = new Map([...pilot.people].map((w, i) => [w, i]));
  const counts = new Float64Array(pilot.people.length * block);
  tasks.forEach((task, g) => {
    for (let answer = table.taskStart[task]; answer < table.taskStart[task + 1]; answer++) {
      const person = position.get(table.worker[answer]);
      if (person === undefined) continue;
      counts[person * block + truth[g] * classCount + table.label[answer]] += kinds.regularWeight[g];
    }
  });
  const aiCounts = new Float64Array(pilot.ais.length * block);
  const regularCounts = new Float64Array(pilot.ais.length * block);
  const aiHard = new Float64Array(pilot.ais.length);
  for (let ai = 0; ai < pilot.ais.length; ai++) {
    let right = 0;
    let hardRight = 0;
    let hardAll = 0;
    let all = 0;
    for (let g = 0; g < truth.length; g++) {
      const said = pilot.aiSaid[g * pilot.ais.length + ai];
      if (said < 0) continue;
      const cell = ai * block + truth[g] * classCount + said;
      const hardWeight = 1 - kinds.regularWeight[g];
      aiCounts[cell]++;
      regularCounts[cell] += kinds.regularWeight[g];
      all++;
      hardAll += hardWeight;
      if (said === truth[g]) {
        right++;
        hardRight += hardWeight;
      }
    }
    aiHard[ai] = (hardRight + (5 * (right + 1)) / (all + 2)) / (hardAll + 5);
  }
  return {
    pilot,
    kinds,
    peopleRows: shrunkRows(counts, classCount),
    aiRows: shrunkRows(regularCounts, classCount),
    aiHard,
    aiCounts,
    families,
    copying: copyingOf(pilot, families),
  };
}

/** A crowd drawn from the model. T tasks, `most` people each, in the order they were asked. */
export interface DrawnCrowd {
  readonly truth: Int32Array;
  /** Who answered, T×most, as index of the pilot's people; -1 when there are not so many. */
  readonly person: Int32Array;
  readonly said: Int32Array;
  readonly most: number;
  /** What each AI says, T×AIs. */
  readonly aiSaid: Int32Array;
}

/** Draws workers, kinds and answers of `taskCount` new tasks. O(T·(most·K + AIs·K) + W·K²). */
export function drawCrowd(model: CrowdModel, random: Random, taskCount: number, most: number): DrawnCrowd {
  const { pilot, kinds } = model;
  const { classCount, people, ais, shares, truth: goldTruth } = pilot;
  const goldCount = goldTruth.length;
  const block = classCount * classCount;
  const theta = drawRows(model.peopleRows, classCount, random);
  const thetaAi = drawRows(model.aiRows, classCount, random);
  const crowd = new Float64Array(block);
  if (people.length === 0) crowd.fill(1 / classCount);
  for (let w = 0; w < people.length; w++) {
    for (let i = 0; i < block; i++) crowd[i] += shares[w] * theta[w * block + i];
  }
  const regularShare = random.beta(goldCount * kinds.regularShare + 1, goldCount * (1 - kinds.regularShare) + 1);
  const busy = new WeightedDraw(shares);
  const resample = ais.length > 1 && goldCount >= enoughToResample;
  const byCell = resample ? pilotCells(model) : undefined;
  const asked = Math.min(most, people.length);
  const truth = new Int32Array(taskCount);
  const person = new Int32Array(taskCount * most).fill(-1);
  const said = new Int32Array(taskCount * most).fill(-1);
  const aiSaid = new Int32Array(taskCount * ais.length);
  const own = new Float64Array(classCount);
  const chance = new Float64Array(classCount);
  const alpha = new Float64Array(classCount);
  for (let task = 0; task < taskCount; task++) {
    const k = random.categorical(kinds.prior);
    const isRegular = random.bernoulli(regularShare);
    const kind = isRegular ? kinds.regular : kinds.hard;
    truth[task] = k;
    drawTaskRow(kind, k, classCount, alpha, own, random);
    for (let i = 0; i < asked; i++) {
      const w = busy.drawFresh(random, person, task * most, i);
      person[task * most + i] = w;
      said[task * most + i] = isRegular
        ? tilted(own, theta, w * block + k * classCount, crowd, k * classCount, chance, random)
        : random.categorical(own);
    }
    if (byCell !== undefined) {
      const g = redrawn(byCell[(isRegular ? 0 : classCount) + k], random);
      for (let ai = 0; ai < ais.length; ai++) aiSaid[task * ais.length + ai] = pilot.aiSaid[g * ais.length + ai];
    } else {
      for (let ai = 0; ai < ais.length; ai++) {
        const before = model.families.lastIndexOf(model.families[ai], ai - 1);
        const copied = ai > 0 && before >= 0 ? aiSaid[task * ais.length + before] : -1;
        if (copied >= 0 && copied !== k && random.bernoulli(model.copying)) aiSaid[task * ais.length + ai] = copied;
        else if (isRegular) {
          const from = ai * block + k * classCount;
          aiSaid[task * ais.length + ai] = tilted(own, thetaAi, from, crowd, k * classCount, chance, random);
        } else {
          const right = random.bernoulli(model.aiHard[ai]);
          aiSaid[task * ais.length + ai] = right ? k : (k + 1 + random.integer(classCount - 1)) % classCount;
        }
      }
    }
  }
  return { truth, person, said, most, aiSaid };
}

/** The dictionaries of the tables made of drawn crowds: made once, shared by all draws. */
export interface CrowdNames {
  readonly tasks: Dictionary;
  readonly workers: Dictionary;
  readonly classes: Dictionary;
}

export function crowdNames(model: CrowdModel, taskCount: number): CrowdNames {
  const { people, ais, classCount } = model.pilot;
  return {
    tasks: dictionaryOf(Array.from({ length: taskCount }, (_, task) => `t${task}`)),
    workers: dictionaryOf(Array.from({ length: people.length + ais.length }, (_, worker) => `w${worker}`)),
    classes: dictionaryOf(Array.from({ length: classCount }, (_, k) => `c${k}`)),
  };
}

/** The answers one plan buys from a drawn crowd: the first `people(task)` people and the given AIs. */
export function tableOfCrowd(
  model: CrowdModel,
  crowd: DrawnCrowd,
  names: CrowdNames,
  people: (task: number) => number,
  ais: readonly number[],
): AnswerTable {
  const { pilot, aiCounts } = model;
  const { classCount } = pilot;
  const taskCount = crowd.truth.length;
  const block = classCount * classCount;
  const taskStart = new Uint32Array(taskCount + 1);
  const worker: number[] = [];
  const label: number[] = [];
  const order: number[] = [];
  for (let task = 0; task < taskCount; task++) {
    const asked = Math.min(people(task), crowd.most);
    const from = task * crowd.most;
    order.length = 0;
    for (let i = 0; i < asked; i++) if (crowd.person[from + i] >= 0) order.push(from + i);
    order.sort((a, b) => crowd.person[a] - crowd.person[b]);
    for (const i of order) {
      worker.push(crowd.person[i]);
      label.push(crowd.said[i]);
    }
    for (const ai of ais) {
      const said = crowd.aiSaid[task * pilot.ais.length + ai];
      if (said < 0) continue;
      worker.push(pilot.people.length + ai);
      label.push(said);
    }
    taskStart[task + 1] = worker.length;
  }
  // An AI's answers to the pilot's gold tasks cost little and are what it will be judged by.
  let testCounts: Float64Array | undefined;
  if (ais.length > 0) {
    testCounts = new Float64Array((pilot.people.length + pilot.ais.length) * block);
    for (const ai of ais) {
      testCounts.set(aiCounts.subarray(ai * block, (ai + 1) * block), (pilot.people.length + ai) * block);
    }
  }
  return new AnswerTable({
    question: 'label',
    ...names,
    taskStart,
    worker: Uint32Array.from(worker),
    label: Uint16Array.from(label),
    ...(testCounts === undefined ? {} : { testCounts }),
  });
}

/** The posterior after the given AIs alone, from their answers to the gold tasks; family members are discounted. */
export function aiConfidence(model: CrowdModel, crowd: DrawnCrowd, task: number, ais: readonly number[]): number {
  const { pilot, aiCounts, kinds, families, copying } = model;
  const { classCount } = pilot;
  const block = classCount * classCount;
  const log = Array.from(kinds.prior, Math.log);
  for (const ai of ais) {
    const said = crowd.aiSaid[task * pilot.ais.length + ai];
    if (said < 0) continue;
    const members = ais.filter((other) => families[other] === families[ai]).length;
    const power = 1 / (1 + copying * (members - 1));
    const coin = coinRows(accuracyOf(aiCounts, ai * block, classCount), classCount);
    for (let k = 0; k < classCount; k++) {
      let mass = rowStrength;
      for (let l = 0; l < classCount; l++) mass += aiCounts[ai * block + k * classCount + l];
      const share = (aiCounts[ai * block + k * classCount + said] + rowStrength * coin[k * classCount + said]) / mass;
      log[k] += power * Math.log(share);
    }
  }
  const most = Math.max(...log);
  return 1 / log.reduce((sum, value) => sum + Math.exp(value - most), 0);
}

/** Accuracy of majority vote on the most likely answer of each kind: what infinitely many people would reach. */
export function ceilingOf(kinds: TwoKinds, classCount: number, random: Random, draws = 4000): number {
  const alpha = new Float64Array(classCount);
  const own = new Float64Array(classCount);
  let right = 0;
  for (let draw = 0; draw < draws; draw++) {
    const k = random.categorical(kinds.prior);
    const kind = random.bernoulli(kinds.regularShare) ? kinds.regular : kinds.hard;
    drawTaskRow(kind, k, classCount, alpha, own, random);
    let best = 0;
    for (let l = 1; l < classCount; l++) if (own[l] > own[best]) best = l;
    if (best === k) right++;
  }
  return right / draws;
}

function shrunkRows(counts: Float64Array, classCount: number): Float64Array {
  const block = classCount * classCount;
  const workers = counts.length / block;
  const rows = counts.slice();
  let right = 0;
  let all = 0;
  for (let w = 0; w < workers; w++) {
    for (let i = 0; i < block; i++) all += counts[w * block + i];
    for (let k = 0; k < classCount; k++) right += counts[w * block + k * (classCount + 1)];
  }
  const mean = (right + 1) / (all + 2);
  for (let w = 0; w < workers; w++) {
    let [own, total] = [0, 0];
    for (let i = 0; i < block; i++) total += counts[w * block + i];
    for (let k = 0; k < classCount; k++) own += counts[w * block + k * (classCount + 1)];
    const coin = coinRows((own + rowStrength * mean) / (total + rowStrength), classCount);
    for (let i = 0; i < block; i++) rows[w * block + i] += rowStrength * coin[i];
  }
  return rows;
}

function drawRows(alpha: Float64Array, classCount: number, random: Random): Float64Array {
  const rows = new Float64Array(alpha.length);
  for (let row = 0; row < alpha.length; row += classCount) {
    random.dirichlet(alpha.subarray(row, row + classCount), rows.subarray(row, row + classCount));
  }
  return rows;
}

function drawTaskRow(
  kind: TaskKind,
  truth: number,
  classCount: number,
  alpha: Float64Array,
  own: Float64Array,
  random: Random,
): void {
  for (let l = 0; l < classCount; l++) {
    alpha[l] = Math.max(1e-9, kind.concentration * kind.rows[truth * classCount + l]);
  }
  random.dirichlet(alpha, own);
}

/** An answer ∝ the task's own row × the worker's row over the crowd's: skill tilts what the task suggests. */
function tilted(
  own: Float64Array,
  theta: Float64Array,
  row: number,
  crowd: Float64Array,
  crowdRow: number,
  chance: Float64Array,
  random: Random,
): number {
  for (let l = 0; l < own.length; l++) chance[l] = (own[l] * theta[row + l]) / Math.max(1e-12, crowd[crowdRow + l]);
  return random.categorical(chance);
}

/** Cumulative weights of the gold tasks by kind and class, for redrawing joint answers of AIs. */
function pilotCells({ pilot, kinds }: CrowdModel): Float64Array[] {
  const { classCount, truth } = pilot;
  return Array.from({ length: 2 * classCount }, (_, cell) => {
    const k = cell % classCount;
    return Float64Array.from(truth, (known, g) => {
      const weight = cell < classCount ? kinds.regularWeight[g] : 1 - kinds.regularWeight[g];
      return known === k ? weight + 1e-9 : 0;
    });
  });
}

function redrawn(weights: Float64Array, random: Random): number {
  return random.categorical(weights);
}

function accuracyOf(counts: Float64Array, from: number, classCount: number): number {
  let [right, all] = [1, 2];
  for (let k = 0; k < classCount; k++) {
    for (let l = 0; l < classCount; l++) all += counts[from + k * classCount + l];
    right += counts[from + k * (classCount + 1)];
  }
  return right / all;
}

/** How far two AIs of one family make the same mistakes, on average over such pairs; at least {@link leastCopying}. */
function copyingOf({ ais, aiSaid, truth }: Pilot, families: readonly number[]): number {
  const said = Array.from(ais, (_, ai) => Int32Array.from(truth, (_, g) => aiSaid[g * ais.length + ai]));
  const shared: number[] = [];
  for (let a = 0; a < ais.length; a++) {
    for (let b = 0; b < a; b++) {
      if (families[a] === families[b]) shared.push(sharedMistakes(truth, said[a], said[b]));
    }
  }
  const mean = shared.reduce((sum, value) => sum + value, 0) / Math.max(1, shared.length);
  return Math.min(0.99, Math.max(leastCopying, mean));
}
