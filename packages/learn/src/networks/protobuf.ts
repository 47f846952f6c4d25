import { InputError } from '@assay/core';

const utf8 = new TextEncoder();

/**
 * Writes the few parts of the protocol buffer format that ONNX files need.
 *
 * Source: Protocol Buffers encoding (varint, 64-bit, length-delimited, 32-bit). Numbers are whole
 * and safe; negative ones take ten bytes, as the format wants.
 *
 * @example
 * [...new ProtoWriter().integer(1, 150).finish()]; // => [8, 150, 1]
 */
export class ProtoWriter {
  #bytes: Uint8Array = new Uint8Array(256);
  #used = 0;

  integer(field: number, value: number): this {
    this.#tag(field, 0);
    this.#varint(BigInt(value));
    return this;
  }

  float(field: number, value: number): this {
    this.#tag(field, 5);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#used, value, true);
    this.#used += 4;
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, 2);
    this.#varint(BigInt(value.length));
    this.#reserve(value.length);
    this.#bytes.set(value, this.#used);
    this.#used += value.length;
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value));
  }

  message(field: number, write: (message: ProtoWriter) => void): this {
    const inner = new ProtoWriter();
    write(inner);
    return this.bytes(field, inner.finish());
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#used);
  }

  #tag(field: number, kind: number): void {
    this.#varint(BigInt(field * 8 + kind));
  }

  #varint(value: bigint): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.#bytes[this.#used++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#used++] = Number(rest);
  }

  #reserve(more: number): void {
    if (this.#used + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + more));
    grown.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = grown;
  }
}

/** One field of a message: a number for the fixed and varint kinds, bytes for the others. */
export interface ProtoField {
  readonly field: number;
  readonly value: number | Uint8Array;
}

/**
 * The fields of a message in their order. Nested messages come as bytes, to be read by another call.
 *
 * @throws {InputError} invalid-model when the bytes are not a message
 */
export function* protoFields(bytes: Uint8Array): Generator<ProtoField, void, void> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= bytes.length) throw broken();
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw broken();
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, kind] = [Math.floor(tag / 8), tag % 8];
    if (field < 1 || field > 536_870_911) throw broken();
    if (kind === 0) {
      yield { field, value: varint() };
      continue;
    }
    const length = kind === 2 ? varint() : kind === 1 ? 8 : kind === 5 ? 4 : -1;
    if (length < 0 || at + length > bytes.length) throw broken();
    yield { field, value: bytes.subarray(at, at + length) };
    at += length;
  }
}

function broken(): InputError {
  const hint = 'export or copy the model again';
  return new InputError(`invalid model: not an ONNX file, or cut off; ${hint}`, { code: 'invalid-model', hint });
}
