import type { Reporter, TestModule } from 'vitest/node';

/** With ASSAY_REQUIRE_ALL=1 a skipped test is a failure: where everything must run, nothing may be left out quietly. */
export const requireAll: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (process.env.ASSAY_REQUIRE_ALL !== '1') return;
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        console.error(`skipped where all tests are mandatory: ${test.fullName} (${module.moduleId})`);
        process.exitCode = 1;
      }
    }
  },
};
