import { greatest } from './belief.ts';

/** Somebody who sells answers, in a plan of what to buy. */
export interface Seller {
  readonly id: string;
  /** In the unit of the loss. */
  readonly price: number;
  /** How many answers can be bought: 1 for a model, the number of people for a crowd. */
  readonly copies: number;
  /** K×K, [true][said]: of members of a family only what they say when they do not copy. */
  readonly confusion: Float64Array;
  /** Members of a family share one hidden answer and give it with probability `copying`. */
  readonly family?: { readonly id: string; readonly confusion: Float64Array; readonly copying: number };
}

/** What is for sale for one task, what is believed before, and what a wrong label costs. */
export interface Market {
  readonly prior: Float64Array;
  readonly sellers: readonly Seller[];
  readonly loss: number;
}

/** What has been bought: answers by seller and class, sellers×K. */
export type Purchases = Uint8Array;

/**
 * P(truth k and these answers in one order), K: the joint likelihood with shared mistakes inside families.
 *
 * A family draws one hidden answer u by its confusion; member j says u with probability ρ_j, else something of its own:
 * Σ_u F[k][u] Π_j (ρ_j [y_j = u] + (1 − ρ_j) C_j[k][y_j]). Different families and people are independent. A second answer of
 * the same model would be almost a copy; give models one copy. O(sellers · K²).
 *
 * Source: Assay's own model of correlated models.
 */
export function evidence(market: Market, bought: Purchases): Float64Array {
  const { prior, sellers } = market;
  const count = prior.length;
  const mass = prior.slice();
  const done = new Set<string>();
  sellers.forEach((seller, s) => {
    if (seller.family === undefined) {
      for (let k = 0; k < count; k++) {
        for (let y = 0; y < count; y++) {
          const n = bought[s * count + y];
          if (n > 0) mass[k] *= seller.confusion[k * count + y] ** n;
        }
      }
      return;
    }
    const { id, confusion } = seller.family;
    if (done.has(id)) return;
    done.add(id);
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let hidden = 0; hidden < count; hidden++) {
        let product = confusion[k * count + hidden];
        for (let j = s; j < sellers.length; j++) {
          const member = sellers[j];
          if (member.family?.id !== id) continue;
          const { copying } = member.family;
          for (let y = 0; y < count; y++) {
            const n = bought[j * count + y];
            if (n > 0) {
              product *= ((y === hidden ? copying : 0) + (1 - copying) * member.confusion[k * count + y]) ** n;
            }
          }
        }
        sum += product;
      }
      mass[k] *= sum;
    }
  });
  return mass;
}

/** The posterior after some purchases. */
export function posteriorAfter(market: Market, bought: Purchases): Float64Array {
  const mass = evidence(market, bought);
  const sum = total(mass);
  return sum > 0 ? mass.map((value) => value / sum) : market.prior.slice();
}

/** The same sellers taken for independent, each with the confusion it shows: the error that copies count as evidence. */
export function independentMarket(market: Market): Market {
  return {
    ...market,
    sellers: market.sellers.map(({ family, ...seller }) =>
      family === undefined
        ? seller
        : {
            ...seller,
            confusion: seller.confusion.map(
              (share, i) => family.copying * family.confusion[i] + (1 - family.copying) * share,
            ),
          },
    ),
  };
}

/** Index of the seller to buy from, or -1 to stop. */
export type PurchasePolicy = (bought: Purchases) => number;

/**
 * The policy that looks `depth` purchases ahead; Infinity (default) is the exact optimum.
 *
 * Depth 1 buys the single strongest answer and stops, which can cost ten times the optimum: never use it by itself; 4 is
 * within a percent in our reference problems. States are counts of answers, kept once each: sellers with one copy multiply
 * the states by K + 1, crowds of n by (n + K choose K).
 *
 * Ties: stopping before buying, then the first seller.
 */
export function lookaheadPurchases(market: Market, depth: number = Number.POSITIVE_INFINITY): PurchaseSearch {
  const memo = new Map<string, { value: number; action: number }>();
  const solve = (bought: Purchases, left: number): { value: number; action: number } => {
    const key = left === Number.POSITIVE_INFINITY ? bought.join() : `${left}:${bought.join()}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const mass = evidence(market, bought);
    const all = total(mass);
    let best = { value: -market.loss * (1 - greatest(mass) / all), action: -1 };
    if (left > 0) {
      market.sellers.forEach((seller, s) => {
        const value = purchaseValue(market, bought, s, all, (next) => solve(next, left - 1).value);
        if (value - seller.price > best.value + 1e-12) best = { value: value - seller.price, action: s };
      });
    }
    memo.set(key, best);
    return best;
  };
  return {
    policy: (bought) => solve(bought, depth).action,
    value: (bought) => solve(bought, depth).value,
  };
}

export interface PurchaseSearch {
  readonly policy: PurchasePolicy;
  /** Expected −loss −prices from here. */
  readonly value: (bought: Purchases) => number;
}

/**
 * The policy that buys most information per price until the posterior reaches `threshold`.
 *
 * Needs no tree, so it is the one that scales; the threshold must be tuned by simulation (the loss does not enter).
 */
export function gainPerPrice(market: Market, threshold: number): PurchasePolicy {
  return (bought) => {
    const mass = evidence(market, bought);
    const all = total(mass);
    if (greatest(mass) / all >= threshold - 1e-12) return -1;
    const now = spread(mass, all);
    let best = -1;
    let most = 1e-12;
    market.sellers.forEach((seller, s) => {
      if (asked(bought, s, market.prior.length) >= seller.copies) return;
      const after = purchaseValue(market, bought, s, all, (next) => {
        const nextMass = evidence(market, next);
        return spread(nextMass, total(nextMass));
      });
      const rate = (now - after) / Math.max(seller.price, 1e-9);
      if (rate > most * (1 + 1e-12)) [best, most] = [s, rate];
    });
    return best;
  };
}

/** What a policy costs and gets wrong. */
export interface PurchaseOutcome {
  readonly cost: number;
  readonly error: number;
  /** The error the policy believes in where it stops: below `error` when it is too sure. */
  readonly claimed: number;
  /** −cost −loss · error. */
  readonly net: number;
  /** Expected purchases from each seller. */
  readonly bought: Float64Array;
}

/**
 * Exact expectation of a policy in a market it may have misunderstood: the policy submits by the posterior of `believed`,
 * the answers come from `real`.
 */
export function evaluatePurchases(policy: PurchasePolicy, believed: Market, real: Market): PurchaseOutcome {
  const count = real.prior.length;
  const memo = new Map<string, Omit<PurchaseOutcome, 'net'>>();
  const visit = (state: Purchases): Omit<PurchaseOutcome, 'net'> => {
    const key = state.join();
    const known = memo.get(key);
    if (known !== undefined) return known;
    const action = policy(state);
    const mass = evidence(real, state);
    const all = total(mass);
    const result = { cost: 0, error: 0, claimed: 0, bought: new Float64Array(real.sellers.length) };
    if (action < 0) {
      const belief = evidence(believed, state);
      let label = 0;
      for (let k = 1; k < count; k++) if (belief[k] > belief[label] * (1 + 1e-12)) label = k;
      result.error = 1 - mass[label] / all;
      result.claimed = 1 - belief[label] / total(belief);
    } else {
      result.cost = real.sellers[action].price;
      result.bought[action] = 1;
      for (let y = 0; y < count; y++) {
        const next = state.slice();
        next[action * count + y]++;
        const chance = total(evidence(real, next)) / all;
        if (!(chance > 0)) continue;
        const then = visit(next);
        result.cost += chance * then.cost;
        result.error += chance * then.error;
        result.claimed += chance * then.claimed;
        for (let s = 0; s < result.bought.length; s++) result.bought[s] += chance * then.bought[s];
      }
    }
    memo.set(key, result);
    return result;
  };
  const { cost, error, claimed, bought } = visit(nothingBought(real));
  return { cost, error, claimed, net: -cost - real.loss * error, bought };
}

/** The state before anything is bought. */
export function nothingBought({ sellers, prior }: Market): Purchases {
  return new Uint8Array(sellers.length * prior.length);
}

/** Σ_y P(y) f(state with y), or −∞ where the seller has nothing left. */
function purchaseValue(
  market: Market,
  bought: Purchases,
  seller: number,
  all: number,
  worth: (next: Purchases) => number,
): number {
  const count = market.prior.length;
  if (asked(bought, seller, count) >= market.sellers[seller].copies) return Number.NEGATIVE_INFINITY;
  let value = 0;
  for (let y = 0; y < count; y++) {
    const next = bought.slice();
    next[seller * count + y]++;
    const chance = total(evidence(market, next)) / all;
    if (chance > 0) value += chance * worth(next);
  }
  return value;
}

function asked(bought: Purchases, seller: number, count: number): number {
  let sum = 0;
  for (let y = 0; y < count; y++) sum += bought[seller * count + y];
  return sum;
}

function spread(mass: Float64Array, all: number): number {
  let sum = 0;
  for (const value of mass) if (value > 0) sum -= (value / all) * Math.log(value / all);
  return sum;
}

function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
