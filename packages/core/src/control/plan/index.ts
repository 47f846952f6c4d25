/** What money buys: accuracy against cost, forecast from a pilot. */
export * from './crowd-model.ts';
export * from './direct.ts';
export * from './forecast.ts';
export * from './pilot.ts';
export * from './plan.ts';
export * from './two-kinds.ts';
