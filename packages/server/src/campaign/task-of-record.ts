import { InputError, shown } from '@assay/core';
import { columnAliases, type FileRecord } from '@assay/core/formats';
import type { Content, Question, TaskRole, Value } from '../protocol/index.ts';
import { problemWith } from '../protocol/values.ts';
import { isSafeImage, safeHtml } from './safe-html.ts';

/** A task as it was found in a file. */
export interface FoundTask {
  /** Its id in the file; undefined where it has none. */
  readonly name: string | undefined;
  readonly content: Content;
  /** The known label, where the file has one. */
  readonly gold: Value | undefined;
  readonly explanation: string | undefined;
}

/** The most characters of one task. */
const mostContent = 1_000_000;

const folded = (name: string): string => name.toLowerCase().replace(/[\s_.-]/g, '');

const text = new Set(['text', 'content', 'body', 'sentence', 'passage', 'comment', 'source', 'document']);
const image = new Set(['image', 'imageurl', 'imageuri', 'img', 'url', 'sourceref', 'picture', 'photo']);
const explanation = new Set(['explanation', 'hint', 'rationale']);
const truth = new Set([...columnAliases.gold.flat(), 'golden', 'label', 'correctlabel', 'correctanswer']);
/** Also gold in files of gold and practice; elsewhere things to be shown. */
const looseTruth = new Set(['answer', 'value', 'class', 'category', 'correct', 'expected']);
const bareIds = ['task', 'taskname', 'item', 'id', 'row', 'index'];
const id = new Set([...columnAliases.task.flat().filter((name) => name.endsWith('id')), ...bareIds]);
const worker = new Set(columnAliases.worker.slice(0, 2).flat());
/** Around an answer, in files of answers: not part of the task. */
const circumstances = new Set(
  (['worker', 'label', 'kind', 'status', 'weight', 'time', 'duration', 'cost', 'exposed'] as const).flatMap((role) =>
    columnAliases[role].flat(),
  ),
);

/** The columns of a file by what became of them, for the receipt. */
export interface ColumnsSeen {
  readonly shown: Set<string>;
  readonly hidden: Set<string>;
}

/**
 * What one record of a file says about a task.
 *
 * Id, text, picture, HTML, gold and explanation are known by the usual names of their columns; all other columns are
 * shown by name. Exports are unwrapped: Label Studio's `data`, Argilla's `fields`, the `Input.` columns of Mechanical
 * Turk and the `INPUT:`, `GOLDEN:` and `HINT:` columns of Toloka. Labels are never shown, nor workers and
 * what goes with answers in a file that has a column of workers. Undefined where nothing is left to show.
 *
 * @throws {InputError} invalid-content, invalid-gold, unsafe-image
 */
export function taskOfRecord(
  record: FileRecord,
  question: Question,
  role: TaskRole,
  seen: ColumnsSeen,
): FoundTask | undefined {
  const content: { text?: string; image?: string; html?: string } = {};
  const fields: Record<string, string> = {};
  let name: { readonly value: string; readonly rank: number } | undefined;
  let known: unknown;
  let why: string | undefined;
  let size = 0;
  const columns = [...columnsOf(record.values)];
  const answers = columns.some(([column]) => worker.has(folded(column)));
  for (const [column, raw] of columns) {
    const key = folded(column);
    const value = textOf(raw);
    if (truth.has(key) || (role !== 'task' && looseTruth.has(key))) {
      seen.hidden.add(column);
      if (value !== undefined) known ??= raw;
      continue;
    }
    if (column.startsWith('_') || (answers && circumstances.has(key))) {
      seen.hidden.add(column);
      continue;
    }
    if (value === undefined) continue;
    size += value.length;
    if (!id.has(key) && !explanation.has(key)) seen.shown.add(column);
    if (explanation.has(key)) why = value;
    else if (key === 'html') content.html = safeHtml(value);
    else if (image.has(key) && content.image === undefined && looksLikeImage(key, value))
      content.image = picture(value, record);
    else if (text.has(key) && content.text === undefined) content.text = value;
    else if (id.has(key)) {
      const rank = columnAliases.task.findIndex((tier) => tier.includes(key));
      if (name === undefined || rank < name.rank) name = { value, rank };
    } else {
      Object.defineProperty(fields, column, { value, enumerable: true, configurable: true, writable: true });
    }
  }
  if (size > mostContent)
    throw fault(
      record,
      'invalid-content',
      `invalid task of ${size} characters`,
      `give at most ${mostContent} characters a task`,
    );
  const shownFields = Object.keys(fields).length > 0 ? { ...content, fields } : content;
  // A file with nothing but ids shows the ids.
  const all: Content =
    Object.keys(shownFields).length > 0 ? shownFields : name === undefined ? {} : { text: name.value };
  if (Object.keys(all).length === 0) return undefined;
  return {
    name: name?.value,
    content: all,
    gold: known === undefined || role === 'task' ? undefined : goldValue(known, question, record),
    explanation: why,
  };
}

/** The columns that describe the task, unwrapped from the layout of an export. */
function* columnsOf(values: Readonly<Record<string, unknown>>): Generator<readonly [string, unknown]> {
  const inner = isObject(values.data) ? values.data : isObject(values.fields) ? values.fields : undefined;
  if (inner !== undefined) {
    if (values.id !== undefined) yield ['id', values.id];
    yield* Object.entries(inner);
    return;
  }
  const entries = Object.entries(values);
  const prefixed = entries.filter(([column]) => /^(?:Input\.|INPUT:)/.test(column));
  if (prefixed.length === 0) {
    yield* entries;
    return;
  }
  for (const [column, value] of entries) {
    if (/^(?:Input\.|INPUT:)/.test(column)) yield [column.slice(6), value];
    else if (column.startsWith('GOLDEN:')) yield ['gold', value];
    else if (column.startsWith('HINT:')) yield ['hint', value];
    else if (column === 'HITId') yield [column, value];
  }
}

/** A gold value in the type of the question: files say everything as text. */
function goldValue(raw: unknown, question: Question, record: FileRecord): Value {
  const typed = typedValue(raw, question);
  const problem = typed === undefined ? 'give a value of the question' : problemWith(question, typed);
  if (problem === undefined && typed !== undefined) return typed;
  throw fault(
    record,
    'invalid-gold',
    `invalid gold label ${shown(raw)}`,
    problem ?? 'give a value of the question',
    textOf(raw),
  );
}

function typedValue(raw: unknown, question: Question): Value | undefined {
  if (question.kind === 'multi-label') {
    if (Array.isArray(raw)) return raw.map(String);
    const listed = typeof raw === 'string' && raw.trimStart().startsWith('[') ? parsed(raw) : undefined;
    if (Array.isArray(listed)) return listed.map(String);
    return typeof raw === 'string' ? raw.split(/[|;#]/).map((part) => part.trim()) : undefined;
  }
  if (question.kind === 'scale' || question.kind === 'number') {
    const number = typeof raw === 'string' ? (raw.trim() === '' ? Number.NaN : Number(raw)) : raw;
    return typeof number === 'number' ? number : undefined;
  }
  return Array.isArray(raw) ? textOf(raw[0]) : textOf(raw);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function picture(address: string, record: FileRecord): string {
  const trimmed = address.trim();
  if (isSafeImage(trimmed)) return trimmed;
  throw fault(
    record,
    'unsafe-image',
    `invalid picture ${shown(address)}`,
    'give an address that begins with https:, http: or /, or data: of a PNG, JPEG, GIF, WebP or AVIF in base64',
    address,
  );
}

/** A column called "url" or "source-ref" is a picture only if it says so. */
function looksLikeImage(key: string, value: string): boolean {
  return key.startsWith('im') || key.startsWith('p') || isSafeImage(value.trim());
}

/** A cell as text; undefined for nothing. Lists and objects are shown as JSON. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(record: FileRecord, code: string, problem: string, hint: string, got?: string): InputError {
  return new InputError(`${problem}; ${hint}`, {
    code,
    path: record.file,
    line: record.line,
    got: got?.slice(0, 60),
    hint,
  });
}
