import { type Command, CommanderError } from 'commander';
import { exitCodes, failureOf, UsageError } from './output/failure.ts';
import { programFor, unknownCommand } from './program.ts';
import { Shell } from './shell.ts';

/**
 * Runs one command line to its end: sets the exit code, prints failures, and turns the first
 * interrupt into a cancellation (the second one ends the process at once).
 */
export async function run(args: readonly string[]): Promise<void> {
  const cancelled = new AbortController();
  const interrupt = (): void => cancelled.abort();
  process.once('SIGINT', interrupt);
  process.stdout.on('error', endWhenNobodyReads);
  const shell = new Shell(process, cancelled.signal);
  let program: Command | undefined;
  try {
    program = await programFor(args, shell);
    await program.parseAsync([...args], { from: 'user' });
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? usageErrorOf(thrown, program) : thrown;
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
function usageErrorOf(error: CommanderError, program: Command | undefined): UsageError | undefined {
  if (error.exitCode === 0 || error.code === 'commander.help') return undefined;
  // A command of several parts takes no argument of its own: what was typed is a part that there is not.
  const [, above, part] = /^error: too many arguments for '([^']*)'.* but got \d+: ([^,]*)/.exec(error.message) ?? [];
  const parent = program?.commands.find((command) => command.name() === above && command.commands.length > 0);
  if (parent !== undefined) return unknownCommand(part.replace(/\.$/, ''), parent);
  const code = error.code.replace(/^commander\./, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const text = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
  const { problem, got, hint = 'add --help to see what there is' } = inOurWords(text);
  return new UsageError(`${problem}; ${hint}`, { code, got, hint, cause: error });
}

/** A refusal of Commander as what is wrong, what was given and what to do. */
function inOurWords(text: string): { problem: string; got?: string; hint?: string } {
  const value =
    /^(?:option '(?:-\w, )?(--[\w-]+)[^']*' argument|command-argument value) '(.*)' is invalid(?: for argument '(\w+)')?\.\s*(.*)$/s.exec(
      text,
    );
  if (value !== null) {
    const [, flag, got, argument, rest] = value;
    const hint = rest.replace(/\.$/, '').replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
    return { problem: `invalid ${flag ?? argument} ${JSON.stringify(got)}`, got, ...(hint === '' ? {} : { hint }) };
  }
  const absent = /^(?:required option '([^']*)' not specified|missing required argument '([^']*)')/.exec(text);
  if (absent !== null) return { problem: `missing ${absent[1] ?? absent[2]}`, got: absent[1] ?? absent[2] };
  const bare = /^option '([^']*)' argument missing/.exec(text);
  if (bare !== null) return { problem: `missing value of ${bare[1]}`, got: bare[1] };
  const unknown = /^unknown (option|command) '([^']*)'\s*(?:\(Did you mean (.*)\?\))?/.exec(text);
  if (unknown !== null) {
    const [, kind, got, near] = unknown;
    return {
      problem: `unknown ${kind} ${JSON.stringify(got)}`,
      got,
      ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
    };
  }
  const many = /^too many arguments.* but got \d+: (.*)\.$/.exec(text);
  if (many !== null)
    return { problem: `invalid arguments ${JSON.stringify(many[1])}: there are too many`, got: many[1] };
  const got = /'([^']*)'/.exec(text)?.[1];
  return { problem: text, ...(got === undefined ? {} : { got }) };
}

/** `assay … | head` closes the pipe early: that is no failure. A full disk is one. */
function endWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  for (const line of failureOf(error).lines) process.stderr.write(`assay: ${line}\n`);
  process.exit(exitCodes.refused);
}
