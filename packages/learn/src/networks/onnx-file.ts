import { InputError } from '@assay/core';
import type { Attribute, Graph, Value } from './graph.ts';
import { ProtoWriter, protoFields } from './protobuf.ts';

/** ONNX operator set and file version: what ONNX Runtime of 2022 and later reads. */
const operatorSet = 17;
const fileVersion = 8;

const elementTypes = { float: 1, int64: 7 } as const;
const attributeTypes = { float: 1, integer: 2, integers: 7 } as const;

/** What goes into an ONNX file besides the operators. */
export interface OnnxFile {
  readonly graph: Graph;
  /** Values of inputs that are parameters: they become part of the file and stop being inputs. */
  readonly parameters?: ReadonlyMap<string, Float32Array>;
  /** Class names, preprocessing and whatever else a reader should know. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly producerVersion?: string;
}

/**
 * A standard ONNX file as bytes, readable by any ONNX runtime.
 *
 * Source: onnx.proto of ONNX (ModelProto, GraphProto, NodeProto, TensorProto), operator set 17.
 */
export function encodeOnnx({ graph, parameters, metadata = {}, producerVersion = '' }: OnnxFile): Uint8Array {
  const file = new ProtoWriter()
    .integer(1, fileVersion)
    .text(2, 'assay')
    .text(3, producerVersion)
    .message(7, (body) => writeGraph(body, graph, parameters ?? new Map()))
    .message(8, (set) => set.text(1, '').integer(2, operatorSet));
  for (const [key, value] of Object.entries(metadata)) file.message(14, (entry) => entry.text(1, key).text(2, value));
  return file.finish();
}

function writeGraph(body: ProtoWriter, graph: Graph, parameters: ReadonlyMap<string, Float32Array>): void {
  graph.nodes.forEach((node, index) => {
    body.message(1, (message) => {
      for (const input of node.inputs) message.text(1, input.name);
      for (const output of node.outputs) message.text(2, output.name);
      message.text(3, `${node.op}_${index}`).text(4, node.op);
      for (const [name, value] of Object.entries(node.attributes)) writeAttribute(message, name, value);
    });
  });
  body.text(2, 'network');
  for (const { value, data } of graph.constants) writeTensor(body, value, data);
  for (const input of graph.inputs) {
    const data = parameters.get(input.name);
    if (data !== undefined) writeTensor(body, input, data);
  }
  for (const input of graph.inputs) if (!parameters.has(input.name)) writeValueInfo(body, 11, input);
  for (const output of graph.outputs) writeValueInfo(body, 12, output);
}

function writeAttribute(node: ProtoWriter, name: string, value: Attribute): void {
  node.message(5, (attribute) => {
    attribute.text(1, name);
    if (typeof value === 'number') attribute.integer(3, value).integer(20, attributeTypes.integer);
    else if ('float' in value) attribute.float(2, value.float).integer(20, attributeTypes.float);
    else {
      for (const each of value) attribute.integer(8, each);
      attribute.integer(20, attributeTypes.integers);
    }
  });
}

function writeTensor(body: ProtoWriter, value: Value, data: Float32Array | BigInt64Array): void {
  body.message(5, (tensor) => {
    for (const dimension of value.shape) tensor.integer(1, dimension as number);
    tensor.integer(2, elementTypes[value.type]).text(8, value.name);
    // Raw data are little-endian, as every machine Node and browsers run on.
    tensor.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
}

function writeValueInfo(body: ProtoWriter, field: number, value: Value): void {
  body.message(field, (info) => {
    info.text(1, value.name).message(2, (type) =>
      type.message(1, (tensor) =>
        tensor.integer(1, elementTypes[value.type]).message(2, (shape) => {
          for (const dimension of value.shape) {
            shape.message(1, (dim) => (dimension === 'batch' ? dim.text(2, 'batch') : dim.integer(1, dimension)));
          }
        }),
      ),
    );
  });
}

const decoder = new TextDecoder();

/** What Assay looks at in a foreign ONNX file before a runtime opens it. */
export interface OnnxSummary {
  readonly metadata: Readonly<Record<string, string>>;
  /** Kinds of operators in the main graph. */
  readonly operators: ReadonlySet<string>;
}

/**
 * Reads the metadata of an ONNX file and refuses files that point to other files.
 *
 * @throws {InputError} invalid-model, external-data
 */
export function inspectOnnx(bytes: Uint8Array, path?: string): OnnxSummary {
  const metadata: Record<string, string> = Object.create(null);
  const kinds = new Set<string>();
  let graphs = 0;
  try {
    for (const { field, value } of protoFields(bytes)) {
      if (field === 7 && value instanceof Uint8Array) {
        graphs++;
        inspectGraph(value, kinds, 0);
      }
      if (field === 14 && value instanceof Uint8Array) {
        const entry = ['', ''];
        for (const part of protoFields(value))
          if (part.field <= 2 && part.value instanceof Uint8Array) entry[part.field - 1] = decoder.decode(part.value);
        metadata[entry[0]] = entry[1];
      }
    }
  } catch (error) {
    if (!(error instanceof InputError) || path === undefined) throw error;
    throw new InputError(error.message.replace('invalid model', `invalid model ${path}`), {
      code: error.code,
      path,
      hint: error.hint,
      cause: error,
    });
  }
  if (graphs !== 1 || kinds.size === 0) {
    const hint = 'give a file that an exporter to ONNX wrote';
    throw new InputError(`invalid model${path === undefined ? '' : ` ${path}`}: no ONNX graph in it; ${hint}`, {
      code: 'invalid-model',
      path,
      hint,
    });
  }
  return { metadata, operators: kinds };
}

/** Graphs lie in attributes of nodes (branches, loops): so deep, no honest model goes. */
const deepest = 8;

function inspectGraph(bytes: Uint8Array, kinds: Set<string>, depth: number): void {
  for (const { field, value } of protoFields(bytes)) {
    if (!(value instanceof Uint8Array)) continue;
    if (field === 5) inspectTensor(value);
    if (field !== 1) continue;
    for (const part of protoFields(value)) {
      if (!(part.value instanceof Uint8Array)) continue;
      if (part.field === 4) kinds.add(decoder.decode(part.value));
      if (part.field !== 5) continue;
      for (const inner of protoFields(part.value)) {
        if (!(inner.value instanceof Uint8Array)) continue;
        if (inner.field === 5 || inner.field === 10) inspectTensor(inner.value);
        if ((inner.field === 6 || inner.field === 11) && depth < deepest) inspectGraph(inner.value, kinds, depth + 1);
      }
    }
  }
}

function inspectTensor(bytes: Uint8Array): void {
  for (const { field, value } of protoFields(bytes)) {
    if (field !== 13 && !(field === 14 && value === 1)) continue;
    const hint = 'export the model into one file';
    throw new InputError(`invalid model: its weights lie in another file; ${hint}`, { code: 'external-data', hint });
  }
}
