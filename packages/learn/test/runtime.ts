import { loadRuntime } from '@assay/learn/networks';
import { describe } from 'vitest';

const found = await loadRuntime().then(
  () => true,
  () => false,
);

/** Groups tests that need ONNX Runtime: left out, with the reason, where the optional package is absent. */
export function describeWithRuntime(name: string, tests: () => void): void {
  const skipped = !found && process.env.ASSAY_REQUIRE_ALL !== '1';
  describe.skipIf(skipped)(skipped ? `${name} (needs the optional package onnxruntime-node)` : name, tests);
}
