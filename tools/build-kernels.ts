/**
 * Compiles the WASM kernels: template → AssemblyScript → WASM → base64 in
 * `packages/core/src/kernels/generated/*.generated.ts`.
 *
 *     node tools/build-kernels.ts            write what is out of date
 *     node tools/build-kernels.ts --check    exit 1 if something is
 *     node tools/build-kernels.ts --print confusion   the AssemblyScript
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { coinQuadratureSource } from './kernels/coin-quadrature.ts';
import { confusionSource } from './kernels/confusion.ts';
import { gladSource } from './kernels/glad.ts';
import { oddsSource } from './kernels/odds.ts';

/** The source of each kernel module by name. */
export const kernelSources: Readonly<Record<string, () => string>> = {
  confusion: confusionSource,
  odds: oddsSource,
  glad: gladSource,
  'coin-quadrature': coinQuadratureSource,
};

const compilerOptions = (
  '--runtime stub --noAssert --optimizeLevel 3 --shrinkLevel 0 --converge --enable simd ' +
  '--importMemory --initialMemory 1 --maximumMemory 65536 --lowMemoryLimit 0'
).split(' ');

/** What a committed file says it was made from: source, compiler options and compiler version. */
export function kernelHash(name: string): string {
  const recipe = [kernelSources[name](), compilerOptions.join(' '), compilerVersion()].join('\n');
  return createHash('sha256').update(recipe).digest('hex').slice(0, 16);
}

/** Read from its manifest: loading the compiler takes a second. */
function compilerVersion(): string {
  const manifest = new URL('../package.json', import.meta.resolve('assemblyscript'));
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}

export function kernelFile(name: string): URL {
  return new URL(`../packages/core/src/kernels/generated/${name}.generated.ts`, import.meta.url);
}

export async function compileKernel(name: string): Promise<Uint8Array> {
  const { default: asc } = await import('assemblyscript/asc');
  let binary: Uint8Array = new Uint8Array();
  const { error, stdout, stderr } = await asc.main(['input.ts', '--outFile', 'out.wasm', ...compilerOptions], {
    readFile: (file: string) => (file === 'input.ts' ? kernelSources[name]() : null),
    writeFile: (file: string, contents: string | Uint8Array) => {
      if (file === 'out.wasm' && typeof contents !== 'string') binary = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stdout}${stderr}`);
  return binary;
}

/** Is the committed file what the template, the options and the compiler make? */
export function isUpToDate(name: string): boolean {
  try {
    return readFileSync(kernelFile(name), 'utf8').includes(kernelHash(name));
  } catch {
    return false;
  }
}

async function build(name: string): Promise<void> {
  const binary = await compileKernel(name);
  const identifier = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const base64 = Buffer.from(binary).toString('base64');
  const text = `// Made by tools/build-kernels.ts from tools/kernels/${name}.ts; do not edit.
/** Hash of the source and the compiler this was made from. */
export const ${identifier}KernelHash: string = '${kernelHash(name)}';
/** ${binary.length} bytes of WebAssembly, base64. */
export const ${identifier}Kernel: string =
  '${base64}';
`;
  mkdirSync(new URL('.', kernelFile(name)), { recursive: true });
  writeFileSync(kernelFile(name), text);
  console.log(`${name}: ${binary.length} bytes of WASM, ${gzipSync(text).length} bytes of module after gzip`);
}

if (import.meta.main) {
  const [mode, only] = process.argv.slice(2);
  if (mode === '--print') {
    console.log(kernelSources[only]());
  } else {
    const stale = Object.keys(kernelSources).filter((name) => !isUpToDate(name));
    if (mode === '--check' && stale.length > 0) {
      console.error(`out of date: ${stale.join(', ')}; run node tools/build-kernels.ts`);
      process.exitCode = 1;
    } else if (mode !== '--check') {
      for (const name of stale) await build(name);
    }
  }
}
