import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { emOptions, priorOption } from './em-options.ts';
import { fitConfusions } from './fit-confusions.ts';
import { updatePrior } from './steps.ts';

const options = optionTable({
  right: {
    kind: 'number',
    default: 1,
    min: 1,
    max: 1e9,
    does: 'Beta parameter of a right answer.',
    why: 'Maximum likelihood; 2 says workers tend to be right.',
  },
  wrong: {
    kind: 'number',
    default: 1,
    min: 1,
    max: 1e9,
    does: 'Beta parameter of a wrong answer.',
    why: 'Maximum likelihood.',
  },
  prior: priorOption,
  ...emOptions,
});

/** Accuracies stay this far from 0 and 1, as in the one-coin model. */
const leastShare = 1e-6;

/**
 * One accuracy per worker and true class; wrong answers are even over the other classes.
 *
 * Use between one-coin and Dawid-Skene: workers who know some classes better than others, with too
 * few answers for a whole matrix. For two classes it is Dawid-Skene.
 *
 * Shapes, missing and degenerate input as {@link dawidSkene}. The log-posterior never falls.
 *
 * Source: the confusion-vector model of the crowdsourcing literature (Li, Rubinstein & Cohn 2019,
 * section 2); k indexes the truth.
 */
export const confusionVector: Method = defineMethod({
  id: 'confusion-vector',
  title: 'Confusion vector',
  summary: 'An accuracy per worker and true class; between one coin and a full confusion matrix.',
  citation: 'Li, Rubinstein & Cohn (2019). Exploiting worker correlation for label aggregation in crowdsourcing. ICML.',
  answers: 'categorical',
  family: 'dawid-skene',
  options,
  monotone: true,
  *fit(table, values, context) {
    const { classCount, testCounts } = table;
    const step = () => ({
      update(counts: Float64Array, totals: Float64Array, confusion: Float64Array, prior: Float64Array): number {
        let objective = updatePrior(table, values.prior, 0, totals, prior);
        for (let row = 0; row < counts.length; row += classCount) {
          const k = (row / classCount) % classCount;
          let mass = values.right + values.wrong - 2;
          for (let l = 0; l < classCount; l++)
            mass += counts[row + l] + (testCounts === undefined ? 0 : testCounts[row + l]);
          if (!(mass > 0)) continue;
          const right = counts[row + k] + values.right - 1 + (testCounts === undefined ? 0 : testCounts[row + k]);
          const accuracy = Math.min(1 - leastShare, Math.max(leastShare, right / mass));
          confusion.fill((1 - accuracy) / (classCount - 1), row, row + classCount);
          confusion[row + k] = accuracy;
          objective += (values.right - 1) * Math.log(accuracy) + (values.wrong - 1) * Math.log(1 - accuracy);
          if (testCounts === undefined) continue;
          for (let l = 0; l < classCount; l++) objective += testCounts[row + l] * Math.log(confusion[row + l]);
        }
        return objective;
      },
    });
    const settings = { method: confusionVector.id, options: values, ...values };
    return yield* fitConfusions(table, step, settings, context);
  },
});
