import { type AnswerTable, answersFrom, Random } from '@assay/core';

export interface CommunityCrowd {
  readonly table: AnswerTable;
  readonly truth: Map<string, string>;
  /** Community of each worker by name. */
  readonly community: Map<string, number>;
}

/** 333 tasks of 3 classes with 3 answers each: two workers in three are good, the others mostly say the first class. */
export function communityCrowd(seed: number, workers = 200): CommunityCrowd {
  const random = new Random(`communities ${seed}`);
  const confusions = [
    [0.9, 0.05, 0.05, 0.05, 0.9, 0.05, 0.05, 0.05, 0.9],
    [0.9, 0.05, 0.05, 0.75, 0.2, 0.05, 0.75, 0.05, 0.2],
  ];
  const community = new Map<string, number>();
  const rows: [string, string, string][] = [];
  const truth = new Map<string, string>();
  for (let t = 0; t < 333; t++) {
    const z = random.integer(3);
    truth.set(`t${t}`, `c${z}`);
    for (const w of random.permutation(workers).subarray(0, 3)) {
      const which = w % 3 === 0 ? 1 : 0;
      community.set(`w${w}`, which);
      rows.push([`t${t}`, `w${w}`, `c${random.categorical(confusions[which].slice(z * 3, z * 3 + 3))}`]);
    }
  }
  return { table: answersFrom(rows), truth, community };
}

/** Share of workers in the right one of two communities, whichever is called first. */
export function membershipShare({ table, community }: CommunityCrowd, cluster: Float64Array | undefined): number {
  let same = 0;
  cluster?.forEach((found, w) => {
    if (found === community.get(table.workers.name(w))) same++;
  });
  const share = same / table.workerCount;
  return Math.max(share, 1 - share);
}
