/** A campaign server that measures itself between "begin" and "end": CPU, memory, the longest stall of its event loop. */
import { readFileSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { createServer, openStore } from '@assay/server';

const store = await openStore(process.argv[2], { now: Date.now });
const server = await createServer({ store, now: Date.now, limits: false });
await server.listen({ host: '127.0.0.1', port: 0 });
const resolution = 1;
const delays = monitorEventLoopDelay({ resolution });
let before = process.cpuUsage();
let restMb = 0;

process.on('message', async (what) => {
  if (what === 'begin') {
    await calm();
    global.gc?.();
    writeFileSync('/proc/self/clear_refs', '5');
    restMb = peakMb();
    delays.enable();
    delays.reset();
    before = process.cpuUsage();
    process.send?.('begun');
  } else {
    // The timer that notices a stall comes after it.
    await setTimeout(20);
    const { user, system } = process.cpuUsage(before);
    process.send?.({ cpuMs: (user + system) / 1000, restMb, peakMb: peakMb(), stallMs: delays.max / 1e6 - resolution });
  }
});
const address = server.server.address();
process.send?.(typeof address === 'object' && address !== null ? address.port : 0);

/** Waits until what goes on after a campaign is loaded, such as its first fit, is over. */
async function calm(): Promise<void> {
  for (let busy = true; busy; ) {
    const { user, system } = process.cpuUsage();
    await setTimeout(1000);
    const now = process.cpuUsage();
    busy = now.user + now.system - user - system > 50_000;
  }
}

/** The most memory the process has held since the mark was last reset. */
function peakMb(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}
