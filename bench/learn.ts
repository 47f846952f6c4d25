/**
 * Training against PyTorch: `node --conditions=source bench/learn.ts [--quick]`.
 *
 * One thread, CPU time of the whole process, float32, Adam, soft targets, the same shapes and batches:
 * an epoch of the MLP 784-128-10 over 10,000 rows (batch 128) and of a small CNN (two convolutions of
 * 3×3 with 16 and 32 channels, each pooled by 2, one dense layer) over 2,000 pictures of 28×28 (batch 64).
 * In each of 11 rounds both programs train some epochs in turn; a figure is the median of its rounds.
 * Needs Debian's python3-torch and libopenblas0-pthread (with the reference BLAS, PyTorch takes ten times
 * as long on the MLP), or ASSAY_PYTHON set to a Python that has torch.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Random } from '@assay/core';
import { type Architecture, mlp, Network, train } from '@assay/learn/networks';
import { median, startRunner } from './runner.ts';

interface Task {
  readonly title: string;
  readonly rows: number;
  readonly batch: number;
  /** Trained in a round: enough for about half a second. */
  readonly epochs: number;
  readonly architecture: Architecture;
  /** CPU time may be this many times PyTorch's. */
  readonly target: number;
}

const block = (channels: number) =>
  [{ layer: 'convolution', channels, size: 3, padding: 1 }, { layer: 'relu' }, { layer: 'maxPool', size: 2 }] as const;
const tasks: Readonly<Record<string, Task>> = {
  mlp: { title: 'MLP 784-128-10', rows: 10_000, batch: 128, epochs: 5, architecture: mlp(784, 10), target: 1 },
  cnn: {
    title: 'CNN 16-32 of 3×3',
    rows: 2_000,
    batch: 64,
    epochs: 1,
    architecture: { name: 'cnn', input: [1, 28, 28], layers: [...block(16), ...block(32)], classes: 10 },
    target: 2,
  },
};

/** Answers "nanoseconds-of-cpu loss" for each line N: N epochs, the mean loss of the last. */
async function serve({ rows, batch, architecture }: Task): Promise<void> {
  const random = new Random(0);
  const width = architecture.input.reduce((product, size) => product * size, 1);
  const x = Float32Array.from({ length: rows * width }, () => random.uniform());
  const targets = new Float64Array(rows * 10);
  for (let row = 0; row < rows; row++) targets[row * 10 + random.integer(10)] = 1;
  const set = { x, rows: Uint32Array.from({ length: rows }, (_, row) => row), targets };
  const network = Network.start(architecture, random);
  for await (const line of createInterface({ input: process.stdin })) {
    const start = process.cpuUsage();
    const { losses } = await train(network, set, { epochs: Number(line), batch }, { random });
    const { user, system } = process.cpuUsage(start);
    process.stdout.write(`${(user + system) * 1000} ${losses.at(-1)}\n`);
  }
}

async function main(): Promise<void> {
  const quick = process.argv.includes('--quick');
  const python = process.env.ASSAY_PYTHON ?? '/usr/bin/python3';
  const version = execFileSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' }).trim();
  Object.assign(process.env, { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' });
  const lines: string[] = [];
  for (const [name, { title, rows, batch, epochs, target }] of Object.entries(tasks)) {
    const own = startRunner('Assay', process.execPath, ['--conditions=source', import.meta.filename, '--serve', name]);
    const torch = startRunner('PyTorch', python, [join(import.meta.dirname, 'python/learn.py'), name]);
    const times: number[][] = [[], []];
    let losses: number[] = [];
    for (let round = -1; round < (quick ? 3 : 11); round++) {
      const found = [await own.run(epochs), await torch.run(epochs)];
      losses = found.map(({ objective }) => objective);
      // The first round warms up.
      if (round >= 0) found.forEach(({ ns }, i) => void times[i].push(ns / 1e6 / epochs));
    }
    own.stop();
    torch.stop();
    const [assay, peer] = times.map(median);
    const best = Math.min(...times[0]) / Math.min(...times[1]);
    const cells = [assay.toFixed(0), peer.toFixed(0), (assay / peer).toFixed(2), target, best.toFixed(2)];
    lines.push(
      `| ${title} | ${rows} | ${batch} | ${cells.join(' | ')} | ${losses.map((loss) => loss.toFixed(3)).join(', ')} |`,
    );
    process.stdout.write(`${lines.at(-1)}\n`);
  }
  if (quick) return;
  const head = [
    'network',
    'rows',
    'batch',
    'Assay, ms',
    'PyTorch, ms',
    'Assay / PyTorch',
    'target',
    'of best rounds',
    'losses',
  ];
  const page = `# Training against PyTorch

CPU time of one epoch, one thread, float32, Adam, median of 11 interleaved rounds: \`node --conditions=source bench/learn.ts\`.

${cpus()[0].model}, ${cpus().length} cores; Node ${process.version}, onnxruntime-node 1.30.0; PyTorch ${version} of Debian with OpenBLAS.

| ${head.join(' | ')} |
|${' --- |'.repeat(head.length)}
${lines.join('\n')}

Losses are those of each program's last epoch, on rows of its own.
`;
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'learn.md'), page);
}

const serving = process.argv.indexOf('--serve');
if (serving > 0) await serve(tasks[process.argv[serving + 1]]);
else await main();
