import { Random } from '@assay/core';
import { assign } from '@assay/core/math';
import { matrixOf } from '@assay/learn/features';
import { learnSimilarity, type SimilarityAnswers } from '@assay/learn/preferences';
import { expect, it } from 'vitest';
import { describeWithRuntime } from '../runtime.ts';

const [items, width, workers, count, kinds] = [150, 4, 12, 1200, 3];

/** Three clouds of items; of 12 workers 2 turn most answers over, 2 guess, 8 are right in nine of ten. */
function crowd(seed: number): { answers: SimilarityAnswers; truth: Uint8Array; x: Float64Array; skill: number[] } {
  const random = new Random(`similarity ${seed}`);
  const centres = Float64Array.from({ length: kinds * width }, () => 2.5 * random.normal());
  const truth = Uint8Array.from({ length: items }, () => random.integer(kinds));
  const x = Float64Array.from(
    { length: items * width },
    (_, at) => centres[truth[Math.floor(at / width)] * width + (at % width)] + random.normal(),
  );
  const skill = Array.from({ length: workers }, (_, u) => (u < 2 ? 0.1 : u < 4 ? 0.5 : 0.9));
  const [first, second, worker] = [new Uint32Array(count), new Uint32Array(count), new Uint32Array(count)];
  const same = new Uint8Array(count);
  for (let e = 0; e < count; e++) {
    first[e] = random.integer(items);
    second[e] = (first[e] + 1 + random.integer(items - 1)) % items;
    worker[e] = random.integer(workers);
    const right = random.bernoulli(skill[worker[e]]);
    same[e] = (truth[first[e]] === truth[second[e]]) === right ? 1 : 0;
  }
  return { answers: { itemCount: items, workerCount: workers, first, second, worker, same }, truth, x, skill };
}

/** Share of items in the right class under the best names of classes. */
function accuracy(classes: Float64Array, truth: Uint8Array): number {
  const counts = new Float64Array(kinds * kinds);
  truth.forEach((label, i) => {
    const own = classes.subarray(i * kinds, (i + 1) * kinds);
    counts[own.indexOf(Math.max(...own)) * kinds + label]++;
  });
  return assign(counts, kinds, kinds, 'maximise').total / truth.length;
}

describeWithRuntime('same or different', () => {
  it('finds the classes and who is to be believed, though a third of the workers are useless', async () => {
    for (const seed of [0, 1]) {
      const { answers, truth, x, skill } = crowd(seed);
      const found = await learnSimilarity(answers, matrixOf('x', [items, width], x), kinds);
      expect(accuracy(found.classes, truth)).toBeGreaterThan(0.93);
      skill.forEach((own, u) => {
        expect(Math.abs((found.sensitivity[u] + found.specificity[u]) / 2 - own)).toBeLessThan(0.15);
      });
      expect(found.notes[0]).toMatch(/workers who say "same" more often of different/);
      const [first] = await found.predict(matrixOf('x', [1, width], x.subarray(0, width)));
      expect(first).toBeCloseTo(found.classes[0], 5);
      let right = 0;
      found.same.forEach((p, e) => {
        right += p > 0.5 === (truth[answers.first[e]] === truth[answers.second[e]]) ? 1 / count : 0;
      });
      expect(right).toBeGreaterThan(0.93);
    }
  });

  it('gives the same bits for a seed, in whatever order answers and their items come', async () => {
    const { answers, x } = crowd(2);
    const features = matrixOf('x', [items, width], x);
    const turned = {
      ...answers,
      first: answers.second.slice().reverse(),
      second: answers.first.slice().reverse(),
      worker: answers.worker.slice().reverse(),
      same: answers.same.slice().reverse(),
    };
    const options = { epochs: 1, starts: 1 };
    const { classes } = await learnSimilarity(answers, features, kinds, options);
    expect((await learnSimilarity(turned, features, kinds, options)).classes).toEqual(classes);
  });

  it('is finite without answers and when all say the same, and refuses what has no meaning', async () => {
    const none = new Uint32Array(0);
    const features = matrixOf('x', [3, 1], [1, 2, 4]);
    const empty = { itemCount: 3, workerCount: 2, first: none, second: none, worker: none, same: new Uint8Array(0) };
    const nothing = await learnSimilarity(empty, features, 2);
    expect(Array.from(nothing.sensitivity)).toEqual([0.8, 0.8]);
    expect(nothing.notes).toEqual(['no answers: the classes say nothing']);
    const own = {
      ...empty,
      first: Uint32Array.of(0, 1),
      second: Uint32Array.of(1, 2),
      worker: Uint32Array.of(0, 0),
      same: Uint8Array.of(1, 1),
    };
    const all = await learnSimilarity(own, features, 2, { epochs: 5 });
    expect([...all.classes, ...all.same, ...all.sensitivity, ...all.specificity].every(Number.isFinite)).toBe(true);
    await expect(learnSimilarity({ ...own, same: Uint8Array.of(1, 2) }, features, 2)).rejects.toThrow(/answer 2/);
    await expect(learnSimilarity(own, features, 1)).rejects.toThrow(/^invalid number of classes 1/);
    await expect(learnSimilarity({ ...own, itemCount: 4 }, features, 2)).rejects.toThrow(/3 rows for 4 items/);
  });
});
