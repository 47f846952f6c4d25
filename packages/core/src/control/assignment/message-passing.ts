/** Votes on a bipartite graph: task, worker and ±1 of each edge. */
export interface SignedVotes {
  readonly task: ArrayLike<number>;
  readonly worker: ArrayLike<number>;
  readonly sign: ArrayLike<number>;
  readonly tasks: number;
  readonly workers: number;
}

/**
 * Scores of binary tasks by the messages of Karger, Oh and Shah, from all ones; the sign is the label.
 *
 * For checking allocations made by {@link answersForError}; use the method `kos` to aggregate. On tiny graphs it oscillates.
 * Not normalised: keep rounds below about 20.
 *
 * Source: Karger, Oh & Shah (2014), Operations Research 62(1), algorithm 1.
 */
export function messageScores({ task, worker, sign, tasks, workers }: SignedVotes, rounds: number): Float64Array {
  const edges = task.length;
  const toTask = new Float64Array(edges).fill(1);
  const toWorker = new Float64Array(edges);
  const score = new Float64Array(tasks);
  for (let round = 0; round < rounds; round++) {
    score.fill(0);
    for (let e = 0; e < edges; e++) score[task[e]] += sign[e] * toTask[e];
    for (let e = 0; e < edges; e++) toWorker[e] = score[task[e]] - sign[e] * toTask[e];
    const sums = new Float64Array(workers);
    for (let e = 0; e < edges; e++) sums[worker[e]] += sign[e] * toWorker[e];
    for (let e = 0; e < edges; e++) toTask[e] = sums[worker[e]] - sign[e] * toWorker[e];
  }
  score.fill(0);
  for (let e = 0; e < edges; e++) score[task[e]] += sign[e] * toTask[e];
  return score;
}

/**
 * Answers per task for an error of at most `error`, one-shot allocation: ⌈(2/q) ln(1/ε)⌉, q = E[(2p − 1)²] of the crowd.
 *
 * A starting point for a simulation, not a promise: the constant is of that order only.
 */
export function answersForError(quality: number, error: number): number {
  return Math.ceil((2 / quality) * Math.log(1 / error));
}

/** The smallest odd number of votes of accuracy `p` whose majority is right with `wanted`, with that probability. */
export function majoritySize(p: number, wanted: number): { readonly votes: number; readonly accuracy: number } | null {
  if (!(p > 0.5)) return null;
  for (let votes = 1; votes < 10_000; votes += 2) {
    const accuracy = majorityAccuracy(p, votes);
    if (accuracy >= wanted) return { votes, accuracy };
  }
  return null;
}

/** P(the majority of an odd number of votes of accuracy p is right). */
export function majorityAccuracy(p: number, votes: number): number {
  let logTerm = votes * Math.log(p);
  let sum = 0;
  for (let wrong = 0; wrong <= (votes - 1) / 2; wrong++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log((votes - wrong) / (wrong + 1)) + Math.log1p(-p) - Math.log(p);
  }
  return sum;
}
