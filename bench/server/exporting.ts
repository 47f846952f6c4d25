/** A campaign server that measures itself between "begin" and "end": CPU, memory, the longest stall of its event loop. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { createServer, openStore } from '@assay/server';

const store = await openStore(process.argv[2], { now: Date.now });
const server = await createServer({ store, now: Date.now, limits: false });
await server.listen({ host: '127.0.0.1', port: 0 });
let before = process.cpuUsage();
let restMb = 0;
let watch: Promise<number> | undefined;
let isOver = false;

process.on('message', async (what) => {
  if (what === 'begin') {
    await calm();
    writeFileSync('/proc/self/clear_refs', '5');
    restMb = peakMb();
    before = process.cpuUsage();
    watch = longestStall();
    process.send?.('begun');
  } else {
    isOver = true;
    const stallMs = await watch;
    const { user, system } = process.cpuUsage(before);
    process.send?.({ cpuMs: (user + system) / 1000, restMb, peakMb: peakMb(), stallMs });
  }
});
const address = server.server.address();
process.send?.(typeof address === 'object' && address !== null ? address.port : 0);

/**
 * The most work of this thread between two turns of a timer, in milliseconds of CPU: so long it did nothing else, however
 * much else the machine had to do.
 */
async function longestStall(): Promise<number> {
  let longest = 0;
  for (let last = threadMs(); !isOver; ) {
    await setTimeout(1);
    const now = threadMs();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

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
