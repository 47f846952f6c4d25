import {
  carriedOver,
  decideAndLog,
  informationPerPrice,
  type LoggedDecision,
  posteriorThreshold,
  replayDecisions,
  softLikelihood,
  type TaskState,
} from '@assay/core/control';
import { describe, expect, it } from 'vitest';

describe('a log of decisions', () => {
  const states = [0.5, 0.7, 0.93, 0.97].map(
    (chance, i): TaskState => ({
      task: `t${i}`,
      posterior: Float64Array.of(1 - chance, chance),
      counts: Float64Array.of(0, i),
      outstanding: 0,
      sources: [
        { id: 'model', confusion: Float64Array.of(0.7, 0.3, 0.3, 0.7), priceMicros: 10, available: 1 },
        { id: 'person', confusion: Float64Array.of(0.9, 0.1, 0.1, 0.9), priceMicros: 900, available: 5 },
      ],
      remainingMicros: i === 1 ? null : 5000,
    }),
  );

  it('is replayed from its lines to the same decisions', () => {
    const lines = states.map((state, i) => JSON.stringify(decideAndLog(informationPerPrice(), state, 7, i).line));
    const log = lines.map((line): LoggedDecision => JSON.parse(line));
    expect(replayDecisions(log, informationPerPrice(), 7)).toEqual([]);
    const changed = replayDecisions(log, informationPerPrice({ threshold: 0.9 }), 7);
    expect(changed.map(({ index, before, now }) => [index, before.kind, now.kind])).toContainEqual([2, 'ask', 'stop']);
    expect(replayDecisions(log, posteriorThreshold(), 7)).toHaveLength(4);
  });
});

describe('softLikelihood', () => {
  it('is the ratio to the prior, tempered, capped and discounted for copies', () => {
    expect(Array.from(softLikelihood([0.9, 0.1], [0.5, 0.5]))).toEqual([1.8, 0.2]);
    expect(softLikelihood([0.9, 0.1], [0.5, 0.5], { temperature: 2 })[0]).toBeCloseTo(1.5, 12);
    expect(Array.from(softLikelihood([1, 0], [0.01, 0.99]))).toEqual([20, 0.05]);
    // Three copies amount to one answer, three strangers to three.
    const copies = softLikelihood([0.9, 0.1], [0.5, 0.5], { members: 3, copying: 1 });
    expect(copies[0] ** 3).toBeCloseTo(1.8, 12);
    expect(softLikelihood([0.9, 0.1], [0.5, 0.5], { members: 3 })[0]).toBe(1.8);
    expect(Array.from(softLikelihood([0, 0], [0.5, 0.5]))).toEqual([1, 1]);
  });

  it('a new version starts from its predecessor with the weight of twenty answers', () => {
    expect(Array.from(carriedOver(Float64Array.of(90, 10, 3, 7)))).toEqual([18, 2, 3, 7]);
  });
});
