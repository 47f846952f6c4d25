import type { Estimate, WorkerEstimates } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { emOptions } from './em-options.ts';
import { fitConfusions } from './fit-confusions.ts';
import { cellStep } from './steps.ts';

const betaParameter = (what: string, value: number, why: string) =>
  ({ kind: 'number', default: value, min: 1, max: 1e9, does: `Beta parameter of ${what}.`, why }) as const;

const options = optionTable({
  sensitivityRight: betaParameter('saying yes to a positive task', 2, 'One pseudo-answer for workers being right.'),
  sensitivityWrong: betaParameter('saying no to a positive task', 1, 'No pseudo-answer for workers being wrong.'),
  specificityRight: betaParameter('saying no to a negative task', 2, 'One pseudo-answer for workers being right.'),
  specificityWrong: betaParameter('saying yes to a negative task', 1, 'No pseudo-answer for workers being wrong.'),
  prevalence: betaParameter('each class in the class frequencies', 1, 'Class frequencies rest on all tasks.'),
  ...emOptions,
});

/**
 * Learning from crowds without features: a sensitivity and a specificity per worker, with Beta
 * priors.
 *
 * Use for yes/no questions where misses and false alarms differ and the two words are what readers
 * expect. The positive class is the last in canonical order (1 of 0 and 1, yes of no and yes). With
 * more classes it is MAP Dawid-Skene: the first two parameters hold for every row, the second of
 * them shared by the wrong answers.
 *
 * Workers carry `sensitivity` and `specificity` in `extra` (two classes only). Shapes, missing and
 * degenerate input as `dawidSkene`. The log-posterior never falls.
 *
 * Source: Raykar et al. 2010, eqs. 8-14, without the classifier.
 */
export const learningFromCrowds: Method = defineMethod({
  id: 'lfc',
  title: 'Learning from crowds (label-only)',
  summary: 'Sensitivity and specificity per worker with Beta priors; for yes/no questions.',
  citation: 'Raykar et al. (2010). Learning from crowds. Journal of Machine Learning Research 11.',
  answers: 'categorical',
  family: 'dawid-skene',
  options,
  monotone: true,
  *fit(table, values, context) {
    const { classCount } = table;
    const added = new Float64Array(classCount * classCount);
    for (let k = 0; k < classCount; k++) {
      const negative = classCount === 2 && k === 0;
      const right = negative ? values.specificityRight : values.sensitivityRight;
      const wrong = negative ? values.specificityWrong : values.sensitivityWrong;
      for (let l = 0; l < classCount; l++) {
        added[k * classCount + l] = l === k ? right - 1 : (wrong - 1) / Math.max(1, classCount - 1);
      }
    }
    const step = () => cellStep(table, added, 'estimated', values.prevalence - 1);
    const settings = { method: learningFromCrowds.id, options: values, ...values };
    const estimate: Estimate = yield* fitConfusions(table, step, settings, context);
    const confusion = estimate.workers?.confusion;
    if (classCount !== 2 || confusion === undefined || estimate.prior === undefined) return estimate;
    const extra = {
      sensitivity: Float64Array.from({ length: table.workerCount }, (_, w) => confusion[w * 4 + 3]),
      specificity: Float64Array.from({ length: table.workerCount }, (_, w) => confusion[w * 4]),
    };
    return estimate.with({ workers: { ...(estimate.workers as WorkerEstimates), extra } });
  },
});
