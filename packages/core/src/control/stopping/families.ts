import { InputError } from '../../errors.ts';
import type { Seller } from './purchases.ts';

/** What the models of one family said of tasks with known labels. G tasks, M members, K classes. */
export interface FamilyAnswers {
  readonly classCount: number;
  /** Known class of each task, G. */
  readonly truth: ArrayLike<number>;
  /** What each member said of each task, M lists of G; −1 for nothing. */
  readonly said: readonly ArrayLike<number>[];
}

/** A family as {@link evidence} wants it, with what each member says when it does not copy. */
export interface LearnedFamily {
  /** F, K×K [true][said]: the answer the family shares. */
  readonly confusion: Float64Array;
  /** ρ and C of each member, in the order given. */
  readonly members: readonly { readonly copying: number; readonly confusion: Float64Array }[];
}

/** Copying inside a family until the gold tasks say otherwise, and how many tasks that belief weighs. */
export const usualCopying = 0.8;
const copyingStrength = 20;

/** Pseudo-answers that shrink every row towards one coin. */
const rowStrength = 2;

/**
 * Learns from gold how models of one family share mistakes: expectation-maximisation over the hidden answer u of each task
 * and over which members copied it.
 *
 * P(answers | truth k) = Σ_u F[k][u] Π_j (ρ_j [y_j = u] + (1 − ρ_j) C_j[k][y_j]). Each ρ starts from 0.8 with the weight of
 * 20 tasks, so a model alone in its family, or with few gold tasks, keeps about that. From 100 tasks on the data lead.
 * Without tasks: coins of ½ and ρ = 0.8. O(sweeps · G · K · M); no randomness.
 *
 * Source: Assay's own model of correlated models; EM of a mixture with labelled classes.
 *
 * @throws {InputError} invalid-answers when the lists differ in length
 */
export function learnFamily({ classCount, truth, said }: FamilyAnswers, sweeps = 200): LearnedFamily {
  if (said.some(({ length }) => length !== truth.length)) {
    const hint = 'give one entry a task for each model, −1 where it said nothing';
    throw new InputError(`invalid answers of a family: lists of different length; ${hint}`, {
      code: 'invalid-answers',
      hint,
    });
  }
  const coin = coinOf(truth, said, classCount);
  const confusion = coin.slice();
  const members = said.map(() => ({ copying: usualCopying, confusion: coin.slice() }));
  const copied = new Float64Array(members.length);
  const answered = said.map((own) => Array.from(own).filter((label) => label >= 0).length);
  const share = new Float64Array(classCount);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const shared = coin.map((value) => rowStrength * value);
    const alone = members.map(() => shared.slice());
    copied.fill(0);
    for (let g = 0; g < truth.length; g++) {
      const row = truth[g] * classCount;
      let sum = 0;
      for (let u = 0; u < classCount; u++) {
        share[u] = confusion[row + u];
        members.forEach(({ copying, confusion: own }, j) => {
          const y = said[j][g];
          if (y >= 0) share[u] *= (y === u ? copying : 0) + (1 - copying) * own[row + y];
        });
        sum += share[u];
      }
      for (let u = 0; u < classCount; u++) shared[row + u] += share[u] / sum;
      members.forEach(({ copying, confusion: own }, j) => {
        const y = said[j][g];
        if (y < 0) return;
        const mass = ((share[y] / sum) * copying) / (copying + (1 - copying) * own[row + y]);
        copied[j] += mass;
        alone[j][row + y] += 1 - mass;
      });
    }
    confusion.set(rowsOf(shared, classCount));
    members.forEach((member, j) => {
      member.confusion.set(rowsOf(alone[j], classCount));
      member.copying = (copied[j] + copyingStrength * usualCopying) / (answered[j] + copyingStrength);
    });
  }
  return { confusion, members };
}

/** A learned family as sellers of one answer each, ready for a {@link Market}. */
export function familySellers(
  id: string,
  family: LearnedFamily,
  models: readonly Pick<Seller, 'id' | 'price'>[],
): Seller[] {
  const { confusion, members } = family;
  return models.map(({ id: name, price }, j) => ({
    id: name,
    price,
    copies: 1,
    confusion: members[j].confusion,
    family: { id, confusion, copying: members[j].copying },
  }));
}

/**
 * How far two models make the same mistakes, between 0 (as often as strangers) and 1 (always when one can).
 *
 * The excess of identical wrong answers over independence, as a share of the most their own confusions allow. Ten mistakes'
 * worth of the usual 0.8 is mixed in, so few gold tasks change little. O(G + K²).
 */
export function sharedMistakes(truth: ArrayLike<number>, one: ArrayLike<number>, other: ArrayLike<number>): number {
  const wrongPairs = new Map<string, { one: number; other: number }>();
  const seen = new Map<number, number>();
  let [same, mistakes] = [0, 0];
  for (let g = 0; g < truth.length; g++) {
    const [k, x, y] = [truth[g], one[g], other[g]];
    if (x < 0 || y < 0) continue;
    seen.set(k, (seen.get(k) ?? 0) + 1);
    if (x !== k || y !== k) mistakes++;
    if (x === y && x !== k) same++;
    for (const [label, who] of [
      [x, 'one'],
      [y, 'other'],
    ] as const) {
      if (label === k) continue;
      const key = `${k} ${label}`;
      const pair = wrongPairs.get(key) ?? { one: 0, other: 0 };
      pair[who]++;
      wrongPairs.set(key, pair);
    }
  }
  let [chance, most] = [0, 0];
  for (const [key, pair] of wrongPairs) {
    chance += (pair.one * pair.other) / (seen.get(Number(key.split(' ')[0])) as number);
    most += Math.min(pair.one, pair.other);
  }
  const excess = most > chance ? Math.min(1, Math.max(0, (same - chance) / (most - chance))) : usualCopying;
  return (mistakes * excess + 10 * usualCopying) / (mistakes + 10);
}

/** Rows with the members' common accuracy on the diagonal; ½ of the way to certainty where nothing was said. */
function coinOf(truth: ArrayLike<number>, said: readonly ArrayLike<number>[], classCount: number): Float64Array {
  let [right, all] = [1, 2];
  for (const own of said) {
    for (let g = 0; g < truth.length; g++) {
      if (own[g] >= 0) all++;
      if (own[g] === truth[g]) right++;
    }
  }
  const coin = new Float64Array(classCount * classCount).fill((1 - right / all) / Math.max(1, classCount - 1));
  for (let k = 0; k < classCount; k++) coin[k * (classCount + 1)] = right / all;
  return coin;
}

function rowsOf(counts: Float64Array, classCount: number): Float64Array {
  const rows = counts.slice();
  for (let row = 0; row < rows.length; row += classCount) {
    let sum = 0;
    for (let l = 0; l < classCount; l++) sum += rows[row + l];
    for (let l = 0; l < classCount; l++) rows[row + l] /= sum;
  }
  return rows;
}
