import type { BallotTable } from './ballots.ts';

/** Votes on one improvement of an artifact: how many preferred it, how many the artifact itself. */
export interface ImprovementVotes {
  readonly yes: number;
  readonly no: number;
}

/**
 * The quality of an artifact by its definition: one minus the share of workers who improved it.
 *
 * Give it to k workers, let others vote on every improvement; each strict majority for the improvement counts 1, a tie
 * ½. With no improvements the answer is ½. Costs k improvements and their ballots per artifact; standard error about
 * 0.5/√k.
 *
 * Source: the meaning of the scale in Dai, Mausam & Weld (2011); the estimator is ours.
 *
 * @example
 * improvability([{ yes: 8, no: 2 }, { yes: 6, no: 4 }, { yes: 9, no: 1 }, { yes: 3, no: 7 }, { yes: 5, no: 5 }]); // 0.3
 */
export function improvability(votes: readonly ImprovementVotes[]): number {
  return improvabilityFrom(votes.map(({ yes, no }) => (yes > no ? 1 : yes === no ? 0.5 : 0)));
}

/** The same from probabilities that each improvement is better, such as a ballot model's: less noisy. */
export function improvabilityFrom(newIsBetter: readonly number[]): number {
  if (newIsBetter.length === 0) return 0.5;
  return 1 - newIsBetter.reduce((a, b) => a + b, 0) / newIsBetter.length;
}

/** A measured quality. */
export interface MeasuredQuality {
  readonly artifact: string;
  readonly quality: number;
  /** Spread of the quality given the others; the true uncertainty is somewhat larger. */
  readonly sd: number;
  readonly ballots: number;
  /** Artifacts in different groups were never compared, not even in a chain: their qualities share only the prior. */
  readonly group: number;
  readonly anchor: boolean;
}

export interface ScalingOptions {
  /** M; default 0.5. */
  readonly exponent?: number;
  /** γ of each worker; 1 for workers left out. */
  readonly gammas?: ReadonlyMap<string, number>;
  /** Artifacts of known quality, such as an empty text (0.02) and an expert's (0.98): they fix the scale. */
  readonly anchors?: ReadonlyMap<string, number>;
}

export interface ScalingFit {
  readonly qualities: readonly MeasuredQuality[];
  readonly logPosterior: number;
  readonly sweeps: number;
  readonly notes: readonly string[];
}

const steps = 100;

/**
 * Qualities of all artifacts from ballots that compare them.
 *
 * Finds q ∈ [0, 1] for every artifact that maximises Σ log P(vote | q, q′, γ) + Σ log Beta(q; 1.5, 1.5) on a grid of
 * 101 values, by coordinate ascent from Bradley–Terry scores. Anchors fix the scale; without them only the size of
 * the gaps, through the voters' accuracy, and the prior do, and a note says so. Artifacts of groups that were never
 * compared are not comparable. Cost: ballots × 100 per sweep, usually under 20 sweeps.
 *
 * Source: ours; Bradley & Terry (1952) for the start.
 *
 * @example
 * scaleQualities(table, { anchors: new Map([['empty', 0.02], ['expert', 0.98]]) }).qualities;
 */
export function scaleQualities(table: BallotTable, options: ScalingOptions = {}): ScalingFit {
  const { artifacts } = table;
  const count = artifacts.length;
  const anchors = options.anchors ?? new Map<string, number>();
  const ballots = ballotsByArtifact(table);
  const chances = voteChances(table, options);
  const cell = startCells(table, ballots, anchors);
  const fixed = artifacts.map((artifact) => anchors.has(artifact));
  const scores = new Float64Array(steps + 1);
  let sweeps = 0;
  for (let moved = true; moved && sweeps < 200; sweeps++) {
    moved = false;
    for (let a = 0; a < count; a++) {
      if (fixed[a]) continue;
      const best = bestCell(ballots[a], cell, chances, scores);
      if (best !== cell[a]) moved = true;
      cell[a] = best;
    }
  }
  const groups = groupsOf(table);
  let logPosterior = 0;
  const qualities = artifacts.map((artifact, a): MeasuredQuality => {
    bestCell(ballots[a], cell, chances, scores);
    logPosterior += 0.5 * scores[cell[a]];
    return {
      artifact,
      quality: cell[a] / steps,
      sd: fixed[a] ? 0 : spreadOf(scores),
      ballots: ballots[a].length,
      group: groups[a],
      anchor: fixed[a],
    };
  });
  const notes: string[] = [];
  const number = new Set(groups).size;
  if (number > 1) notes.push(`the ballots compare artifacts in ${number} groups that never meet`);
  const loose = new Set(groups.filter((_, a) => !fixed[a]));
  groups.forEach((group, a) => {
    if (fixed[a]) loose.delete(group);
  });
  if (loose.size > 0) {
    notes.push(
      `${loose.size} groups have no artifact of known quality: their scale rests on the voters' accuracy and the prior only`,
    );
  }
  return { qualities, logPosterior, sweeps, notes };
}

interface ArtifactBallot {
  readonly other: number;
  readonly worker: number;
  /** Did the voter prefer this artifact to the other? */
  readonly preferred: boolean;
}

function ballotsByArtifact(table: BallotTable): ArtifactBallot[][] {
  const lists: ArtifactBallot[][] = table.artifacts.map(() => []);
  for (let b = 0; b < table.pair.length; b++) {
    const old = table.old[table.pair[b]];
    const candidate = table.new[table.pair[b]];
    if (old < 0 || candidate < 0) continue;
    const worker = table.worker[b];
    const newWins = table.vote[b] === 1;
    lists[old].push({ other: candidate, worker, preferred: !newWins });
    lists[candidate].push({ other: old, worker, preferred: newWins });
  }
  return lists;
}

/** Log-probabilities of a right and of a wrong vote, per worker and gap in hundredths. */
function voteChances(table: BallotTable, options: ScalingOptions): { right: Float64Array; wrong: Float64Array } {
  const exponent = options.exponent ?? 0.5;
  const size = steps + 1;
  const right = new Float64Array(table.workers.length * size);
  const wrong = new Float64Array(table.workers.length * size);
  table.workers.forEach((worker, w) => {
    const gamma = options.gammas?.get(worker) ?? 1;
    for (let gap = 0; gap <= steps; gap++) {
      const z = gap === 0 ? 0 : (gap / steps) ** (exponent * gamma);
      right[w * size + gap] = Math.log(0.5 * (1 + z));
      wrong[w * size + gap] = Math.log(Math.max(0.5 * (1 - z), 1e-6));
    }
  });
  return { right, wrong };
}

/** Fills `scores` with the conditional log-posterior of one artifact over the grid; gives its best cell. */
function bestCell(
  ballots: readonly ArtifactBallot[],
  cell: Int32Array,
  chances: { right: Float64Array; wrong: Float64Array },
  scores: Float64Array,
): number {
  const size = steps + 1;
  scores[0] = Number.NEGATIVE_INFINITY;
  scores[steps] = Number.NEGATIVE_INFINITY;
  let best = 1;
  for (let c = 1; c < steps; c++) {
    const quality = c / steps;
    let score = 0.5 * Math.log(quality * (1 - quality));
    for (const { other, worker, preferred } of ballots) {
      const gap = c - cell[other];
      const at = worker * size + Math.abs(gap);
      score += gap >= 0 === preferred ? chances.right[at] : chances.wrong[at];
    }
    scores[c] = score;
    if (score > scores[best]) best = c;
  }
  return best;
}

function spreadOf(scores: Float64Array): number {
  const top = Math.max(...scores);
  let mass = 0;
  let mean = 0;
  let square = 0;
  for (let c = 0; c <= steps; c++) {
    const weight = Math.exp(scores[c] - top);
    mass += weight;
    mean += (weight * c) / steps;
    square += weight * (c / steps) ** 2;
  }
  return Math.sqrt(Math.max(0, square / mass - (mean / mass) ** 2));
}

/** Bradley–Terry strengths by 50 minorise-maximise steps with half a win either way, ranked into [0.1, 0.9]. */
function startCells(
  table: BallotTable,
  ballots: readonly ArtifactBallot[][],
  anchors: ReadonlyMap<string, number>,
): Int32Array {
  const count = table.artifacts.length;
  const strength = new Float64Array(count).fill(1);
  for (let round = 0; round < 50; round++) {
    for (let a = 0; a < count; a++) {
      let wins = 0.5;
      let weight = 1 / (strength[a] + 1);
      for (const { other, preferred } of ballots[a]) {
        if (preferred) wins++;
        weight += 1 / (strength[a] + strength[other]);
      }
      strength[a] = wins / weight;
    }
  }
  const order = Array.from(strength.keys()).sort((a, b) => strength[a] - strength[b] || a - b);
  const cell = new Int32Array(count);
  order.forEach((artifact, rank) => {
    cell[artifact] = Math.round(steps * (0.1 + (0.8 * rank) / Math.max(1, count - 1)));
  });
  table.artifacts.forEach((artifact, a) => {
    const known = anchors.get(artifact);
    if (known !== undefined) cell[a] = Math.min(steps, Math.max(0, Math.round(steps * known)));
  });
  return cell;
}

function groupsOf(table: BallotTable): number[] {
  const parent = table.artifacts.map((_, a) => a);
  const root = (a: number): number => {
    let at = a;
    while (parent[at] !== at) at = parent[at];
    return at;
  };
  table.pairs.forEach((_, p) => {
    if (table.old[p] >= 0 && table.new[p] >= 0) parent[root(table.old[p])] = root(table.new[p]);
  });
  const numbers = new Map<number, number>();
  return parent.map((_, a) => {
    const at = root(a);
    let number = numbers.get(at);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(at, number);
    }
    return number;
  });
}
