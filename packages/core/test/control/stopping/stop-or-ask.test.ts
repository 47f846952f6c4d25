import { fixedVotes, solveStopOrAsk } from '@assay/core/control';
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
    // No single answer can change the label at 2-0, yet asking pays.
    expect(symmetric(0.8, 1, 100, 15).action(2, 0)).toBe('ask');
    expect(symmetric(0.8, 1, 100, 15).action(3, 0)).toBe(1);
  });

  it('matches the fixed schedules it is compared with', () => {
    const problem = { accuracy: [0.7], price: 1, falseAccept: 50, falseReject: 50, most: 25 };
    expect(fixedVotes(problem, 5)).toBeCloseTo(-13.154, 6);
    expect(fixedVotes({ ...problem, falseAccept: 20, falseReject: 20 }, 1)).toBeCloseTo(-7, 10);
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
    expect(policy.chanceOf(2, 0)).toBeCloseTo(0.87037037, 7);
    expect(policy.chanceOf(3, 1)).toBeCloseTo(0.79232168, 7);
    const mean = (yes: number, no: number) =>
      policy.difficultyAt(yes, no).reduce((sum, p, d) => sum + p * tenths[d], 0);
    expect(mean(2, 0)).toBeCloseTo(0.42592593, 7);
    expect(mean(2, 1)).toBeCloseTo(0.65384615, 7);
    const dear = solveStopOrAsk({ accuracy, price: 1, falseAccept: 200, falseReject: 200, most: 40 });
    expect(dear.value).toBeCloseTo(-29.0810488319, 8);
    expect(dear.errorChance).toBeCloseTo(0.10148071, 7);
  });

  it('refuses what is not a problem', () => {
    expect(() => symmetric(1.2, 1, 1, 3)).toThrow(/invalid stop-or-ask/);
    expect(() => symmetric(0.7, 1, Number.POSITIVE_INFINITY, 3)).toThrow(/invalid stop-or-ask/);
  });
});
