import { auto, type Estimate, expectedAccuracyOf, fitAsync, goldLabels, type Method } from '@assay/core';
import { decideByCost, fitTemperature, temper, temperToAccuracy, zeroOneCosts } from '@assay/core/quality';
import type { Answers } from './input/answers.ts';
import type { Shell } from './shell.ts';

/** What may be done with the probabilities of a method before labels are written. */
export interface DecisionFlags {
  readonly calibrate?: boolean;
  readonly abstain?: number;
}

/** Known labels that say more about confidence than an estimate from answers does. */
const enoughGold = 20;

/**
 * Calibrated and decided by costs, as far as asked for. Calibration rests on gold labels where there
 * are enough (the method is fitted once more without them), else on what `auto` says of the labels.
 */
export async function decided(
  fitted: Estimate,
  method: Method,
  options: Readonly<Record<string, unknown>>,
  answers: Answers,
  flags: DecisionFlags,
  shell: Shell,
): Promise<Estimate> {
  const { costs } = answers;
  let estimate = fitted;
  if (flags.calibrate === true) estimate = await calibrated(estimate, method, options, answers, shell);
  if (costs === undefined && flags.abstain === undefined) return estimate;
  const matrix = costs ?? zeroOneCosts(answers.table.classes.names());
  return decideByCost(estimate, matrix, flags.abstain === undefined ? {} : { abstain: flags.abstain });
}

async function calibrated(
  estimate: Estimate,
  method: Method,
  options: Readonly<Record<string, unknown>>,
  { table }: Answers,
  shell: Shell,
): Promise<Estimate> {
  const gold = goldLabels(table);
  const { seed } = estimate;
  const { signal } = shell;
  if (gold.size >= enoughGold) {
    const blind = await fitAsync(method, table.with({ gold: undefined }), { options, seed, signal });
    return temper(estimate, fitTemperature(blind, gold));
  }
  if (estimate.method === auto.id) return estimate;
  const automatic = await fitAsync(auto, table, { seed, signal });
  const expectedAccuracy = expectedAccuracyOf(estimate, automatic);
  if (!(expectedAccuracy.value > 0 && expectedAccuracy.value < 1)) return estimate;
  const tempered = temperToAccuracy(estimate, expectedAccuracy.value);
  const note =
    'probabilities were tempered to the accuracy that auto expects of these labels; it assumes that most workers do not share the same mistake';
  return tempered.with({
    calibrated: true,
    notes: [...tempered.notes, note],
    extra: { ...tempered.extra, expectedAccuracy },
  });
}
