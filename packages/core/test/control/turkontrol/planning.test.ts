import { describe, expect, it } from 'vitest';
import {
  type CompiledModel,
  type ControlState,
  compileModel,
  explainDecision,
  fixedSchedule,
  greedy,
  informedSchedule,
  initialJoint,
  type JointBelief,
  LookaheadSearch,
  lookahead,
  marginalOf,
  model2010,
  observedBound,
  pointBased,
  solvePointBased,
  startWorkflow,
  type TurKontrolController,
  tuneSchedule,
  uct,
  yesChance,
} from '../../../src/control/turkontrol/index.ts';
import { Random } from '../../../src/math/random.ts';
import { contextOf, fiveCells, randomModel, randomPair } from './helpers.ts';

const model = compileModel(fiveCells);

function stateOf(belief: JointBelief, more: Partial<ControlState> = {}): ControlState {
  return { belief, iterations: 1, yes: 0, no: 0, spentMicros: 0, allowanceMicros: null, ...more };
}

function pairState(any: CompiledModel, mass: Float64Array, more: Partial<ControlState> = {}): ControlState {
  return stateOf({ form: 'joint', stage: 'pair', cells: any.cells, mass }, more);
}

function freshPair(any: CompiledModel, from: Float64Array = any.initial): Float64Array {
  return any.kernel.map((t, c) => from[Math.floor(c / any.cells)] * t);
}

function voted(any: CompiledModel, pair: Float64Array, yes: boolean): Float64Array {
  const next = pair.map((b, c) => b * (yes ? any.voter[c] : 1 - any.voter[c]));
  const sum = next.reduce((a, b) => a + b, 0);
  return next.map((b) => b / sum);
}

/** Vₙ by the definition, without any of the tricks; null pair for a single artifact. */
function bruteForce(any: CompiledModel, mass: Float64Array, paired: boolean, n: number, remaining: number): number {
  const { cells, utility, ballotPrice, improvementPrice } = any;
  const worth = (p: Float64Array): number => p.reduce((sum, share, i) => sum + share * utility[i], 0);
  const old = paired ? marginalOf(mass, cells, 'old') : mass;
  const candidate = paired ? marginalOf(mass, cells, 'new') : mass;
  let best = Math.max(worth(old), worth(candidate));
  if (n === 0) return best;
  const kept = worth(candidate) > worth(old) + 1e-12 ? candidate : old;
  if (remaining >= improvementPrice) {
    best = Math.max(
      best,
      bruteForce(any, freshPair(any, kept), true, n - 1, remaining - improvementPrice) - improvementPrice,
    );
  }
  if (paired && remaining >= ballotPrice) {
    const yes = yesChance(mass, any.voter);
    const after = (vote: boolean): number =>
      bruteForce(any, voted(any, mass, vote), true, n - 1, remaining - ballotPrice);
    best = Math.max(best, yes * after(true) + (1 - yes) * after(false) - ballotPrice);
  }
  return best;
}

describe('lookahead', () => {
  it('gives the reference action values of the five-cell model', () => {
    const single = startWorkflow(contextOf(model));
    const improve = [317.27693, 319.402891, 322.104764, 322.195273];
    improve.forEach((value, d) => {
      expect(new LookaheadSearch(model, d + 1).evaluate(single).improve).toBeCloseTo(value, 6);
    });
    const pair = pairState(model, freshPair(model));
    const values: [number, number, number][] = [
      [1, 349.40289114, 339.96646572],
      [2, 352.10476424, 350.31339429],
      [3, 352.1952729, 350.31339429],
      [4, 353.02013437, 351.09830298],
      [5, 353.02013437, 351.09830298],
      [6, 353.24001307, 351.09830298],
      [7, 353.24001307, 351.09830298],
      [8, 353.24001307, 351.09830298],
    ];
    for (const [depth, ballot, improved] of values) {
      const found = new LookaheadSearch(model, depth).evaluate(pair);
      expect(found.submit).toBeCloseTo(347.27692962, 7);
      expect(found.ballot).toBeCloseTo(ballot, 7);
      expect(found.improve).toBeCloseTo(improved, 7);
    }
  });

  it('gives the reference values after one vote, and submits after a yes', () => {
    const search = new LookaheadSearch(model, 3);
    const yes = search.evaluate(pairState(model, voted(model, freshPair(model), true)));
    expect([yes.submit, yes.ballot, yes.improve].map((v) => v?.toFixed(6))).toEqual([
      '369.467352',
      '361.138408',
      '367.215591',
    ]);
    const no = search.evaluate(pairState(model, voted(model, freshPair(model), false)));
    expect([no.submit, no.ballot, no.improve].map((v) => v?.toFixed(6))).toEqual([
      '347.211711',
      '355.210556',
      '350.984030',
    ]);
    const decision = lookahead(model).decide(pairState(model, voted(model, freshPair(model), true)), new Random(1));
    expect(decision.action).toEqual({ kind: 'submit', which: 'new' });
  });

  it('gives the reference values on 20 cells and improves again without a ballot', () => {
    const any = compileModel({ ...model2010(1), errors: { gammas: [0.5], weights: [1] } });
    const single = startWorkflow(contextOf(any));
    [182.906595, 238.521596, 254.283133].forEach((value, d) => {
      const found = new LookaheadSearch(any, d + 1).evaluate(single);
      expect(found.improve).toBeCloseTo(value, 6);
      expect(found.submit).toBeCloseTo(65.1227865, 6);
    });
    const pair = pairState(any, freshPair(any));
    const values = [
      [202.90659527, 268.52159608],
      [258.52159608, 284.28313305],
      [274.28313305, 294.15023676],
    ];
    values.forEach(([ballot, improve], d) => {
      const found = new LookaheadSearch(any, d + 1).evaluate(pair);
      expect(found.submit).toBeCloseTo(212.90659527, 7);
      expect(found.ballot).toBeCloseTo(ballot, 7);
      expect(found.improve).toBeCloseTo(improve, 7);
    });
    expect(lookahead(any).decide(pair, new Random(1)).action).toEqual({ kind: 'improve', base: 'new' });
  });

  it('equals brute force over all policies in random models, with and without an allowance', () => {
    const random = new Random('brute force');
    for (let trial = 0; trial < 60; trial++) {
      const any = randomModel(random, 3);
      const pair = randomPair(any, random);
      const depth = 1 + random.integer(4);
      const allowanceMicros = random.bernoulli(0.5) ? random.integer(150_000_000) : null;
      const found = new LookaheadSearch(any, depth).evaluate(pairState(any, pair, { allowanceMicros }));
      const value = Math.max(found.submit, found.ballot ?? 0, found.improve ?? 0);
      const remaining = allowanceMicros === null ? Number.POSITIVE_INFINITY : allowanceMicros / 1e6;
      expect(value).toBeCloseTo(bruteForce(any, pair, true, depth, remaining), 7);
    }
  });

  it('plans on factored beliefs as a recursion over separate marginals would', () => {
    const random = new Random('factored');
    for (let trial = 0; trial < 20; trial++) {
      const any = randomModel(random, 4);
      const value = (old: Float64Array, candidate: Float64Array, n: number): number => {
        const worth = (p: Float64Array): number => p.reduce((sum, share, i) => sum + share * any.utility[i], 0);
        const product = Float64Array.from({ length: 16 }, (_, c) => old[Math.floor(c / 4)] * candidate[c % 4]);
        let best = Math.max(worth(old), worth(candidate));
        if (n === 0) return best;
        const kept = worth(candidate) > worth(old) ? candidate : old;
        best = Math.max(best, value(kept, marginalOf(freshPair(any, kept), 4, 'new'), n - 1) - any.improvementPrice);
        const yes = yesChance(product, any.voter);
        let ballot = -any.ballotPrice;
        for (const vote of [true, false]) {
          const after = voted(any, product, vote);
          ballot += (vote ? yes : 1 - yes) * value(marginalOf(after, 4, 'old'), marginalOf(after, 4, 'new'), n - 1);
        }
        return Math.max(best, ballot);
      };
      const pair = freshPair(any);
      const [old, candidate] = [marginalOf(pair, 4, 'old'), marginalOf(pair, 4, 'new')];
      const state: ControlState = {
        ...pairState(any, pair),
        belief: { form: 'factored', stage: 'pair', cells: 4, old, candidate },
      };
      const found = new LookaheadSearch(any, 3).evaluate(state);
      expect(Math.max(found.submit, found.ballot ?? 0, found.improve ?? 0)).toBeCloseTo(value(old, candidate, 3), 8);
    }
  });

  it('never loses value with depth, stays above submitting and below the fully observed bound', () => {
    const random = new Random('depth');
    for (let trial = 0; trial < 200; trial++) {
      const any = randomModel(random);
      const pair = randomPair(any, random);
      const bound = observedBound(any).reduce((sum, value, c) => sum + value * pair[c], 0);
      let previous = Number.NEGATIVE_INFINITY;
      for (const depth of [0, 1, 2, 3]) {
        const found = new LookaheadSearch(any, depth).evaluate(pairState(any, pair));
        const value = Math.max(found.submit, found.ballot ?? -1e9, found.improve ?? -1e9);
        expect(value).toBeGreaterThanOrEqual(previous - 1e-9);
        expect(value).toBeGreaterThanOrEqual(found.submit);
        expect(value).toBeLessThanOrEqual(bound + 1e-9);
        previous = value;
      }
    }
  });

  it('decides the same when worth and prices are scaled together', () => {
    const random = new Random('scale');
    for (let trial = 0; trial < 100; trial++) {
      const any = randomModel(random);
      const pair = randomPair(any, random);
      const { utility, prices } = any.model;
      if (utility.kind !== 'convex' && utility.kind !== 'linear') continue;
      const tripled = compileModel({
        ...any.model,
        utility: { ...utility, topMicros: 3 * utility.topMicros },
        prices: { improvementMicros: 3 * prices.improvementMicros, ballotMicros: 3 * prices.ballotMicros },
      });
      const one = lookahead(any).decide(pairState(any, pair), random);
      const three = lookahead(tripled).decide(pairState(tripled, pair), random);
      expect(three.action).toEqual(one.action);
    }
  });

  it('asks for no more votes when votes cost more: the value falls with the price ever more slowly', () => {
    // The slope of the value in the price of a ballot is minus the expected number of ballots.
    const random = new Random('price');
    for (let trial = 0; trial < 100; trial++) {
      const any = randomModel(random);
      const pair = randomPair(any, random);
      const base = any.model.prices.ballotMicros;
      const values = [1, 2, 3].map((times) => {
        const prices = { ...any.model.prices, ballotMicros: base * times };
        const own = compileModel({ ...any.model, prices });
        const found = new LookaheadSearch(own, 4).evaluate(pairState(own, pair));
        return Math.max(found.submit, found.ballot ?? 0, found.improve ?? 0);
      });
      expect(values[0] - values[1]).toBeGreaterThanOrEqual(values[1] - values[2] - 1e-9);
      expect(values[1] - values[2]).toBeGreaterThanOrEqual(-1e-9);
    }
  });

  it('is worth no less with more accurate voters', () => {
    const random = new Random('blackwell');
    for (let trial = 0; trial < 100; trial++) {
      const any = randomModel(random);
      const pair = randomPair(any, random);
      const gamma = 0.3 + 2 * random.uniform();
      const valueFor = (g: number): number => {
        const own = compileModel({ ...any.model, errors: { gammas: [g], weights: [1] } });
        const found = new LookaheadSearch(own, 3).evaluate(pairState(own, pair));
        return Math.max(found.submit, found.ballot ?? 0, found.improve ?? 0);
      };
      expect(valueFor(gamma * 0.7)).toBeGreaterThanOrEqual(valueFor(gamma) - 1e-9);
    }
  });

  it('differs by less than 1 % between 20, 40 and 80 cells', () => {
    const value = (cells: number): number => {
      const any = compileModel(model2010(1, cells));
      return new LookaheadSearch(any, 3).evaluate(startWorkflow(contextOf(any))).improve ?? 0;
    };
    const [coarse, finer, finest] = [20, 40, 80].map(value);
    expect(Math.abs(coarse / finer - 1)).toBeLessThan(0.01);
    expect(Math.abs(finer / finest - 1)).toBeLessThan(0.01);
  });

  it('removes actions that do not fit the allowance and explains what is left', () => {
    const state = pairState(model, freshPair(model), { allowanceMicros: 45_000_000, spentMicros: 40_000_000 });
    const decision = lookahead(model).decide(state, new Random(1));
    expect(decision.values).toMatchObject({ ballot: null, improve: null });
    expect(decision.action.kind).toBe('submit');
    expect(explainDecision(decision, model)).toContain('5 is left for this task');
  });

  it('explains a vote by its price and worth', () => {
    const decision = lookahead(model).decide(pairState(model, freshPair(model)), new Random(1));
    expect(explainDecision(decision, model)).toContain('A vote costs 10 and is worth 14.92 over submitting now.');
  });
});

describe('Monte-Carlo tree search', () => {
  it('comes within 1 % of the exact value of the same depth', () => {
    const pair = pairState(model, freshPair(model));
    const controller = uct(model, { simulations: 100_000, exploration: 60, depthCap: 4 });
    const decision = controller.decide(pair, new Random(3));
    expect(decision.action.kind).toBe('ballot');
    expect(Math.abs((decision.values.ballot ?? 0) / 353.02013437 - 1)).toBeLessThan(0.01);
  });

  it('gives the same tree for the same generator', () => {
    const pair = pairState(model, freshPair(model));
    const decide = (): unknown => uct(model).decide(pair, new Random('same'));
    expect(decide()).toEqual(decide());
  });
});

describe('point-based planning', () => {
  it('gives the reference values of the five-cell model', () => {
    const solution = solvePointBased(model, new Random(3), { cells: 5 });
    expect(solution.converged).toBe(true);
    const controller = pointBased(model, solution);
    const at = (mass: Float64Array): [string, number] => {
      const { action, values } = controller.decide(pairState(model, mass), new Random(1));
      return [action.kind, Math.max(values.submit, values.ballot ?? 0, values.improve ?? 0)];
    };
    const [first, yes, no] = [
      freshPair(model),
      voted(model, freshPair(model), true),
      voted(model, freshPair(model), false),
    ].map(at);
    expect(first[0]).toBe('ballot');
    expect(Math.abs(first[1] - 353.240013)).toBeLessThan(1e-3);
    expect(yes[0]).toBe('submit');
    expect(Math.abs(yes[1] - 369.467352)).toBeLessThan(1e-3);
    expect(no[0]).toBe('ballot');
    expect(Math.abs(no[1] - 355.696776)).toBeLessThan(1e-3);
  });

  it('lies between eight-step lookahead and the fully observed bound', () => {
    const bound = observedBound(model).reduce((sum, value, c) => sum + value * freshPair(model)[c], 0);
    expect(bound).toBeCloseTo(522.24080188, 7);
    const { values } = pointBased(model, solvePointBased(model, new Random(5), { cells: 5 })).decide(
      pairState(model, freshPair(model)),
      new Random(1),
    );
    const eight = new LookaheadSearch(model, 8).evaluate(pairState(model, freshPair(model)));
    expect(values.ballot).toBeGreaterThanOrEqual((eight.ballot ?? 0) - 1e-6);
    expect(values.ballot).toBeLessThanOrEqual(bound);
  });

  it('refuses a grid that does not divide the model’s', () => {
    expect(() => solvePointBased(model, new Random(1), { cells: 3 })).toThrow(/invalid cells 3/);
  });
});

describe('schedules', () => {
  const decide = (controller: TurKontrolController, state: ControlState): unknown =>
    controller.decide(state, new Random(1)).action;

  it('asks for two votes, a third when they disagree, and keeps the majority’s choice', () => {
    const any = compileModel(model2010(1));
    const usual = fixedSchedule(any);
    const pair = freshPair(any);
    const at = (yes: number, no: number, spentMicros = 30_000_000): unknown =>
      decide(usual, pairState(any, pair, { yes, no, spentMicros, allowanceMicros: 100_000_000 }));
    expect(decide(usual, stateOf(initialJoint(any), { iterations: 0, allowanceMicros: 100_000_000 }))).toEqual({
      kind: 'improve',
      base: 'old',
    });
    expect(at(0, 0)).toEqual({ kind: 'ballot', count: 2 });
    expect(at(1, 1, 50_000_000)).toEqual({ kind: 'ballot', count: 1 });
    expect(at(2, 0, 50_000_000)).toEqual({ kind: 'improve', base: 'new' });
    expect(at(0, 2, 50_000_000)).toEqual({ kind: 'improve', base: 'old' });
    expect(at(2, 0, 60_000_000)).toEqual({ kind: 'submit', which: 'new' });
    expect(at(1, 1, 95_000_000)).toEqual({ kind: 'submit', which: 'old' });
  });

  it('does nothing but submit with no money', () => {
    const any = compileModel(model2010(1));
    const broke = stateOf(initialJoint(any), { iterations: 0, allowanceMicros: 0 });
    const solution = solvePointBased(any, new Random(1), { beliefs: 40 });
    for (const controller of [
      fixedSchedule(any),
      informedSchedule(any, { iterations: 5, ballots: 1 }),
      greedy(any),
      lookahead(any),
      uct(any),
      pointBased(any, solution),
    ]) {
      expect(decide(controller, broke), controller.id).toEqual({ kind: 'submit', which: 'old' });
    }
  });

  it('stops at the most iterations of the model even when improving always pays', () => {
    const any = compileModel({ ...model2010(1), prices: { improvementMicros: 0, ballotMicros: 0 }, maxIterations: 2 });
    for (const controller of [lookahead(any), uct(any), fixedSchedule(any)]) {
      const state = pairState(any, freshPair(any), { iterations: 2, yes: 5, no: 0 });
      expect(controller.decide(state, new Random(1)).action.kind, controller.id).not.toBe('improve');
    }
  });

  it('finds the tuned schedule of the 2010 setting', () => {
    const any = compileModel(model2010(0.5));
    const [best] = tuneSchedule(any, new Random(2), { trials: 300, maxIterations: 8, maxBallots: 2 });
    expect(best).toMatchObject({ iterations: 6, ballots: 1 });
    expect(Math.abs(best.value - 365)).toBeLessThan(10);
    const capped = tuneSchedule(any, new Random(2), { trials: 50, allowanceMicros: 60_000_000 });
    expect(capped.every((entry) => entry.cost <= 60)).toBe(true);
  });
});
