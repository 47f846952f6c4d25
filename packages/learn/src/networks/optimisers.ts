import type { GraphBuilder, Value } from './graph.ts';
import type { Parameter } from './layers.ts';

/** How parameters follow their gradients. */
export type Optimiser = 'adam' | 'sgd';

/** Decay of Adam's two moments, and what keeps its division finite. */
export const adamDecay: readonly [number, number] = [0.9, 0.999];
const adamEpsilon = 1e-8;

/**
 * Adds one step of the optimiser: the next value of every parameter, and of its moments, as outputs
 * named like the inputs with `next_` before them.
 *
 * The scalar inputs are `rate` (for Adam already divided by 1 − 0.9ᵗ), `correction`
 * (1/√(1 − 0.999ᵗ)) and `decay` (L2, added to the gradient, not decoupled).
 *
 * Source: Kingma & Ba (2015), Algorithm 1.
 */
export function emitStep(
  graph: GraphBuilder,
  optimiser: Optimiser,
  parameters: readonly Parameter[],
  gradients: ReadonlyMap<string, Value>,
  decays: boolean,
): void {
  const rate = graph.input('rate', []);
  const correction = optimiser === 'adam' ? graph.input('correction', []) : undefined;
  const decay = decays ? graph.input('decay', []) : undefined;
  for (const { value } of parameters) {
    const plain = gradients.get(value.name) as Value;
    const gradient = decay === undefined ? plain : graph.op('Add', [plain, graph.op('Mul', [value, decay])]);
    if (correction === undefined) {
      graph.output(`next_${value.name}`, graph.op('Sub', [value, graph.op('Mul', [gradient, rate])]));
      continue;
    }
    const first = decayed(graph, `first_${value.name}`, value, gradient, adamDecay[0]);
    const second = decayed(graph, `second_${value.name}`, value, graph.op('Mul', [gradient, gradient]), adamDecay[1]);
    const root = graph.op('Mul', [graph.op('Sqrt', [second]), correction]);
    const scale = graph.op('Add', [root, graph.constant([adamEpsilon])]);
    const move = graph.op('Div', [graph.op('Mul', [first, rate]), scale]);
    graph.output(`next_${value.name}`, graph.op('Sub', [value, move]));
  }
}

/** A moment: `share` of what it was and the rest of what came. */
function decayed(graph: GraphBuilder, name: string, like: Value, came: Value, share: number): Value {
  const before = graph.input(name, like.shape);
  const kept = graph.op('Mul', [before, graph.constant([share])]);
  const next = graph.op('Add', [kept, graph.op('Mul', [came, graph.constant([1 - share])])]);
  graph.output(`next_${name}`, next);
  return next;
}
