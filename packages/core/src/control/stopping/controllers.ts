import { optimisticGain } from '../assignment/knowledge-gradient.ts';
import { majoritySize } from '../assignment/message-passing.ts';
import { accuracyGain, greatest, informationGain } from './belief.ts';
import { affordable, ask, better, type Controller, type Source, stop, type TaskState } from './controller.ts';
import { lookaheadPurchases, nothingBought } from './purchases.ts';

export interface ThresholdOptions {
  /** Stop when the posterior reaches this, default 0.95; tune it by simulation. */
  readonly threshold?: number;
  /** The most answers, default 20; with outstanding ones. */
  readonly most?: number;
  /** Answers everyone gets before the rule looks at them, default 1. */
  readonly least?: number;
}

/**
 * Asks the source with most expected information per price until the posterior is sure: the default that scales.
 *
 * Near the optimum with a tuned threshold (within 6 % in our reference problem) and needs no tree. Among equal rates the
 * first source is asked. O(sources · K²) a decision.
 */
export function informationPerPrice(options: ThresholdOptions = {}): Controller {
  return thresholdController(
    'information-per-price',
    options,
    (state, source) => informationGain(state.posterior, source.confusion) / Math.max(1, source.priceMicros),
  );
}

/** Asks the cheapest source until the posterior is sure: needs no model of who is good. Ties keep the first. */
export function posteriorThreshold(options: ThresholdOptions = {}): Controller {
  return thresholdController('posterior-threshold', options, (_, source) => 1 / Math.max(1, source.priceMicros));
}

function thresholdController(
  id: string,
  options: ThresholdOptions,
  score: (state: TaskState, source: Source) => number,
): Controller {
  const { threshold = 0.95, most = 20, least = 1 } = options;
  return {
    id,
    decide(state) {
      const confidence = greatest(state.posterior);
      const answers = state.counts.reduce((sum, count) => sum + count, 0) + state.outstanding;
      const values = { confidence, threshold, answers };
      if (answers >= least && confidence >= threshold) {
        return stop(id, state, `${percent(confidence)} sure, ${percent(threshold)} asked for`, values);
      }
      if (answers >= most) return stop(id, state, `${answers} answers, the most allowed`, values);
      const sources = affordable(state);
      if (sources.length === 0) return stop(id, state, 'nobody left to ask for the money', values);
      let best = sources[0];
      let rate = score(state, best);
      for (const source of sources.slice(1)) {
        const other = score(state, source);
        if (other > rate * (1 + 1e-12)) [best, rate] = [source, other];
      }
      const gain = informationGain(state.posterior, best.confusion);
      return ask(id, best, `${percent(confidence)} sure, ${percent(threshold)} asked for`, { ...values, gain, rate });
    },
  };
}

export interface TaskLookaheadOptions {
  /** What a wrong label costs, in micro-units of money. */
  readonly lossMicros: number;
  /** Purchases looked ahead, default 4. One is unusable, two poor. */
  readonly depth?: number;
}

/**
 * Looks `depth` answers ahead and asks where that is worth the price.
 *
 * Use where a wrong label has a price and sources are few: the tree grows with (sources · K)^depth, merged by counts.
 */
export function taskLookahead({ lossMicros, depth = 4 }: TaskLookaheadOptions): Controller {
  const id = `lookahead-${depth}`;
  return {
    id,
    decide(state) {
      const sources = affordable(state);
      const market = {
        prior: state.posterior,
        loss: lossMicros,
        sellers: sources.map(({ id: name, confusion, priceMicros, available }) => ({
          id: name,
          confusion,
          price: priceMicros,
          copies: Math.min(available, depth),
        })),
      };
      const search = lookaheadPurchases(market, depth);
      const start = nothingBought(market);
      const action = search.policy(start);
      const now = -lossMicros * (1 - greatest(state.posterior));
      const values = { submit: now, best: search.value(start), depth };
      if (action < 0) return stop(id, state, 'no answer is worth its price', values);
      return ask(id, sources[action], `asking is worth ${Math.round(values.best - now)} micro-units more`, values);
    },
  };
}

/**
 * The item of largest possible gain in a binary label, by the optimistic knowledge gradient over Beta counts.
 *
 * As a controller of one task it stops when even the luckiest answer adds less than `least` to P(the label is right).
 */
export function optimisticKnowledge(least = 0.01, most = 20): Controller {
  const id = 'optimistic-knowledge-gradient';
  return {
    id,
    decide(state) {
      const [zero, one] = state.counts;
      const gain = optimisticGain(one + 1, zero + 1);
      const answers = zero + one + state.outstanding;
      const values = { gain, least, answers };
      const sources = affordable(state);
      if (sources.length === 0) return stop(id, state, 'nobody left to ask for the money', values);
      if (answers >= most) return stop(id, state, `${answers} answers, the most allowed`, values);
      if (gain < least) return stop(id, state, 'no single answer can add enough', values);
      const cheapest = sources.reduce((a, b) => (b.priceMicros < a.priceMicros ? b : a));
      return ask(id, cheapest, 'an answer can add enough', values);
    },
  };
}

/**
 * QASCA's benefit for accuracy: asks the source whose answer adds most to P(right), per price; stops when none adds
 * `least`.
 *
 * Made to choose among tasks for a worker. As a stopping rule it inherits the blindness of one step: pair it with `answers`
 * at least (default 3).
 *
 * Source: Zheng, Wang, Li, Cheng & Feng (2015), SIGMOD.
 */
export function qasca(least = 1e-4, atLeast = 3): Controller {
  const id = 'qasca';
  return {
    id,
    decide(state) {
      const sources = affordable(state);
      const answers = state.counts.reduce((sum, count) => sum + count, 0) + state.outstanding;
      if (sources.length === 0) return stop(id, state, 'nobody left to ask for the money', { answers });
      let best = sources[0];
      let most = Number.NEGATIVE_INFINITY;
      for (const source of sources) {
        const rate = accuracyGain(state.posterior, source.confusion) / Math.max(1, source.priceMicros);
        if (better(rate, most)) [best, most] = [source, rate];
      }
      const benefit = accuracyGain(state.posterior, best.confusion);
      const values = { benefit, least, answers };
      if (benefit < least && answers >= atLeast) return stop(id, state, 'no answer adds to the accuracy', values);
      return ask(id, best, answers < atLeast ? `fewer than ${atLeast} answers` : 'adds most to the accuracy', values);
    },
  };
}

/**
 * A plain majority of as many workers as the accuracy asked for needs, stopped as soon as the others cannot overturn it.
 *
 * Use where nothing is known of workers but their mean accuracy, for yes-or-no tasks with a vote as the final word. `wanted`
 * that no number of votes reaches asks for 99. Asks the cheapest source.
 *
 * Source: Liu, Lu, Ooi, Shen, Wu & Zhang (2012), VLDB, CDAS: prediction of the number and early termination.
 */
export function earlyMajority({
  accuracy,
  wanted,
}: {
  readonly accuracy: number;
  readonly wanted: number;
}): Controller {
  const id = 'early-majority';
  const votes = Math.min(99, majoritySize(accuracy, wanted)?.votes ?? 99);
  return {
    id,
    decide(state) {
      const answers = state.counts.reduce((sum, count) => sum + count, 0);
      const [first = 0, second = 0] = [...state.counts].sort((a, b) => b - a);
      const left = votes - answers;
      const values = { votes, lead: first - second, left };
      const byVotes = { ...state, posterior: state.counts };
      if (left <= 0) return stop(id, byVotes, `${answers} votes, as many as planned`, values);
      if (first - second > left) return stop(id, byVotes, `the ${left} votes left cannot overturn it`, values);
      const sources = affordable(state);
      if (sources.length === 0) return stop(id, byVotes, 'nobody left to ask for the money', values);
      const cheapest = sources.reduce((a, b) => (b.priceMicros < a.priceMicros ? b : a));
      return ask(id, cheapest, `${answers} of ${votes} votes`, values);
    },
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
