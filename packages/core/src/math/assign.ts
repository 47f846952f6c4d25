import { InputError } from '../errors.ts';

/** What `assign` found. */
export interface Assignment {
  /** For every row the column it got, or −1 when there are more rows than columns. */
  readonly columns: Int32Array;
  /** The sum of the chosen entries. */
  readonly total: number;
}

/**
 * The pairing of rows with columns (each used at most once) that minimises, or maximises, the sum of
 * the paired entries of a rows × columns matrix, row after row.
 *
 * min(rows, columns) pairs are made. Among equally good pairings the result depends only on the
 * matrix. An entry that is not finite is an `InputError`. O(s² · l) for sides s ≤ l.
 *
 * Use it to undo a permutation of classes, to match workers to tasks, to match segments.
 *
 * Source: Kuhn's Hungarian method with shortest augmenting paths (Jonker & Volgenant 1987).
 *
 * @example
 * assign([1, 9, 9, 1], 2, 2, 'maximise').columns; // 1, 0
 */
export function assign(
  matrix: ArrayLike<number>,
  rows: number,
  columns: number,
  goal: 'minimise' | 'maximise' = 'minimise',
): Assignment {
  for (let at = 0; at < rows * columns; at++) {
    if (Number.isFinite(matrix[at])) continue;
    throw new InputError(`invalid entry ${matrix[at]} in row ${Math.floor(at / columns)}: give finite numbers`, {
      code: 'invalid-matrix',
      got: String(matrix[at]),
      hint: 'give finite numbers',
    });
  }
  const sign = goal === 'maximise' ? -1 : 1;
  const chosen = new Int32Array(rows).fill(-1);
  if (rows <= columns) {
    const rowOf = shortestPaths(matrix, rows, columns, columns, 1, sign);
    for (let j = 0; j < columns; j++) if (rowOf[j] >= 0) chosen[rowOf[j]] = j;
  } else {
    chosen.set(shortestPaths(matrix, columns, rows, 1, columns, sign));
  }
  let total = 0;
  for (let i = 0; i < rows; i++) if (chosen[i] >= 0) total += matrix[i * columns + chosen[i]];
  return { columns: chosen, total };
}

/** For every one of `large` the one of `small` it got or −1; small ≤ large. Index 0 of the working arrays is a sentinel. */
function shortestPaths(
  matrix: ArrayLike<number>,
  small: number,
  large: number,
  smallStep: number,
  largeStep: number,
  sign: number,
): Int32Array {
  const smallPotential = new Float64Array(small + 1);
  const largePotential = new Float64Array(large + 1);
  const owner = new Int32Array(large + 1);
  const before = new Int32Array(large + 1);
  const slack = new Float64Array(large + 1);
  const visited = new Uint8Array(large + 1);
  for (let i = 1; i <= small; i++) {
    owner[0] = i;
    slack.fill(Infinity);
    visited.fill(0);
    let at = 0;
    do {
      visited[at] = 1;
      const row = owner[at];
      let least = Infinity;
      let next = -1;
      for (let j = 1; j <= large; j++) {
        if (visited[j] === 1) continue;
        const cost = sign * matrix[(row - 1) * smallStep + (j - 1) * largeStep];
        const reduced = cost - smallPotential[row] - largePotential[j];
        if (reduced < slack[j]) {
          slack[j] = reduced;
          before[j] = at;
        }
        if (next < 0 || slack[j] < least) {
          least = slack[j];
          next = j;
        }
      }
      for (let j = 0; j <= large; j++) {
        if (visited[j] === 1) {
          smallPotential[owner[j]] += least;
          largePotential[j] -= least;
        } else slack[j] -= least;
      }
      at = next;
    } while (owner[at] !== 0);
    while (at !== 0) {
      owner[at] = owner[before[at]];
      at = before[at];
    }
  }
  return owner.subarray(1).map((row) => row - 1);
}
