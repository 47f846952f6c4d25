import { nearNames, shown, version } from '@assay/core';
import { Command, type HelpConfiguration } from 'commander';
import { commands } from './commands.ts';
import { UsageError } from './output/failure.ts';
import type { Shell } from './shell.ts';

const description = 'The best labels per unit of money out of people and AI models.';

const helpAfter = `
Examples:
  assay aggregate answers.csv -o labels.csv      true labels with probabilities
  assay workers answers.csv                      how good every worker is
  assay compare answers.csv --truth truth.csv    every method against known labels

Exit codes: 0 done, 1 wrong input or a failed check, 2 wrong usage, 130 interrupted.`;

/**
 * The command tree for one command line: the command that was named is loaded with its flags, the
 * others are there with their summaries only, so that starting stays fast. `all` loads every one.
 */
export async function programFor(args: readonly string[], shell: Shell, all = false): Promise<Command> {
  const program = configured(new Command('assay'), shell)
    .description(description)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', helpAfter)
    .action(() => program.outputHelp());
  const [first, second] = args.filter((arg) => !arg.startsWith('-'));
  const named = first === 'help' ? second : first;
  if (named !== undefined && named !== 'help' && !commands.some(({ name }) => name === named))
    throw unknownCommand(named);
  for (const { name, summary, load } of commands) {
    if (all || name === named) {
      const command = configured((await load()).build(shell), shell).description(summary);
      program.addCommand(command.helpOption('-h, --help', 'print this help'));
    } else {
      program.command(name).description(summary);
    }
  }
  return program;
}

function configured(command: Command, shell: Shell): Command {
  const help: HelpConfiguration = { sortOptions: false, showGlobalOptions: false };
  for (const part of command.commands) configured(part, shell).helpOption('-h, --help', 'print this help');
  if (command.commands.length > 0 && command.name() !== 'assay')
    command.helpCommand('help [command]', 'print the help of a command');
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .allowExcessArguments(false)
    .configureHelp(help)
    .configureOutput({
      writeOut: (text) => shell.print(text),
      writeErr: (text) => shell.say(text.trimEnd()),
      // Failures are thrown and printed once, by run.ts.
      outputError: () => {},
    });
}

/** A command, or one below the command `above`, that there is not. */
export function unknownCommand(name: string, above?: Command): UsageError {
  const known = above === undefined ? commands : above.commands.map((part) => ({ name: part.name() }));
  const near = nearNames(
    name,
    known.map((command) => command.name),
  );
  const all = `run "assay ${above === undefined ? '' : `${above.name()} `}--help" to see them all`;
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : all;
  return new UsageError(`unknown command ${shown(name)}; ${hint}`, { code: 'unknown-command', got: name, hint });
}
