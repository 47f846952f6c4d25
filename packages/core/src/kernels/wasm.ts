/** Functions of a kernel module, by name. */
export type KernelExports = Readonly<Record<string, (...values: number[]) => void>>;

/** A kernel module with its own memory. */
export interface Kernel {
  readonly memory: WebAssembly.Memory;
  readonly run: KernelExports;
}

const pageBytes = 65536;
/** 32-bit addresses end here. */
export const mostKernelBytes: number = 65536 * pageBytes;

const compiled = new Map<string, WebAssembly.Module>();

/**
 * Compiles (once per module) and instantiates a kernel with `bytes` of zeroed memory.
 *
 * Throws what the machine throws if it has no WebAssembly, no 128-bit vectors, forbids compiling
 * (a content security policy) or has not enough memory; callers fall back to the reference.
 */
export function openKernel(name: string, base64: string, bytes: number): Kernel {
  let module = compiled.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(decode(base64));
    compiled.set(name, module);
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes), maximum: 65536 });
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { memory, run: instance.exports as KernelExports };
}

/** Grows the memory of a kernel to at least `bytes`; views of it must be made anew. */
export function growKernel(kernel: Kernel, bytes: number): void {
  const missing = Math.ceil((bytes - kernel.memory.buffer.byteLength) / pageBytes);
  if (missing > 0) kernel.memory.grow(missing);
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
