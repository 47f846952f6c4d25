import type { AnswerTable } from '../answers/answer-table.ts';
import type { Receipt } from '../answers/receipt.ts';
import { InputError, nearNames, shown } from '../errors.ts';
import type { ReadOptions } from './options.ts';
import { readInto } from './read-into.ts';
import { AnswerSink } from './sink.ts';
import type { Source } from './source.ts';

/** All answers of one or several files: a table and a receipt for each question. */
export interface AnswersRead {
  /** The only question's table, or that of the question asked for. */
  readonly table: AnswerTable;
  readonly receipt: Receipt;
  /** The tables of all questions by name, in order of appearance. */
  readonly tables: ReadonlyMap<string, { readonly table: AnswerTable; readonly receipt: Receipt }>;
}

/**
 * Reads answers from files of any known format, plain or gzip, in a stream.
 *
 * Several sources are read as one, in their order. The format of each is found from its content
 * unless `options.format` says it. Memory is that of the tables plus the longest record. The receipt
 * says what was understood, guessed and left out.
 *
 * With several questions, `table` and `receipt` are those of `options.question`; reading them
 * without having chosen is an {@link InputError} that lists the questions, `tables` holds all.
 *
 * @throws {InputError} with up to 20 failures in `all`, each with file, line, value and fix
 * @example
 * const { table, receipt } = await readAnswers(sourceOf('answers.csv', 'task,worker,label\nt1,ana,cat\n'));
 * receipt.answers; // => 1
 */
export async function readAnswers(
  sources: Source | readonly Source[],
  options: ReadOptions = {},
): Promise<AnswersRead> {
  const sink = new AnswerSink(options);
  for (const source of asList(sources)) await readInto(source, sink, options.format);
  const tables = sink.finish();
  const chosen = (): { table: AnswerTable; receipt: Receipt } =>
    chooseQuestion(tables, options.question, sink.passedOver);
  return {
    get table(): AnswerTable {
      return chosen().table;
    },
    get receipt(): Receipt {
      return chosen().receipt;
    },
    tables,
  };
}

function chooseQuestion<V>(
  tables: ReadonlyMap<string, V>,
  question: string | undefined,
  others: ReadonlySet<string>,
): V {
  const names = [...tables.keys()];
  const found = names.length === 1 || question !== undefined ? tables.get(question ?? names[0]) : undefined;
  if (found !== undefined) return found;
  if (names.length + others.size === 0) {
    const hint = 'give a file with at least one answer';
    throw new InputError(`missing answers; ${hint}`, { code: 'no-answers', hint });
  }
  if (question === undefined) {
    const hint = `choose one with --question: ${names.slice(0, 12).join(', ')}`;
    const message = `ambiguous question: the answers are to ${names.length} questions; ${hint}`;
    throw new InputError(message, { code: 'ambiguous-question', got: names.slice(0, 12).join(','), hint });
  }
  const near = nearNames(question, [...others]);
  const hint =
    near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the questions are ${[...others].slice(0, 12).join(', ')}`;
  throw new InputError(`unknown question ${shown(question)}; ${hint}`, {
    code: 'unknown-question',
    got: question,
    hint,
  });
}

function asList<T>(given: T | readonly T[]): readonly T[] {
  return Array.isArray(given) ? (given as readonly T[]) : [given as T];
}
