import {
  evaluatePurchases,
  gainPerPrice,
  independentMarket,
  lookaheadPurchases,
  type Market,
  nothingBought,
  posteriorAfter,
} from '@assay/core/control';
import { describe, expect, it } from 'vitest';

/** Rows of a K-class coin. */
function coin(accuracy: number, count = 2): Float64Array {
  const rows = new Float64Array(count * count).fill((1 - accuracy) / (count - 1));
  for (let k = 0; k < count; k++) rows[k * (count + 1)] = accuracy;
  return rows;
}

/** Two models of one family, an independent one and people. */
function models(copying: number, loss: number): Market {
  const family = { id: 'f', confusion: coin(0.8), copying };
  return {
    prior: Float64Array.of(0.5, 0.5),
    loss,
    sellers: [
      { id: 'small', price: 0.05, copies: 1, confusion: coin(0.8), family },
      { id: 'large', price: 0.1, copies: 1, confusion: coin(0.85), family },
      { id: 'other', price: 0.1, copies: 1, confusion: coin(0.8) },
      { id: 'people', price: 1, copies: 7, confusion: coin(0.9) },
    ],
  };
}

describe('posteriorAfter', () => {
  const family = { id: 'f', confusion: coin(0.75, 3), copying: 0.8 };
  const market: Market = {
    prior: Float64Array.of(0.5, 0.3, 0.2),
    loss: 1,
    sellers: [
      { id: 'one', price: 1, copies: 1, confusion: coin(0.75, 3), family },
      { id: 'two', price: 1, copies: 1, confusion: coin(0.8, 3), family },
    ],
  };

  it.each([
    [
      [0, null],
      [0.85714286, 0.08571429, 0.05714286],
    ],
    [
      [0, 0],
      [0.89032258, 0.06580645, 0.04387097],
    ],
    [
      [0, 1],
      [0.56603774, 0.39622642, 0.03773585],
    ],
    [
      [1, 1],
      [0.15947467, 0.77673546, 0.06378987],
    ],
  ] as const)('counts the second model of a family for less: %o', (said, expected) => {
    const bought = nothingBought(market);
    said.forEach((label, s) => {
      if (label !== null) bought[s * 3 + label]++;
    });
    const posterior = posteriorAfter(market, bought);
    for (let k = 0; k < 3; k++) expect(posterior[k]).toBeCloseTo(expected[k], 7);
  });

  it('is too sure when the two are taken for independent', () => {
    const bought = nothingBought(market);
    bought[0]++;
    bought[3]++;
    expect(posteriorAfter(independentMarket(market), bought)[0]).toBeCloseTo(0.97435897, 7);
  });
});

describe('lookaheadPurchases', () => {
  it('values a three-class task by depth', () => {
    const market = {
      prior: Float64Array.of(0.5, 0.3, 0.2),
      loss: 10,
      sellers: [{ id: 'crowd', price: 0.3, copies: 10, confusion: coin(0.8, 3) }],
    };
    const values = [0, 1, 2, 3, 4, 5].map((depth) => lookaheadPurchases(market, depth).value(nothingBought(market)));
    [-5, -2.3, -1.985, -1.502, -1.32932, -1.254434].forEach((expected, depth) => {
      expect(values[depth]).toBeCloseTo(expected, 6);
    });
  });

  it.each([
    [20, 0.039181, 0.039181, 1.019495, 0.783926, -1.803123],
    [100, 0.008807, 0.008807, 1.899864, 1.73344, -2.780603],
  ])('buys optimally from correlated models at loss %d', (loss, claimed, error, cost, people, net) => {
    const market = models(0.9, loss);
    const best = lookaheadPurchases(market);
    const outcome = evaluatePurchases(best.policy, market, market);
    expect(outcome.cost).toBeCloseTo(cost, 6);
    expect(outcome.error).toBeCloseTo(error, 6);
    expect(outcome.bought[3]).toBeCloseTo(people, 6);
    expect(outcome.net).toBeCloseTo(net, 6);
    expect(best.value(nothingBought(market))).toBeCloseTo(net, 6);
    expect(outcome.claimed).toBeCloseTo(claimed, 6);
    expect(best.policy(nothingBought(market))).toBe(0);
  });

  it.each([
    [20, 0.020163, 0.052111, 0.798293, -1.840522],
    [100, 0.009619, 0.036616, 1.263476, -4.925097],
  ])('claims too much and pays for it when copies count as evidence, loss %d', (loss, claimed, error, cost, net) => {
    const market = models(0.9, loss);
    const blind = models(0, loss);
    const policy = lookaheadPurchases(blind).policy;
    const outcome = evaluatePurchases(policy, blind, market);
    expect(outcome.claimed).toBeCloseTo(claimed, 6);
    expect(outcome.error).toBeCloseTo(error, 6);
    expect(outcome.cost).toBeCloseTo(cost, 6);
    expect(outcome.net).toBeCloseTo(net, 6);
  });

  it('one step ahead is unusable, four are nearly optimal', () => {
    const market = models(0.9, 100);
    const at = (depth: number) => evaluatePurchases(lookaheadPurchases(market, depth).policy, market, market);
    expect(at(1)).toMatchObject({ cost: 1 });
    expect(at(1).net).toBeCloseTo(-11, 9);
    expect(at(2).net).toBeCloseTo(-3.683719, 6);
    expect(at(3).net).toBeCloseTo(-3.151032, 6);
    expect(at(4).net).toBeCloseTo(-2.78351, 6);
  });

  it('starts with the independent model where copies are half independent and errors dear', () => {
    const market = models(0.5, 100);
    const best = lookaheadPurchases(market);
    expect(best.policy(nothingBought(market))).toBe(2);
    expect(best.value(nothingBought(market))).toBeCloseTo(-2.59468, 6);
    const cheap = models(0.5, 20);
    expect(lookaheadPurchases(cheap).value(nothingBought(cheap))).toBeCloseTo(-1.457411, 6);
  });
});

describe('gainPerPrice', () => {
  it.each([
    [0.9, 0.47, 0.072],
    [0.95, 1.850527, 0.009468],
    [0.99, 2.296755, 0.005929],
  ])('until the posterior is %d', (threshold, cost, error) => {
    const market = models(0.9, 20);
    const outcome = evaluatePurchases(gainPerPrice(market, threshold), market, market);
    expect(outcome.cost).toBeCloseTo(cost, 6);
    expect(outcome.error).toBeCloseTo(error, 6);
  });
});
