import { Random } from '@assay/core';
import { fixedVotes, type StopOrAskProblem, solveStopOrAsk } from '@assay/core/control';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const tenths = Array.from({ length: 11 }, (_, i) => i / 10);
const symmetric = (a: number, price: number, loss: number, most: number) =>
  solveStopOrAsk({ accuracy: [a], price, falseAccept: loss, falseReject: loss, most });

describe('solveStopOrAsk', () => {
  it.each([
    [0.7, 1, 20, 3, -6.74, null, null],
    [0.7, 1, 20, 5, -6.6308, 3.0164, 0.18072],
    [0.7, 1, 20, 15, -6.5527575901, 3.44263162, 0.1555063],
    [0.7, 1, 50, 25, -10.0736989413, 6.38067572, 0.07386046],
    [0.6, 1, 50, 41, -19.2307699765, 3.84615265, 0.30769235],
    [0.8, 1, 100, 15, -6.4621008793, 4.81525749, 0.01646843],
    [0.7, 1, 5, 15, -2.5, 0, 0.5],
  ])('accuracy %d, price %d, loss %d, at most %d', (a, price, loss, most, value, answers, error) => {
    const policy = symmetric(a, price, loss, most);
    expect(policy.value).toBeCloseTo(value, 7);
    if (answers !== null) expect(policy.expectedAnswers).toBeCloseTo(answers, 7);
    if (error !== null) expect(policy.errorChance).toBeCloseTo(error, 7);
  });

  it('asks below a lead of two, and looks further ahead than one answer', () => {
    const policy = symmetric(0.7, 1, 20, 15);
    expect([policy.action(0, 0), policy.action(1, 0), policy.action(0, 1)]).toEqual(['ask', 'ask', 'ask']);
    expect([policy.action(2, 0), policy.action(0, 2)]).toEqual([1, 0]);
    expect(policy.valueAt(1, 0)).toBeCloseTo(-5.552758, 6);
    expect(policy.valueAt(1, 1)).toBeCloseTo(-6.554185, 6);
    expect(policy.valueAt(2, 0)).toBeCloseTo(-3.103448, 6);
    expect(policy.valueAt(2, 1)).toBeCloseTo(-5.554185, 6);
    // No single answer can change the label at 2-0, yet asking pays.
    expect(symmetric(0.8, 1, 100, 15).action(2, 0)).toBe('ask');
    expect(symmetric(0.8, 1, 100, 15).action(3, 0)).toBe(1);
    for (let n = 0; n <= 7; n++) {
      for (let yes = Math.ceil(n / 2); yes <= n; yes++) {
        const lead = 2 * yes - n;
        expect(symmetric(0.8, 1, 100, 15).action(yes, n - yes) === 'ask').toBe(lead <= 2);
      }
    }
  });

  it.each([
    [0.7, 20, 1, -7],
    [0.7, 50, 5, -13.154],
    [0.6, 50, 3, -20.6],
    [0.8, 100, 7, -10.3344],
    [0.7, 5, 0, -2.5],
  ])('accuracy %d, loss %d: the best fixed number is %d', (a, loss, best, value) => {
    const problem = { accuracy: [a], price: 1, falseAccept: loss, falseReject: loss, most: 25 };
    const values = [0, 1, 3, 5, 7, 9, 11, 13].map((votes) => fixedVotes(problem, votes));
    expect(Math.max(...values)).toBeCloseTo(value, 4);
    expect(fixedVotes(problem, best)).toBeCloseTo(value, 4);
  });

  it('takes losses that differ', () => {
    const policy = solveStopOrAsk({
      accuracy: [0.75],
      prior: 0.3,
      price: 0.5,
      falseAccept: 40,
      falseReject: 10,
      most: 9,
    });
    expect(policy.value).toBeCloseTo(-2.6469474792, 9);
    const at = (n: number, lead: number) => policy.action((n + lead) / 2, (n - lead) / 2);
    expect([
      at(1, -1),
      at(1, 1),
      at(2, 0),
      at(2, 2),
      at(3, -1),
      at(3, 1),
      at(3, 3),
      at(4, 4),
      at(5, 3),
      at(5, 5),
    ]).toEqual([0, 'ask', 'ask', 'ask', 0, 'ask', 'ask', 1, 'ask', 1]);
  });

  it('gives up on tasks that turn out to be hard', () => {
    const accuracy = tenths.map((d) => 0.5 * (1 + (1 - d)));
    const policy = solveStopOrAsk({ accuracy, price: 1, falseAccept: 50, falseReject: 50, most: 20 });
    expect(policy.value).toBeCloseTo(-11.2755642631, 9);
    expect(policy.expectedAnswers).toBeCloseTo(3.12551299, 7);
    expect(policy.errorChance).toBeCloseTo(0.16300103, 7);
    const asks = (yes: number, no: number) => policy.action(yes, no) === 'ask';
    expect([asks(0, 0), asks(1, 0), asks(1, 1), asks(2, 1), asks(2, 2), asks(3, 2), asks(3, 3), asks(4, 3)]).toEqual(
      Array(8).fill(true),
    );
    expect([asks(2, 0), asks(3, 1)]).toEqual([false, false]);
    const chances = (
      [
        [1, 0],
        [2, 0],
        [2, 1],
        [3, 1],
      ] as const
    ).map(([yes, no]) => policy.chanceOf(yes, no));
    [0.75, 0.87037037, 0.67307692, 0.79232168].forEach((chance, i) => {
      expect(chances[i]).toBeCloseTo(chance, 7);
    });
    expect(fixedVotes({ accuracy, price: 1, falseAccept: 50, falseReject: 50, most: 20 }, 3)).toBeCloseTo(-12.6875, 10);
    expect(fixedVotes({ accuracy, price: 1, falseAccept: 200, falseReject: 200, most: 40 }, 9)).toBeCloseTo(
      -36.104295,
      6,
    );
    const mean = (yes: number, no: number) =>
      policy.difficultyAt(yes, no).reduce((sum, p, d) => sum + p * tenths[d], 0);
    expect(mean(2, 0)).toBeCloseTo(0.42592593, 7);
    expect(mean(2, 1)).toBeCloseTo(0.65384615, 7);
    expect(mean(1, 0)).toBeCloseTo(0.5, 10);
    expect(mean(3, 1)).toBeCloseTo(0.61121216, 7);
    const dear = solveStopOrAsk({ accuracy, price: 1, falseAccept: 200, falseReject: 200, most: 40 });
    expect(dear.value).toBeCloseTo(-29.0810488319, 8);
    expect(dear.expectedAnswers).toBeCloseTo(8.78490696, 7);
    expect(dear.errorChance).toBeCloseTo(0.10148071, 7);
  });

  it('refuses what is not a problem', () => {
    expect(() => symmetric(1.2, 1, 1, 3)).toThrow(/invalid stop-or-ask/);
    expect(() => symmetric(0.7, 1, Number.POSITIVE_INFINITY, 3)).toThrow(/invalid stop-or-ask/);
    expect(() => symmetric(Number.NaN, 1, 1, 3)).toThrow(/invalid stop-or-ask/);
    expect(() => symmetric(0.7, Number.NaN, 1, 3)).toThrow(/invalid stop-or-ask/);
  });
});

describe('the optimum', () => {
  const problems = fc.record({
    accuracy: fc.array(fc.double({ min: 0.5, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 }),
    prior: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
    price: fc.double({ min: 0, max: 2, noNaN: true }),
    falseAccept: fc.double({ min: 0, max: 50, noNaN: true }),
    falseReject: fc.double({ min: 0, max: 50, noNaN: true }),
  });
  const states = (most: number): [number, number][] =>
    Array.from({ length: most + 1 }, (_, n) =>
      Array.from({ length: n + 1 }, (_, yes): [number, number] => [yes, n - yes]),
    ).flat();

  it('is the best of all policies of up to three answers', () => {
    fc.assert(
      fc.property(problems, fc.integer({ min: 0, max: 3 }), (problem, most) => {
        // Every policy: ask or stop at each state that may ask; what is submitted is best given the counts.
        const inner = states(most).filter(([yes, no]) => yes + no < most);
        let best = Number.NEGATIVE_INFINITY;
        for (let policy = 0; policy < 2 ** inner.length; policy++) {
          const asks = new Set(inner.filter((_, i) => (policy >> i) & 1).map(String));
          best = Math.max(best, worthOf(problem, asks));
        }
        expect(solveStopOrAsk({ ...problem, most }).value).toBeCloseTo(best, 8);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('never falls with more answers allowed, a better crowd or lower prices, and keeps its decisions in another currency', () => {
    fc.assert(
      fc.property(problems, fc.integer({ min: 1, max: 12 }), (problem, most) => {
        const policy = solveStopOrAsk({ ...problem, most });
        const atLeast = (other: Partial<typeof problem> & { most?: number }): void => {
          expect(solveStopOrAsk({ ...problem, most, ...other }).value).toBeGreaterThanOrEqual(policy.value - 1e-9);
        };
        atLeast({ most: most + 1 });
        atLeast({ accuracy: problem.accuracy.map((a) => a + 0.3 * (1 - a)) });
        atLeast({ price: 0.7 * problem.price });
        const { price, falseAccept, falseReject } = problem;
        const cents = { price: 64 * price, falseAccept: 64 * falseAccept, falseReject: 64 * falseReject };
        const scaled = solveStopOrAsk({ ...problem, ...cents, most });
        expect(scaled.value).toBeCloseTo(64 * policy.value, 6);
        for (const [yes, no] of states(most)) {
          // Asking must beat stopping by more than 1e-12, so ties of rounding may differ.
          if (Math.abs(policy.valueAt(yes, no) * 64 - scaled.valueAt(yes, no)) > 1e-9) expect.fail('another value');
        }
      }),
      { numRuns: 200, seed: 2 },
    );
  });

  it('is the same with labels and losses swapped', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const { falseAccept, falseReject, prior } = problem;
        const mirrored = { ...problem, falseAccept: falseReject, falseReject: falseAccept, prior: 1 - prior };
        expect(solveStopOrAsk({ ...mirrored, most: 8 }).value).toBeCloseTo(
          solveStopOrAsk({ ...problem, most: 8 }).value,
          8,
        );
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it('is what simulation pays', () => {
    const problem = { accuracy: [0.6, 0.9], prior: 0.4, price: 1, falseAccept: 40, falseReject: 25, most: 15 };
    const policy = solveStopOrAsk(problem);
    const random = new Random(5);
    const trials = 40_000;
    let paid = 0;
    for (let trial = 0; trial < trials; trial++) {
      const truth = random.bernoulli(0.4);
      const accuracy = problem.accuracy[random.integer(2)];
      let [yes, no] = [0, 0];
      for (;;) {
        const action = policy.action(yes, no);
        if (action !== 'ask') {
          if (action === 1 && !truth) paid += problem.falseAccept;
          if (action === 0 && truth) paid += problem.falseReject;
          break;
        }
        paid += problem.price;
        if (random.bernoulli(accuracy) === truth) yes++;
        else no++;
      }
    }
    // The spread of a trial is about 12: .3 is five standard errors, once in two million.
    expect(Math.abs(paid / trials + policy.value)).toBeLessThan(0.3);
  });
});

/** Expected value of a policy given by the states in which it asks. */
function worthOf(problem: Omit<StopOrAskProblem, 'most'>, asks: ReadonlySet<string>, yes = 0, no = 0): number {
  const { accuracy, prior = 0.5, price, falseAccept, falseReject } = problem;
  const mass = (up: number, down: number): [number, number] => {
    const of = (right: number, wrong: number): number =>
      accuracy.reduce((sum, a) => sum + (a ** right * (1 - a) ** wrong) / accuracy.length, 0);
    return [prior * of(up, down), (1 - prior) * of(down, up)];
  };
  const [one, zero] = mass(yes, no);
  const all = one + zero;
  if (all === 0) return 0;
  if (!asks.has(String([yes, no]))) return -Math.min(falseAccept * zero, falseReject * one) / all;
  const [upOne, upZero] = mass(yes + 1, no);
  const up = (upOne + upZero) / all;
  return -price + up * worthOf(problem, asks, yes + 1, no) + (1 - up) * worthOf(problem, asks, yes, no + 1);
}
