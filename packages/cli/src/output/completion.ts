import { methods } from '@assay/core/methods';
import { learnMethods } from '@assay/learn/methods';
import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shells = (typeof shells)[number];

/** What completion needs to know of one command. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly { readonly names: readonly string[]; readonly does: string; readonly values: Values }[];
  readonly argument: Values;
  /** Commands of their own below this one, such as those of `assay control`. */
  readonly parts: readonly Entry[];
}

/** What may follow: nothing, a file, or one of some words. */
type Values = 'none' | 'file' | readonly string[];

/** A completion script for a shell, generated from the command tree, so that it never lags behind. */
export function completionScript(shell: Shells, program: Command): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](program.commands.map(entryOf));
}

function entryOf(command: Command): Entry {
  const argument = command.registeredArguments[0];
  const ids = methodIds(command.name());
  return {
    name: command.name(),
    summary: command.description(),
    flags: [
      ...command.options.map((option) => flagOf(option, ids)),
      { names: ['--help'], does: 'print this help', values: 'none' },
    ],
    argument: argument === undefined ? 'none' : (argument.argChoices ?? (argument.name() === 'METHOD' ? ids : 'file')),
    parts: command.commands.map(entryOf),
  };
}

function flagOf(option: Option, ids: readonly string[]): Entry['flags'][number] {
  const names = [option.short, option.long].filter((name) => name !== undefined);
  let values: Values = 'none';
  if (option.required || option.optional) {
    const argument = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1] ?? '';
    values =
      option.argChoices ??
      (/^METHOD/.test(argument) || option.long === '--methods' ? ids : /FILE|^F$|OUT/.test(argument) ? 'file' : []);
  }
  return { names, does: option.description, values };
}

/** The methods a command takes. */
function methodIds(command: string): string[] {
  const from = { learn: [learnMethods], methods: [methods, learnMethods] }[command] ?? [methods];
  return [...new Set(from.flatMap((list) => list.map(({ id }) => id)))];
}

function bashScript(entries: readonly Entry[]): string {
  const reply = (values: Values): string =>
    values === 'file'
      ? 'local IFS=$\'\\n\'; COMPREPLY=($(compgen -f -- "$word"))'
      : values === 'none'
        ? ':'
        : `COMPREPLY=($(compgen -W "${values.join(' ')}" -- "$word"))`;
  const names = entries.map(({ name }) => name);
  // The word at `depth` names the command; what it names in turn comes one word later.
  const cases = (list: readonly Entry[], depth: number): string =>
    list
      .map(({ name, flags, argument, parts }) => {
        const valued = flags.filter(({ values }) => values !== 'none');
        const all = flags.flatMap((flag) => flag.names).join(' ');
        const below = reply([...parts.map((part) => part.name), '--help']);
        const body =
          parts.length > 0
            ? [
                `      if [[ $COMP_CWORD -eq ${depth + 1} ]]; then ${below}; return; fi`,
                `      case "\${COMP_WORDS[${depth + 1}]}" in`,
                cases(parts, depth + 1),
                '      esac ;;',
              ]
            : [
                '      case "$before" in',
                ...valued.map((flag) => `        ${flag.names.join('|')}) ${reply(flag.values)}; return ;;`),
                '      esac',
                `      if [[ "$word" == -* ]]; then COMPREPLY=($(compgen -W "${all}" -- "$word")); else ${reply(argument)}; fi ;;`,
              ];
        return [`    ${name})`, ...body].join('\n');
      })
      .join('\n');
  return `# bash completion for assay
_assay() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${names.join(' ')} help --help --version" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases(entries, 1)}
    help) ${reply(names)} ;;
  esac
}
complete -o filenames -F _assay assay
`;
}

function zshScript(entries: readonly Entry[]): string {
  const quoted = (text: string): string => text.replace(/'/g, "'\\''").replace(/[[\]:]/g, '\\$&');
  const action = (values: Values): string =>
    values === 'none' ? '' : values === 'file' ? ':file:_files' : `:value:(${values.join(' ')})`;
  // $words[1] is the name of what stands above; $words[2] names one of `list`.
  const choice = (list: readonly Entry[]): string => `local -a commands=(
${list.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${list.map(caseOf).join('\n')}
  esac`;
  const caseOf = ({ name, flags, argument, parts }: Entry): string => {
    if (parts.length > 0) return `    ${name}) ${choice(parts)} ;;`;
    const specs = flags.flatMap(({ names, does, values }) =>
      names.map((each) => `'*${each}[${quoted(does)}]${action(values)}'`),
    );
    if (argument !== 'none') specs.push(`'*${action(argument)}'`);
    return `    ${name}) _arguments -s ${specs.join(' \\\n      ')} ;;`;
  };
  return `#compdef assay
_assay() {
  ${choice(entries)}
}
compdef _assay assay
`;
}

function fishScript(entries: readonly Entry[]): string {
  const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const lines = [
    '# fish completion for assay',
    'function __assay_at -d "Do the first words name this command?"',
    '  set -l words (commandline -opc)',
    '  set -e words[1]',
    '  set -l length (count $argv)',
    '  test $length -eq 0; and return 0',
    '  test (count $words) -ge $length; and test "$words[1..$length]" = "$argv"',
    'end',
    'function __assay_ends -d "Are these all the words so far?"',
    '  set -l words (commandline -opc)',
    '  set -e words[1]',
    '  test (count $words) -eq (count $argv); and test "$words" = "$argv"',
    'end',
    'complete -c assay -f',
  ];
  const add = (list: readonly Entry[], above: readonly string[]): void => {
    for (const { name, summary, flags, argument, parts } of list) {
      const path = [...above, name].join(' ');
      lines.push(
        `complete -c assay -n ${quoted(`__assay_ends ${above.join(' ')}`.trim())} -a ${name} -d ${quoted(summary)}`,
      );
      const when = `-n ${quoted(`__assay_at ${path}`)}`;
      if (parts.length > 0) {
        add(parts, [...above, name]);
        continue;
      }
      for (const { names, does, values } of flags) {
        const spelled = names.map((each) => (each.startsWith('--') ? `-l ${each.slice(2)}` : `-s ${each.slice(1)}`));
        const takes = values === 'none' ? '' : values === 'file' ? ' -r -F' : ` -x -a ${quoted(values.join(' '))}`;
        lines.push(`complete -c assay ${when} ${spelled.join(' ')}${takes} -d ${quoted(does)}`);
      }
      if (argument === 'file') lines.push(`complete -c assay ${when} -F`);
      else if (argument !== 'none') lines.push(`complete -c assay ${when} -a ${quoted(argument.join(' '))}`);
    }
  };
  add(entries, []);
  return `${lines.join('\n')}\n`;
}
