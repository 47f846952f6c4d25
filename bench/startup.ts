/**
 * CPU time of the whole command, Node's start included: `assay aggregate` on rte with Dawid-Skene, and `assay serve`
 * until it listens, in a new folder and in one that is there.
 *
 * Prints the median, least and most of 11 runs after one warm-up, beside an empty Node program, and
 * exits 1 above the limits. Usage: `node bench/startup.ts` on Linux with the packages built and the data folder there.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const data = resolve(root, process.env.ASSAY_DATA ?? '../shared/datasets');
const limitSeconds = 0.35;
const serverLimitSeconds = 1;
const runs = 11;

/** CPU seconds (user and system) of a finished child, measured by the shell that waited for it. */
function cpuSeconds(args: readonly string[]): number {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null 2>/dev/null';
  const run = spawnSync('bash', ['-c', script, 'bash', process.execPath, ...args], { encoding: 'utf8' });
  const [user, system] = run.stderr.trim().split(/\s+/).map(Number);
  return user + system;
}

/** CPU seconds of `assay serve` when it says where it listens, by the kernel's clock of hundredths. */
async function secondsToServe(folder: string): Promise<number> {
  const server = spawn(process.execPath, [
    join(root, 'packages/cli/dist/main.js'),
    'serve',
    folder,
    '--port',
    '0',
    '--json',
  ]);
  await once(server.stdout, 'data');
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  server.kill('SIGTERM');
  await once(server, 'exit');
  return (Number(fields[11]) + Number(fields[12])) / 100;
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

const folder = mkdtempSync(join(tmpdir(), 'assay-startup-'));
try {
  const first: number[] = [];
  const again: number[] = [];
  for (let run = 0; run < runs; run++) {
    first.push(await secondsToServe(join(folder, String(run))));
    again.push(await secondsToServe(join(folder, '0')));
  }
  const ready = [describe('assay serve, new folder', first), describe('assay serve, again', again)];
  console.log(`limit ${serverLimitSeconds * 1000} ms`);
  process.exitCode = median <= limitSeconds && Math.max(...ready) <= serverLimitSeconds ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
