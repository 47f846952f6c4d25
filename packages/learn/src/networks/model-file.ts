import { EngineError, shown } from '@assay/core';
import { inspectOnnx } from './onnx-file.ts';
import { loadRuntime, type Runtime, type RuntimeSession, sessionOptions } from './runtime.ts';

/** Rows of numbers, or of pictures with channels first. */
export interface ModelRows {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  /** Channels, height and width where rows are pictures. */
  readonly picture?: readonly [number, number, number];
}

/** What a model says of each row. */
export interface ModelOutput {
  readonly columns: number;
  /** Rows × columns. */
  readonly values: Float32Array;
}

/** How a model takes its rows: plain, or as pictures with channels first or last. */
interface InputLayout {
  readonly kind: 'rows' | 'first' | 'last';
  readonly channels: number;
  /** Rows per call where the model fixes them. */
  readonly batch?: number;
  /** Height and width of pictures where the model fixes them. */
  readonly height?: number;
  readonly width?: number;
}

/** Numbers that go through a model at once. */
const numbersTogether = 2 ** 22;

/**
 * Somebody's `.onnx` file: a classifier or an embedding of rows of numbers or of pictures.
 *
 * The file is looked through before a runtime opens it: files that point to other files, and what is no
 * model, are refused. The model has one float32 input, of rank 2 (rows × features) or 4 (pictures with
 * channels first or last), and at least one float32 output with a number, or several, for each row. A
 * model is a program: how long it computes and what memory it takes is its maker's choice, so take
 * models only from where you would take programs.
 *
 * @throws {InputError} invalid-model, external-data
 * @throws {EngineError} invalid-model where the runtime refuses it; missing-runtime
 */
export class OnnxModel {
  readonly path: string;
  /** Names of the classes, where the file has as many as it should. */
  readonly classes: readonly string[] | undefined;
  readonly #session: RuntimeSession;
  readonly #runtime: Runtime;
  readonly #input: InputLayout;

  private constructor(path: string, session: RuntimeSession, runtime: Runtime, classes: readonly string[] | undefined) {
    this.path = path;
    this.classes = classes;
    this.#session = session;
    this.#runtime = runtime;
    this.#input = this.#layout();
  }

  /** Opens the bytes of a file; `path` is its name in messages. */
  static async open(bytes: Uint8Array, path: string): Promise<OnnxModel> {
    const { metadata } = inspectOnnx(bytes, path);
    const runtime = await loadRuntime();
    try {
      const session = await runtime.InferenceSession.create(bytes, sessionOptions);
      return new OnnxModel(path, session, runtime, classNames(metadata.classes));
    } catch (cause) {
      if (cause instanceof EngineError) throw cause;
      throw refused(path, `ONNX Runtime refuses it (${firstLine(cause)})`, cause);
    }
  }

  /** The height and width it wants pictures in, where it fixes them and they are equal. */
  get side(): number | undefined {
    const { height, width } = this.#input;
    return height === width ? height : undefined;
  }

  /** What one of its outputs says of each row: the first whose name fits `wanted`, else the first. */
  async run(rows: ModelRows, wanted: RegExp): Promise<ModelOutput> {
    const output = this.#session.outputNames.find((name) => wanted.test(name)) ?? this.#session.outputNames[0];
    const { batch = Math.max(1, Math.min(1024, Math.floor(numbersTogether / rows.columns))) } = this.#input;
    const shape = this.#shapeOf(rows);
    const parts: Float32Array[] = [];
    let columns = 0;
    for (let from = 0; from < rows.rows; from += batch) {
      const count = Math.min(batch, rows.rows - from);
      const chunk = rows.values.subarray(from * rows.columns, (from + count) * rows.columns);
      const fed = this.#input.batch ?? count;
      const data = await this.#call(this.#arranged(chunk, rows, fed), [fed, ...shape], output);
      if (data.length === 0 || data.length % fed !== 0 || (columns > 0 && data.length !== fed * columns))
        throw refused(this.path, `its output ${shown(output)} has not the same count of numbers for every row`);
      columns = data.length / fed;
      const bad = data.subarray(0, count * columns).findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) throw refused(this.path, `it gives ${data[bad]} for row ${from + Math.floor(bad / columns)}`);
      parts.push(data.slice(0, count * columns));
    }
    const values = new Float32Array(rows.rows * columns);
    let at = 0;
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    return { columns, values };
  }

  /** Probabilities of each row, rows sum to 1. What does not look like them is taken for logits. */
  async classify(rows: ModelRows): Promise<{ readonly classes: readonly string[]; readonly p: Float64Array }> {
    const { columns, values } = await this.run(rows, /prob/i);
    const p = Float64Array.from(values);
    for (let row = 0; row < p.length; row += columns) normalise(p.subarray(row, row + columns));
    const named = this.classes !== undefined && this.classes.length === columns;
    return { p, classes: named ? (this.classes ?? []) : Array.from({ length: columns }, (_, k) => String(k)) };
  }

  /** The rows as the model sees them: its embedding, to be used as features. */
  embed(rows: ModelRows): Promise<ModelOutput> {
    return this.run(rows, /embed|feature|pool/i);
  }

  async #call(values: Float32Array, shape: readonly number[], output: string): Promise<Float32Array> {
    let data: Float32Array | BigInt64Array;
    try {
      const feeds = { [this.#session.inputNames[0]]: new this.#runtime.Tensor('float32', values, shape) };
      data = (await this.#session.run(feeds))[output].data;
    } catch (cause) {
      throw refused(this.path, `it does not run on ${shape.slice(1).join(' × ')} numbers (${firstLine(cause)})`, cause);
    }
    if (data instanceof Float32Array) return data;
    throw refused(this.path, `its output ${shown(output)} is not of type float32`);
  }

  #layout(): InputLayout {
    const { inputNames, inputMetadata = [] } = this.#session;
    if (inputNames.length !== 1) throw refused(this.path, `it has ${inputNames.length} inputs`);
    const [input] = inputMetadata;
    if (input?.shape === undefined || input.shape.length === 0) return { kind: 'rows', channels: 1 };
    const { shape, type } = input;
    if (type !== 'float32') throw refused(this.path, `its input is of type ${type}, not float32`);
    const fixed = (axis: number): number | undefined => {
      const size = shape[axis];
      return typeof size === 'number' && size > 0 ? size : undefined;
    };
    const batch = fixed(0);
    if (shape.length === 2) return { kind: 'rows', channels: 1, batch };
    if (shape.length !== 4) throw refused(this.path, `its input has ${shape.length} dimensions`);
    const last = shape[3] === 3 || (shape[3] === 1 && shape[1] !== 3 && shape[1] !== 1);
    const [h, w, c] = last ? [1, 2, 3] : [2, 3, 1];
    return { kind: last ? 'last' : 'first', channels: fixed(c) ?? 3, batch, height: fixed(h), width: fixed(w) };
  }

  /** Shape of one row for the model. */
  #shapeOf({ columns, picture }: ModelRows): readonly number[] {
    const { kind, channels, height, width } = this.#input;
    if (kind === 'rows') return [columns];
    if (picture === undefined) throw refused(this.path, 'it takes pictures, and these are rows of numbers');
    const [own, high, wide] = picture;
    if (own !== channels && channels !== 1) throw refused(this.path, `it takes ${channels} channels instead of ${own}`);
    if ((height ?? high) !== high || (width ?? wide) !== wide)
      throw refused(this.path, `it takes pictures of ${height} × ${width} instead of ${high} × ${wide}`);
    return kind === 'first' ? [channels, high, wide] : [high, wide, channels];
  }

  /** A batch as the model wants it: channels averaged into one or moved last, filled up with zeros. */
  #arranged(chunk: Float32Array, { columns, picture }: ModelRows, fed: number): Float32Array {
    const { kind, channels } = this.#input;
    const own = kind === 'rows' ? 1 : (picture?.[0] ?? 1);
    const grey = channels === 1 && own > 1;
    if (!grey && kind !== 'last' && chunk.length === fed * columns) return chunk;
    const [area, kept] = [columns / own, grey ? 1 : own];
    const result = new Float32Array(fed * area * kept);
    chunk.forEach((value, i) => {
      const [row, channel, pixel] = [Math.floor(i / columns), Math.floor((i % columns) / area), i % area];
      const plane = grey ? 0 : channel;
      const place = kind === 'last' ? pixel * kept + plane : plane * area + pixel;
      result[row * area * kept + place] += grey ? value / own : value;
    });
    return result;
  }
}

/** Probabilities stay; anything that does not look like them is taken for logits. */
function normalise(row: Float64Array): void {
  const sum = row.reduce((total, value) => total + value, 0);
  if (Math.abs(sum - 1) < 1e-3 && row.every((value) => value >= 0)) return;
  const most = Math.max(...row);
  let total = 0;
  row.forEach((value, k) => {
    row[k] = Math.exp(value - most);
    total += row[k];
  });
  for (let k = 0; k < row.length; k++) row[k] /= total;
}

function classNames(text: string | undefined): readonly string[] | undefined {
  try {
    const names: unknown = JSON.parse(text ?? 'null');
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}

function refused(path: string, what: string, cause?: unknown): EngineError {
  const hint = 'give a model that takes rows of these features and gives numbers for each';
  const message = `invalid model ${path}: ${what}; ${hint}`;
  return new EngineError(message, { code: 'invalid-model', path, hint, cause });
}

function firstLine(cause: unknown): string {
  return String((cause as Error)?.message ?? cause)
    .split('\n')[0]
    .slice(0, 160);
}
