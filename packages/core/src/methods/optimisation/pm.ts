import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { tableNotes } from '../table-notes.ts';
import { tieOption } from '../voting/agreement.ts';
import { discoverTruth, type LossWeights, roundsOption } from './truth-discovery.ts';

const options = optionTable({
  loss: {
    kind: 'choice',
    default: 'mean',
    choices: ['mean', 'sum'],
    does: 'A worker’s loss: misses per answer, or all misses.',
    why: 'The sum of the paper trusts workers with one answer most: on sparse crowds it falls far below the majority.',
  },
  scale: {
    kind: 'choice',
    default: 'max',
    choices: ['max', 'sum'],
    does: 'Losses are divided by the largest or by their sum before the weight −ln is taken.',
    why: 'The largest gives the worst worker no vote; the sum is the one under which the objective never rises.',
  },
  rounds: roundsOption,
  tie: tieOption,
});

/** Losses are kept above this, or a worker without misses would weigh infinitely much. */
const leastLoss = 1e-8;

/**
 * PM (CRH): labels and worker weights that minimise the weighted loss Σ weight · misses under
 * Σ exp(−weight) = 1; a worker weighs −ln of their share of the losses.
 *
 * Use as a fast alternative to {@link iwmv} where no worker is worse than chance: weights are never
 * negative. Workers without a miss weigh very much. The posterior is the share of weighted votes (not
 * calibrated). Answer weights and soft answers count in parts; gold tasks keep their class and teach
 * the weights. The worst worker keeps a billionth of a vote, so that lone answers are not lost.
 * O(N + T·K) per round.
 *
 * The objective (minus the weighted loss) is reported, and never falls, with `loss: 'sum'` and
 * `scale: 'sum'`; other settings have none.
 *
 * Source: Li, Li, Gao, Zhao, Fan & Han 2014 (SIGMOD), eqs. 1-5 with 0/1 loss. Differs: mean loss by
 * default; workers' credit for tied tasks is shared among the tied (`tie: 'first'` reproduces).
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog']]);
 * fit(pm, table).label('t1'); // => 'cat'
 */
export const pm: Method = defineMethod({
  id: 'pm',
  title: 'PM (conflict resolution on heterogeneous data)',
  summary: 'Weights that minimise the weighted misses; workers weigh minus the log of their share of misses.',
  citation:
    'Li, Li, Gao, Zhao, Fan & Han (2014). Resolving conflicts in heterogeneous data by truth discovery and source reliability estimation. SIGMOD.',
  answers: 'categorical',
  family: 'optimisation',
  options,
  *fit(table, values, { seed }) {
    if (table.answerCount === 0 || table.classCount < 2) {
      return neutralEstimate(table, pm.id, values, seed, tableNotes(table));
    }
    const rule = logShareWeights(values.loss === 'mean', values.scale === 'sum');
    return yield* discoverTruth(table, rule, { method: pm.id, options: values, seed, ...values });
  },
});

function logShareWeights(mean: boolean, bySum: boolean): LossWeights {
  return {
    weigh(loss, total, weight) {
      let whole = 0;
      for (let w = 0; w < loss.length; w++) {
        if (!(total[w] > 0)) continue;
        weight[w] = Math.max(mean ? loss[w] / total[w] : loss[w], leastLoss);
        whole = bySum ? whole + weight[w] : Math.max(whole, weight[w]);
      }
      let objective = 0;
      for (let w = 0; w < loss.length; w++) {
        const value = weight[w];
        weight[w] = total[w] > 0 ? -Math.log(value / whole) : 0;
        objective -= weight[w] * (total[w] > 0 ? value : 0);
      }
      return bySum && !mean ? objective : Number.NaN;
    },
  };
}
