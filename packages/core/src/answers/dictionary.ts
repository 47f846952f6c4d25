const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The names of tasks, workers or classes, each with its index.
 *
 * Names are kept as UTF-8 bytes in one arena, so two million task names cost their bytes and eight
 * more each; `name` decodes on demand. Looking up is O(length of the name).
 */
export interface Dictionary {
  readonly size: number;
  /** The name at an index, 0 ≤ index < size. */
  name(index: number): string;
  /** The index of a name, or -1. */
  indexOf(name: string): number;
  /** All names in order of index, as a new array. */
  names(): string[];
}

/**
 * Collects names in order of first appearance and gives each an index.
 *
 * `addBytes` is the path of the readers: it hashes the bytes where they lie and makes no string.
 */
export class DictionaryBuilder implements Dictionary {
  #size = 0;
  #bytes: Uint8Array = new Uint8Array(1024);
  #used = 0;
  #start: Uint32Array = new Uint32Array(64);
  /**
   * Open addressing, at most half full. A slot is two words side by side, so that a look-up touches
   * one cache line: the hash, and the index + 1 of the name or 0 when empty.
   */
  #slots: Uint32Array = new Uint32Array(256);
  #mask = 127;
  #scratch: Uint8Array = new Uint8Array(256);

  get size(): number {
    return this.#size;
  }

  /** The index of the name, which is added when it is new. */
  add(name: string): number {
    const length = this.#encode(name);
    return this.addBytes(this.#scratch, 0, length);
  }

  /** As {@link add}, for the UTF-8 bytes from `from` up to, not including, `to`. */
  addBytes(source: Uint8Array, from: number, to: number): number {
    return this.addHashed(source, from, to, runningHash(source, from, to));
  }

  /**
   * As {@link addBytes} for a reader that hashed the bytes while it scanned them: `running` starts
   * at {@link hashStart} and becomes `Math.imul(running ^ byte, hashFactor)` with each byte.
   */
  addHashed(source: Uint8Array, from: number, to: number, running: number): number {
    const hash = finished(running);
    const slot = this.#find(source, from, to, hash);
    const held = this.#slots[slot * 2 + 1];
    if (held !== 0) return held - 1;
    return this.#insert(source, from, to, hash, slot);
  }

  /**
   * {@link addHashed} for the first `count` of many names at once: `indices[i]` becomes the index of
   * name `i`, which lies at `from[i] … to[i]`.
   *
   * With millions of names nearly every look-up misses the caches. Here all slots are touched
   * first, then all offsets, then all bytes, so that the processor waits for many of them at once.
   * At most {@link mostAtOnce} names.
   */
  addMany(source: Uint8Array, names: NameBatch, count: number, indices: Uint32Array): void {
    const { from, to, running } = names;
    const slots = this.#slots;
    const mask = this.#mask;
    for (let i = 0; i < count; i++) {
      const hash = finished(running[i]);
      const slot = hash & mask;
      indices[i] = slots[slot * 2] === hash ? slots[slot * 2 + 1] : 0;
    }
    for (let i = 0; i < count; i++) offsets[i] = indices[i] === 0 ? 0 : this.#start[indices[i] - 1];
    for (let i = 0; i < count; i++) firstBytes[i] = this.#bytes[offsets[i]];
    for (let i = 0; i < count; i++) {
      const held = indices[i];
      // Not where it belongs first: a collision or a new name.
      const found = held !== 0 && firstBytes[i] === source[from[i]] && this.#equals(held - 1, source, from[i], to[i]);
      indices[i] = found ? held - 1 : this.addHashed(source, from[i], to[i], running[i]);
    }
  }

  indexOf(name: string): number {
    const length = this.#encode(name);
    const slot = this.#find(this.#scratch, 0, length, finished(runningHash(this.#scratch, 0, length)));
    return this.#slots[slot * 2 + 1] - 1;
  }

  name(index: number): string {
    return decoder.decode(this.#bytes.subarray(this.#start[index], this.#start[index + 1]));
  }

  names(): string[] {
    return Array.from({ length: this.#size }, (_, index) => this.name(index));
  }

  #encode(name: string): number {
    if (this.#scratch.length < name.length * 3) this.#scratch = new Uint8Array(name.length * 3);
    return encoder.encodeInto(name, this.#scratch).written;
  }

  /** The slot that holds these bytes, or the empty slot where they belong. */
  #find(source: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    let slot = hash & mask;
    for (;;) {
      const held = slots[slot * 2 + 1];
      if (held === 0) return slot;
      if (slots[slot * 2] === hash && this.#equals(held - 1, source, from, to)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #equals(index: number, source: Uint8Array, from: number, to: number): boolean {
    const bytes = this.#bytes;
    let at = this.#start[index];
    if (this.#start[index + 1] - at !== to - from) return false;
    for (let i = from; i < to; i++) if (bytes[at++] !== source[i]) return false;
    return true;
  }

  #insert(source: Uint8Array, from: number, to: number, hash: number, slot: number): number {
    const index = this.#size++;
    if (index + 2 > this.#start.length) this.#start = grown(this.#start, this.#start.length * 2);
    const end = this.#used + (to - from);
    if (end > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      bytes.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = bytes;
    }
    for (let i = from, at = this.#used; i < to; i++) this.#bytes[at++] = source[i];
    this.#used = end;
    this.#start[index + 1] = end;
    this.#slots[slot * 2] = hash;
    this.#slots[slot * 2 + 1] = index + 1;
    if (this.#size * 2 > this.#mask) this.#rehash();
    return index;
  }

  #rehash(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    const mask = slots.length / 2 - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let slot = old[from] & mask;
      while (slots[slot * 2 + 1] !== 0) slot = (slot + 1) & mask;
      slots[slot * 2] = old[from];
      slots[slot * 2 + 1] = old[from + 1];
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}

/** Most names {@link DictionaryBuilder.addMany} takes. */
export const mostAtOnce = 128;

/** Where names lie in a buffer, with their running hashes. */
export interface NameBatch {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly running: Int32Array;
}

/** Scratch of {@link DictionaryBuilder.addMany}. */
const offsets = new Uint32Array(mostAtOnce);
const firstBytes = new Uint8Array(mostAtOnce);

/** A dictionary of the given distinct names, in their order. */
export function dictionaryOf(names: Iterable<string>): Dictionary {
  const builder = new DictionaryBuilder();
  for (const name of names) builder.add(name);
  return builder;
}

/**
 * The canonical order of names: numbers by value before other text, text by code unit.
 *
 * Returns `rank[index]`, the place of each name. Used for workers and classes, so that results do
 * not depend on the order of rows.
 */
export function canonicalRanks(dictionary: Dictionary): Uint32Array {
  const names = dictionary.names();
  const values = names.map((name) => (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(name) ? Number(name) : Number.NaN));
  const order = Array.from(names.keys()).sort((a, b) => {
    const [x, y] = [values[a], values[b]];
    if (!Number.isNaN(x) && !Number.isNaN(y) && x !== y) return x - y;
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    return names[a] < names[b] ? -1 : 1;
  });
  const ranks = new Uint32Array(names.length);
  order.forEach((index, rank) => {
    ranks[index] = rank;
  });
  return ranks;
}

/** Where the running hash of {@link DictionaryBuilder.addHashed} starts (FNV-1a, 32-bit). */
export const hashStart: number = 0x811c9dc5 | 0;
/** What the running hash is multiplied with after each byte. */
export const hashFactor: number = 0x01000193;

/** The running hash of {@link DictionaryBuilder.addHashed} over some bytes. */
export function runningHash(source: Uint8Array, from: number, to: number): number {
  let hash = hashStart;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ source[i], hashFactor);
  return hash;
}

function finished(running: number): number {
  let hash = running ^ (running >>> 15);
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function grown(array: Uint32Array, length: number): Uint32Array {
  const larger = new Uint32Array(length);
  larger.set(array);
  return larger;
}
