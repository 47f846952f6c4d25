import { type AssayError, InputError, shown } from '../../errors.ts';
import { CsvScanner } from '../../formats/csv-scanner.ts';
import { cellTexts, headOf } from '../../formats/head.ts';
import { jsonValues } from '../../formats/json-splitter.ts';
import { type Source, SourceReader } from '../../formats/source.ts';
import type { BallotRecord } from './ballots.ts';
import type { Vote, Which } from './belief.ts';

/** An artifact of a log: what it was made from, by whom, and its quality where somebody measured it. */
export interface ArtifactRecord {
  readonly artifact: string;
  readonly task?: string;
  /** The artifact it improves; left out for a first one. */
  readonly from?: string;
  readonly worker?: string;
  readonly quality?: number;
  /** A reference of known quality that fixes the scale, such as an empty text: not learned from. */
  readonly anchor: boolean;
}

const mostErrors = 20;

/** Column names understood, first the one we write. */
const ballotColumns = {
  pair: ['pair', 'pair_id', 'question', 'task'],
  worker: ['worker', 'worker_id', 'annotator', 'user', 'voter'],
  vote: ['vote', 'answer', 'label', 'prefers_new'],
  old: ['old', 'old_artifact', 'a', 'first', 'left'],
  new: ['new', 'new_artifact', 'b', 'second', 'right'],
  truth: ['truth', 'gold'],
  difficulty: ['difficulty'],
  shownFirst: ['shown_first', 'shownfirst', 'order'],
} as const;

const artifactColumns = {
  artifact: ['artifact', 'artifact_id', 'id'],
  task: ['task', 'item', 'image'],
  from: ['from', 'parent', 'base', 'improves'],
  worker: ['worker', 'worker_id', 'annotator', 'user', 'author'],
  quality: ['quality', 'score', 'rating'],
  kind: ['kind', 'anchor'],
} as const;

/**
 * Reads a log of ballots: CSV, TSV, JSON lines or a JSON array, plain or gzip.
 *
 * Columns `worker`, `vote` and `pair` or `old` and `new`; optionally `truth`, `difficulty`, `shown_first`. A vote is 1,
 * yes, true or new for the new artifact, 0, no, false or old for the old one, or the preferred artifact's name. Empty
 * cells are missing values. Unknown columns are ignored.
 *
 * @throws {InputError} missing-column, invalid-vote, invalid-number, with line and column; up to 20 are collected
 */
export async function readBallots(source: Source): Promise<BallotRecord[]> {
  const rows = await readRows(source, ballotColumns, ['worker', 'vote']);
  return collect(source.name, rows, (row) => {
    const { pair, worker, old, new: candidate } = row.cells;
    if (worker === undefined) throw bad('missing-worker', 'missing worker', '', 'fill the column worker');
    if (pair === undefined && (old === undefined || candidate === undefined)) {
      throw bad('missing-pair', 'missing pair', '', 'fill the column pair, or both old and new');
    }
    const { truth, difficulty, shownFirst } = row.cells;
    return {
      pair,
      worker,
      vote: voteOf(row.cells.vote, 'vote', old, candidate),
      old,
      new: candidate,
      truth: truth === undefined ? undefined : voteOf(truth, 'truth', old, candidate),
      difficulty: difficulty === undefined ? undefined : shareOf(difficulty, 'difficulty'),
      shownFirst: shownFirst === undefined ? undefined : sideOf(shownFirst, old, candidate),
    };
  });
}

/**
 * Reads a log of artifacts: first ones, improvements and anchors; the same file formats as `readBallots`.
 *
 * Column `artifact`; optionally `from` (what it improves), `worker`, `task`, `quality` in [0, 1], and `kind`, which is
 * `anchor` for references of known quality.
 *
 * @throws {InputError} missing-column, duplicate-artifact, unknown-artifact, missing-quality, invalid-number
 */
export async function readArtifacts(source: Source): Promise<ArtifactRecord[]> {
  const rows = await readRows(source, artifactColumns, ['artifact']);
  const names = new Set(rows.map((row) => row.cells.artifact));
  const seen = new Set<string>();
  return collect(source.name, rows, (row) => {
    const { artifact, from, quality, kind, task, worker } = row.cells;
    if (artifact === undefined) throw bad('missing-artifact', 'missing artifact', '', 'fill the column artifact');
    if (seen.has(artifact))
      throw bad('duplicate-artifact', 'ambiguous artifact', artifact, 'give every artifact one row');
    seen.add(artifact);
    if (from !== undefined && !names.has(from))
      throw bad('unknown-artifact', 'unknown artifact in from', from, 'add a row for it');
    if (from === artifact) throw bad('invalid-from', 'invalid from', from, 'an artifact cannot improve itself');
    const anchor = kind !== undefined && ['anchor', 'true', '1', 'yes'].includes(kind.toLowerCase());
    if (anchor && quality === undefined)
      throw bad('missing-quality', 'missing quality of anchor', artifact, 'give its known quality');
    return {
      artifact,
      task,
      from,
      worker,
      anchor,
      quality: quality === undefined ? undefined : shareOf(quality, 'quality'),
    };
  });
}

interface Row<C extends string> {
  readonly line: number;
  readonly cells: Readonly<Partial<Record<C, string>>>;
}

async function readRows<C extends string>(
  source: Source,
  columns: Readonly<Record<C, readonly string[]>>,
  required: readonly NoInfer<C>[],
): Promise<Row<C>[]> {
  const reader = await SourceReader.open(source);
  const head = await headOf(reader);
  if (head.kind === 'empty') return [];
  if (head.kind === 'json' || head.kind === 'jsonl') return jsonRows(reader, columns, required);
  if (head.kind !== 'table') {
    throw new InputError(`invalid file ${source.name}: neither a table nor JSON; give CSV, TSV or JSON lines`, {
      code: 'invalid-file',
      path: source.name,
      hint: 'give CSV, TSV or JSON lines',
    });
  }
  const rows: Row<C>[] = [];
  let plan: (C | null)[] | null = null;
  const scanner = new CsvScanner({ name: source.name, delimiter: head.delimiter.charCodeAt(0) }, () => {
    const cells = cellTexts(scanner);
    if (plan === null) {
      plan = planOf(cells, columns);
      demand(plan, required, source.name, cells);
      return;
    }
    rows.push({ line: scanner.line, cells: named(plan, cells) });
  });
  for await (const chunk of reader.chunks()) scanner.push(chunk);
  scanner.end();
  return rows;
}

async function jsonRows<C extends string>(
  reader: SourceReader,
  columns: Readonly<Record<C, readonly string[]>>,
  required: readonly NoInfer<C>[],
): Promise<Row<C>[]> {
  const rows: Row<C>[] = [];
  let line = 0;
  for await (const values of jsonValues(reader)) {
    for (const { value } of values) {
      line++;
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw new InputError(`invalid record ${line} of ${reader.name}: ${shown(value)}; give one object per record`, {
          code: 'invalid-record',
          path: reader.name,
          line,
          got: shown(value),
          hint: 'give one object per record',
        });
      }
      const keys = Object.keys(value);
      const plan = planOf(keys, columns);
      if (line === 1) demand(plan, required, reader.name, keys);
      const texts = Object.values(value).map((cell) => (cell === null || cell === undefined ? '' : String(cell)));
      rows.push({ line, cells: named(plan, texts) });
    }
  }
  return rows;
}

function planOf<C extends string>(
  header: readonly string[],
  columns: Readonly<Record<C, readonly string[]>>,
): (C | null)[] {
  const taken = new Set<C>();
  const plan: (C | null)[] = header.map(() => null);
  const names = header.map((name) => name.trim().toLowerCase());
  for (const role of Object.keys(columns) as C[]) {
    for (const alias of columns[role]) {
      const at = names.indexOf(alias);
      if (at < 0 || plan[at] !== null || taken.has(role)) continue;
      plan[at] = role;
      taken.add(role);
    }
  }
  return plan;
}

function demand<C extends string>(
  plan: readonly (C | null)[],
  required: readonly NoInfer<C>[],
  path: string,
  header: readonly string[],
): void {
  for (const role of required) {
    if (plan.includes(role)) continue;
    throw new InputError(
      `missing column ${shown(role)} in ${path}: it has ${header.slice(0, 12).join(', ')}; name one of them ${role}`,
      {
        code: 'missing-column',
        path,
        line: 1,
        got: header.join(', ').slice(0, 200),
        hint: `name a column ${role}`,
      },
    );
  }
}

function named<C extends string>(plan: readonly (C | null)[], texts: readonly string[]): Partial<Record<C, string>> {
  const cells: Partial<Record<C, string>> = {};
  plan.forEach((role, c) => {
    const text = (texts[c] ?? '').trim();
    if (role !== null && text !== '') cells[role] = text;
  });
  return cells;
}

/** Turns rows into records; errors get their line, and up to 20 are thrown together. */
function collect<C extends string, R>(path: string, rows: readonly Row<C>[], make: (row: Row<C>) => R): R[] {
  const records: R[] = [];
  const errors: InputError[] = [];
  for (const row of rows) {
    try {
      records.push(make(row));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      errors.push(placed(error, path, row.line));
      if (errors.length >= mostErrors) break;
    }
  }
  if (errors.length > 0) throw new InputError(errors[0].message, { ...details(errors[0]) }, errors.slice(1));
  return records;
}

function placed(error: InputError, path: string, line: number): InputError {
  const message = error.message.replace(';', ` in line ${line} of ${path};`);
  return new InputError(message, { ...details(error), path, line });
}

function details(error: AssayError): { code: string; path?: string; line?: number; got?: string; hint?: string } {
  return { code: error.code, path: error.path, line: error.line, got: error.got, hint: error.hint };
}

function voteOf(
  text: string | undefined,
  column: string,
  old: string | undefined,
  candidate: string | undefined,
): Vote {
  if (text === undefined) throw bad(`missing-${column}`, `missing ${column}`, '', `fill the column ${column}`);
  if (text === candidate) return 1;
  if (text === old) return 0;
  const folded = text.toLowerCase();
  if (['1', 'yes', 'true', 'new'].includes(folded)) return 1;
  if (['0', 'no', 'false', 'old'].includes(folded)) return 0;
  throw bad(`invalid-${column}`, `invalid ${column}`, text, 'give 1 or new, 0 or old, or the preferred artifact');
}

function sideOf(text: string, old: string | undefined, candidate: string | undefined): Which {
  const folded = text.toLowerCase();
  if (folded === 'new' || text === candidate) return 'new';
  if (folded === 'old' || text === old) return 'old';
  throw bad('invalid-order', 'invalid shown_first', text, 'give old or new');
}

function shareOf(text: string, column: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw bad('invalid-number', `invalid ${column}`, text, 'give a number from 0 to 1');
  return value;
}

function bad(code: string, what: string, got: string, hint: string): InputError {
  return new InputError(`${what}${got === '' ? '' : ` ${shown(got)}`}; ${hint}`, { code, got, hint });
}
