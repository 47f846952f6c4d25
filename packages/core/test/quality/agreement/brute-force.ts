import { type AnswerTable, answersFrom, Random } from '@assay/core';

/** The squared difference of two classes by the definition of each scale. */
export type Difference = (c: number, k: number) => number;

/** Krippendorff's alpha by its definition: all ordered pairs inside tasks against all pairs of answers. */
export function alphaByDefinition(units: readonly (readonly number[])[], difference: Difference): number {
  const pairable = units.filter((unit) => unit.length > 1);
  const all = pairable.flat();
  let observed = 0;
  for (const unit of pairable) {
    for (let i = 0; i < unit.length; i++) {
      for (let j = 0; j < unit.length; j++) {
        if (i !== j) observed += difference(unit[i], unit[j]) / (unit.length - 1);
      }
    }
  }
  let expected = 0;
  for (let i = 0; i < all.length; i++) {
    for (let j = 0; j < all.length; j++) if (i !== j) expected += difference(all[i], all[j]) / (all.length - 1);
  }
  return expected === 0 ? Number.NaN : 1 - observed / expected;
}

/** The four differences; the ordinal one sums the answers between two grades. */
export function differences(
  units: readonly (readonly number[])[],
  values: readonly number[],
): Record<string, Difference> {
  const totals = new Map<number, number>();
  for (const unit of units) if (unit.length > 1) for (const k of unit) totals.set(k, (totals.get(k) ?? 0) + 1);
  const total = (k: number): number => totals.get(k) ?? 0;
  return {
    nominal: (c, k) => (c === k ? 0 : 1),
    ordinal: (c, k) => {
      let between = 0;
      for (let g = Math.min(c, k); g <= Math.max(c, k); g++) between += total(g);
      return (between - (total(c) + total(k)) / 2) ** 2;
    },
    interval: (c, k) => (values[c] - values[k]) ** 2,
    ratio: (c, k) => (values[c] === values[k] ? 0 : ((values[c] - values[k]) / (values[c] + values[k])) ** 2),
  };
}

/** The labels of each task as class indices. */
export function unitsOf(table: AnswerTable): number[][] {
  return Array.from({ length: table.taskCount }, (_, t) =>
    Array.from(table.label.subarray(table.taskStart[t], table.taskStart[t + 1])),
  );
}

/** Uneven answers in grades 1 to `grades`: some tasks have one answer, workers differ in skill. */
export function unevenRows(seed: number, tasks = 30, workers = 6, grades = 5): [string, string, string][] {
  const random = new Random(seed);
  const rows: [string, string, string][] = [];
  for (let t = 0; t < tasks; t++) {
    const truth = 1 + random.integer(grades);
    for (const w of random.permutation(workers).subarray(0, 1 + random.integer(workers))) {
      const said = random.uniform() < 0.4 + 0.08 * w ? truth : 1 + random.integer(grades);
      rows.push([`t${t}`, `w${w}`, String(said)]);
    }
  }
  return rows;
}

/** Four workers, twelve tasks, gaps: the worked example of Krippendorff's book. */
export function krippendorffExample(): AnswerTable {
  const given = [
    '1 2 3 3 2 1 4 1 2 . . .',
    '1 2 3 3 2 2 4 1 2 5 . 3',
    '. 3 3 3 2 3 4 2 2 5 1 .',
    '1 2 3 3 2 4 4 1 2 5 1 .',
  ];
  const rows: [string, string, string][] = [];
  given.forEach((line, w) => {
    line.split(' ').forEach((value, t) => {
      if (value !== '.') rows.push([`t${t}`, `w${w}`, value]);
    });
  });
  return answersFrom(rows);
}
