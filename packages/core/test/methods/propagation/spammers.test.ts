import { type AnswerTable, AnswerTableBuilder, fit, type Method, Random } from '@assay/core';
import { expect, it } from 'vitest';
import { bpOneCoin } from '../../../src/methods/propagation/bp-one-coin.ts';
import { meanField } from '../../../src/methods/propagation/mean-field.ts';
import { majorityVote } from '../../../src/methods/voting/majority-vote.ts';

interface Regular {
  readonly table: AnswerTable;
  readonly truth: Int32Array;
}

/**
 * 1,000 binary tasks with 3 answers each by 750 workers of 4 answers, accuracies ~ Beta, and
 * `spammers` who answer every task at random.
 */
function regularCrowd(seed: string, right: number, wrong: number, spammers: number): Regular {
  const random = new Random(seed);
  const slots = random.shuffle(Array.from({ length: 3000 }, (_, i) => i % 750));
  const skill = Array.from({ length: 750 }, () => random.beta(right, wrong));
  const truth = Int32Array.from({ length: 1000 }, () => random.integer(2));
  // Repeats of a worker on a task are few (about 4 in 1,000 tasks) and replaced by the last.
  const builder = new AnswerTableBuilder({ classes: ['0', '1'] });
  for (let t = 0; t < 1000; t++) {
    for (const w of slots.slice(t * 3, t * 3 + 3)) {
      const said = random.uniform() < skill[w] ? truth[t] : 1 - truth[t];
      builder.add({ task: `t${t}`, worker: `w${w}`, label: String(said) });
    }
    for (let s = 0; s < spammers; s++) {
      builder.add({ task: `t${t}`, worker: `spammer${s}`, label: String(random.integer(2)) });
    }
  }
  return { table: builder.build().table, truth };
}

/** Share of right tasks; a tie counts half. */
function accuracyOf({ table, truth }: Regular, method: Method, options: Record<string, unknown> = {}): number {
  const { posterior } = fit(method, table, { options });
  let right = 0;
  truth.forEach((k, t) => {
    const lead = posterior[t * 2 + k] - 0.5;
    right += Math.abs(lead) < 1e-12 ? 0.5 : lead > 0 ? 1 : 0;
  });
  return right / truth.length;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Prior, then the published means over 20 crowds and half-widths at 99 %. */
const published: [right: number, wrong: number, vote: number, field: number, bp: number, widths: number[]][] = [
  [0.2, 0.1, 0.741, 0.94, 0.983, [0.01, 0.009, 0.003]],
  [0.5, 0.25, 0.743, 0.891, 0.921, [0.009, 0.013, 0.007]],
  [1, 0.5, 0.744, 0.812, 0.825, [0.008, 0.01, 0.011]],
  [2, 1, 0.738, 0.755, 0.761, [0.008, 0.011, 0.01]],
];

// Six crowds against twenty: four standard errors of the difference are 3.3 half-widths; false alarm below 1e-3 in all.
it.each(published)(
  'has the published accuracies on regular crowds with Beta(%d, %d)',
  (right, wrong, vote, field, bp, widths) => {
    const crowds = Array.from({ length: 6 }, (_, seed) => regularCrowd(`regular ${right} ${seed}`, right, wrong, 0));
    const found = [
      mean(crowds.map((crowd) => accuracyOf(crowd, majorityVote))),
      mean(crowds.map((crowd) => accuracyOf(crowd, meanField, { right, wrong }))),
      mean(crowds.map((crowd) => accuracyOf(crowd, bpOneCoin, { right, wrong }))),
    ];
    [vote, field, bp].forEach((value, i) => {
      expect(Math.abs(found[i] - value), `${['vote', 'mean field', 'propagation'][i]}: ${found[i]}`).toBeLessThan(
        3.3 * widths[i],
      );
    });
    // The gap grows as the prior gets sparser; with flat ones it is within the noise of six crowds.
    expect(found[2]).toBeGreaterThan(found[1] + (right < 1 ? 0.01 : -0.01));
    expect(found[1]).toBeGreaterThan(found[0]);
  },
);

it('is not misled by a spammer who answers everything, unlike mean field, when the prior is a little wrong', () => {
  const options = { right: 2, wrong: 1.4 };
  const crowds = Array.from({ length: 12 }, (_, seed) => regularCrowd(`spammed ${seed}`, 2, 1, 1));
  const field = crowds.map((crowd) => accuracyOf(crowd, meanField, options));
  const bp = crowds.map((crowd) => accuracyOf(crowd, bpOneCoin, options));
  expect(mean(bp) - mean(field)).toBeGreaterThan(0.05);
  expect(Math.min(...bp)).toBeGreaterThan(0.69);
});
