/**
 * CPU time of the whole command, Node's start included: `assay aggregate` on rte with Dawid-Skene.
 *
 * Prints the median, least and most of 11 runs after one warm-up, beside an empty Node program, and
 * exits 1 above the limit. Usage: `node bench/startup.ts` with the packages built and the data folder there.
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const data = resolve(root, process.env.ASSAY_DATA ?? '../shared/datasets');
const limitSeconds = 0.35;
const runs = 11;

/** CPU seconds (user and system) of a finished child, measured by the shell that waited for it. */
function cpuSeconds(args: readonly string[]): number {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null';
  const run = spawnSync('bash', ['-c', script, 'bash', process.execPath, ...args], { encoding: 'utf8' });
  const [user, system] = run.stderr.trim().split(/\s+/).map(Number);
  return user + system;
}

function describe(name: string, times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  const show = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`;
  console.log(
    `${name}: median ${show(median)} CPU of ${times.length} (${show(sorted[0])} to ${show(sorted.at(-1) ?? 0)})`,
  );
  return median;
}

const command = [
  join(root, 'packages/cli/dist/main.js'),
  'aggregate',
  join(data, 'rte/labels.csv'),
  '-m',
  'dawid-skene',
  '--json',
];
cpuSeconds(command);
const whole: number[] = [];
const empty: number[] = [];
for (let run = 0; run < runs; run++) {
  whole.push(cpuSeconds(command));
  empty.push(cpuSeconds(['-e', '0']));
}
describe('empty Node program', empty);
const median = describe('assay aggregate rte -m dawid-skene', whole);
console.log(`limit ${limitSeconds * 1000} ms`);
process.exitCode = median <= limitSeconds ? 0 : 1;
