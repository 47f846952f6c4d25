import { EngineError } from '@assay/core';

/** A tensor of ONNX Runtime. */
export interface RuntimeTensor {
  readonly data: Float32Array | BigInt64Array;
  readonly dims: readonly number[];
}

/** A loaded graph. */
export interface RuntimeSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Type and shape of each input; a text in a shape is a size that may vary. */
  readonly inputMetadata?: readonly { readonly type?: string; readonly shape?: readonly (number | string)[] }[];
  run(
    feeds: Readonly<Record<string, RuntimeTensor>>,
    fetches?: Readonly<Record<string, RuntimeTensor | null>>,
  ): Promise<Readonly<Record<string, RuntimeTensor>>>;
  release(): Promise<void>;
}

/**
 * Does a runtime write results into memory it is given? `onnxruntime-web` 1.30 takes such memory and leaves
 * it as it was.
 */
export function fillsMemory({ env }: Runtime): boolean {
  return env?.versions.web === undefined;
}

/** The part of `onnxruntime-node` and `onnxruntime-web` that Assay uses: both fit. */
export interface Runtime {
  readonly Tensor: new (
    type: 'float32' | 'int64',
    data: Float32Array | BigInt64Array,
    dims: readonly number[],
  ) => RuntimeTensor;
  readonly InferenceSession: {
    create(model: Uint8Array, options?: Readonly<Record<string, unknown>>): Promise<RuntimeSession>;
  };
  readonly env?: { readonly versions: { readonly web?: string } };
}

let loaded: Promise<Runtime> | undefined;

/** The command that installs ONNX Runtime, for messages. */
export const installCommand = 'npm install onnxruntime-node@1.30.0 --ignore-scripts';

const inBrowser = 'document' in globalThis || 'WorkerGlobalScope' in globalThis;

/**
 * Gives Assay a runtime other than the one it would load: for example all of `onnxruntime-web`, set up
 * otherwise. Once, before the first network. `undefined` goes back to loading.
 */
export function useRuntime(runtime: Runtime | undefined): void {
  loaded = runtime === undefined ? undefined : Promise.resolve(runtime);
}

/**
 * ONNX Runtime, loaded at the first use: `onnxruntime-node`, in browsers and their workers the WebAssembly
 * build of `onnxruntime-web`, whose `.wasm` file must be served beside its script.
 *
 * @throws {EngineError} missing-runtime, with the command that installs it
 */
export function loadRuntime(load: () => Promise<unknown> = inBrowser ? loadWeb : loadNode): Promise<Runtime> {
  loaded ??= load().then(
    (module) => ((module as { default?: Runtime }).default ?? module) as Runtime,
    (cause: unknown) => {
      loaded = undefined;
      const command = inBrowser ? 'npm install onnxruntime-web@1.30.0' : installCommand;
      const hint = `install it with "${command}"`;
      throw new EngineError(`missing ONNX Runtime, which networks run on; ${hint}`, {
        code: 'missing-runtime',
        got: inBrowser ? 'onnxruntime-web' : 'onnxruntime-node',
        hint,
        cause,
      });
    },
  );
  return loaded;
}

function loadNode(): Promise<unknown> {
  // Not a literal in the import, so that builds work without the optional package and bundles for browsers leave it out.
  const name = 'onnxruntime-node';
  return import(`${name}`);
}

async function loadWeb(): Promise<unknown> {
  const module = await import('onnxruntime-web/wasm');
  // Threads need a page isolated from other origins, and would not repeat the same bits.
  module.env.wasm.numThreads = 1;
  return module;
}

/** One thread, one order: the same bits on every run. */
export const sessionOptions: Readonly<Record<string, unknown>> = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 4,
};
