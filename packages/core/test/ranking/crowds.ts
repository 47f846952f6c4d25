import { Random } from '@assay/core';
import type { NamedComparisons } from '@assay/core/ranking';

const [items, width, workers, count] = [200, 5, 30, 1500];

/** Linear scores of normal features; 30 % of the workers turn 90 % of their answers over, the others 5 %. */
export function linearCrowd(seed: number): {
  comparisons: Omit<NamedComparisons, 'items' | 'workers' | 'tied'>;
  truth: Float64Array;
  honest: boolean[];
} {
  const random = new Random(`preferences ${seed}`);
  const x = Float64Array.from({ length: items * width }, () => random.normal());
  const weights = Float64Array.from({ length: width }, () => random.normal());
  const truth = Float64Array.from({ length: items }, (_, i) =>
    weights.reduce((sum, weight, d) => sum + weight * x[i * width + d], 0),
  );
  const honest = Array.from({ length: workers }, (_, u) => u >= 0.3 * workers);
  const [winner, loser, worker] = [new Uint32Array(count), new Uint32Array(count), new Uint32Array(count)];
  for (let e = 0; e < count; e++) {
    const a = random.integer(items);
    const b = (a + 1 + random.integer(items - 1)) % items;
    const u = random.integer(workers);
    const follows = random.bernoulli(honest[u] ? 0.95 : 0.1);
    const better = random.bernoulli(1 / (1 + Math.exp(truth[b] - truth[a]))) === follows;
    winner[e] = better ? a : b;
    loser[e] = better ? b : a;
    worker[e] = u;
  }
  return { comparisons: { itemCount: items, workerCount: workers, winner, loser, worker }, truth, honest };
}

/** Kendall's τ of two lists without ties. */
export function kendall(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) for (let j = 0; j < i; j++) sum += Math.sign((a[i] - a[j]) * (b[i] - b[j]));
  return sum / ((a.length * (a.length - 1)) / 2);
}
