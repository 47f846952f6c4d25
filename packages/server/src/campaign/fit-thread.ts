/** The thread that fits large campaigns; started by {@link FitThread}. */
import { parentPort } from 'node:worker_threads';
import type { FitReply, FitRequest } from './fit-threads.ts';
import { fitted } from './fits.ts';

parentPort?.on('message', async ({ id, kind, answers }: FitRequest) => {
  const reply: FitReply = await fitted(kind, answers).then(
    (result) => ({ id, result }),
    (error: unknown) => ({ id, failed: error instanceof Error ? error.message : String(error) }),
  );
  parentPort?.postMessage(reply);
});
