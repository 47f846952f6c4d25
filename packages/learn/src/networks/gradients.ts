import { StateError } from '@assay/core';
import type { GraphBuilder, Value } from './graph.ts';
import { operators } from './operators.ts';

/**
 * Adds the backward graph: gradients with respect to `parameters`, given the gradient with respect
 * to `output`.
 *
 * Walks the operators backwards once; only what lies on a way from a parameter to the output gets
 * operators. A parameter that does not reach the output is an error.
 *
 * Source: reverse accumulation (Linnainmaa 1976) over the operator table.
 *
 * @throws {StateError} missing-gradient
 */
export function gradients(
  graph: GraphBuilder,
  output: Value,
  upstream: Value,
  parameters: readonly Value[],
): ReadonlyMap<string, Value> {
  const forward = [...graph.nodes];
  const needed = new Set(parameters.map((parameter) => parameter.name));
  for (const node of forward) {
    if (node.inputs.some((input) => needed.has(input.name))) for (const made of node.outputs) needed.add(made.name);
  }
  const found = new Map<string, Value>([[output.name, upstream]]);
  for (const node of forward.reverse()) {
    const from = found.get(node.outputs[0].name);
    const wanted = node.inputs.map((input) => needed.has(input.name));
    if (from === undefined || !wanted.includes(true)) continue;
    const known = operators[node.op]?.gradient;
    if (known === undefined) throw missing(`operator ${node.op}`);
    const parts = known(graph, node, from, wanted);
    node.inputs.forEach((input, index) => {
      const part = parts[index];
      if (!wanted[index] || part === undefined) return;
      const before = found.get(input.name);
      found.set(input.name, before === undefined ? part : graph.op('Add', [before, part]));
    });
  }
  for (const { name } of parameters) if (!found.has(name)) throw missing(`parameter ${name}`);
  return found;
}

function missing(what: string): StateError {
  const hint = 'build the output from operators that have one';
  return new StateError(`missing gradient of ${what}; ${hint}`, { code: 'missing-gradient', got: what, hint });
}
