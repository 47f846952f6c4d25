/**
 * CPU time of one TurKontrol decision, by controller, on 20 cells.
 *
 * Beliefs are those met on simulated tasks of the 2010 setting. Prints the median over the beliefs of the median of 11
 * rounds, and exits 1 when lookahead 3 needs more than 5 ms. Usage: `node --conditions=source bench/turkontrol.ts`.
 */
import { Random } from '@assay/core';
import {
  compileModel,
  controllerNamed,
  lookahead,
  model2010,
  simulateTask,
  type WorkflowState,
  worldOfModel,
} from '@assay/core/control';

const limitMs = 5;
const rounds = 11;
const model = compileModel(model2010(0.5));
const random = new Random(1);
const states: WorkflowState[] = [];
for (let task = 0; task < 12; task++) {
  const own = random.fork(task);
  simulateTask(model, lookahead(model), worldOfModel(model)(own), own, { onState: (state) => states.push(state) });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

let failed = false;
for (const name of ['lookahead-1', 'lookahead-2', 'lookahead-3', 'lookahead-4', 'lookahead-6', 'point-based', 'uct']) {
  const controller = controllerNamed(name, model);
  // The clock of the process is too coarse for one decision: each state is decided many times in a row.
  const repeats = name === 'uct' || name === 'lookahead-6' ? 4 : 50;
  const times = states.map((state) =>
    median(
      Array.from({ length: rounds }, () => {
        const from = process.cpuUsage();
        for (let r = 0; r < repeats; r++) controller.decide(state, random);
        const used = process.cpuUsage(from);
        return (used.user + used.system) / 1000 / repeats;
      }),
    ),
  );
  const worst = Math.max(...times);
  console.log(
    `${name.padEnd(12)} median ${median(times).toFixed(3)} ms, slowest belief ${worst.toFixed(3)} ms, of ${states.length}`,
  );
  if (name === 'lookahead-3' && median(times) > limitMs) failed = true;
}
console.log(`limit of lookahead-3: ${limitMs} ms`);
process.exitCode = failed ? 1 : 0;
