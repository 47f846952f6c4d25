import { describe, expect, it } from 'vitest';
import { correlatedJudges } from '../control/correlated-judges.ts';

describe('the study of models that share mistakes', () => {
  it('gives every printed digit', async () => {
    const { bands } = await correlatedJudges.run({ full: false, onProgress: () => {} });
    expect(bands).toHaveLength(18);
    expect(bands.filter(({ inside }) => !inside)).toEqual([]);
  });
});
