/** Do workers agree, beyond chance, and where not? */
export { type AlphaInterval, type AlphaIntervalOptions, alphaInterval } from './bootstrap.ts';
export {
  type AlphaOptions,
  brennanPrediger,
  fleissKappa,
  gwetAc1,
  krippendorffAlpha,
  percentAgreement,
  type Rated,
  taskAgreement,
} from './coefficients.ts';
export * from './meaning.ts';
export * from './report.ts';
export { type Scale, scales } from './scale.ts';
export * from './two-workers.ts';
export * from './vote-patterns.ts';
export * from './worker-agreement.ts';
export * from './worker-pairs.ts';
