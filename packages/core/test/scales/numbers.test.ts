import { dictionaryOf, InputError, Random } from '@assay/core';
import { sourceOf } from '@assay/core/formats';
import {
  type NumberAnswers,
  type NumberRatings,
  type ReadNumbersOptions,
  rateNumbers,
  readNumbers,
} from '@assay/core/scales';
import { describe, expect, it } from 'vitest';

interface Crowd {
  readonly tasks: number;
  readonly workers: number;
  readonly each: number;
  /** Standard deviations: of biases, and least and most noise. */
  readonly bias: number;
  readonly noise: readonly [least: number, most: number];
}

function drawn(
  name: string,
  { tasks, workers, each, bias, noise }: Crowd,
): { answers: NumberAnswers; truth: Float64Array; biases: Float64Array } {
  const random = new Random(name);
  const truth = Float64Array.from({ length: tasks }, () => 50 + 20 * random.normal());
  const biases = Float64Array.from({ length: workers }, () => bias * random.normal());
  const sd = Float64Array.from({ length: workers }, () => noise[0] + (noise[1] - noise[0]) * random.uniform());
  const rows: [number, number, number][] = [];
  for (let t = 0; t < tasks; t++)
    for (const w of random.permutation(workers).subarray(0, each))
      rows.push([t, w, truth[t] + biases[w] + sd[w] * random.normal()]);
  return { answers: answersOf(tasks, workers, rows), truth, biases };
}

function answersOf(
  tasks: number,
  workers: number,
  rows: readonly (readonly [number, number, number])[],
): NumberAnswers {
  const named = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
  return {
    tasks: dictionaryOf(named('t', tasks)),
    workers: dictionaryOf(named('w', workers)),
    task: Uint32Array.from(rows, ([task]) => task),
    worker: Uint32Array.from(rows, ([, worker]) => worker),
    value: Float64Array.from(rows, ([, , value]) => value),
  };
}

const rated = (answers: NumberAnswers, seed = 1): NumberRatings => rateNumbers(answers, { random: new Random(seed) });

function rootMeanSquare(a: Float64Array, b: Float64Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2 / a.length, 0));
}

describe('rateNumbers', () => {
  it('is closer than the mean where workers differ, and covers as often as it says', () => {
    let [covered, biases, model, mean] = [0, 0, 0, 0];
    const times = 8;
    for (let d = 0; d < times; d++) {
      const {
        answers,
        truth,
        biases: own,
      } = drawn(`numbers ${d}`, { tasks: 200, workers: 30, each: 5, bias: 5, noise: [3, 20] });
      const found = rated(answers, d);
      truth.forEach((value, t) => {
        if (found.lo[t] <= value && value <= found.hi[t]) covered += 1 / (200 * times);
      });
      own.forEach((bias, w) => {
        if (found.workers.biasLo[w] <= bias && bias <= found.workers.biasHi[w]) biases += 1 / (30 * times);
      });
      model += rootMeanSquare(found.value, truth) / times;
      mean += rootMeanSquare(found.mean, truth) / times;
    }
    // 1,600 values and 240 biases: below .93 and .90 less than once in a thousand where 95 % is right.
    expect(covered).toBeGreaterThan(0.93);
    expect(biases).toBeGreaterThan(0.9);
    expect(model).toBeLessThan(0.85 * mean);
  });

  it('comes to the mean where all workers are alike and answers are many', () => {
    const { answers } = drawn('alike', { tasks: 60, workers: 40, each: 40, bias: 0, noise: [10, 10] });
    const { value, mean, meanLo, meanHi } = rated(answers);
    expect(rootMeanSquare(value, mean)).toBeLessThan(0.6);
    // 10 · 1.96 / √40.
    expect((meanHi[0] - meanLo[0]) / 2).toBeCloseTo(3.1, 0);
  });

  it('follows the unit of the answers', () => {
    const { answers } = drawn('units', { tasks: 30, workers: 8, each: 4, bias: 3, noise: [2, 9] });
    const other = { ...answers, value: answers.value.map((value) => 1e6 + 1000 * value) };
    const [plain, scaled] = [rated(answers), rated(other)];
    plain.value.forEach((value, t) => void expect(scaled.value[t]).toBeCloseTo(1e6 + 1000 * value, 2));
    plain.workers.noise.forEach((noise, w) => void expect(scaled.workers.noise[w]).toBeCloseTo(1000 * noise, 3));
  });

  it('gives the same for a seed', () => {
    const { answers } = drawn('seed', { tasks: 10, workers: 4, each: 3, bias: 1, noise: [1, 2] });
    expect(rated(answers, 3)).toEqual(rated(answers, 3));
  });

  it('is neutral without answers, with one, and where all are equal', () => {
    const none = rated(answersOf(0, 0, []));
    expect(none.value).toHaveLength(0);
    expect(none.notes[0]).toMatch(/^no answers/);
    const one = rated(answersOf(1, 1, [[0, 0, 7]]));
    expect(one.value[0]).toBeCloseTo(7, 0);
    expect(one.meanLo[0]).toBeNaN();
    expect(one.notes[0]).toMatch(/^one worker/);
    const equal = rated(
      answersOf(2, 2, [
        [0, 0, 3],
        [0, 1, 3],
        [1, 0, 3],
        [1, 1, 3],
      ]),
    );
    expect([...equal.value, ...equal.lo, ...equal.hi].every(Number.isFinite)).toBe(true);
    expect(Array.from(equal.mean)).toEqual([3, 3]);
    expect(() => rateNumbers(answersOf(0, 0, []), { random: new Random(1), level: 2 })).toThrow(
      /^invalid level 2; give/,
    );
  });
});

describe('readNumbers', () => {
  const read = (text: string, options: ReadNumbersOptions = {}): ReturnType<typeof readNumbers> =>
    readNumbers(sourceOf('n.csv', text), options);

  it('reads usual names of columns, sorted by name, and counts what is missing or repeated', async () => {
    const { answers, receipt } = await read('item,annotator,score\nb,zoe,2\na,zoe,1.5\na,bo,NA\na,zoe,-3e1\n');
    expect(answers.tasks.names()).toEqual(['a', 'b']);
    expect(Array.from(answers.value, (value, e) => [answers.task[e], value])).toEqual([
      [1, 2],
      [0, -30],
    ]);
    expect(receipt).toMatchObject({ answers: 2, tasks: 2, workers: 1, duplicates: 1, missing: 1 });
    expect((await read('item,score\na,1\na,2\n', { duplicates: 'first' })).answers.value[0]).toBe(1);
    expect((await read('item,score\na,1\na,2\n', { duplicates: 'all' })).receipt.answers).toBe(2);
  });

  it('refuses what is no number, with file, line and what to do', async () => {
    const failures = async (text: string, options?: ReadNumbersOptions): Promise<readonly InputError[]> => {
      const error = await read(text, options).catch((thrown: unknown) => thrown);
      if (!(error instanceof InputError)) throw new Error('nothing was refused');
      return error.all;
    };
    const [first, second] = await failures('task,worker,value\nt1,ana,cat\n,bo,3\n');
    expect(first).toMatchObject({ code: 'invalid-number', path: 'n.csv', line: 2, got: 'cat' });
    expect(second).toMatchObject({ code: 'missing-task', line: 3 });
    expect((await failures('task,value\na,1\na,2\n', { duplicates: 'error' }))[0].code).toBe('duplicate-answer');
    expect((await failures('x,y\n1,2\n'))[0]).toMatchObject({ code: 'missing-column', line: 1 });
    expect((await failures('task,value\na,1\n', { columns: { value: 'vlue' } }))[0].hint).toBe('did you mean value?');
    expect((await failures('task,score,rating\na,1,2\n'))[0].code).toBe('ambiguous-column');
    expect(await failures(`task,value\n${'a,x\n'.repeat(50)}`)).toHaveLength(20);
  });
});
