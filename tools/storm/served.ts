import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A server process that can be killed and started again on the same port. */
export class Served {
  readonly port: number;
  readonly #url: string;
  #child: ChildProcess | undefined;
  #ready = false;
  /** CPU milliseconds until it was ready, of each start. */
  readonly starts: number[] = [];

  constructor(url: string, port: number) {
    this.#url = url;
    this.port = port;
    process.on('exit', () => this.#child?.kill('SIGKILL'));
  }

  /** Whether it answers, as far as is known. */
  get ready(): boolean {
    return this.#ready;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'server.ts'), this.#url, String(this.port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const ready = /^ready (\d+)/.exec(line);
      if (ready === null) continue;
      this.starts.push(Number(ready[1]));
      this.#ready = true;
      return;
    }
    throw new Error('the server ended before it was ready');
  }

  /** CPU milliseconds it has used so far, as Linux counts them. */
  cpuMs(): number {
    const fields = readFileSync(`/proc/${this.#child!.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const ticksPerSecond = 100;
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
  }

  /** Ends it as a power cut would end a process: no handler runs. */
  async kill(): Promise<void> {
    const child = this.#child!;
    this.#ready = false;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }
}
