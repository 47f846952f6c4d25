/** From probabilities to decisions: costs, abstaining, asking, sets, and confidence that can be believed. */
export { answerValues, confusionOf } from './answer-value.ts';
export { abstainDecision, type CostMatrix, type CostRow, costMatrix, costRows, zeroOneCosts } from './cost-matrix.ts';
export { type DecideOptions, type DecisionSummary, decideByCost, expectedCosts } from './decide.ts';
export * from './label-sets.ts';
export * from './risk-coverage.ts';
export * from './tempering.ts';
export * from './worker-cost.ts';
