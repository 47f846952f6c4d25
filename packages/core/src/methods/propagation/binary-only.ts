import type { AnswerTable } from '../../answers/answer-table.ts';
import { InputError } from '../../errors.ts';

/**
 * Refuses more than two classes, naming a method that takes them.
 *
 * @throws {InputError} binary-only
 */
export function requireTwoClasses(table: AnswerTable, method: string, instead: string): void {
  if (table.classCount <= 2) return;
  throw new InputError(
    `invalid number of classes for ${method}: ${table.classCount}; it takes two, use ${instead} for more`,
    { code: 'binary-only', path: 'method', got: String(table.classCount), hint: `use ${instead}` },
  );
}
