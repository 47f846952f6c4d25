import { Random } from '@assay/core';
import {
  evaluatePurchases,
  evidence,
  familySellers,
  independentMarket,
  learnFamily,
  lookaheadPurchases,
  type Market,
  nothingBought,
  posteriorAfter,
  sharedMistakes,
} from '@assay/core/control';
import { describe, expect, it } from 'vitest';

function coin(accuracy: number, count: number): Float64Array {
  const rows = new Float64Array(count * count).fill((1 - accuracy) / (count - 1));
  for (let k = 0; k < count; k++) rows[k * (count + 1)] = accuracy;
  return rows;
}

function entropyOf(q: Float64Array): number {
  return -q.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0);
}

/** Answers of models that copy a hidden answer of their family. */
function drawn(seed: number, tasks: number, copying: readonly number[], classes = 3) {
  const random = new Random(seed);
  const say = (truth: number, accuracy: number): number =>
    random.bernoulli(accuracy) ? truth : (truth + 1 + random.integer(classes - 1)) % classes;
  const truth: number[] = [];
  const said = copying.map((): number[] => []);
  for (let g = 0; g < tasks; g++) {
    const k = random.integer(classes);
    const hidden = say(k, 0.75);
    truth.push(k);
    copying.forEach((rho, j) => {
      said[j].push(random.bernoulli(rho) ? hidden : say(k, 0.6));
    });
  }
  return { classCount: classes, truth, said };
}

describe('a family of models', () => {
  const family = { id: 'f', confusion: coin(0.75, 3), copying: 0.8 };
  const market: Market = {
    prior: Float64Array.of(0.5, 0.3, 0.2),
    loss: 1,
    sellers: [
      { id: 'one', price: 1, copies: 1, confusion: coin(0.75, 3), family },
      { id: 'two', price: 1, copies: 1, confusion: coin(0.8, 3), family },
      { id: 'person', price: 1, copies: 1, confusion: coin(0.9, 3) },
    ],
  };
  const after = (...said: (number | null)[]): Uint8Array => {
    const bought = nothingBought(market);
    said.forEach((label, s) => {
      if (label !== null) bought[s * 3 + label]++;
    });
    return bought;
  };

  it.each([
    [[0, null], 0.4375],
    [[0, 0], 0.3875],
    [[0, 1], 0.0265],
  ] as const)('gives the worked evidence of %o', (said, expected) => {
    expect(evidence(market, after(...said)).reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(expected, 10);
  });

  it('tells less by its second model than by a stranger or a person', () => {
    const gain = (of: Market, seller: number): number => {
      const start = after(0);
      const now = evidence(of, start).reduce((sum, mass) => sum + mass, 0);
      let left = 0;
      for (let y = 0; y < 3; y++) {
        const next = start.slice();
        next[seller * 3 + y]++;
        const chance = evidence(of, next).reduce((sum, mass) => sum + mass, 0) / now;
        left += chance * entropyOf(posteriorAfter(of, next));
      }
      return entropyOf(posteriorAfter(of, start)) - left;
    };
    expect(entropyOf(posteriorAfter(market, after(0)))).toBeCloseTo(0.50626084, 7);
    expect(gain(market, 1)).toBeCloseTo(0.04114205, 7);
    expect(gain(independentMarket(market), 1)).toBeCloseTo(0.14697456, 7);
    expect(gain(market, 2)).toBeCloseTo(0.28646054, 7);
  });

  it('is learned from gold: who copies how much, and what the family says', () => {
    const copying = [0.9, 0.6, 0.3];
    const { confusion, members } = learnFamily(drawn(3, 4000, copying));
    // Standard errors near .02 at 4,000 tasks; a band of .1 is missed less than once in 1e5.
    members.forEach((member, j) => {
      expect(Math.abs(member.copying - copying[j])).toBeLessThan(0.1);
    });
    for (let k = 0; k < 3; k++) expect(Math.abs(confusion[k * 4] - 0.75)).toBeLessThan(0.08);
    const sellers = familySellers('f', { confusion, members }, [{ id: 'a', price: 1 }]);
    expect(sellers[0]).toMatchObject({ id: 'a', copies: 1, family: { id: 'f', copying: members[0].copying } });
  });

  it('keeps near the usual copying with little or no gold', () => {
    const few = learnFamily(drawn(4, 5, [0.1, 0.1]));
    for (const { copying } of few.members) expect(copying).toBeGreaterThan(0.6);
    const none = learnFamily({ classCount: 2, truth: [], said: [[]] });
    expect(none.members[0].copying).toBeCloseTo(0.8, 12);
    expect(Array.from(none.confusion)).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(() => learnFamily({ classCount: 2, truth: [1], said: [[]] })).toThrow(/different length/);
  });

  it('bought by what gold taught errs as often as it believes', () => {
    const learned = learnFamily(drawn(5, 3000, [0.9, 0.9], 2));
    const models = [
      { id: 'small', price: 0.05 },
      { id: 'large', price: 0.1 },
    ];
    const people = { id: 'people', price: 1, copies: 5, confusion: coin(0.9, 2) };
    const base = { prior: Float64Array.of(0.5, 0.5), loss: 100 };
    const believed: Market = { ...base, sellers: [...familySellers('f', learned, models), people] };
    const truth = { id: 'f', confusion: coin(0.75, 2), copying: 0.9 };
    const real: Market = {
      ...base,
      sellers: [...models.map((one) => ({ ...one, copies: 1, confusion: coin(0.6, 2), family: truth })), people],
    };
    const { claimed, error } = evaluatePurchases(lookaheadPurchases(believed).policy, believed, real);
    expect(Math.abs(claimed - error)).toBeLessThan(0.01);
  });
});

describe('sharedMistakes', () => {
  it('is near 0 for strangers, 1 for copies, and the usual without mistakes', () => {
    const strangers = drawn(6, 5000, [0, 0]);
    expect(sharedMistakes(strangers.truth, strangers.said[0], strangers.said[1])).toBeLessThan(0.1);
    expect(sharedMistakes(strangers.truth, strangers.said[0], strangers.said[0])).toBeGreaterThan(0.99);
    expect(sharedMistakes([0, 1], [0, 1], [0, 1])).toBeCloseTo(0.8, 12);
    // Binary: every joint mistake is identical, which alone says nothing.
    const binary = drawn(7, 5000, [0, 0], 2);
    expect(sharedMistakes(binary.truth, binary.said[0], binary.said[1])).toBeLessThan(0.1);
  });
});
