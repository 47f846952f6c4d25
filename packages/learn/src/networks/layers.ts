import { InputError, shown } from '@assay/core';
import type { Dimension, GraphBuilder, Shape, Value } from './graph.ts';

/** One layer of a network, as plain JSON. */
export type Layer =
  | { readonly layer: 'dense'; readonly units: number }
  | { readonly layer: 'relu' | 'tanh' | 'sigmoid' | 'flatten' | 'averagePool' | 'batchNorm' }
  | {
      readonly layer: 'convolution';
      readonly channels: number;
      readonly size: number;
      readonly stride?: number;
      readonly padding?: number;
    }
  | { readonly layer: 'maxPool'; readonly size: number }
  | { readonly layer: 'dropout'; readonly rate: number }
  | { readonly layer: 'residual'; readonly layers: readonly Layer[] };

/** A network: the shape of one input row and the layers up to the logits. Plain JSON. */
export interface Architecture {
  readonly name: string;
  /** Numbers per row, or channels × height × width. */
  readonly input: readonly number[];
  readonly layers: readonly Layer[];
  readonly classes: number;
}

/** A trained tensor of a network. */
export interface Parameter {
  readonly value: Value;
  readonly shape: readonly number[];
  /** Inputs of one unit: weights start uniform within ±1/√fanIn. */
  readonly fanIn: number;
  /** Where all of it starts instead. */
  readonly start?: number;
  /** What it is a running average of, in training: a statistic of the batch. It has no gradient then. */
  readonly follows?: Value;
}

/** A dropout mask that is drawn outside the graph, so that a seed decides it. */
export interface Mask {
  readonly value: Value;
  /** Numbers per row. */
  readonly size: number;
  readonly rate: number;
}

/** Keeps the division by the deviation finite. */
const normalisationEpsilon = 1e-5;

/** What {@link emitLayers} added to a graph. */
export interface Emitted {
  readonly logits: Value;
  readonly parameters: readonly Parameter[];
  readonly masks: readonly Mask[];
}

/**
 * Adds the layers of an architecture to a graph. `x` is batch × D; pictures are unpacked inside.
 * Dropout exists in training only; its masks become inputs. Batch normalisation takes the statistics
 * of the batch in training, its running averages elsewhere.
 *
 * @throws {InputError} invalid-architecture
 */
export function emitLayers(graph: GraphBuilder, architecture: Architecture, x: Value, training: boolean): Emitted {
  const parameters: Parameter[] = [];
  const masks: Mask[] = [];
  const parameter = (stem: string, shape: readonly number[], fanIn: number, start?: number): Value => {
    const value = graph.input(`${stem}_${parameters.length}`, shape);
    parameters.push({ value, shape, fanIn, start });
    return value;
  };
  const normalised = (input: Value): Value => {
    const shape = [input.shape[1] as number];
    const [scale, bias, mean, variance] = (
      [
        ['scale', 1],
        ['bias', 0],
        ['mean', 0],
        ['variance', 1],
      ] as const
    ).map(([stem, start]) => parameter(stem, shape, 1, start));
    const epsilon = { float: normalisationEpsilon };
    if (!training) return graph.op('BatchNormalization', [input, scale, bias, mean, variance], { epsilon });
    // Without momentum the further outputs are the statistics of the batch itself. ONNX Runtime writes them over the
    // averages it is given, so it gets something nobody else reads.
    const attributes = { epsilon, momentum: { float: 0 }, training_mode: 1 };
    const unread = [mean, variance].map((value) => graph.op('Neg', [value]));
    const [output, ...statistics] = graph.ops('BatchNormalization', [input, scale, bias, ...unread], attributes);
    statistics.forEach((follows, i) => {
      const at = parameters.length - 2 + i;
      parameters[at] = { ...parameters[at], follows };
    });
    return output;
  };
  const apply = (input: Value, layer: Layer): Value => {
    switch (layer.layer) {
      case 'dense': {
        const flat = flattened(graph, input);
        const inputs = flat.shape[1] as number;
        const weight = parameter('weight', [inputs, layer.units], inputs);
        return graph.op('Gemm', [flat, weight, parameter('bias', [layer.units], inputs)]);
      }
      case 'convolution': {
        const { channels, size, stride = 1, padding = 0 } = layer;
        const before = picture(input, layer.layer)[0];
        const fanIn = before * size * size;
        const weight = parameter('kernel', [channels, before, size, size], fanIn);
        const attributes = { pads: [padding, padding, padding, padding], strides: [stride, stride] };
        return graph.op('Conv', [input, weight, parameter('bias', [channels], fanIn)], attributes);
      }
      case 'maxPool': {
        picture(input, layer.layer);
        return graph.op('MaxPool', [input], {
          kernel_shape: [layer.size, layer.size],
          strides: [layer.size, layer.size],
        });
      }
      case 'averagePool':
        picture(input, layer.layer);
        return flattened(graph, graph.op('GlobalAveragePool', [input]));
      case 'flatten':
        return flattened(graph, input);
      case 'batchNorm':
        return normalised(input);
      case 'relu':
        return graph.op('Relu', [input]);
      case 'tanh':
        return graph.op('Tanh', [input]);
      case 'sigmoid':
        return graph.op('Sigmoid', [input]);
      case 'dropout': {
        if (!training || layer.rate === 0) return input;
        const mask = graph.input(`mask_${masks.length}`, input.shape);
        masks.push({ value: mask, size: sizeOf(input.shape), rate: layer.rate });
        return graph.op('Mul', [input, mask]);
      }
      case 'residual':
        return graph.op('Add', [input, layer.layers.reduce(apply, input)]);
    }
  };
  check(architecture);
  const shaped = architecture.input.length === 1 ? x : graph.reshape(x, ['batch', ...architecture.input]);
  const last = architecture.layers.reduce(apply, shaped);
  const logits = apply(last, { layer: 'dense', units: architecture.classes });
  return { logits, parameters, masks };
}

/** Numbers in one row of the input. */
export function inputSize(architecture: Architecture): number {
  return architecture.input.reduce((product, size) => product * size, 1);
}

function check({ input, classes, layers }: Architecture): void {
  const refuse = (what: string, got: unknown): never => {
    const hint = 'correct the architecture';
    const message = `invalid architecture: ${what} ${shown(got)}; ${hint}`;
    throw new InputError(message, { code: 'invalid-architecture', got: String(got), hint });
  };
  const whole = (value: number): boolean => Number.isInteger(value) && value >= 1;
  if (!(input.length === 1 || input.length === 3) || !input.every(whole)) refuse('input', input);
  if (!whole(classes)) refuse('number of classes', classes);
  const visit = (layer: Layer): void => {
    if (layer.layer === 'dense' && !whole(layer.units)) refuse('units', layer.units);
    if (layer.layer === 'convolution' && !(whole(layer.channels) && whole(layer.size))) refuse('convolution', layer);
    if (layer.layer === 'maxPool' && !whole(layer.size)) refuse('pool', layer.size);
    if (layer.layer === 'dropout' && !(layer.rate >= 0 && layer.rate < 1)) refuse('dropout', layer.rate);
    if (layer.layer === 'residual') layer.layers.forEach(visit);
  };
  layers.forEach(visit);
}

function picture(input: Value, layer: string): readonly number[] {
  if (input.shape.length === 4) return input.shape.slice(1) as number[];
  const hint = 'give the input as channels × height × width, and keep it before dense layers';
  throw new InputError(`invalid architecture: ${layer} needs pictures; ${hint}`, {
    code: 'invalid-architecture',
    got: layer,
    hint,
  });
}

function flattened(graph: GraphBuilder, input: Value): Value {
  return input.shape.length === 2 ? input : graph.reshape(input, ['batch', sizeOf(input.shape)]);
}

function sizeOf(shape: Shape): number {
  return shape.slice(1).reduce((product: number, size: Dimension) => product * (size as number), 1);
}
