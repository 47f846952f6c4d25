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
}

let loaded: Promise<Runtime> | undefined;

/** The command that installs ONNX Runtime, for messages. */
export const installCommand = 'npm install onnxruntime-node@1.30.0 --ignore-scripts';

/**
 * Gives Assay a runtime other than the one it would load: `onnxruntime-web` in a browser.
 * Import all of that package and pass it here once, before the first network. `undefined` goes back to
 * loading.
 */
export function useRuntime(runtime: Runtime | undefined): void {
  loaded = runtime === undefined ? undefined : Promise.resolve(runtime);
}

/**
 * ONNX Runtime, loaded at the first use.
 *
 * @throws {EngineError} missing-runtime, with the command that installs it
 */
export function loadRuntime(load: () => Promise<unknown> = () => import(runtimeName())): Promise<Runtime> {
  loaded ??= load().then(
    (module) => ((module as { default?: Runtime }).default ?? module) as Runtime,
    (cause: unknown) => {
      loaded = undefined;
      const hint = `install it with "${installCommand}"`;
      throw new EngineError(`missing ONNX Runtime, which networks run on; ${hint}`, {
        code: 'missing-runtime',
        got: 'onnxruntime-node',
        hint,
        cause,
      });
    },
  );
  return loaded;
}

/** Not a literal in the import, so that builds work without the optional package. */
function runtimeName(): string {
  return 'onnxruntime-node';
}

/** One thread, one order: the same bits on every run. */
export const sessionOptions: Readonly<Record<string, unknown>> = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 4,
};
