import type { ReadOptions } from '../formats/options.ts';
import { type AnswersRead, readAnswers } from '../formats/read.ts';
import { readLabels } from '../formats/read-labels.ts';
import { openSource, openSources } from './open-source.ts';

/**
 * Reads answers from files: {@link readAnswers} for paths. `-` is standard input, a directory its
 * files.
 *
 * @throws {InputError} as {@link openSources} and {@link readAnswers}
 */
export async function readAnswersFile(
  paths: string | readonly string[],
  options: ReadOptions = {},
): Promise<AnswersRead> {
  return readAnswers(await openSources(typeof paths === 'string' ? [paths] : paths), options);
}

/** Reads known labels by task from a file: {@link readLabels} for a path. */
export async function readLabelsFile(path: string, options: ReadOptions = {}): Promise<Map<string, string>> {
  return readLabels(await openSource(path), options);
}
