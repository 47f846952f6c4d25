import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { filesIn, folderWith, mainFile } from './support/run-cli.ts';

const rows = Array.from({ length: 4000 }, (_, i) => `t${i % 800},w${i % 37},${(i * 7919) % 3}\n`).join('');
const answers = `task,worker,label\n${rows}`;

/** Starts the command, interrupts it when stderr shows `sign`, and waits for its end. */
async function interrupted(
  args: readonly string[],
  cwd: string,
  sign: string | undefined,
  feed?: (child: ChildProcessWithoutNullStreams) => void,
): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(process.execPath, [mainFile, ...args], { cwd });
  let [stdout, stderr] = ['', ''];
  let sent = false;
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    if (sign === undefined || sent || !stderr.includes(sign)) return;
    sent = true;
    child.kill('SIGINT');
  });
  feed?.(child);
  const [code] = await once(child, 'close');
  return { code, stdout };
}

it('stops a running fit on Ctrl-C with exit code 130 and writes nothing', async () => {
  const folder = folderWith({ 'answers.csv': answers });
  const endless = ['-m', 'dawid-skene', '-O', 'maxIterations=1000000', '-O', 'tolerance=0'];
  const run = await interrupted(
    ['aggregate', 'answers.csv', '-o', 'out.csv', ...endless],
    folder,
    'Read 4,000 answers',
  );
  expect(run).toEqual({ code: 130, stdout: '' });
  expect(filesIn(folder)).toEqual(['answers.csv']);
});

it('stops waiting for standard input on Ctrl-C', async () => {
  const folder = folderWith({ 'truth.csv': 'task,label\nt1,1\n' });
  const run = await interrupted(['aggregate', '-', '-o', 'out.csv', '--json'], folder, undefined, (child) => {
    child.stdin.write(answers);
    // The answers were read; the end of them never comes.
    setTimeout(() => child.kill('SIGINT'), 1000);
  });
  expect(run.code).toBe(130);
  expect(JSON.parse(run.stdout)).toMatchObject({ schema: 1, errors: [{ code: 'cancelled' }] });
  expect(filesIn(folder)).toEqual(['truth.csv']);
});
