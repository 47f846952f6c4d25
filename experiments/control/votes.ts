import { Random } from '@assay/core';
import {
  ballotAccuracy,
  ballotJoint,
  drawImprovement,
  improveJoint,
  initialJoint,
  newIsBetter,
} from '@assay/core/control';
import { lines } from '@assay/figures';
import { type Band, band, type Experiment, type ExperimentOptions, type ExperimentResult } from '../experiment.ts';
import {
  type CaptionWorld,
  drawPool,
  exponent,
  type Learned,
  learnFromCrowd,
  type Pool,
  worlds,
} from '../turkontrol/crowd.ts';

const pairs = 200;
const mostVotes = 31;
const marks = [5, 11, 21] as const;
const thresholds = [0.8, 0.9, 0.95] as const;

/** Accuracy by a reference implementation at 5, 11 and 21 votes, where it gives any, and votes that equal 11 of a majority. */
const reference: Readonly<Record<string, Readonly<Record<string, readonly (number | null)[]>>>> = {
  A: {
    majority: [0.8156, 0.8912, 0.9501, 11],
    learned: [0.8462, 0.9253, 0.9708, 7.56],
    'true γ': [0.8796, 0.9541, 0.9854, 5.55],
  },
  B: { learned: [null, null, null, 7.13], 'true γ': [null, null, null, 5.11] },
  C: { learned: [null, null, null, 10.07], 'true γ': [null, null, null, 8.11] },
};

/** Share of a majority's votes the stopping rule saved there, by world and threshold. */
const savedThere: Readonly<Record<string, number>> = {
  'A 0.8': 0.57,
  'A 0.9': 0.64,
  'A 0.95': 0.66,
  'B 0.9': 0.66,
  'C 0.9': 0.55,
  'C 0.95': 0.58,
};

/**
 * Votes on which of two artifacts is better: a plain majority against the belief of TurKontrol, which knows its voters.
 *
 * Crowds and learning are those of the 2011 experiment; then 200 pairs a run, each an artifact of quality Beta(3, 5) and
 * one improvement of it, and up to 31 different voters.
 */
export const votes: Experiment = {
  id: 'votes',
  title: 'Votes needed for a right choice between two artifacts, against a majority',
  source: 'Dai, Mausam & Weld (2011). Artificial Intelligence for Artificial Artificial Intelligence. AAAI.',
  run: measure,
};

/** How often each way of reading the votes was right, by number of votes, and what stopping at a threshold took. */
interface Counts {
  readonly majority: Float64Array;
  readonly learned: Float64Array;
  readonly known: Float64Array;
  readonly stopped: { votes: number; right: number }[];
  total: number;
}

async function measure({ full, seed = 1, onProgress, signal }: ExperimentOptions): Promise<ExperimentResult> {
  const runs = full ? 60 : 12;
  const accuracyRows: string[][] = [];
  const stopRows: string[][] = [];
  const bands: Band[] = [];
  const figures: ExperimentResult['figures'][number][] = [];
  for (const [index, name] of (['A', 'B', 'C'] as const).entries()) {
    // The three crowds differ; what they vote on does not.
    const world: CaptionWorld = { ...worlds[name], improvement: worlds.A.improvement };
    const counts = emptyCounts();
    for (let run = 0; run < runs; run++) {
      signal?.throwIfAborted();
      const random = new Random(seed).fork(`${name} ${run}`);
      const pool = drawPool(world, random.fork('pool'));
      vote(world, pool, learnFromCrowd(world, pool, random.fork('learning')), random.fork('pairs'), counts);
      onProgress(`crowds of world ${name}`, index * runs + run + 1, 3 * runs);
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
    }
    const majority = shares(counts.majority, counts.total);
    const goal = majority[11];
    const readers = {
      majority,
      learned: shares(counts.learned, counts.total),
      'true γ': shares(counts.known, counts.total),
    };
    for (const [reader, curve] of Object.entries(readers)) {
      const needed = votesFor(curve, goal);
      const there = reference[name][reader] ?? [];
      const cell = (value: number, digits: number, i: number): string =>
        `${value.toFixed(digits)}${there[i] == null ? '' : ` (${there[i]})`}`;
      accuracyRows.push([
        `${name}, ${reader}`,
        ...marks.map((mark, i) => cell(curve[mark], 4, i)),
        cell(needed, 2, 3),
        (needed / 11).toFixed(2),
      ]);
      if (name === 'A' && reader === 'true γ') {
        bands.push(band('world A: votes that equal 11 of a majority, true γ, as a share', needed / 11, 0.42, 0.6, 0.5));
      }
    }
    thresholds.forEach((threshold, i) => {
      const { votes: taken, right } = counts.stopped[i];
      const [mean, accuracy] = [taken / counts.total, right / counts.total];
      const equal = votesFor(majority, accuracy);
      const saved = 1 - mean / equal;
      const there = savedThere[`${name} ${threshold}`];
      stopRows.push([
        `${name}, ${threshold}`,
        mean.toFixed(2),
        accuracy.toFixed(4),
        equal < mostVotes ? equal.toFixed(2) : `over ${mostVotes}`,
        `${equal < mostVotes ? '' : 'over '}${percent(saved)}${there === undefined ? '' : ` (${percent(there)})`}`,
      ]);
      if (threshold === 0.9) bands.push(band(`world ${name}: votes saved by stopping at 0.9`, saved, 0.45, 1, there));
    });
    figures.push({
      name: `votes-${name.toLowerCase()}`,
      svg: lines({
        title: `Right choices by number of votes, crowd ${name}`,
        x: { label: 'votes' },
        y: { label: 'accuracy', format: 'percent' },
        series: Object.entries(readers).map(([reader, curve]) => ({
          name: reader,
          points: oddVotes.map((n) => ({ x: n, y: curve[n] })),
        })),
      }),
    });
  }
  return {
    tables: [
      {
        title: `Accuracy by number of votes, ${runs} runs of ${pairs} pairs (reference in brackets)`,
        columns: ['crowd, reading', ...marks.map(String), 'votes that equal 11 of a majority', 'of 11'],
        rows: accuracyRows,
      },
      {
        title: `Stopping at a posterior, at most ${mostVotes} votes (reference in brackets)`,
        columns: ['crowd, threshold', 'votes', 'accuracy', 'a majority needs', 'saved'],
        rows: stopRows,
      },
    ],
    bands,
    figures,
    notes: [
      'Half the votes need well-known workers who differ much; after five ballots a worker, learning is what limits. Stopping when sure gives it back.',
    ],
  };
}

function vote(world: CaptionWorld, pool: Pool, { compiled, voters }: Learned, random: Random, counts: Counts): void {
  const first = improveJoint(initialJoint(compiled), 'old', compiled.kernel);
  // What anybody knows who has seen many pairs: how often the improved one is better.
  const logPrior = logOdds(newIsBetter(first.mass, first.cells));
  for (let pair = 0; pair < pairs; pair++) {
    const old = pool.world.firstQuality(random);
    const candidate = drawImprovement(world.improvement, old, random);
    const truth = candidate > old;
    const difficulty = 1 - Math.abs(candidate - old) ** exponent;
    const seen = new Set<string>();
    let belief = first;
    let known = logPrior;
    let yes = 0;
    const stopped = thresholds.map(() => false);
    for (let n = 0; n <= mostVotes; n++) {
      if (n > 0) {
        const worker = pool.arrive(random, seen) as string;
        seen.add(worker);
        const said = pool.world.vote(old, candidate, worker, random);
        yes += said;
        belief = ballotJoint(belief, said, voters.voter(worker).table).belief;
        const accuracy = ballotAccuracy(difficulty, pool.gammas[Number(worker.slice(1))]);
        known += (said === 1 ? 1 : -1) * logOdds(Math.min(accuracy, 1 - 1e-12));
      }
      const chance = newIsBetter(belief.mass, belief.cells);
      counts.majority[n] += 2 * yes === n ? 0.5 : 2 * yes > n === truth ? 1 : 0;
      counts.learned[n] += chance > 0.5 === truth ? 1 : 0;
      counts.known[n] += known > 0 === truth ? 1 : 0;
      thresholds.forEach((threshold, i) => {
        if (stopped[i] || (n < mostVotes && Math.max(chance, 1 - chance) < threshold)) return;
        stopped[i] = true;
        counts.stopped[i].votes += n;
        counts.stopped[i].right += chance > 0.5 === truth ? 1 : 0;
      });
    }
    counts.total++;
  }
}

const oddVotes: readonly number[] = Array.from({ length: (mostVotes + 1) / 2 }, (_, i) => 2 * i + 1);

/** Votes at which a curve reaches an accuracy, between odd numbers by straight lines; the most votes where it does not. */
function votesFor(curve: readonly number[], accuracy: number): number {
  const at = oddVotes.findIndex((n) => curve[n] >= accuracy);
  if (at < 0) return mostVotes;
  if (at === 0) return 1;
  const [from, to] = [oddVotes[at - 1], oddVotes[at]];
  return from + ((to - from) * (accuracy - curve[from])) / (curve[to] - curve[from]);
}

function emptyCounts(): Counts {
  const zeros = (): Float64Array => new Float64Array(mostVotes + 1);
  return {
    majority: zeros(),
    learned: zeros(),
    known: zeros(),
    stopped: thresholds.map(() => ({ votes: 0, right: 0 })),
    total: 0,
  };
}

function shares(counts: Float64Array, total: number): number[] {
  return Array.from(counts, (count) => count / total);
}

function logOdds(p: number): number {
  return Math.log(p / (1 - p));
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
