import { InputError, shown } from '../errors.ts';
import type { Role } from './columns.ts';
import type { FileHead } from './head.ts';

/**
 * The roles of the columns of a table without header, by how many distinct values the columns have
 * in the first records: the label has the fewest, the task the most.
 *
 * @throws {InputError} ambiguous-columns when that does not settle it
 */
export function guessRoles(head: FileHead, needed: readonly Role[]): (Role | null)[] {
  const { records } = head;
  const width = records[0].length;
  const order = needed.join(',');
  if (width === needed.length && needed.length < 3) return [...needed];
  if (width !== 3 || needed.length !== 3)
    throw ambiguous(head, `it has ${width} columns and no header that names them`, order);
  const rows = records.filter((cells) => cells.length === width);
  if (looksLikeHeader(rows))
    throw ambiguous(head, `its header ${shown(rows[0].join(','))} names no task, worker and label`, order);
  const distinct = [0, 1, 2].map((column) => new Set(rows.map((cells) => cells[column])).size);
  const byCount = [0, 1, 2].sort((a, b) => distinct[a] - distinct[b]);
  const [label, worker, task] = byCount;
  if (distinct[label] === distinct[worker] || distinct[worker] === distinct[task]) {
    throw ambiguous(head, `its three columns have ${distinct.join(', ')} distinct values`, order);
  }
  return [0, 1, 2].map((column) => (column === task ? 'task' : column === worker ? 'worker' : 'label'));
}

/** Values of an unknown header never come again, while those of the rows do. */
function looksLikeHeader(rows: readonly (readonly string[])[]): boolean {
  if (rows.length < 8) return false;
  return rows[0].every((name, column) => {
    const later = rows.slice(1).map((cells) => cells[column]);
    return !later.includes(name) && new Set(later).size < later.length && !/^-?[\d.]+$/.test(name);
  });
}

function ambiguous(head: FileHead, why: string, order: string): InputError {
  const hint = `say what the columns are, for example --columns ${order}`;
  return new InputError(`ambiguous columns in ${head.name}: ${why}; ${hint}`, {
    code: 'ambiguous-columns',
    path: head.name,
    line: 1,
    got: head.records[0].join(head.delimiter).slice(0, 60),
    hint,
  });
}
