import { Random } from '../../math/random.ts';
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
 * improvability([{ yes: 8, no: 2 }, { yes: 5, no: 5 }]); // => 0.25
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
  /** Its uncertainty: of the posterior with samples, else given the other qualities, which is somewhat less. */
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
  /**
   * Posterior samples (Gibbs) after the ascent; then qualities are posterior means and their spreads honest. Default 0:
   * the mode, with the spread given the other artifacts.
   */
  readonly samples?: number;
  /** For the samples; default seed 0. */
  readonly random?: Random;
  /** What is believed of qualities before any vote; default Beta(1.5, 1.5) of each artifact by itself. */
  readonly prior?: QualityPrior;
  /** Called after every sample with the quality of each artifact in hundredths; not to be kept. */
  readonly onSample?: (hundredths: Int32Array) => void;
}

/** A prior over chains of artifacts on the hundredths from 0 to 100: first ones, and improvements given their base. */
export interface QualityPrior {
  /** Log-density of a first artifact at each hundredth. */
  readonly first: Float64Array;
  /** Log-density of an improvement, row-major by its base: 101 × 101. */
  readonly step: Float64Array;
  /** Per artifact of the table, the one it was made from; −1 for first ones. */
  readonly base: Int32Array;
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
 * const ballots = ballotTable([{ old: 'empty', new: 'mine', worker: 'ana', vote: 1 }]);
 * scaleQualities(ballots, { anchors: new Map([['empty', 0.02]]) }).qualities[0]; // => { artifact: 'empty', quality: 0.02, sd: 0, ballots: 1, group: 0, anchor: true }
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
  const priors = priorTerms(options.prior, count);
  let sweeps = 0;
  for (let moved = true; moved && sweeps < 200; sweeps++) {
    moved = false;
    for (let a = 0; a < count; a++) {
      if (fixed[a]) continue;
      const best = bestCell(a, ballots[a], cell, chances, priors, scores);
      if (best !== cell[a]) moved = true;
      cell[a] = best;
    }
  }
  const groups = groupsOf(table);
  const quality = Float64Array.from(cell, (value) => value / steps);
  const sd = new Float64Array(count);
  let logPosterior = 0;
  for (let a = 0; a < count; a++) {
    bestCell(a, ballots[a], cell, chances, priors, scores);
    logPosterior += 0.5 * scores[cell[a]];
    if (!fixed[a]) sd[a] = spreadOf(scores);
  }
  const samples = options.samples ?? 0;
  if (samples > 0) sampleQualities(samples, options, ballots, fixed, cell, chances, priors, quality, sd);
  const qualities = artifacts.map((artifact, a): MeasuredQuality => {
    return {
      artifact,
      quality: quality[a],
      sd: sd[a],
      ballots: ballots[a].length,
      group: groups[a],
      anchor: fixed[a],
    };
  });
  const notes: string[] = [];
  const loose = new Set(groups.filter((_, a) => !fixed[a]));
  groups.forEach((group, a) => {
    if (fixed[a]) loose.delete(group);
  });
  const number = new Set(groups).size;
  if (loose.size > 0) {
    if (number > 1) notes.push(`the ballots compare artifacts in ${number} groups that never meet`);
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

/** The prior with who was made from whom, both ways. */
interface PriorTerms {
  readonly prior: QualityPrior | undefined;
  readonly children: readonly (readonly number[])[];
}

function priorTerms(prior: QualityPrior | undefined, count: number): PriorTerms {
  const children: number[][] = Array.from({ length: count }, () => []);
  prior?.base.forEach((base, a) => {
    if (base >= 0) children[base].push(a);
  });
  return { prior, children };
}

/** Fills `scores` with the conditional log-posterior of one artifact over the grid; gives its best cell. */
function bestCell(
  artifact: number,
  ballots: readonly ArtifactBallot[],
  cell: Int32Array,
  chances: { right: Float64Array; wrong: Float64Array },
  { prior, children }: PriorTerms,
  scores: Float64Array,
): number {
  const size = steps + 1;
  scores[0] = Number.NEGATIVE_INFINITY;
  scores[steps] = Number.NEGATIVE_INFINITY;
  let best = 1;
  for (let c = 1; c < steps; c++) {
    const quality = c / steps;
    let score = 0.5 * Math.log(quality * (1 - quality));
    if (prior !== undefined) {
      const base = prior.base[artifact];
      score = base < 0 ? prior.first[c] : prior.step[cell[base] * size + c];
      for (const child of children[artifact]) score += prior.step[c * size + cell[child]];
    }
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

/** Gibbs sampling from the mode; writes posterior means and standard deviations. A fifth of the sweeps is thrown away. */
function sampleQualities(
  samples: number,
  options: ScalingOptions,
  ballots: readonly (readonly ArtifactBallot[])[],
  fixed: readonly boolean[],
  cell: Int32Array,
  chances: { right: Float64Array; wrong: Float64Array },
  priors: PriorTerms,
  quality: Float64Array,
  sd: Float64Array,
): void {
  const random = options.random ?? new Random(0);
  const count = cell.length;
  const scores = new Float64Array(steps + 1);
  const sum = new Float64Array(count);
  const squares = new Float64Array(count);
  const burnIn = Math.ceil(samples / 4);
  for (let sweep = -burnIn; sweep < samples; sweep++) {
    for (let a = 0; a < count; a++) {
      if (fixed[a]) continue;
      const top = scores[bestCell(a, ballots[a], cell, chances, priors, scores)];
      for (let c = 0; c <= steps; c++) scores[c] = Math.exp(scores[c] - top);
      cell[a] = random.categorical(scores);
      if (sweep < 0) continue;
      sum[a] += cell[a] / steps;
      squares[a] += (cell[a] / steps) ** 2;
    }
    if (sweep >= 0) options.onSample?.(cell);
  }
  for (let a = 0; a < count; a++) {
    if (fixed[a]) continue;
    quality[a] = sum[a] / samples;
    sd[a] = Math.sqrt(Math.max(0, squares[a] / samples - quality[a] ** 2));
  }
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
