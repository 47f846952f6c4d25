import {
  type CompiledModel,
  compileModel,
  model2010,
  type TurKontrolModel,
  VoterBook,
  type WorkflowContext,
} from '../../../src/control/turkontrol/index.ts';
import { Random } from '../../../src/math/random.ts';

/** The 5-cell model of the reference values: first artifacts Beta(2, 3), every voter γ = 1. */
export const fiveCells: TurKontrolModel = {
  ...model2010(1, 5),
  initial: { a: 2, b: 3 },
  errors: { gammas: [1], weights: [1] },
};

export function contextOf(model: CompiledModel, seed = 1): WorkflowContext {
  return { model, voters: new VoterBook(model, 'population'), random: new Random(seed) };
}

/** A small random model: 3 to 6 cells, asymmetric prior, any workers, convex or linear utility. */
export function randomModel(random: Random, cells = 3 + random.integer(4)): CompiledModel {
  const weights = random.dirichlet([1, 1, 1]);
  return compileModel({
    schema: 1,
    cells,
    exponent: 0.3 + random.uniform(),
    initial: { a: 0.5 + 4 * random.uniform(), b: 0.5 + 4 * random.uniform() },
    improvement: {
      kind: 'polynomial',
      coefficients: [0.05 + 0.3 * random.uniform(), 0.3 + 0.6 * random.uniform()],
      concentration: 2 + 20 * random.uniform(),
    },
    errors: { gammas: [0.2, 1, 3], weights: [...weights] },
    utility: { kind: random.bernoulli(0.5) ? 'convex' : 'linear', topMicros: 1_000_000_000 },
    prices: { improvementMicros: 1 + random.integer(60_000_000), ballotMicros: 1 + random.integer(20_000_000) },
    maxIterations: 50,
  });
}

/** A belief about a pair as a random run would leave it: some votes after an improvement. */
export function randomPair(model: CompiledModel, random: Random): Float64Array {
  const { cells } = model;
  const pair = new Float64Array(cells * cells);
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) pair[i * cells + j] = model.initial[i] * model.kernel[i * cells + j];
  }
  for (let votes = random.integer(4); votes > 0; votes--) {
    const yes = random.bernoulli(0.5);
    for (let c = 0; c < pair.length; c++) pair[c] *= yes ? model.voter[c] : 1 - model.voter[c];
  }
  const sum = pair.reduce((a, b) => a + b, 0);
  return pair.map((b) => b / sum);
}
