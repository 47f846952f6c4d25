import { InputError, shown } from '@assay/core';

type Json = Readonly<Record<string, unknown>>;

/**
 * The objects of a JSON array or of JSON lines.
 *
 * @throws {InputError} invalid-json, with the line
 */
export function parsedJson(file: string, bytes: Uint8Array): Json[] {
  const text = new TextDecoder().decode(bytes);
  if (text.trimStart().startsWith('[')) {
    const parsed = parse(file, text);
    return (parsed as unknown[]).map((value, index) => objectOf(file, value, index + 1));
  }
  return text
    .split('\n')
    .map((line, index) => ({ line, at: index + 1 }))
    .filter(({ line }) => line.trim() !== '')
    .map(({ line, at }) => objectOf(file, parse(file, line, at), at));
}

function parse(file: string, text: string, line?: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw broken(file, (cause as Error).message, line, cause);
  }
}

function objectOf(file: string, value: unknown, at: number): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw broken(file, `record ${at} is no object`, at);
}

function broken(file: string, why: string, line?: number, cause?: unknown): InputError {
  const hint = 'give one object per line, or an array of objects';
  const place = line === undefined ? '' : ` at line ${line}`;
  return new InputError(`invalid JSON in ${shown(file)}${place}: ${why}; ${hint}`, {
    code: 'invalid-json',
    path: file,
    line,
    hint,
    cause,
  });
}
