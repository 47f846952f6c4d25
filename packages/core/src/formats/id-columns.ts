import { aliases, folded } from './columns.ts';

const idNames = new Set(aliases.task.flat());

/**
 * Of the columns that were a task's input, the one that names it: the only one, or the only one
 * that is called like an identifier. -1 when none stands out.
 */
export function namingColumn(header: readonly string[], prefix: string): number {
  const inputs = header.flatMap((name, at) => (name.startsWith(prefix) ? [at] : []));
  if (inputs.length === 1) return inputs[0];
  const named = inputs.filter((at) => idNames.has(folded(header[at].slice(prefix.length))));
  return named.length === 1 ? named[0] : -1;
}
