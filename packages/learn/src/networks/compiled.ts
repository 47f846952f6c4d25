import { EngineError } from '@assay/core';
import { gradients } from './gradients.ts';
import { type Graph, GraphBuilder } from './graph.ts';
import { type Architecture, emitLayers, inputSize, type Mask, type Parameter } from './layers.ts';
import { encodeOnnx } from './onnx-file.ts';
import { emitAverages, emitStep, type Optimiser } from './optimisers.ts';
import { loadRuntime, type Runtime, type RuntimeSession, sessionOptions } from './runtime.ts';

/** What a training graph is fed with: targets of soft cross entropy, or any loss's gradient of the logits. */
export type Signal = 'targets' | 'gradient';

/** A graph with what a caller must feed it. */
export interface TrainingGraph {
  readonly graph: Graph;
  readonly parameters: readonly Parameter[];
  readonly masks: readonly Mask[];
}

/**
 * One optimisation step as a graph: forward, loss gradient, backward, step.
 *
 * With `targets` it takes `targets` (batch × K) and `weights` (batch × 1, divided by the batch size)
 * and also gives the `loss` Σ weight · Σ −target · log f. With `gradient` it takes `upstream`, the
 * gradient of any loss with respect to the logits.
 */
export function trainingGraph(
  architecture: Architecture,
  signal: Signal,
  optimiser: Optimiser,
  decays: boolean,
): TrainingGraph {
  const graph = new GraphBuilder();
  const x = graph.input('x', ['batch', inputSize(architecture)]);
  const { logits, parameters, masks } = emitLayers(graph, architecture, x, true);
  const shape = ['batch', architecture.classes] as const;
  let upstream = signal === 'gradient' ? graph.input('upstream', shape) : undefined;
  if (upstream === undefined) {
    const targets = graph.input('targets', shape);
    const weights = graph.input('weights', ['batch', 1]);
    const difference = graph.op('Sub', [graph.op('Softmax', [logits], { axis: 1 }), targets]);
    upstream = graph.op('Mul', [difference, weights]);
    const entropy = graph.op('Mul', [graph.op('LogSoftmax', [logits], { axis: 1 }), targets]);
    graph.output('loss', graph.op('Neg', [graph.sum(graph.op('Mul', [entropy, weights]), [0, 1])]));
  }
  const trained = parameters.filter(({ follows }) => follows === undefined);
  const values = trained.map((parameter) => parameter.value);
  const found = gradients(graph, logits, upstream, values);
  emitStep(graph, optimiser, trained, found, decays);
  emitAverages(graph, parameters);
  return { graph: graph.finish(), parameters, masks };
}

/** The forward graph with parameters as inputs: rows in, logits out; `training` as a step sees them, under masks that are fed. */
export function forwardGraph(architecture: Architecture, training = false): TrainingGraph {
  const graph = new GraphBuilder();
  const x = graph.input('x', ['batch', inputSize(architecture)]);
  const { logits, parameters, masks } = emitLayers(graph, architecture, x, training);
  graph.output('logits', logits);
  return { graph: graph.finish(), parameters, masks };
}

/** A graph with its session. */
export interface Compiled extends TrainingGraph {
  readonly session: RuntimeSession;
  readonly runtime: Runtime;
}

const compiled = new WeakMap<Architecture, Map<string, Promise<Compiled>>>();

/** The session of a graph of an architecture; made once for each architecture object. */
export function sessionOf(architecture: Architecture, key: string, make: () => TrainingGraph): Promise<Compiled> {
  const known = compiled.get(architecture) ?? new Map<string, Promise<Compiled>>();
  compiled.set(architecture, known);
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = open(make());
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}

async function open(parts: TrainingGraph): Promise<Compiled> {
  const runtime = await loadRuntime();
  try {
    const session = await runtime.InferenceSession.create(encodeOnnx({ graph: parts.graph }), sessionOptions);
    return { ...parts, session, runtime };
  } catch (cause) {
    const hint = 'report it with the architecture';
    const message = `invalid network: ONNX Runtime refused its graph (${(cause as Error).message}); ${hint}`;
    throw new EngineError(message, { code: 'refused-graph', hint, cause });
  }
}
