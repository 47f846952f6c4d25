import { InputError } from '../errors.ts';

/** Bytes as they arrive: any iterable of chunks, or a web stream. */
export type ByteStream = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>;

/**
 * One file to read: its name (shown in receipts and errors, its extension helps detection) and its
 * bytes, plain or gzip. The bytes are read once.
 */
export interface Source {
  readonly name: string;
  readonly bytes: ByteStream;
  /** Reading from any place, for formats with their index at the end; without it they need memory. */
  readonly random?: RandomAccess;
}

/** A file that can be read from any place. */
export interface RandomAccess {
  readonly size: number;
  /** The bytes from `from` up to, not including, `to`. */
  slice(from: number, to: number): Promise<ArrayBuffer>;
}

/**
 * A source from a file chosen in a browser, or any blob.
 *
 * @example
 * const chosen = new Blob(['task,worker,label\nt1,ana,cat\n']);
 * const read = await readAnswers(fileSource(chosen));
 */
export function fileSource(file: Blob & { readonly name?: string }): Source {
  const random = {
    size: file.size,
    slice: (from: number, to: number): Promise<ArrayBuffer> => file.slice(from, to).arrayBuffer(),
  };
  return { name: file.name ?? 'file', bytes: file.stream(), random };
}

/**
 * A source from text or bytes in memory.
 *
 * @example
 * await readAnswers(sourceOf('answers.csv', 'task,worker,label\nt1,ana,cat\n'));
 */
export function sourceOf(name: string, content: string | Uint8Array): Source {
  return { name, bytes: [typeof content === 'string' ? new TextEncoder().encode(content) : content] };
}

/** The longest record (row, line or JSON element) a reader takes into memory. */
export const longestRecord: number = 16 * 1024 * 1024;

/**
 * A source being read: its first bytes can be looked at before they are consumed, and gzip is
 * unpacked on the way.
 */
export class SourceReader {
  readonly name: string;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #ended = false;

  readonly #random: RandomAccess | undefined;

  private constructor(name: string, chunks: AsyncIterator<Uint8Array>, random?: RandomAccess) {
    this.name = name;
    this.#chunks = chunks;
    this.#random = random;
  }

  /** Starts reading; unpacks gzip by its magic bytes, whatever the name says. */
  static async open(source: Source): Promise<SourceReader> {
    const plain = new SourceReader(source.name, chunksOf(source.bytes), source.random);
    const magic = await plain.peek(3);
    if (magic[0] !== 0x1f || magic[1] !== 0x8b || magic[2] !== 8) return plain;
    return new SourceReader(source.name.replace(/\.gz$/i, ''), gunzip(plain));
  }

  /** The first bytes, at least `most` unless the source is shorter. Nothing is consumed. */
  async peek(most: number): Promise<Uint8Array> {
    while (this.#heldBytes < most && !this.#ended) {
      const next = await this.#chunks.next();
      if (next.done === true) this.#ended = true;
      else if (next.value.length > 0) {
        this.#held.push(next.value);
        this.#heldBytes += next.value.length;
      }
    }
    if (this.#held.length !== 1) this.#held = [concatenated(this.#held, this.#heldBytes)];
    return this.#held[0];
  }

  /** Has {@link peek} seen all there is? */
  get complete(): boolean {
    return this.#ended;
  }

  /** All chunks from the beginning. */
  async *chunks(): AsyncGenerator<Uint8Array, void, void> {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const chunk of held) if (chunk.length > 0) yield chunk;
    held.length = 0;
    try {
      while (!this.#ended) {
        const next = await this.#chunks.next();
        if (next.done === true) this.#ended = true;
        else if (next.value.length > 0) yield next.value;
      }
    } finally {
      await this.close();
    }
  }

  /** All bytes at once, for formats that cannot be read in a stream. Refuses more than `most`. */
  async all(most: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of this.chunks()) {
      length += chunk.length;
      if (length > most) {
        throw new InputError(
          `invalid file ${this.name}: longer than ${most >> 20} MB, which this format needs in memory at once`,
          {
            code: 'file-too-long',
            path: this.name,
            hint: 'split the file, or convert it to CSV, JSON lines or Parquet',
          },
        );
      }
      parts.push(chunk);
    }
    return parts.length === 1 ? parts[0] : concatenated(parts, length);
  }

  /** The file for reading from any place: the source's own, else all of it in memory. */
  async random(most: number): Promise<RandomAccess> {
    if (this.#random !== undefined) return this.#random;
    const bytes = await this.all(most);
    const buffer = bytes.buffer as ArrayBuffer;
    const offset = bytes.byteOffset;
    return { size: bytes.length, slice: (from, to) => Promise.resolve(buffer.slice(offset + from, offset + to)) };
  }

  /** Lets go of the underlying stream. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#chunks.return?.();
  }
}

/** Chunks of any {@link ByteStream}. Web streams are read by their reader: not every browser iterates them. */
async function* chunksOf(bytes: ByteStream): AsyncGenerator<Uint8Array, void, void> {
  if (!(bytes instanceof ReadableStream)) {
    yield* bytes;
    return;
  }
  const reader = bytes.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function* gunzip(packed: SourceReader): AsyncGenerator<Uint8Array, void, void> {
  const chunks = packed.chunks();
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller): Promise<void> {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    async cancel(): Promise<void> {
      await chunks.return();
    },
  });
  try {
    yield* chunksOf(stream.pipeThrough(new DecompressionStream('gzip')));
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`invalid gzip in ${packed.name}: the file is cut off or damaged`, {
      code: 'invalid-gzip',
      path: packed.name,
      hint: 'copy or download the file again',
      cause,
    });
  }
}

function concatenated(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
