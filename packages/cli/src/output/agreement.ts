import type { AnswerTable } from '@assay/core';
import { Random } from '@assay/core';
import { type AgreementReport, agreementReport } from '@assay/core/quality';
import { fixed, withInterval } from './words.ts';

/** Resamples behind the intervals. */
const draws = 1000;

/** How much the answers agree; the same for every method. */
export function agreementOf(table: AnswerTable, seed: number): AgreementReport {
  return agreementReport(table, { random: new Random(seed).fork('agreement'), draws, mostPairs: 0 });
}

/** The two numbers people ask for first, with their intervals and what they mean. */
export function agreementLines(report: AgreementReport): string[] {
  const wanted = report.coefficients.filter(({ id }) => id === 'percent' || id === 'krippendorff-alpha');
  return wanted.map(({ title, value, lo, hi, meaning }) => {
    const number = Number.isNaN(value) ? '' : ` ${withInterval(value, lo, hi)}`;
    return `${title}${number}: ${meaning}`;
  });
}

/** The coefficients as JSON, undefined ones null with their reason. */
export function agreementJson(report: AgreementReport): Record<string, unknown>[] {
  return report.coefficients.map(({ id, value, lo, hi, meaning }) => ({ id, value, lo, hi, meaning }));
}

/** A worker's agreement with the rest as text. */
export function kappaText(kappa: number | undefined): string {
  return kappa === undefined || Number.isNaN(kappa) ? '–' : fixed(kappa, 3);
}
