/** Programs that wait for "N", do N iterations and answer "nanoseconds-of-cpu objective". */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** One running program. */
export interface Runner {
  readonly name: string;
  /** CPU nanoseconds and the objective after `iterations` more iterations. */
  run(iterations: number): Promise<{ ns: number; objective: number }>;
  stop(): void;
}

export function startRunner(name: string, command: string, parameters: readonly string[]): Runner {
  const child: ChildProcess = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  return {
    name,
    async run(iterations) {
      child.stdin?.write(`${iterations}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error(`${name} ended`);
      const [ns, objective] = value.split(' ').map(Number);
      return { ns, objective };
    },
    stop() {
      child.stdin?.end();
    },
  };
}

/** Answers the protocol from inside Node: `iterate` does one iteration and returns the objective. */
export async function serve(iterate: () => number): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const start = cpuNs();
    let objective = 0;
    for (let i = 0; i < Number(line); i++) objective = iterate();
    process.stdout.write(`${cpuNs() - start} ${objective.toExponential(12)}\n`);
  }
}

/** CPU time of this thread where Node can tell, else of the process. */
function cpuNs(): number {
  const usage = process.threadCpuUsage?.() ?? process.cpuUsage();
  return (usage.user + usage.system) * 1000;
}

/** The C compilers there are. */
export function compilers(): string[] {
  return ['gcc', 'clang'].filter((name) => {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
