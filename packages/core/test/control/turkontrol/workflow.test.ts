import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyEvent,
  type BeliefForm,
  ballotTable,
  beliefHash,
  compileModel,
  drawImprovement,
  drawVote,
  fixedSchedule,
  gridOf,
  informedSchedule,
  learnBallots,
  logNormalErrors,
  lookahead,
  model2010,
  planBudget,
  policyOf,
  replayWorkflow,
  type SimulatedWorld,
  simulate,
  simulateTask,
  solveModel,
  startWorkflow,
  uct,
  VoterBook,
  type VoterRule,
  voteRefusal,
  type WorkflowEvent,
  type WorkflowState,
  withParallelBallots,
  workflowContext,
  worldOfModel,
} from '../../../src/control/turkontrol/index.ts';
import { AssayError } from '../../../src/errors.ts';
import { Random } from '../../../src/math/random.ts';
import { fiveCells } from './helpers.ts';

const model = compileModel({ ...fiveCells, errors: logNormalErrors(0, 1) });
const improvement = (id: string, author: string | null, digest: string | null = null): WorkflowEvent => ({
  kind: 'improvement',
  task: 'task',
  base: 'old',
  artifact: { id, author, digest },
});
const ballot = (worker: string, vote: 0 | 1): WorkflowEvent => ({ kind: 'ballot', task: 'task', worker, vote });

describe('the workflow', () => {
  it('goes from a first artifact through improvements and ballots to the submitted one', () => {
    const context = workflowContext(model);
    let state = startWorkflow(context, { first: null });
    expect(state.stage).toBe('empty');
    state = applyEvent(context, state, {
      kind: 'artifact',
      task: 'task',
      artifact: { id: 'a', author: 'ana', digest: null },
    });
    state = replayWorkflow(context, state, [improvement('b', 'bo'), ballot('cy', 1), ballot('di', 0)]);
    expect([state.stage, state.yes, state.no, state.spentMicros]).toEqual(['pair', 1, 1, 50_000_000]);
    state = replayWorkflow(context, state, [
      { kind: 'improvement', task: 'task', base: 'new', artifact: { id: 'c', author: 'ed', digest: null } },
    ]);
    expect([state.current?.id, state.candidate?.id, state.yes, state.iterations]).toEqual(['b', 'c', 0, 2]);
    state = applyEvent(context, state, { kind: 'submit', task: 'task', which: 'new' });
    expect([state.stage, state.result?.id]).toEqual(['done', 'c']);
    expect(() => applyEvent(context, state, ballot('x', 1))).toThrow(/is done/);
  });

  it('lets nobody vote twice on a pair, nor on her own artifact', () => {
    const context = workflowContext(model);
    const start = startWorkflow(context, { first: { id: 'a', author: 'ana', digest: null } });
    const state = replayWorkflow(context, start, [improvement('b', 'bo'), ballot('cy', 1)]);
    expect(voteRefusal(state, 'cy')).toContain('has voted');
    expect(voteRefusal(state, 'ana')).toContain('her own');
    expect(voteRefusal(state, 'bo')).toContain('her own');
    expect(voteRefusal(state, 'di')).toBeNull();
    expect(() => applyEvent(context, state, ballot('cy', 0))).toThrow(/"cy" may not vote/);
    expect(() => applyEvent(context, start, ballot('cy', 0))).toThrow(/no pair/);
  });

  it('gives an unchanged improvement no ballots and counts it against the worker; refuses an empty one unpaid', () => {
    const context = workflowContext(model);
    const start = startWorkflow(context, { first: { id: 'a', author: 'ana', digest: 'same' } });
    const same = applyEvent(context, start, improvement('b', 'bo', 'same'));
    expect([same.stage, same.spentMicros, same.unchanged.bo, same.current?.id]).toEqual(['single', 30_000_000, 1, 'a']);
    expect(beliefHash(gridOf(same.belief))).toBe(beliefHash(gridOf(start.belief)));
    const empty = applyEvent(context, start, { ...improvement('b', 'bo'), empty: true } as WorkflowEvent);
    expect([empty.stage, empty.spentMicros, empty.iterations]).toEqual(['single', 0, 0]);
    expect(empty.notes[0]).toContain('refused, not paid');
  });

  it('never spends above the allowance', () => {
    const context = workflowContext(model);
    const start = startWorkflow(context, { allowanceMicros: 35_000_000 });
    const state = applyEvent(context, start, improvement('b', null));
    expect(() => applyEvent(context, state, ballot('cy', 1))).toThrow(/5000000 are left/);
    expect(() => startWorkflow(context, { allowanceMicros: 0.5 })).toThrow(/invalid allowance/);
  });

  it('replays any log to the same state, and takes nonsense only as clear errors', () => {
    const names = fc.constantFrom('ana', 'bo', 'cy', 'di', 'ed');
    const event: fc.Arbitrary<WorkflowEvent> = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('ballot' as const),
          task: fc.constantFrom('task', 'task', 'task', 'other'),
          worker: names,
          vote: fc.constantFrom(0 as const, 1 as const, 2 as unknown as 0),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('improvement' as const),
          task: fc.constant('task'),
          base: fc.constantFrom('old' as const, 'new' as const),
          artifact: fc.record({
            id: fc.string(),
            author: fc.option(names),
            digest: fc.option(fc.constantFrom('x', 'y')),
          }),
          empty: fc.boolean(),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('submit' as const),
          task: fc.constant('task'),
          which: fc.constantFrom('old' as const, 'new' as const),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('artifact' as const),
          task: fc.constant('task'),
          artifact: fc.record({ id: fc.string(), author: fc.option(names), digest: fc.constant(null) }),
        }),
      },
    );
    const run = (
      events: readonly WorkflowEvent[],
      allowanceMicros: number | null,
      form: BeliefForm,
      rule: VoterRule,
    ): { state: WorkflowState; applied: WorkflowEvent[] } => {
      const context = workflowContext(model, new Random('fuzz'), rule);
      let state = startWorkflow(context, { allowanceMicros, form, first: events.length % 2 === 0 ? undefined : null });
      const applied: WorkflowEvent[] = [];
      for (const one of events) {
        try {
          state = applyEvent(context, state, one);
          applied.push(one);
        } catch (error) {
          expect(error).toBeInstanceOf(AssayError);
          expect((error as Error).message).toMatch(/^(missing|unknown|invalid|ambiguous)/);
        }
        expect(state.allowanceMicros === null || state.spentMicros <= state.allowanceMicros).toBe(true);
        const grid = gridOf(state.belief);
        expect(Math.abs(grid.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-9);
        expect(grid.every((mass) => mass >= 0)).toBe(true);
        expect(new Set(state.votes.map((vote) => vote.worker)).size).toBe(state.votes.length);
      }
      return { state, applied };
    };
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 20 }),
        fc.option(fc.integer({ min: 0, max: 200_000_000 })),
        fc.constantFrom<BeliefForm>('joint', 'factored'),
        fc.constantFrom<VoterRule>('grid', 'rule2010', 'population'),
        (events, allowance, form, rule) => {
          const one = run(events, allowance, form, rule);
          const two = run(events, allowance, form, rule);
          expect(two.state).toEqual(one.state);
          expect(one.state.spentMicros % 1).toBe(0);
        },
      ),
      { numRuns: 150, seed: 7 },
    );
  });

  it('learns about voters by the 2010 rule when a ballot phase ends', () => {
    const context = workflowContext(model, new Random(1), 'rule2010');
    const before = context.voters.errors('cy').gammas[0];
    const state = replayWorkflow(context, startWorkflow(context), [
      improvement('b', null),
      ballot('cy', 1),
      ballot('di', 1),
      ballot('ed', 0),
    ]);
    expect(context.voters.errors('cy').gammas[0]).toBe(before);
    applyEvent(context, state, { kind: 'submit', task: 'task', which: 'new' });
    expect(context.voters.errors('cy').gammas[0]).toBeLessThan(before);
    expect(context.voters.errors('ed').gammas[0]).toBeGreaterThan(before);
  });
});

describe('simulated tasks', () => {
  const middling = compileModel(model2010(1));

  it('gives the same summary for the same seed, whatever ran before', () => {
    const summary = (): unknown =>
      simulate(middling, lookahead(middling), worldOfModel(middling), new Random(4), { trials: 30 });
    const first = summary();
    simulate(middling, uct(middling, { simulations: 20 }), worldOfModel(middling), new Random(9), { trials: 2 });
    expect(summary()).toEqual(first);
  });

  it('is worth about what the lookahead expected, on the model’s own world', () => {
    const summary = simulate(middling, lookahead(middling), worldOfModel(middling), new Random(6), { trials: 1500 });
    // The reference simulation gives 276.6; half-width here about 8.
    expect(Math.abs(summary.netUtility.mean - 276.6)).toBeLessThan(16);
    expect(summary.ballots).toBeGreaterThan(1);
  });

  it('beats the usual schedule in the 2010 setting by the published order, and never votes for poor crowds', () => {
    const at = (
      gamma: number,
      make: (one: typeof middling) => ReturnType<typeof lookahead>,
      allowanceMicros: number | null = null,
    ): ReturnType<typeof simulate> => {
      const own = compileModel(model2010(gamma));
      return simulate(own, make(own), worldOfModel(own), new Random(11), { trials: 500, allowanceMicros });
    };
    const adaptive = at(1, (one) => lookahead(one));
    const usual = at(1, (one) => fixedSchedule(one), 400_000_000);
    expect(adaptive.netUtility.mean).toBeGreaterThan(1.3 * usual.netUtility.mean);
    expect(at(2, (one) => lookahead(one)).ballots).toBe(0);
  });

  it('ends with what it has when nobody is left to ask', () => {
    const alone: SimulatedWorld = {
      firstQuality: () => 0.2,
      improve: () => 0.4,
      vote: (old, candidate, _worker, random) => drawVote(old, candidate, 0.5, 1, random),
      arrive: (_random, not) => (not.has('only') ? null : 'only'),
    };
    const run = simulateTask(middling, informedSchedule(middling, { iterations: 1, ballots: 3 }), alone, new Random(1));
    expect(run.outOfWorkers).toBe(true);
    expect(run.final.stage).toBe('done');
    const nobody = simulateTask(middling, lookahead(middling), { ...alone, arrive: () => null }, new Random(1));
    expect([nobody.quality, nobody.spentMicros]).toEqual([0.2, 0]);
  });

  it('does not loop when everything is free', () => {
    const free = compileModel({ ...model2010(1), prices: { improvementMicros: 0, ballotMicros: 0 }, maxIterations: 3 });
    const run = simulateTask(free, lookahead(free), worldOfModel(free)(new Random(2)), new Random(2));
    expect(run.final.stage).toBe('done');
    expect(run.improvements).toBeLessThanOrEqual(3);
  });

  it('asks for votes in parallel only where one could not end the voting', () => {
    const patient = compileModel({ ...fiveCells, prices: { improvementMicros: 400_000_000, ballotMicros: 100_000 } });
    const context = workflowContext(patient);
    const state = applyEvent(context, startWorkflow(context), improvement('b', null));
    const one = lookahead(patient);
    const many = withParallelBallots(patient, one);
    const { action } = many.decide(state, new Random(1));
    expect(action.kind).toBe('ballot');
    const votes = action.kind === 'ballot' ? action.count : 0;
    expect(votes).toBeGreaterThan(1);
    let after: WorkflowState = state;
    for (let v = 0; v < votes - 1; v++) {
      after = applyEvent(workflowContext(patient), after, ballot(`w${v}`, 1));
      expect(one.decide(after, new Random(1)).action.kind).toBe('ballot');
    }
  });

  it('raises prices in its mind until the expected spend meets the budget', () => {
    const generous = planBudget(middling, 100, 100_000_000_000, new Random(3), { trials: 40 });
    expect([generous.multiplier, generous.slack]).toEqual([1, true]);
    const tight = planBudget(middling, 100, 8_000_000_000, new Random(3), { trials: 60 });
    expect(tight.multiplier).toBeGreaterThan(1);
    expect(tight.summary.spent.mean).toBeLessThanOrEqual(80);
    expect(planBudget(middling, 10, 0, new Random(3), { trials: 20 }).summary.spent.mean).toBe(0);
    expect(() => planBudget(middling, 0, 1, new Random(1))).toThrow(/invalid budget/);
  });
});

describe('solving a model', () => {
  it('lists the likeliest decisions with probabilities and words, and bounds around the value', () => {
    const solution = solveModel(model2010(1, 10), { rows: 12 });
    expect(solution.policy[0].history).toBe('');
    expect(solution.policy.map((row) => row.probability)).toEqual(
      [...solution.policy.map((row) => row.probability)].sort((a, b) => b - a),
    );
    expect(solution.policy.every((row) => row.explanation.length > 20)).toBe(true);
    expect(solution.pointBasedValue).toBeGreaterThanOrEqual(solution.lookaheadValue - 1);
    expect(solution.observedBound).toBeGreaterThan(solution.pointBasedValue);
    expect(solution.pointBasedValue).toBeGreaterThan(
      solution.schedules[0].value - 4 * solution.schedules[0].standardError,
    );
  });

  it('follows both answers of a ballot with the probabilities of the model', () => {
    const context = workflowContext(model);
    const rows = policyOf(model, context, lookahead(model), startWorkflow(context), 10);
    const [yes, no] = ['IY', 'IN'].map((history) => rows.find((row) => row.history === history)?.probability ?? 0);
    expect(yes + no).toBeCloseTo(1, 10);
  });
});

describe('what is known of voters', () => {
  it('sharpens over tasks: the posterior of a good voter moves to small γ and of a coin to large', () => {
    const context = workflowContext(model);
    const random = new Random('voters');
    const { initial } = model.model;
    for (let t = 0; t < 200; t++) {
      const task = `t${t}`;
      const old = random.beta(initial.a, initial.b);
      const candidate = drawImprovement(model.model.improvement, old, random);
      let state = startWorkflow(context, { task });
      state = applyEvent(context, state, { ...improvement('b', null), task });
      const gammas = random
        .shuffle(['sharp', 'fair', 'fine', 'coin'])
        .map((worker) => ({ worker, gamma: worker === 'coin' ? 8 : 0.1 }));
      for (const { worker, gamma } of gammas) {
        state = applyEvent(context, state, {
          kind: 'ballot',
          task,
          worker,
          vote: drawVote(old, candidate, 0.5, gamma, random),
        });
      }
    }
    const mean = (worker: string): number => {
      const { gammas, weights } = context.voters.errors(worker);
      return gammas.reduce((sum, gamma, g) => sum + gamma * weights[g], 0);
    };
    expect(mean('sharp')).toBeLessThan(0.4);
    expect(mean('coin')).toBeGreaterThan(2);
    expect(context.voters.votes('coin')).toBe(200);
    const learned = learnBallots(ballotTable([{ pair: 'p', worker: 'new', vote: 1 }]));
    const book = new VoterBook(model);
    book.set('new', learned.voters[0].errors, 1);
    expect(book.errors('new').weights).toEqual(learned.voters[0].errors.weights);
  });
});
