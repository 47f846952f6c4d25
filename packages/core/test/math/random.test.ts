import { describe, expect, it } from 'vitest';
import { digamma, trigamma } from '../../src/math/gamma-functions.ts';
import { chiSquareUpperTail } from '../../src/math/incomplete.ts';
import { Random } from '../../src/math/random.ts';

/*
 * Statistical tests here fix the seed. With a fresh seed each would raise a false alarm with the
 * probability of a 5-sd normal deviation (6e-7) for every mean or variance it checks and 1e-6 for
 * every χ²; all of them together stay below 1e-4.
 */
const DRAWS = 100_000;

describe('Random', () => {
  it('is xoshiro128** 1.1, as computed by an independent program', () => {
    const random = Random.fromJSON({ seed: 0, words: [1, 2, 3, 4], spare: null });
    expect(Array.from({ length: 6 }, () => random.word())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492,
    ]);
  });

  it('repeats for the same seed and differs for another', () => {
    const draw = (seed: number | string): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 4 }, () => random.uniform());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).toEqual(draw('7'));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(-1)).not.toEqual(draw(1));
    expect(draw(0.5)).not.toEqual(draw(0.25));
  });

  it('refuses a seed that is not a finite number or a text', () => {
    expect(() => new Random(Number.NaN)).toThrow(/invalid seed/);
    expect(() => new Random(Infinity)).toThrow(/invalid seed/);
  });

  it('forks streams that depend on seed and name only', () => {
    const fresh = new Random(7);
    const used = new Random(7);
    for (let i = 0; i < 100; i++) used.normal();
    expect(used.fork('task-3').uniform()).toBe(fresh.fork('task-3').uniform());
    expect(fresh.fork('task-3').uniform()).toBe(new Random('7/task-3').uniform());
    expect(fresh.fork(1).uniform()).not.toBe(fresh.fork(2).uniform());
    expect(fresh.fork(1).fork(2).uniform()).not.toBe(fresh.fork(2).fork(1).uniform());
  });

  it('draws uniformly across many forks, not only along one stream', () => {
    const random = new Random(3);
    const bins = new Uint32Array(256);
    for (let i = 0; i < 25_600; i++) bins[Math.floor(random.fork(i).uniform() * 256)]++;
    expect(uniformity(bins)).toBeGreaterThan(1e-6);
  });

  it('goes on exactly after save and restore, a waiting normal included', () => {
    const random = new Random('save');
    random.normal();
    const restored = Random.fromJSON(JSON.parse(JSON.stringify(random)));
    for (let i = 0; i < 5; i++) expect(restored.normal()).toBe(random.normal());
    expect(restored.word()).toBe(random.word());
    expect(restored.fork('x').word()).toBe(random.fork('x').word());
  });
});

describe('uniform draws', () => {
  it('fill [0, 1) evenly, in single draws and in pairs', () => {
    const random = new Random(1);
    const pairs = new Uint32Array(32 * 32);
    const checked = moments(() => random.uniform());
    checked(0.5, 1 / 12, 1 / 80);
    for (let i = 0; i < DRAWS; i++) {
      const x = random.uniform();
      const y = random.uniform();
      pairs[Math.floor(x * 32) * 32 + Math.floor(y * 32)]++;
      if (x < 0 || x >= 1) expect.fail(`out of range: ${x}`);
    }
    expect(uniformity(pairs)).toBeGreaterThan(1e-6);
  });

  it('give integers without bias', () => {
    const random = new Random(2);
    for (const below of [1, 2, 7, 1000]) {
      const bins = new Uint32Array(below);
      for (let i = 0; i < DRAWS; i++) bins[random.integer(below)]++;
      if (below > 1) expect(uniformity(bins)).toBeGreaterThan(1e-6);
      else expect(bins[0]).toBe(DRAWS);
    }
    // ¾ · 2³² is where taking a plain remainder would favour the lower third.
    let low = 0;
    for (let i = 0; i < DRAWS; i++) if (random.integer(3221225472) < 1073741824) low++;
    expect(Math.abs(low - DRAWS / 3) / Math.sqrt((DRAWS * 2) / 9)).toBeLessThan(5);
    expect(random.integer(2 ** 45)).toBeLessThan(2 ** 45);
  });
});

describe('continuous samplers have the right moments', () => {
  it('normal', () => {
    const random = new Random(4);
    moments(() => random.normal(3, 2))(3, 4, 48);
  });

  it('exponential', () => {
    const random = new Random(5);
    moments(() => random.exponential(4))(0.25, 1 / 16, 9 / 256);
  });

  it('gamma, shapes below and above 1', () => {
    const random = new Random(6);
    for (const shape of [0.05, 0.3, 1, 2.5, 60]) {
      moments(() => random.gamma(shape, 3))(3 * shape, 9 * shape, 81 * (3 * shape * shape + 6 * shape));
      moments(() => random.logGammaDraw(shape))(digamma(shape), trigamma(shape));
    }
    expect(random.gamma(0)).toBe(0);
  });

  it('beta', () => {
    const random = new Random(7);
    for (const [a, b] of [
      [0.05, 0.02],
      [0.5, 0.5],
      [0.5, 3],
      [2, 5],
      [80, 20],
    ] as const) {
      const sum = a + b;
      const variance = (a * b) / (sum * sum * (sum + 1));
      const excess = (6 * ((a - b) ** 2 * (sum + 1) - a * b * (sum + 2))) / (a * b * (sum + 2) * (sum + 3));
      moments(() => random.beta(a, b))(a / sum, variance, (excess + 3) * variance * variance);
    }
  });

  it('Dirichlet, sparse ones in log-space included', () => {
    for (const alpha of [
      [0.5, 2, 7.5],
      [0.001, 0.002, 0.003],
      [1e-6, 1e-6],
    ]) {
      const random = new Random(8);
      const sum = alpha.reduce((total, a) => total + a, 0);
      const out = new Float64Array(alpha.length);
      alpha.forEach((a, k) => {
        const mean = a / sum;
        const check = moments(() => {
          random.dirichlet(alpha, out);
          const total = out.reduce((partial, share) => partial + share, 0);
          if (!(Math.abs(total - 1) < 1e-12)) expect.fail(`shares sum to ${total}`);
          return out[k];
        }, 20_000);
        check(mean, (mean * (1 - mean)) / (sum + 1));
      });
    }
    expect([...new Random(1).dirichlet([0, 5, 0])]).toEqual([0, 1, 0]);
    expect([...new Random(1).dirichlet([0, 0.01])]).toEqual([0, 1]);
  });
});

describe('discrete samplers', () => {
  it('bernoulli, binomial and Poisson have the right moments', () => {
    const random = new Random(9);
    moments(() => Number(random.bernoulli(0.3)))(0.3, 0.21);
    for (const [n, p] of [
      [10, 0.2],
      [1000, 0.03],
      [1000, 0.97],
      [100_000, 0.5],
    ] as const) {
      moments(() => random.binomial(n, p), 20_000)(n * p, n * p * (1 - p));
    }
    for (const mean of [0.1, 4, 29, 31, 5000]) moments(() => random.poisson(mean), 20_000)(mean, mean);
    expect([random.binomial(50, 0), random.binomial(50, 1), random.poisson(0)]).toEqual([0, 50, 0]);
  });

  it('categorical follows its weights, skips zeros and is uniform without any', () => {
    const random = new Random(10);
    const weights = Float64Array.of(0, 3, 1, 0, 4, 0);
    const seen = new Uint32Array(6);
    for (let i = 0; i < DRAWS; i++) seen[random.categorical(weights)]++;
    expect([seen[0], seen[3], seen[5]]).toEqual([0, 0, 0]);
    const statistic = weights.reduce((sum, weight, k) => {
      const expected = (DRAWS * weight) / 8;
      return expected === 0 ? sum : sum + (seen[k] - expected) ** 2 / expected;
    }, 0);
    expect(chiSquareUpperTail(statistic, 2)).toBeGreaterThan(1e-6);
    const none = new Uint32Array(4);
    for (let i = 0; i < 4000; i++) none[random.categorical([0, 0, 0, 0])]++;
    expect(uniformity(none)).toBeGreaterThan(1e-6);
  });

  it('shuffles into every order equally often, arrays and typed arrays alike', () => {
    const random = new Random(11);
    const orders = new Uint32Array(24);
    for (let i = 0; i < 48_000; i++) {
      const [a, b, c, d] = random.permutation(4);
      orders[a * 6 + (b > a ? b - 1 : b) * 2 + Number(c > d)]++;
    }
    expect(uniformity(orders)).toBeGreaterThan(1e-6);
    const words = ['a', 'b', 'c'];
    expect(random.shuffle(words)).toBe(words);
    expect([...words].sort()).toEqual(['a', 'b', 'c']);
    expect([...random.shuffle(Float64Array.of(1, 2, 3))].sort()).toEqual([1, 2, 3]);
    expect(random.permutation(0)).toHaveLength(0);
  });
});

/** Draws, and returns a check of mean and variance; without a known fourth moment that of the draws serves. */
function moments(draw: () => number, count = DRAWS): (mean: number, variance: number, fourth?: number) => void {
  const values = Float64Array.from({ length: count }, draw);
  return (mean, variance, fourth) => {
    let sum = 0;
    let squares = 0;
    let fourths = 0;
    for (const value of values) {
      const square = (value - mean) ** 2;
      sum += value - mean;
      squares += square;
      fourths += square * square;
    }
    expect(Math.abs(sum) / Math.sqrt(count * variance), `mean, wanted ${mean}`).toBeLessThan(5);
    const spread = Math.sqrt(count * ((fourth ?? fourths / count) - variance * variance));
    expect(Math.abs(squares - count * variance) / spread, `variance, wanted ${variance}`).toBeLessThan(5);
  };
}

/** The p-value of equal counts. */
function uniformity(bins: Uint32Array): number {
  const total = bins.reduce((sum, count) => sum + count, 0);
  const expected = total / bins.length;
  const statistic = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return chiSquareUpperTail(statistic, bins.length - 1);
}
