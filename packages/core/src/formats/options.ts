import type { AnswerStatus, WorkerKind } from '../answers/answer-table.ts';
import type { DuplicateRule } from '../answers/receipt.ts';
import type { ColumnChoice, Role } from './columns.ts';

/** How files of answers are read. Everything has a default that fits most files. */
export interface ReadOptions {
  /** A format's id; default: found from the content. */
  readonly format?: string;
  /** Column names by role, or the roles of the columns of a file without header. */
  readonly columns?: ColumnChoice;
  /** The character between cells; default: found from the content. */
  readonly delimiter?: string;
  /** False takes quotation marks in CSV and TSV for ordinary characters. */
  readonly quoted?: boolean;
  readonly duplicates?: DuplicateRule;
  /** Read only this question. */
  readonly question?: string;
  /** The classes, in the order wanted; other labels are errors unless `openClasses`. */
  readonly classes?: readonly string[];
  readonly openClasses?: boolean;
  /** Take labels that differ only in case for one, spelled as the first. */
  readonly foldCase?: boolean;
  /** Drop spaces around tasks, workers and labels. */
  readonly trim?: boolean;
  /** Values that mean "no answer", instead of {@link missingValues}. */
  readonly missing?: readonly string[];
  /** The worker of answers that name none. */
  readonly worker?: string;
  /** The kind of workers whose kind the file does not say. */
  readonly kind?: WorkerKind;
  /** What an answer of several choices becomes: one label that names the set, or a yes/no question for each. */
  readonly several?: 'set' | 'each';
}

/** The chosen columns when they are chosen by name. */
export function chosenByName(choice: ColumnChoice | undefined): Readonly<Partial<Record<Role, string>>> {
  return choice === undefined || Array.isArray(choice) ? {} : (choice as Partial<Record<Role, string>>);
}

/** The roles of the columns when they are given in order. */
export function chosenByPlace(choice: ColumnChoice | undefined): readonly (Role | null)[] | undefined {
  return Array.isArray(choice) ? (choice as readonly (Role | null)[]) : undefined;
}

const statusWords: Readonly<Record<string, AnswerStatus>> = {
  ok: 'ok',
  submitted: 'ok',
  approved: 'ok',
  accepted: 'ok',
  accept: 'ok',
  completed: 'ok',
  complete: 'ok',
  done: 'ok',
  skip: 'skip',
  skipped: 'skip',
  ignore: 'skip',
  ignored: 'skip',
  discarded: 'skip',
  cancelled: 'skip',
  abstain: 'abstain',
  abstained: 'abstain',
  rejected: 'rejected',
  reject: 'rejected',
  surplus: 'surplus',
  draft: 'draft',
  pending: 'draft',
};

const kindWords: Readonly<Record<string, WorkerKind>> = {
  human: 'human',
  person: 'human',
  crowd: 'human',
  ai: 'ai',
  model: 'ai',
  llm: 'ai',
  machine: 'ai',
  rule: 'rule',
  function: 'rule',
  expert: 'expert',
};

/** The status a word of some tool means, if known. */
export function statusOf(word: string): AnswerStatus | undefined {
  return statusWords[word.trim().toLowerCase()];
}

/** The kind of worker a word means, if known. */
export function kindOf(word: string): WorkerKind | undefined {
  return kindWords[word.trim().toLowerCase()];
}
