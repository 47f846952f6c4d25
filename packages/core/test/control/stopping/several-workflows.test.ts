import { afterAnswer, decideWorkflow, firstWorkflowBelief, type WorkflowProblem } from '@assay/core/control';
import { describe, expect, it } from 'vitest';

const workflows = [
  { id: 'short', priceMicros: 1000, gamma: 1 },
  { id: 'long', priceMicros: 1000, gamma: 1 },
];
const problem: WorkflowProblem = { workflows, lossMicros: 50_000 };

describe('decideWorkflow', () => {
  it('believes what one workflow with unknown difficulty says: .75, .87037037', () => {
    const one = afterAnswer(problem, firstWorkflowBelief(problem), 0, 1);
    expect(one.probability).toBeCloseTo(0.5, 12);
    expect(one.belief.chance).toBeCloseTo(0.75, 12);
    expect(afterAnswer(problem, one.belief, 0, 1).belief.chance).toBeCloseTo(0.87037037, 8);
  });

  it('turns to the other workflow where the first one is stuck', () => {
    let belief = firstWorkflowBelief(problem);
    for (const said of [1, 0, 1, 0, 1, 0] as const) belief = afterAnswer(problem, belief, 0, said).belief;
    const decision = decideWorkflow(problem, belief);
    expect(decision).toMatchObject({ kind: 'ask', workflow: 'long' });
    expect(decision.reason).toMatch(/long is worth \d+/);
    expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
    // With the one workflow alone it gives up or asks it again.
    const alone = { ...problem, workflows: workflows.slice(0, 1) };
    const stuck = { ...belief, difficulty: belief.difficulty.slice(0, 1) };
    expect(decideWorkflow(alone, stuck).values.chance).toBeCloseTo(0.5, 12);
  });

  it('takes the cheaper of two alike, and stops when sure or when answers cost too much', () => {
    const cheap = { ...problem, workflows: [workflows[0], { ...workflows[1], priceMicros: 500 }] };
    expect(decideWorkflow(cheap, firstWorkflowBelief(cheap))).toMatchObject({ workflow: 'long' });
    const sure = { ...firstWorkflowBelief(problem), chance: 0.999 };
    expect(decideWorkflow(problem, sure)).toMatchObject({ kind: 'stop', label: 1 });
    const dear = { ...problem, lossMicros: 10 };
    expect(decideWorkflow(dear, firstWorkflowBelief(dear))).toMatchObject({ kind: 'stop' });
    const nothing = { ...problem, workflows: [] };
    expect(decideWorkflow(nothing, firstWorkflowBelief(nothing)).kind).toBe('stop');
  });

  it('knows who answers: a careful worker moves the belief further', () => {
    const first = firstWorkflowBelief(problem);
    const careful = afterAnswer(problem, first, 0, 1, 0.1).belief.chance;
    const careless = afterAnswer(problem, first, 0, 1, 5).belief.chance;
    expect(careful).toBeGreaterThan(0.9);
    expect(careless).toBeLessThan(0.65);
  });
});
