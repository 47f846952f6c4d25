import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { emOptions, priorOption } from './em-options.ts';
import { fitConfusions } from './fit-confusions.ts';
import { pooledConfusion } from './shrunk.ts';
import { updatePrior } from './steps.ts';

const options = optionTable({ prior: priorOption, ...emOptions });

/**
 * One confusion matrix shared by all workers.
 *
 * Use when workers have fewer than five answers each, so that nobody's own matrix can be learned,
 * and classes are confused in a typical way. It knows no good and bad workers; everyone's accuracy
 * is the crowd's. With two classes that are equally frequent and equally well known it decides as the
 * majority vote.
 *
 * Shapes, missing and degenerate input as {@link dawidSkene}. The log-likelihood never falls, up to
 * the 0.01 pseudo-answers per cell.
 *
 * Source: Dawid & Skene 1979 with equal error rates ("homogeneous" observers).
 */
export const pooled: Method = defineMethod({
  id: 'pooled',
  title: 'Pooled confusion',
  summary: 'One confusion matrix for the whole crowd; for workers with fewer than five answers.',
  citation: 'Dawid & Skene (1979). Applied Statistics 28(1), with one matrix for all observers.',
  answers: 'categorical',
  family: 'dawid-skene',
  options,
  *fit(table, values, context) {
    const { classCount, testCounts } = table;
    const block = classCount * classCount;
    const step = () => ({
      update(counts: Float64Array, totals: Float64Array, confusion: Float64Array, prior: Float64Array): number {
        if (testCounts !== undefined) for (let i = 0; i < counts.length; i++) counts[i] += testCounts[i];
        const shared = pooledConfusion(counts, classCount);
        for (let worker = 0; worker < confusion.length; worker += block) confusion.set(shared, worker);
        return updatePrior(table, values.prior, 0, totals, prior);
      },
    });
    const settings = { method: pooled.id, options: values, ...values };
    return yield* fitConfusions(table, step, settings, context);
  },
});
