import { InputError, shown } from '../../errors.ts';
import type { Vote, Which } from './belief.ts';

/** One ballot of a log. */
export interface BallotRecord {
  /** Names the pair; made of the two artifacts' names when left out. */
  readonly pair?: string;
  readonly worker: string;
  /** 1 when she prefers the new (second) artifact. */
  readonly vote: Vote;
  /** The two artifacts, needed to measure qualities. */
  readonly old?: string;
  readonly new?: string;
  /** 1 when the new artifact is known to be better: from experts. */
  readonly truth?: Vote;
  /** Known difficulty in [0, 1]. */
  readonly difficulty?: number;
  /** Which artifact stood first on her screen. */
  readonly shownFirst?: Which;
}

/** Ballots, indexed. One vote per worker and pair counts: the last. */
export interface BallotTable {
  readonly pairs: readonly string[];
  readonly workers: readonly string[];
  /** Artifacts named by the ballots. */
  readonly artifacts: readonly string[];
  /** Per ballot. */
  readonly pair: Uint32Array;
  readonly worker: Uint32Array;
  readonly vote: Uint8Array;
  /** Which stood first: 1 the new one, 0 the old one, −1 unknown. */
  readonly newFirst: Int8Array;
  /** Per pair: −1 where unknown. */
  readonly truth: Int8Array;
  /** Per pair: NaN where unknown. */
  readonly difficulty: Float64Array;
  /** Per pair, an index into `artifacts`, −1 where not named. */
  readonly old: Int32Array;
  readonly new: Int32Array;
  readonly notes: readonly string[];
}

/**
 * Indexes ballots and checks that they agree with each other.
 *
 * Valid without any ballots. Artifacts of a pair may be named in either order: a vote on (b, a) is turned into one on
 * (a, b). A worker's second vote on a pair replaces the first, with a note.
 *
 * @throws {InputError} missing-pair, missing-worker, invalid-vote, invalid-difficulty, same-artifact, ambiguous-truth,
 *   ambiguous-difficulty, ambiguous-pair
 * @example
 * ballotTable([{ pair: 'p1', worker: 'ana', vote: 1 }, { pair: 'p1', worker: 'bo', vote: 0 }]).pairs; // => ['p1']
 */
export function ballotTable(records: Iterable<BallotRecord>): BallotTable {
  const pairs = new Map<string, PairEntry>();
  const workers = new Map<string, number>();
  const artifacts = new Map<string, number>();
  const last = new Map<string, Counted>();
  let repeated = 0;
  let contradicted = 0;
  let line = 0;
  for (const record of records) {
    line++;
    checkRecord(record, line);
    const { name, turned } = nameOf(record);
    let entry = pairs.get(name);
    if (entry === undefined) {
      const [first, second] = turned ? [record.new, record.old] : [record.old, record.new];
      entry = {
        index: pairs.size,
        old: indexIn(artifacts, first),
        new: indexIn(artifacts, second),
        truth: -1,
        difficulty: Number.NaN,
      };
      pairs.set(name, entry);
    }
    // A pair named by the user keeps the direction of its first ballot.
    const against =
      record.pair !== undefined &&
      record.old !== undefined &&
      entry.old >= 0 &&
      artifacts.get(record.old) !== entry.old;
    if (against && (record.new === undefined || artifacts.get(record.new) !== entry.old)) {
      throw problem(
        'ambiguous-pair',
        `ambiguous pair ${shown(name)}: its ballots name different artifacts; give every pair a name of its own`,
        line,
      );
    }
    const flip = turned || against;
    learnTruth(entry, record, flip, name, line);
    const worker = indexIn(workers, record.worker);
    const vote = (flip ? 1 - record.vote : record.vote) as Vote;
    const newFirst = record.shownFirst === undefined ? -1 : (record.shownFirst === 'new') !== flip ? 1 : 0;
    const key = `${entry.index}/${worker}`;
    const before = last.get(key);
    if (before !== undefined) {
      repeated++;
      if (before.vote !== vote) contradicted++;
      last.delete(key);
    }
    last.set(key, { pair: entry.index, worker, vote, newFirst });
  }
  const counted = [...last.values()];
  const entries = [...pairs.values()];
  const notes: string[] = [];
  if (repeated > 0) {
    notes.push(
      `${repeated} ballots repeat a worker on a pair (${contradicted} of them change the vote); the last one counts`,
    );
  }
  return {
    pairs: [...pairs.keys()],
    workers: [...workers.keys()],
    artifacts: [...artifacts.keys()],
    pair: Uint32Array.from(counted, (ballot) => ballot.pair),
    worker: Uint32Array.from(counted, (ballot) => ballot.worker),
    vote: Uint8Array.from(counted, (ballot) => ballot.vote),
    newFirst: Int8Array.from(counted, (ballot) => ballot.newFirst),
    truth: Int8Array.from(entries, (entry) => entry.truth),
    difficulty: Float64Array.from(entries, (entry) => entry.difficulty),
    old: Int32Array.from(entries, (entry) => entry.old),
    new: Int32Array.from(entries, (entry) => entry.new),
    notes,
  };
}

interface Counted {
  readonly pair: number;
  readonly worker: number;
  readonly vote: Vote;
  readonly newFirst: number;
}

interface PairEntry {
  readonly index: number;
  readonly old: number;
  readonly new: number;
  truth: number;
  difficulty: number;
}

function nameOf(record: BallotRecord): { name: string; turned: boolean } {
  if (record.pair !== undefined) return { name: record.pair, turned: false };
  const [a, b] = [record.old ?? '', record.new ?? ''];
  return a <= b ? { name: `${a} | ${b}`, turned: false } : { name: `${b} | ${a}`, turned: true };
}

function learnTruth(entry: PairEntry, record: BallotRecord, flip: boolean, name: string, line: number): void {
  if (record.truth !== undefined) {
    const truth = flip ? 1 - record.truth : record.truth;
    if (entry.truth >= 0 && entry.truth !== truth) {
      throw problem(
        'ambiguous-truth',
        `ambiguous truth of pair ${shown(name)}: both 0 and 1 are given; correct one of its rows`,
        line,
      );
    }
    entry.truth = truth;
  }
  if (record.difficulty !== undefined) {
    if (!Number.isNaN(entry.difficulty) && Math.abs(entry.difficulty - record.difficulty) > 1e-9) {
      throw problem(
        'ambiguous-difficulty',
        `ambiguous difficulty of pair ${shown(name)}: both ${entry.difficulty} and ${record.difficulty} are given; correct one of its rows`,
        line,
      );
    }
    entry.difficulty = record.difficulty;
  }
}

function checkRecord(record: BallotRecord, line: number): void {
  const vote: unknown = record.vote;
  const truth: unknown = record.truth;
  if (typeof record.worker !== 'string' || record.worker === '') {
    throw problem(
      'missing-worker',
      `missing worker of ballot ${line}; every ballot needs the name of who cast it`,
      line,
    );
  }
  if (record.pair === undefined && (record.old === undefined || record.new === undefined)) {
    throw problem('missing-pair', `missing pair of ballot ${line}; give the pair or its two artifacts`, line);
  }
  if (vote !== 0 && vote !== 1)
    throw problem(
      'invalid-vote',
      `invalid vote ${shown(vote)} of ballot ${line}; give 1 for the new artifact or 0`,
      line,
    );
  if (truth !== undefined && truth !== 0 && truth !== 1) {
    throw problem(
      'invalid-truth',
      `invalid truth ${shown(truth)} of ballot ${line}; give 1 when the new artifact is better, else 0`,
      line,
    );
  }
  const { difficulty } = record;
  if (difficulty !== undefined && !(difficulty >= 0 && difficulty <= 1)) {
    throw problem(
      'invalid-difficulty',
      `invalid difficulty ${shown(difficulty)} of ballot ${line}; give a number from 0 to 1`,
      line,
    );
  }
  if (record.old !== undefined && record.old === record.new) {
    throw problem(
      'same-artifact',
      `invalid pair of ballot ${line}: ${shown(record.old)} against itself; name two artifacts`,
      line,
    );
  }
}

function indexIn(names: Map<string, number>, name: string | undefined): number {
  if (name === undefined) return -1;
  let index = names.get(name);
  if (index === undefined) {
    index = names.size;
    names.set(name, index);
  }
  return index;
}

function problem(code: string, message: string, line: number): InputError {
  return new InputError(message, { code, line, hint: message.slice(message.lastIndexOf(';') + 2) });
}
