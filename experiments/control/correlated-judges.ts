import {
  evaluatePurchases,
  gainPerPrice,
  lookaheadPurchases,
  type Market,
  type PurchaseOutcome,
  type PurchasePolicy,
} from '@assay/core/control';
import { bars } from '@assay/figures';
import { type Band, band, type Experiment, type ExperimentResult } from '../experiment.ts';

/** A market of two models of one family (copying ρ), an independent model and seven people, all binary. */
function market(copying: number, loss: number): Market {
  const coin = (a: number): Float64Array => Float64Array.of(a, 1 - a, 1 - a, a);
  const family = { id: 'family', confusion: coin(0.8), copying };
  return {
    prior: Float64Array.of(0.5, 0.5),
    loss,
    sellers: [
      { id: 'small model', price: 0.05, copies: 1, confusion: coin(0.8), family },
      { id: 'large model', price: 0.1, copies: 1, confusion: coin(0.85), family },
      { id: 'other model', price: 0.1, copies: 1, confusion: coin(0.8) },
      { id: 'person', price: 1, copies: 7, confusion: coin(0.9) },
    ],
  };
}

/** Net value at loss 20 and 100 by a reference implementation, exact to the digits. */
const reference: Readonly<Record<string, readonly [number, number]>> = {
  'optimum, copying known': [-1.803123, -2.780603],
  'optimum, models taken for independent': [-1.840522, -4.925097],
  'lookahead 1': [-3, -11],
  'lookahead 2': [-1.991561, -3.683719],
  'lookahead 3': [-1.803619, -3.151032],
  'lookahead 4': [-1.808939, -2.78351],
  'information per price, 0.90': [-1.91, -7.67],
  'information per price, 0.95': [-2.039887, -2.797328],
  'information per price, 0.99': [-2.415341, -2.889689],
};

/** What it costs to take the copies of one model for independent evidence, and how far ahead a buyer must look. Exact. */
export const correlatedJudges: Experiment = {
  id: 'correlated-judges',
  title: 'Buying answers from models that share mistakes, and from people',
  source: 'Assay: exact expectation of every policy by dynamic programming, with families of models.',
  run: async () => measure(),
};

function measure(): ExperimentResult {
  const losses = [20, 100] as const;
  const outcomes = losses.map((loss) => {
    const real = market(0.9, loss);
    const blind = market(0, loss);
    const known = (policy: PurchasePolicy): PurchaseOutcome => evaluatePurchases(policy, real, real);
    return [
      known(lookaheadPurchases(real).policy),
      evaluatePurchases(lookaheadPurchases(blind).policy, blind, real),
      ...[1, 2, 3, 4].map((depth) => known(lookaheadPurchases(real, depth).policy)),
      ...[0.9, 0.95, 0.99].map((threshold) => known(gainPerPrice(real, threshold))),
    ];
  });
  const names = Object.keys(reference);
  const digits = (value: number): string => value.toFixed(6);
  const bands: Band[] = losses.flatMap((loss, i) =>
    names.map((name, row) => {
      const expected = reference[name][i];
      return band(
        `net value at loss ${loss}: ${name}`,
        outcomes[i][row].net,
        expected - 1e-6,
        expected + 1e-6,
        expected,
      );
    }),
  );
  return {
    tables: losses.map((loss, i) => ({
      title: `A wrong label costs ${loss}`,
      columns: ['policy', 'cost', 'believed error', 'error', 'people', 'net'],
      rows: names.map((name, row) => {
        const { cost, claimed, error, bought, net } = outcomes[i][row];
        return [name, digits(cost), digits(claimed), digits(error), digits(bought[3]), digits(net)];
      }),
    })),
    bands,
    figures: losses.map((loss, i) => ({
      name: `correlated-judges-${loss}`,
      svg: bars({
        title: `What is lost on a task, prices and errors, when a wrong label costs ${loss}`,
        rows: names.map((name, row) => ({ label: name, value: -outcomes[i][row].net })),
      }),
    })),
    notes: ['Models taken for independent believe in less than half of the error they make.'],
  };
}
