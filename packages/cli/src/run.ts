import { CommanderError } from 'commander';
import { failureOf, UsageError } from './output/failure.ts';
import { programFor } from './program.ts';
import { Shell } from './shell.ts';

/**
 * Runs one command line to its end: sets the exit code, prints failures, and turns the first
 * interrupt into a cancellation (the second one ends the process at once).
 */
export async function run(args: readonly string[]): Promise<void> {
  const cancelled = new AbortController();
  const interrupt = (): void => cancelled.abort();
  process.once('SIGINT', interrupt);
  process.stdout.on('error', endQuietlyWhenNobodyReads);
  const shell = new Shell(process, cancelled.signal);
  try {
    const program = await programFor(args, shell);
    await program.parseAsync([...args], { from: 'user' });
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageErrorOf(thrown) : thrown;
    if (error !== undefined) fail(error, args.includes('--json'), shell);
  } finally {
    process.off('SIGINT', interrupt);
    if (cancelled.signal.aborted) process.stdin.destroy();
    shell.progress.clear();
  }
}

/** Prints a failure: in words on stderr, and with `--json` as a document on stdout. */
function fail(error: unknown, json: boolean, shell: Shell): void {
  const { exitCode, errors, lines } = failureOf(error);
  shell.progress.clear();
  if (json) shell.json({ schema: 1, errors });
  for (const line of lines) shell.say(`assay: ${line}`);
  process.exitCode = exitCode;
}

/** Commander's refusals in our words; nothing for help and version, which end well. */
function usageErrorOf(error: CommanderError): UsageError | undefined {
  if (error.exitCode === 0 || error.code === 'commander.help') return undefined;
  const code = error.code.replace(/^commander\./, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
  const got = /'([^']*)'/.exec(message)?.[1];
  return new UsageError(message, { code, got, hint: 'add --help to see what there is', cause: error });
}

/** `assay … | head` closes the pipe early: that is no failure. */
function endQuietlyWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}
