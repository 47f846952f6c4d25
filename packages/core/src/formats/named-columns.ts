import { InputError, nearNames, shown } from '../errors.ts';
import { folded } from './columns.ts';

/** The names each role goes by, in tiers: a name of an earlier tier wins, two of one tier are ambiguous. */
export type TieredNames<Role extends string> = Readonly<Record<Role, readonly (readonly string[])[]>>;

/**
 * The column of each wanted role that the header has: what was chosen by name first, then by the usual names.
 * For records read whole; answers go through `planColumns`, which also knows files without a header.
 *
 * @throws {InputError} unknown-column, ambiguous-column
 */
export function namedColumns<Role extends string>(
  file: string,
  header: readonly string[],
  wanted: readonly Role[],
  names: TieredNames<Role>,
  chosen: Readonly<Partial<Record<Role, string>>>,
): Partial<Record<Role, string>> {
  for (const [role, name] of Object.entries<string | undefined>(chosen)) {
    if (name === undefined || header.includes(name)) continue;
    const near = nearNames(name, header);
    const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the columns are ${header.join(', ')}`;
    throw columnError(file, 'unknown-column', `unknown column ${shown(name)} for the ${role} in ${file}`, hint, name);
  }
  const at: Partial<Record<Role, string>> = {};
  const taken = new Set<string | undefined>(Object.values<string | undefined>(chosen));
  for (const role of wanted) {
    if (chosen[role] !== undefined) {
      at[role] = chosen[role];
      continue;
    }
    for (const tier of names[role]) {
      const found = header.filter((name) => !taken.has(name) && tier.includes(folded(name)));
      if (found.length === 0) continue;
      if (found.length > 1) {
        const hint = `say which one with --columns ${role}=NAME`;
        const what = `ambiguous columns in ${file}: ${found.map(shown).join(' and ')} could both be the ${role}`;
        throw columnError(file, 'ambiguous-column', what, hint, header.join(','));
      }
      at[role] = found[0];
      taken.add(found[0]);
      break;
    }
  }
  return at;
}

/** An error about the header of a file. */
export function columnError(file: string, code: string, what: string, hint: string, got: string): InputError {
  return new InputError(`${what}; ${hint}`, { code, path: file, line: 1, got, hint });
}
