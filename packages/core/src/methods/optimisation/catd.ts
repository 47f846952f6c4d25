import { chiSquareQuantile } from '../../math/incomplete.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { tableNotes } from '../table-notes.ts';
import { tieOption } from '../voting/agreement.ts';
import { discoverTruth, type LossWeights, roundsOption } from './truth-discovery.ts';

const options = optionTable({
  significance: {
    kind: 'number',
    default: 0.05,
    min: 1e-6,
    max: 0.999999,
    does: 'Chance that a worker’s error variance is above the upper end used for the weight, both tails together.',
    why: 'The paper’s.',
  },
  rounds: roundsOption,
  tie: tieOption,
});

/** Added to losses, or a worker without misses would weigh infinitely much. */
const leastLoss = 1e-9;

/**
 * CATD, confidence-aware truth discovery: a worker weighs as much as the upper end of the confidence
 * interval of their error rate allows, so that a good record over few answers counts for little.
 *
 * Use for long-tailed crowds in which most workers give few answers and no worker is worse than
 * chance. A worker without any miss outweighs all others, whatever the number of answers. The
 * posterior is the share of weighted votes (not calibrated). Answer weights and soft answers count in
 * parts; gold tasks keep their class and teach the weights. O(N + T·K) per round.
 *
 * Source: Li, Li, Gao, Su, Zhao, Demirbas, Fan & Han 2014 (PVLDB), eq. 9 with 0/1 loss: weight
 * χ²(1 − significance/2; answers) / misses. Differs: workers' credit for tied tasks is shared among
 * the tied (`tie: 'first'` reproduces).
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog']]);
 * fit(catd, table).label('t1'); // => 'cat'
 */
export const catd: Method = defineMethod({
  id: 'catd',
  title: 'CATD: confidence-aware truth discovery',
  summary: 'Weights by the confidence interval of each error rate; for many workers with few answers.',
  citation:
    'Li, Li, Gao, Su, Zhao, Demirbas, Fan & Han (2014). A confidence-aware approach for truth discovery on long-tail data. PVLDB 8(4).',
  answers: 'categorical',
  family: 'optimisation',
  options,
  *fit(table, values, { seed }) {
    if (table.answerCount === 0 || table.classCount < 2) {
      return neutralEstimate(table, catd.id, values, seed, tableNotes(table));
    }
    const rule = confidenceWeights(1 - values.significance / 2);
    return yield* discoverTruth(table, rule, { method: catd.id, options: values, seed, ...values });
  },
});

function confidenceWeights(level: number): LossWeights {
  const known = new Map<number, number>();
  const quantile = (df: number): number => {
    const value = known.get(df) ?? chiSquareQuantile(level, df);
    known.set(df, value);
    return value;
  };
  return {
    weigh(loss, total, weight) {
      for (let w = 0; w < loss.length; w++) {
        weight[w] = total[w] > 0 ? quantile(total[w]) / (loss[w] + leastLoss) : 0;
      }
      return Number.NaN;
    },
  };
}
