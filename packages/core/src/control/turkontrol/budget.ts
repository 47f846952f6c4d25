import { InputError } from '../../errors.ts';
import type { Random } from '../../math/random.ts';
import type { TurKontrolController } from './controller.ts';
import { lookahead } from './lookahead.ts';
import { type CompiledModel, compileModel } from './model.ts';
import { type SimulationSummary, simulate, worldOfModel } from './simulate.ts';

export interface BudgetOptions {
  /** Builds the controller from a model; default lookahead 3. */
  readonly controller?: (model: CompiledModel) => TurKontrolController;
  /** Simulated tasks per step of the search; default 300. */
  readonly trials?: number;
}

/** How to spend a budget over many tasks. */
export interface BudgetPlan {
  /** λ: prices are taken this many times higher when deciding, never when paying. */
  readonly multiplier: number;
  /** A controller that decides with the multiplied prices. */
  readonly controller: TurKontrolController;
  /** What it does on the model. */
  readonly summary: SimulationSummary;
  /** Does the unrestricted controller already spend less than the budget? Then λ is 1. */
  readonly slack: boolean;
}

/**
 * Spreads a budget over `tasks` tasks so that the last unit of money buys the same everywhere: all prices are
 * multiplied by λ ≥ 1, found by bisection so that the expected spend per task is the budget's share.
 *
 * A per-task cap wastes money on easy tasks; this does not. The expectation is over the model's own world: solve again
 * with what is left after each 5 % of the spend, since real crowds differ. About 20 × `trials` simulated tasks.
 *
 * Source: Lagrangian relaxation of the budget; ours.
 *
 * @throws {InputError} invalid-budget
 */
export function planBudget(
  model: CompiledModel,
  tasks: number,
  budgetMicros: number,
  random: Random,
  options: BudgetOptions = {},
): BudgetPlan {
  if (!(tasks > 0) || !(Number.isFinite(budgetMicros) && budgetMicros >= 0)) {
    throw new InputError(
      `invalid budget ${budgetMicros} for ${tasks} tasks; give money of 0 or more and at least one task`,
      {
        code: 'invalid-budget',
        got: String(budgetMicros),
        hint: 'give money of 0 or more and at least one task',
      },
    );
  }
  const make = options.controller ?? ((one: CompiledModel): TurKontrolController => lookahead(one));
  const share = budgetMicros / tasks / 1e6;
  const at = (multiplier: number): BudgetPlan => {
    const { model: plain } = model;
    const dear = compileModel({
      ...plain,
      prices: {
        improvementMicros: Math.round(plain.prices.improvementMicros * multiplier),
        ballotMicros: Math.round(plain.prices.ballotMicros * multiplier),
      },
    });
    const controller = make(dear);
    const summary = simulate(model, controller, worldOfModel(model), random, { trials: options.trials ?? 300 });
    return { multiplier, controller, summary, slack: false };
  };
  const free = at(1);
  if (free.summary.spent.mean <= share) return { ...free, slack: true };
  let [low, high] = [1, 2];
  let plan = at(high);
  while (plan.summary.spent.mean > share && high < 1e9) {
    low = high;
    high *= 2;
    plan = at(high);
  }
  for (let step = 0; step < 12; step++) {
    const middle = Math.sqrt(low * high);
    const tried = at(middle);
    if (tried.summary.spent.mean > share) low = middle;
    else {
      high = middle;
      plan = tried;
    }
  }
  return plan;
}
