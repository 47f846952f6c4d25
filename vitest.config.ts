import { defineConfig } from 'vitest/config';
import { requireAll } from './tools/lib/require-all.ts';

/** Tests read the sources, not what was built; only the command line is tested as it is shipped. */
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'experiments/test/**/*.test.ts', 'tools/test/**/*.test.ts'],
    environment: 'node',
    testTimeout: 30_000,
    maxWorkers: 2,
    reporters: [process.env.CI === 'true' ? 'dot' : 'default', requireAll],
  },
});
