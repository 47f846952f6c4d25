/** One server process: `node tools/storm/server.ts DATABASE PORT`. Says `ready` and the CPU time it took. */
import { createServer, openStore } from '@assay/server';

const [url, port] = process.argv.slice(2);
const store = await openStore(url, { now: Date.now });
const server = await createServer({
  store,
  now: Date.now,
  limits: false,
  tickMs: 500,
  onError: (error) => console.error(error),
});
await server.listen({ host: '127.0.0.1', port: Number(port) });
const { user, system } = process.cpuUsage();
console.log(`ready ${((user + system) / 1000).toFixed(0)}`);

process.on('SIGTERM', async () => {
  await server.close();
  await store[Symbol.asyncDispose]();
  process.exit(0);
});
