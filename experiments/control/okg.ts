import { Random } from '@assay/core';
import { expectedGain, labelUncertainty, optimisticGain } from '@assay/core/control';
import { lines } from '@assay/figures';
import { band, type Experiment, type ExperimentOptions, type ExperimentResult } from '../experiment.ts';

const budgets = [100, 150, 250, 500] as const;
const items = 50;

/** Accuracy of the same rules over 1,000 runs of a reference implementation. */
const reference: Readonly<Record<string, readonly number[]>> = {
  uniform: [0.751, 0.8151, 0.8442, 0.8781],
  'knowledge gradient': [0.7912, 0.8163, 0.8493, 0.8881],
  'least certain': [0.7926, 0.8333, 0.8689, 0.9025],
  optimistic: [0.7961, 0.84, 0.8768, 0.9198],
};

/** What each rule scores an item by, from its Beta parameters. */
const scores: Readonly<Record<string, ((a: number, b: number) => number) | null>> = {
  uniform: null,
  'knowledge gradient': expectedGain,
  'least certain': (a, b) => labelUncertainty(a - 1, b - 1),
  optimistic: optimisticGain,
};

/** 50 binary items, θ ~ U(0, 1), truth θ ≥ ½, Beta(1, 1) priors: accuracy by number of votes bought. */
export const okg: Experiment = {
  id: 'okg',
  title: 'Spending votes on binary items by the optimistic knowledge gradient',
  source:
    'Chen, Lin & Zhou (2013). Optimistic Knowledge Gradient Policy for Optimal Budget Allocation in Crowdsourcing. ICML.',
  run: async (options) => measure(options),
};

async function measure({ full, seed = 1, onProgress, signal }: ExperimentOptions): Promise<ExperimentResult> {
  const runs = full ? 1000 : 300;
  const names = Object.keys(scores);
  const sums = names.map(() => budgets.map(() => 0));
  const known = new Map<string, number>();
  for (let run = 0; run < runs; run++) {
    signal?.throwIfAborted();
    const world = new Random(seed).fork(`run ${run}`);
    const theta = Array.from({ length: items }, () => world.uniform());
    names.forEach((name, rule) => {
      const random = world.fork('votes');
      spend(theta, name, random, known).forEach((accuracy, i) => {
        sums[rule][i] += accuracy / runs;
      });
    });
    if (run % 25 === 24) {
      onProgress('spending votes', run + 1, runs);
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
    }
  }
  const at = (name: string, budget: number): number => sums[names.indexOf(name)][budgets.indexOf(budget as 100)];
  const gain = (budget: number): number => at('optimistic', budget) - at('uniform', budget);
  return {
    tables: [
      {
        title: `Accuracy by votes, ${runs} runs (reference in brackets)`,
        columns: ['rule', ...budgets.map(String)],
        rows: names.map((name, rule) => [
          name,
          ...sums[rule].map((value, i) => `${value.toFixed(4)} (${reference[name][i].toFixed(4)})`),
        ]),
      },
    ],
    bands: [
      band(
        'optimistic minus uniform at 250 votes',
        gain(250),
        0.02,
        0.06,
        reference.optimistic[2] - reference.uniform[2],
      ),
      band(
        'optimistic minus uniform at 500 votes',
        gain(500),
        0.03,
        0.07,
        reference.optimistic[3] - reference.uniform[3],
      ),
    ],
    figures: [
      {
        name: 'okg',
        svg: lines({
          title: 'Accuracy by votes bought, 50 binary items',
          x: { label: 'votes' },
          y: { label: 'accuracy', format: 'percent' },
          series: names.map((name, rule) => ({
            name,
            points: budgets.map((budget, i) => ({ x: budget, y: sums[rule][i] })),
          })),
        }),
      },
    ],
    notes: [],
  };
}

function spend(theta: readonly number[], name: string, random: Random, known: Map<string, number>): number[] {
  const a = new Float64Array(items).fill(1);
  const b = new Float64Array(items).fill(1);
  const score = scores[name];
  const worth = (item: number): number => {
    if (score === null) return 0;
    const key = `${name} ${a[item]} ${b[item]}`;
    let value = known.get(key);
    if (value === undefined) {
      value = score(a[item], b[item]);
      known.set(key, value);
    }
    return value;
  };
  const current = Float64Array.from(theta, (_, item) => worth(item));
  const results: number[] = [];
  for (let vote = 0; vote < budgets[budgets.length - 1]; vote++) {
    let item = vote % items;
    if (score !== null) {
      let most = Number.NEGATIVE_INFINITY;
      let tied = 0;
      for (let i = 0; i < items; i++) {
        if (current[i] > most + 1e-12) [most, tied, item] = [current[i], 1, i];
        else if (current[i] > most - 1e-12 && random.integer(++tied) === 0) item = i;
      }
    }
    if (random.bernoulli(theta[item])) a[item]++;
    else b[item]++;
    current[item] = worth(item);
    if ((budgets as readonly number[]).includes(vote + 1)) {
      const credit = (i: number): number => (a[i] === b[i] ? 0.5 : a[i] > b[i] === theta[i] >= 0.5 ? 1 : 0);
      results.push(theta.reduce((sum, _, i) => sum + credit(i), 0) / items);
    }
  }
  return results;
}
