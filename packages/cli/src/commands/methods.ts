import { type Method, type OptionSpec, rangeInWords } from '@assay/core';
import { methodById, methods } from '@assay/core/methods';
import { Command } from 'commander';
import { usageError } from '../output/failure.ts';
import { tableText } from '../output/table.ts';
import type { Shell } from '../shell.ts';

/** `assay methods [METHOD]`: the list, or one method with its options. */
export function build(shell: Shell): Command {
  return new Command('methods')
    .argument('[METHOD]', 'show one method with its options')
    .option('--json', 'print one JSON document')
    .action((id: string | undefined, flags: { json?: boolean }) => {
      const chosen = id === undefined ? methods : [usageError(() => methodById(id))];
      if (flags.json === true) shell.json({ schema: 1, methods: chosen.map(methodJson) });
      else shell.print(id === undefined ? list(chosen) : details(chosen[0]));
    });
}

function methodJson(method: Method): Record<string, unknown> {
  const { id, title, summary, citation, family, answers } = method;
  const options = Object.entries(method.options).map(([name, spec]) => ({ name, ...spec }));
  return { id, title, summary, citation, family, answers, options };
}

function list(chosen: readonly Method[]): string {
  const rows = chosen.map(({ id, title, summary }) => [id, title, summary]);
  const table = tableText([{ title: 'method' }, { title: 'name' }, { title: 'assumes, and when to take it' }], rows);
  return `${table}\nOptions and source of one: assay methods ${chosen.at(-1)?.id}\n`;
}

function details(method: Method): string {
  return `${method.title} (${method.id})\n${method.summary}\nSource: ${method.citation}\n\n${optionsText(method)}`;
}

/** The options of a method for `-O name=value`, from its option table. */
export function optionsText(method: Method): string {
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
