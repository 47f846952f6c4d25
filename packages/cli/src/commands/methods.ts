import { InputError, type Method, nearNames, type OptionSpec, rangeInWords, shown } from '@assay/core';
import { methods } from '@assay/core/methods';
import { type LearnMethod, learnMethods } from '@assay/learn/methods';
import { Command } from 'commander';
import { usageError } from '../output/failure.ts';
import { tableText } from '../output/table.ts';
import type { Shell } from '../shell.ts';

/** Methods by the command they belong to, in the order they are listed. */
const groups: readonly Group[] = [
  { name: 'methods', command: 'aggregate', needs: 'From answers alone, with "assay aggregate -m METHOD"', methods },
  {
    name: 'learning',
    command: 'learn',
    needs: 'From answers and features, with "assay learn -m METHOD"',
    methods: learnMethods,
  },
];

interface Group {
  /** In the JSON document. */
  readonly name: string;
  readonly command: string;
  readonly needs: string;
  readonly methods: readonly (Method | LearnMethod)[];
}

/** `assay methods [METHOD]`: the list, or one method with its options. An id of both commands shows both. */
export function build(shell: Shell): Command {
  return new Command('methods')
    .argument('[METHOD]', 'show one method with its options')
    .option('--json', 'print one JSON document')
    .action((id: string | undefined, flags: { json?: boolean }) => {
      const chosen = id === undefined ? groups : usageError(() => groupsWith(id));
      if (flags.json === true) shell.json({ schema: 1, ...Object.fromEntries(chosen.map(groupJson)) });
      else shell.print(id === undefined ? chosen.map(list).join('\n') + more : chosen.flatMap(details).join('\n'));
    });
}

const more = '\nOptions and source of one: assay methods METHOD\n';

/** The groups with only the method of this id. @throws {InputError} unknown-method */
function groupsWith(id: string): Group[] {
  const found = groups
    .map((group) => ({ ...group, methods: group.methods.filter((method) => method.id === id) }))
    .filter((group) => group.methods.length > 0);
  if (found.length > 0) return found;
  const near = nearNames(id, [...new Set(groups.flatMap((group) => group.methods.map((method) => method.id)))]);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : '"assay methods" lists them';
  throw new InputError(`unknown method ${shown(id)}; ${hint}`, { code: 'unknown-method', got: id, hint });
}

function groupJson({ name, methods: members }: Group): [string, Record<string, unknown>[]] {
  const listed = members.map(({ options, ...method }) => {
    const { id, title, summary, citation, family, answers } = method as Omit<Method, 'options'>;
    const specs = Object.entries(options).map(([option, spec]) => ({ name: option, ...spec }));
    return { id, title, summary, citation, family, answers, options: specs };
  });
  return [name, listed];
}

function list({ needs, methods: members }: Group): string {
  const rows = members.map(({ id, title, summary }) => [id, title, summary]);
  return `${needs}:\n\n${tableText([{ title: 'method' }, { title: 'name' }, { title: 'assumes, and when to take it' }], rows)}`;
}

function details({ command, methods: members }: Group): string[] {
  return members.map((method) => {
    const { id, title, summary, citation } = method;
    return `${title} (${id} of assay ${command})\n${summary}\nSource: ${citation}\n\n${optionsText(method)}`;
  });
}

/** The options of a method for `-O name=value`, from its option table. */
export function optionsText(method: Pick<Method, 'id' | 'options'>): string {
  const entries = Object.entries(method.options);
  if (entries.length === 0) return `${method.id} has no options.\n`;
  const lines = entries.flatMap(([name, spec]) => [
    `  -O ${name}=${sample(spec)}`,
    `      ${spec.does}`,
    `      ${valuesInWords(spec)}; default ${defaultInWords(spec)}: ${spec.why}`,
  ]);
  return `Options of ${method.id}:\n${lines.join('\n')}\n`;
}

function sample(spec: OptionSpec): string {
  if (spec.kind === 'numbers') return spec.default === null ? 'N,N,…' : spec.default.join(',');
  return String(spec.default);
}

function valuesInWords(spec: OptionSpec): string {
  switch (spec.kind) {
    case 'number':
      return rangeInWords(spec) + (spec.unit === undefined ? '' : ` (${spec.unit})`);
    case 'choice':
      return `one of ${spec.choices.join(', ')}`;
    case 'boolean':
      return 'true or false';
    case 'numbers':
      return `numbers from ${spec.min} to ${spec.max}, separated by commas`;
  }
}

function defaultInWords(spec: OptionSpec): string {
  return spec.default === null ? 'not given' : sample(spec);
}
