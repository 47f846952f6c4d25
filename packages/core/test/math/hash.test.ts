import { describe, expect, it } from 'vitest';
import { hash32, mix32 } from '../../src/math/hash.ts';

describe('hash32', () => {
  it('is MurmurHash3 of the UTF-16 bytes, as computed by an independent program', () => {
    const known: readonly [string, number, number][] = [
      ['', 0, 0],
      ['', 1, 1364076727],
      ['a', 0, 1867108634],
      ['task-17', 0, 1476624441],
      ['task-17', 5, 1010567886],
      ['añ🙂', 9, 2589337691],
    ];
    for (const [text, seed, want] of known) expect(hash32(text, seed), text).toBe(want);
  });

  it('spreads near names over all bits', () => {
    // 4096 bins, 65,536 names: χ² with 4095 degrees of freedom is below 4560 with probability 1 − 5e-7.
    const bins = new Uint32Array(4096);
    for (let i = 0; i < 65536; i++) bins[hash32(`t${i}`, 3) >>> 20]++;
    const chiSquare = bins.reduce((sum, count) => sum + (count - 16) ** 2 / 16, 0);
    expect(chiSquare).toBeLessThan(4560);
  });
});

describe('mix32', () => {
  it('changes about half of the output bits for one input bit', () => {
    // Mean of 64 × 200 binomial(32, ½) flips: sd 0.025, so 15.85 … 16.15 is six sd, false alarm 2e-9.
    let flips = 0;
    for (let i = 0; i < 200; i++) {
      const base = mix32(i, i * 77);
      for (let bit = 0; bit < 32; bit++) {
        flips += ones(base ^ mix32(i ^ (1 << bit), i * 77)) + ones(base ^ mix32(i, (i * 77) ^ (1 << bit)));
      }
    }
    const mean = flips / (64 * 200);
    expect(mean).toBeGreaterThan(15.85);
    expect(mean).toBeLessThan(16.15);
  });

  it('tells its arguments apart and stays unsigned', () => {
    expect(mix32(1, 2)).not.toBe(mix32(2, 1));
    for (let i = 0; i < 100; i++) {
      expect(mix32(i, -i)).toBeGreaterThanOrEqual(0);
      expect(Number.isInteger(mix32(i, -i))).toBe(true);
    }
  });
});

function ones(word: number): number {
  let left = word >>> 0;
  let count = 0;
  for (; left !== 0; left >>>= 1) count += left & 1;
  return count;
}
