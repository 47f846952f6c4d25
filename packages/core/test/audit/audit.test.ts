import { type AnswerTable, answersFrom, coinShrunk, fit, Random } from '@assay/core';
import { type Copying, findCopying, findSpammers, type WorkerVerdict } from '@assay/core/audit';
import { describe, expect, it } from 'vitest';

interface Crowd {
  readonly tasks: number;
  readonly workers: number;
  readonly classes: number;
  readonly each: number;
  /** The first so many answer by habit alone. */
  readonly guessing?: number;
  /** How often the last worker takes the answer of the one before. */
  readonly copies?: number;
  /** Accuracy of the best, at least 0.6. */
  readonly best?: number;
  /** Share of tasks that mislead everybody alike. */
  readonly hard?: number;
}

function drawn(name: string, crowd: Crowd): [task: string, worker: string, label: string][] {
  const { tasks, workers, classes, each, guessing = 0, copies = 0, hard = 0, best = 0.95 } = crowd;
  const random = new Random(name);
  const accuracy = Float64Array.from({ length: workers }, () => 0.6 + (best - 0.6) * random.uniform());
  const habits = Array.from({ length: workers }, () => random.dirichlet(new Float64Array(classes).fill(1)));
  const rows: [string, string, string][] = [];
  for (let t = 0; t < tasks; t++) {
    const truth = random.integer(classes);
    const misleads = random.bernoulli(hard);
    let before = -1;
    for (const w of random.permutation(workers).subarray(0, each).sort()) {
      let said: number;
      if (w === workers - 1 && before >= 0 && random.bernoulli(copies)) said = before;
      else if (w < guessing) said = random.categorical(habits[w]);
      else if (random.bernoulli(misleads ? 0.35 : accuracy[w])) said = truth;
      else said = misleads ? (truth + 1) % classes : (truth + 1 + random.integer(classes - 1)) % classes;
      if (w === workers - 2) before = said;
      rows.push([`t${t}`, `w${String(w).padStart(2, '0')}`, `c${said}`]);
    }
  }
  return rows;
}

function verdicts(table: AnswerTable): WorkerVerdict[] {
  return findSpammers(table, fit(coinShrunk, table), { random: new Random(1) }).map(({ verdict }) => verdict);
}

function copying(table: AnswerTable): Copying {
  return findCopying(table, fit(coinShrunk, table));
}

describe('findSpammers', () => {
  it('names those who answer by habit, and hardly ever anybody else', () => {
    let [found, missed, wrong] = [0, 0, 0];
    for (let r = 0; r < 5; r++) {
      const rows = drawn(`guess ${r}`, { tasks: 800, workers: 20, classes: 3, each: 6, guessing: 5 });
      verdicts(answersFrom(rows)).forEach((verdict, w) => {
        if (w < 5 && verdict === 'guesses') found++;
        else if (w < 5 && verdict === 'informative') missed++;
        else if (w >= 5 && verdict !== 'informative') wrong++;
      });
    }
    expect(found).toBeGreaterThanOrEqual(22);
    expect(missed).toBe(0);
    expect(wrong).toBeLessThanOrEqual(1);
  });

  it('tells one who turns answers over from one who guesses', () => {
    const turned = drawn('turned', { tasks: 400, workers: 8, classes: 2, each: 5 }).map(
      ([task, worker, label]): [string, string, string] =>
        worker === 'w00' ? [task, worker, label === 'c0' ? 'c1' : 'c0'] : [task, worker, label],
    );
    const table = answersFrom(turned);
    const [first, ...rest] = findSpammers(table, fit(coinShrunk, table), { random: new Random(1) });
    expect(first.verdict).toBe('turned over');
    expect(first.directionHi).toBeLessThan(0);
    expect(first.lo).toBeGreaterThan(0.05);
    for (const worker of rest) expect(worker.verdict).toBe('informative');
  });

  it('says nothing of few answers, of one class and of nothing', () => {
    const rows = drawn('few', { tasks: 10, workers: 6, classes: 2, each: 3 });
    expect(new Set(verdicts(answersFrom(rows)))).toEqual(new Set(['too few']));
    const one = answersFrom(Array.from({ length: 40 }, (_, t) => [`t${t}`, 'ana', 'cat']));
    expect(verdicts(one)).toEqual(['too few']);
    expect(findSpammers(one, fit(coinShrunk, one), { random: new Random(1) })[0].score).toBeNaN();
    expect(verdicts(answersFrom([]))).toEqual([]);
  });

  it('is right of a worker whose tasks are known', () => {
    // 40 known tasks, one worker: without gold nobody else says anything of them.
    const truth = new Map(Array.from({ length: 40 }, (_, t) => [`t${t}`, t % 2 === 0 ? 'cat' : 'dog']));
    const table = answersFrom(Array.from(truth, ([task, label]) => [task, 'ana', label])).withGold(truth).table;
    const [ana] = findSpammers(table, fit(coinShrunk, table), { random: new Random(1) });
    expect(ana.verdict).toBe('informative');
    expect(ana.score).toBeGreaterThan(0.8);
  });

  it('does not depend on the order of rows', () => {
    const rows = drawn('order', { tasks: 200, workers: 6, classes: 3, each: 4, guessing: 1 });
    const turned = answersFrom([...rows].reverse());
    const [a, b] = [answersFrom(rows), turned].map((table) =>
      findSpammers(table, fit(coinShrunk, table), { random: new Random(1) }).map(({ worker, verdict }) => [
        worker,
        verdict,
      ]),
    );
    expect(new Map(b as [string, string][])).toEqual(new Map(a as [string, string][]));
  });
});

describe('findCopying', () => {
  it('finds who copies, though others are as good', () => {
    for (let r = 0; r < 3; r++) {
      const rows = drawn(`copy ${r}`, { tasks: 600, workers: 10, classes: 3, each: 8, copies: 0.7, best: 0.8 });
      const { groups, pairs } = copying(answersFrom(rows));
      expect(groups).toEqual([['w08', 'w09']]);
      expect(pairs[0].agreement).toBeGreaterThan(pairs[0].expected + 0.1);
    }
  });

  it('suspects nobody who works alone, though tasks mislead everybody and some guess', () => {
    // About 1,100 pairs a crowd kind; each is suspected wrongly with probability below 0.01 / pairs.
    let compared = 0;
    for (const crowd of [
      { tasks: 800, workers: 20, classes: 2, each: 6, hard: 0.2 },
      { tasks: 800, workers: 20, classes: 4, each: 6, guessing: 5 },
    ])
      for (let r = 0; r < 3; r++) {
        const found = copying(answersFrom(drawn(`alone ${r}`, crowd)));
        expect(found.pairs).toEqual([]);
        compared += found.compared;
      }
    expect(compared).toBeGreaterThan(1000);
  });

  it('is neutral where nothing can be compared', () => {
    const few = copying(answersFrom(drawn('few', { tasks: 10, workers: 6, classes: 2, each: 3 })));
    expect(few).toMatchObject({ pairs: [], groups: [], compared: 0 });
    expect(few.notes[0]).toMatch(/^no two workers share 20 tasks/);
    expect(copying(answersFrom([])).notes[0]).toMatch(/^fewer than two classes/);
  });
});
