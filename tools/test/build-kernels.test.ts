import { describe, expect, it } from 'vitest';
import { isUpToDate, kernelSources } from '../build-kernels.ts';

describe('the committed kernels', () => {
  it.each(Object.keys(kernelSources))('%s is what its template makes; else run node tools/build-kernels.ts', (name) => {
    expect(isUpToDate(name)).toBe(true);
  });
});
