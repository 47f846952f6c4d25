/** The program of a helper thread: waits for its turn, runs its shards, says so. See sweep-threads.ts. */
import { workerData } from 'node:worker_threads';
import { confusionSweepInOnePiece } from '../kernels/confusion-sweep.ts';
import { ShardRunner, shardSteps } from '../kernels/sharded-confusion-sweep.ts';
import { failed, type HelperData, pending, stepAt, turn } from './sweep-threads.ts';

const { control, shards }: HelperData = workerData;
try {
  const runners = shards.map((shard) => new ShardRunner(shard, confusionSweepInOnePiece));
  for (let seen = 0; ; seen++) {
    Atomics.wait(control, turn, seen);
    const step = shardSteps[Atomics.load(control, stepAt)];
    for (const runner of runners) runner.run(step);
    Atomics.sub(control, pending, 1);
    Atomics.notify(control, pending);
  }
} catch (error) {
  Atomics.store(control, failed, 1);
  Atomics.notify(control, pending);
  throw error;
}
