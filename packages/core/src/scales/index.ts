/** Answers on other scales than classes: numbers. */
export {
  type NumberAnswers,
  type NumberReceipt,
  type NumberRole,
  numberRoles,
  type ReadNumbersOptions,
  readNumbers,
} from './number-answers.ts';
export { type NumberRatings, type RatingOptions, rateNumbers } from './rate-numbers.ts';
