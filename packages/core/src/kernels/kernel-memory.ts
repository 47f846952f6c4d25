import { type KernelExports, mostKernelBytes, openKernel } from './wasm.ts';

/** Which engine a sweep is asked to run on. */
export type KernelEngine = 'auto' | 'wasm' | 'reference';

/** Below this many answers compiling WebAssembly costs more than it saves. */
export const leastWasmAnswers = 20_000;

/** Hands out aligned byte addresses; the same plan serves WebAssembly and plain arrays. */
export class MemoryPlan {
  #next: number;

  constructor(start: number) {
    this.#next = start;
  }

  /** The address of `count` items of `bytes` each, on a cache line. */
  take(count: number, bytes: number): number {
    const address = Math.ceil(this.#next / 64) * 64;
    this.#next = address + count * bytes;
    return address;
  }

  get bytes(): number {
    return this.#next;
  }
}

/**
 * The memory of a sweep, and the functions that run on it: `run` is undefined where the TypeScript
 * reference works on the same views.
 */
export interface KernelMemory {
  readonly engine: 'wasm' | 'reference';
  /** Why the reference runs though it was not asked for. */
  readonly note: string | undefined;
  readonly run: KernelExports | undefined;
  readonly doubles: Float64Array;
  readonly words: Uint32Array;
  readonly halves: Uint16Array;
}

/** Memory for `plan` on the engine wanted, or on the reference with a note where that cannot be. */
export function openMemory(
  kernel: { readonly name: string; readonly base64: string },
  plan: MemoryPlan,
  engine: KernelEngine,
  answers: number,
): KernelMemory {
  const bytes = Math.ceil(plan.bytes / 8) * 8;
  if (engine === 'reference' || (engine === 'auto' && answers < leastWasmAnswers)) return plainMemory(bytes, undefined);
  try {
    if (bytes > mostKernelBytes) throw new RangeError('more than 4 GB');
    const { memory, run } = openKernel(kernel.name, kernel.base64, bytes);
    return { engine: 'wasm', note: undefined, run, ...views(memory.buffer) };
  } catch (error) {
    return plainMemory(bytes, fallbackNote(error));
  }
}

/** What a fallback to TypeScript says. */
export function fallbackNote(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `WebAssembly could not be used (${reason}); TypeScript runs instead, two to six times slower`;
}

function plainMemory(bytes: number, note: string | undefined): KernelMemory {
  return { engine: 'reference', note, run: undefined, ...views(new ArrayBuffer(bytes)) };
}

function views(buffer: ArrayBuffer): Pick<KernelMemory, 'doubles' | 'words' | 'halves'> {
  return { doubles: new Float64Array(buffer), words: new Uint32Array(buffer), halves: new Uint16Array(buffer) };
}
