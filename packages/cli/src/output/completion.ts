import { methods } from '@assay/core/methods';
import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shells = (typeof shells)[number];

/** What completion needs to know of one command. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly { readonly names: readonly string[]; readonly does: string; readonly values: Values }[];
  readonly argument: Values;
}

/** What may follow: nothing, a file, or one of some words. */
type Values = 'none' | 'file' | readonly string[];

/** A completion script for a shell, generated from the command tree, so that it never lags behind. */
export function completionScript(shell: Shells, program: Command): string {
  const entries = program.commands.map((command): Entry => {
    const argument = command.registeredArguments[0];
    return {
      name: command.name(),
      summary: command.description(),
      flags: [...command.options.map(flagOf), { names: ['--help'], does: 'print this help', values: 'none' }],
      argument:
        argument === undefined
          ? command.commands.length > 0
            ? command.commands.map((part) => part.name())
            : 'none'
          : (argument.argChoices ?? (argument.name() === 'METHOD' ? methodIds() : 'file')),
    };
  });
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](entries);
}

function flagOf(option: Option): Entry['flags'][number] {
  const names = [option.short, option.long].filter((name) => name !== undefined);
  let values: Values = 'none';
  if (option.required || option.optional) {
    const argument = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1] ?? '';
    values =
      option.argChoices ??
      (/^METHOD/.test(argument) || option.long === '--methods'
        ? methodIds()
        : /FILE|^F$|OUT/.test(argument)
          ? 'file'
          : []);
  }
  return { names, does: option.description, values };
}

function methodIds(): string[] {
  return methods.map(({ id }) => id);
}

function bashScript(entries: readonly Entry[]): string {
  const reply = (values: Values): string =>
    values === 'file'
      ? 'local IFS=$\'\\n\'; COMPREPLY=($(compgen -f -- "$word"))'
      : values === 'none'
        ? ':'
        : `COMPREPLY=($(compgen -W "${values.join(' ')}" -- "$word"))`;
  const cases = entries.map(({ name, flags, argument }) => {
    const valued = flags.filter(({ values }) => values !== 'none');
    const all = flags.flatMap(({ names }) => names).join(' ');
    return [
      `    ${name})`,
      '      case "$before" in',
      ...valued.map(({ names, values }) => `        ${names.join('|')}) ${reply(values)}; return ;;`),
      '      esac',
      `      if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "${all}" -- "$word")); else ${reply(argument)}; fi ;;`,
    ].join('\n');
  });
  return `# bash completion for assay
_assay() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${entries.map(({ name }) => name).join(' ')} help --help --version" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
}
complete -o filenames -F _assay assay
`;
}

function zshScript(entries: readonly Entry[]): string {
  const quoted = (text: string): string => text.replace(/'/g, "'\\''").replace(/[[\]:]/g, '\\$&');
  const action = (values: Values): string =>
    values === 'none' ? '' : values === 'file' ? ':file:_files' : `:value:(${values.join(' ')})`;
  const list = entries.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`).join('\n');
  const cases = entries.map(({ name, flags, argument }) => {
    const specs = flags.flatMap(({ names, does, values }) =>
      names.map((each) => `'*${each}[${quoted(does)}]${action(values)}'`),
    );
    if (argument !== 'none') specs.push(`'*${action(argument)}'`);
    return `    ${name}) _arguments -s ${specs.join(' \\\n      ')} ;;`;
  });
  return `#compdef assay
_assay() {
  local -a commands=(
${list}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef _assay assay
`;
}

function fishScript(entries: readonly Entry[]): string {
  const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const lines = ['# fish completion for assay', 'complete -c assay -f'];
  for (const { name, summary, flags, argument } of entries) {
    lines.push(`complete -c assay -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`);
    const when = `-n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    for (const { names, does, values } of flags) {
      const spelled = names.map((each) => (each.startsWith('--') ? `-l ${each.slice(2)}` : `-s ${each.slice(1)}`));
      const takes = values === 'none' ? '' : values === 'file' ? ' -r -F' : ` -x -a ${quoted(values.join(' '))}`;
      lines.push(`complete -c assay ${when} ${spelled.join(' ')}${takes} -d ${quoted(does)}`);
    }
    if (argument === 'file') lines.push(`complete -c assay ${when} -F`);
    else if (argument !== 'none') lines.push(`complete -c assay ${when} -a ${quoted(argument.join(' '))}`);
  }
  return `${lines.join('\n')}\n`;
}
