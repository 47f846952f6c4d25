import type { Comparisons } from './comparisons.ts';

/** Which items can be placed on one scale. */
export interface ItemGroups {
  /** How many groups there are that no comparison links. */
  readonly count: number;
  /** The group of each item, 0 … count − 1, N; group 0 has the first item. */
  readonly of: Uint32Array;
  /** Items in each group. */
  readonly sizes: Uint32Array;
  /**
   * How many parts each group falls into, none of which ever lost or tied against a lower one: 1 where
   * wins go round. Above 1 the distance between parts rests on the prior.
   */
  readonly levels: Uint32Array;
}

/**
 * The groups of items linked by comparisons, and whether wins go round in each: between groups nothing
 * was compared, so that scores and ranks of different groups say nothing about each other.
 *
 * Source: Ford (1957) for the condition that scores are finite; strongly connected parts after Tarjan
 * (1972). O(N + E).
 *
 * @example
 * const pair = { itemCount: 3, workerCount: 1, winner: Uint32Array.of(0), loser: Uint32Array.of(2), worker: Uint32Array.of(0) };
 * itemGroups(pair).of; // => new Uint32Array([0, 1, 0])
 */
export function itemGroups({ itemCount, winner, loser, tied }: Comparisons): ItemGroups {
  const parent = Uint32Array.from({ length: itemCount }, (_, i) => i);
  const root = (item: number): number => {
    let at = item;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  };
  for (let e = 0; e < winner.length; e++) {
    const [a, b] = [root(winner[e]), root(loser[e])];
    if (a !== b) parent[Math.max(a, b)] = Math.min(a, b);
  }
  const of = new Uint32Array(itemCount);
  const names = new Map<number, number>();
  const sizes: number[] = [];
  for (let item = 0; item < itemCount; item++) {
    const own = root(item);
    const group = names.get(own) ?? sizes.push(0) - 1;
    names.set(own, group);
    of[item] = group;
    sizes[group]++;
  }
  const levels = new Uint32Array(sizes.length);
  for (const [first] of strongParts(itemCount, winner, loser, tied)) levels[of[first]]++;
  return { count: sizes.length, of, sizes: Uint32Array.from(sizes), levels };
}

/** The strongly connected parts of "beat or tied", by Tarjan's algorithm without recursion. */
function strongParts(
  itemCount: number,
  winner: Uint32Array,
  loser: Uint32Array,
  tied: Uint8Array | undefined,
): number[][] {
  const start = new Uint32Array(itemCount + 1);
  for (let e = 0; e < winner.length; e++) {
    start[winner[e] + 1]++;
    if (tied?.[e] === 1) start[loser[e] + 1]++;
  }
  for (let i = 0; i < itemCount; i++) start[i + 1] += start[i];
  const next = start.slice(0, itemCount);
  const target = new Uint32Array(start[itemCount]);
  for (let e = 0; e < winner.length; e++) {
    target[next[winner[e]]++] = loser[e];
    if (tied?.[e] === 1) target[next[loser[e]]++] = winner[e];
  }
  const found = new Int32Array(itemCount).fill(-1);
  const low = new Int32Array(itemCount);
  const open = new Uint8Array(itemCount);
  const edge = start.slice(0, itemCount);
  const [path, held, parts]: [number[], number[], number[][]] = [[], [], []];
  let time = 0;
  for (let first = 0; first < itemCount; first++) {
    if (found[first] >= 0) continue;
    path.push(first);
    while (path.length > 0) {
      const item = path[path.length - 1];
      if (found[item] < 0) {
        found[item] = low[item] = time++;
        held.push(item);
        open[item] = 1;
      }
      let deeper = false;
      while (edge[item] < start[item + 1]) {
        const other = target[edge[item]];
        if (found[other] < 0) {
          path.push(other);
          deeper = true;
          break;
        }
        if (open[other] === 1) low[item] = Math.min(low[item], low[other]);
        edge[item]++;
      }
      if (deeper) continue;
      path.pop();
      if (low[item] !== found[item]) continue;
      const part = held.splice(held.lastIndexOf(item));
      for (const member of part) open[member] = 0;
      parts.push(part);
    }
  }
  return parts;
}
