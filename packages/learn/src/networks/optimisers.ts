import type { GraphBuilder, Value } from './graph.ts';
import type { Parameter } from './layers.ts';

/** How parameters follow their gradients. */
export type Optimiser = 'adam' | 'sgd';

/** Decay of Adam's two moments, and what keeps its division finite. */
const [firstKept, secondKept] = [0.9, 0.999];
const adamEpsilon = 1e-8;

/** The scalars a step of Adam is fed with, its `t`-th from 1: see {@link emitStep}. */
export function adamScalars(rate: number, t: number): { readonly rate: number; readonly floor: number } {
  const scale = Math.sqrt((1 - secondKept) / (1 - secondKept ** t));
  return { rate: (rate * (1 - firstKept)) / ((1 - firstKept ** t) * scale), floor: adamEpsilon / scale };
}

/**
 * Adds one step of the optimiser: the next value of every parameter, and of its moments, as outputs
 * named like the inputs with `next_` before them.
 *
 * The scalar inputs are `rate`, for Adam `floor`, and `decay` (L2, added to the gradient, not decoupled).
 * Adam's moments are kept as sums, M ← 0.9 M + g and V ← 0.999 V + g², and the step is rate · M/(√V + floor):
 * with the factors of the moments and the corrections of their start inside `rate` and `floor` it is the
 * published step with three operators less on every parameter.
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
  const floor = optimiser === 'adam' ? graph.input('floor', []) : undefined;
  const decay = decays ? graph.input('decay', []) : undefined;
  for (const { value } of parameters) {
    const plain = gradients.get(value.name) as Value;
    const gradient = decay === undefined ? plain : graph.op('Add', [plain, graph.op('Mul', [value, decay])]);
    if (floor === undefined) {
      graph.output(`next_${value.name}`, graph.op('Sub', [value, graph.op('Mul', [gradient, rate])]));
      continue;
    }
    const first = summed(graph, `first_${value.name}`, value, gradient, firstKept);
    const second = summed(graph, `second_${value.name}`, value, graph.op('Mul', [gradient, gradient]), secondKept);
    const move = graph.op('Div', [first, graph.op('Add', [graph.op('Sqrt', [second]), floor])]);
    graph.output(`next_${value.name}`, graph.op('Sub', [value, graph.op('Mul', [move, rate])]));
  }
}

/** A moment: `share` of what it was, and what came. */
function summed(graph: GraphBuilder, name: string, like: Value, came: Value, share: number): Value {
  const kept = graph.op('Mul', [graph.input(name, like.shape), graph.constant([share])]);
  const next = graph.op('Add', [kept, came]);
  graph.output(`next_${name}`, next);
  return next;
}

/** Share that running averages keep at each step. */
const averageKept = 0.9;

/** Adds the next value of every running average: nine tenths of what it was and one of the batch's. */
export function emitAverages(graph: GraphBuilder, parameters: readonly Parameter[]): void {
  for (const { value, follows } of parameters) {
    if (follows === undefined) continue;
    const kept = graph.op('Mul', [value, graph.constant([averageKept])]);
    const came = graph.op('Mul', [follows, graph.constant([1 - averageKept])]);
    graph.output(`next_${value.name}`, graph.op('Add', [kept, came]));
  }
}
