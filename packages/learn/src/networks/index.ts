/** Networks on ONNX Runtime: graphs, gradients, training, standard `.onnx` files. */
export * from './architectures.ts';
export { forwardGraph, type TrainingGraph, trainingGraph } from './compiled.ts';
export * from './gradients.ts';
export * from './graph.ts';
export * from './layers.ts';
export { type ModelOutput, type ModelRows, OnnxModel } from './model-file.ts';
export * from './network.ts';
export * from './onnx-file.ts';
export { operators } from './operators.ts';
export type { Optimiser } from './optimisers.ts';
export {
  installCommand,
  loadRuntime,
  type Runtime,
  type RuntimeSession,
  type RuntimeTensor,
  useRuntime,
} from './runtime.ts';
export * from './training.ts';
