/**
 * Generates `docs/peers.md`: Assay's accuracy beside what other libraries score with the same
 * methods on the same sets, and what makes each difference.
 *
 * Usage, with the packages built and the data folder there (see docs/data.md):
 *
 *     node tools/peers-table.ts                       writes the page (a minute)
 *     node tools/peers-table.ts --check bluebird,temp compares these columns with the page, exit 1 if stale
 *
 * It fails when a difference above .005 has no explanation in `tools/lib/peer-records.ts`, or one
 * whose options do not give the recorded score.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type AnswerTable, fit } from '@assay/core';
import { methodById } from '@assay/core/methods';
import { readAnswersFile, readLabelsFile } from '@assay/core/node';
import { measure } from '@assay/core/quality';
import {
  type Explanation,
  type Options,
  type PeerRecord,
  type PeerSet,
  peerRecords,
  peerSets,
} from './lib/peer-records.ts';
import type { Row } from './lib/peer-replicas.ts';

const root = join(import.meta.dirname, '..');
const data = resolve(root, process.env.ASSAY_DATA ?? '../shared/datasets');
const page = join(root, 'docs/peers.md');

/** Differences above this are explained. */
const large = 0.005 + 1e-9;
/** A reproduced score is off by no more than this. */
const reproduced = 0.002;

interface LabelSet {
  readonly table: AnswerTable;
  readonly truth: ReadonlyMap<string, string>;
  readonly rows: readonly Row[];
}

async function read(set: PeerSet): Promise<LabelSet> {
  const plain = join(data, set, 'labels.csv');
  const path = existsSync(plain) ? plain : `${plain}.gz`;
  const bytes = readFileSync(path);
  const [header, ...lines] = (path === plain ? bytes : gunzipSync(bytes)).toString('utf8').trimEnd().split(/\r?\n/);
  const [task, worker, label] = ['task', 'worker', 'label'].map((name) => header.split(',').indexOf(name));
  const rows = lines.map((line): Row => {
    const cells = line.split(',');
    return [cells[task], cells[worker], cells[label]];
  });
  const { table } = await readAnswersFile(path);
  return { table, truth: await readLabelsFile(join(data, set, 'truth.csv')), rows };
}

/** Share right by label, ties as the method decides them. */
function byLabel(labelOf: (task: string) => string | null | undefined, truth: ReadonlyMap<string, string>): number {
  let right = 0;
  for (const [task, label] of truth) if (labelOf(task) === label) right++;
  return right / truth.size;
}

function shared(method: string, options: Options, { table, truth }: LabelSet): number {
  return measure(fit(methodById(method), table, { options }), truth).accuracy;
}

function matched(record: PeerRecord, set: LabelSet): number {
  const method = record.matchedMethod ?? record.method;
  if (record.drawsTies === true) return shared(method, record.matched, set);
  const estimate = fit(methodById(method), set.table, { options: record.matched });
  return byLabel((task) => estimate.label(task), set.truth);
}

function explained(record: PeerRecord, by: NonNullable<Explanation['by']>, set: LabelSet): number {
  if (typeof by === 'function') {
    const labels = by(set.rows);
    return byLabel((task) => labels.get(task), set.truth);
  }
  return shared(record.method, by, set);
}

const peerCells = (record: PeerRecord): string[] => record.scores.map((score) => score?.toFixed(4) ?? '–');

/** The three rows' cells of every record for one set, and what is wrong with the explanations. */
async function column(name: PeerSet): Promise<{ own: string[]; same: string[]; faults: string[] }> {
  const set = await read(name);
  const at = peerSets.indexOf(name);
  const [own, same, faults]: [string[], string[], string[]] = [[], [], []];
  for (const record of peerRecords) {
    const [ours, theirs] = [shared(record.method, {}, set), record.scores[at]];
    const close = matched(record, set);
    own.push(ours.toFixed(4));
    same.push(theirs === null ? '–' : close.toFixed(4));
    if (theirs === null) continue;
    const where = `${record.library} ${record.name} on ${name}`;
    const reason = record.explained?.find(({ sets }) => sets.includes(name));
    if (Math.abs(ours - theirs) > large && record.defaults === undefined && reason === undefined) {
      faults.push(`${where}: the default, ${ours}, is not explained`);
    }
    if (Math.abs(close - theirs) > large && reason === undefined) faults.push(`${where}: ${close} is not explained`);
    if (reason?.by === undefined) continue;
    const again = explained(record, reason.by, set);
    if (Math.abs(again - theirs) > reproduced) faults.push(`${where}: the explanation gives ${again}`);
  }
  console.error(`${name} done`);
  return { own, same, faults };
}

const libraries = { 'crowd-kit': 'crowd-kit', peerannot: 'peerannot', authors: 'authors’ code' } as const;

const optionsInWords = (options: Options): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');

/** What Assay runs in the third row of a record. */
function matchedInWords(record: PeerRecord): string {
  const options = optionsInWords(record.matched);
  const method = `\`${record.matchedMethod ?? record.method}\``;
  return options === '' ? method : `${method} with \`${options}\``;
}

function rowsOf(record: PeerRecord, own: readonly string[], same: readonly string[]): string {
  const rule = record.drawsTies === true ? `${matchedInWords(record)}, ties shared` : matchedInWords(record);
  return [
    `| **${libraries[record.library]} ${record.name}** | ${peerCells(record).join(' | ')} |`,
    `| Assay as the peer: ${rule} | ${same.join(' | ')} |`,
    `| Assay by default: \`${record.method}\` | ${own.join(' | ')} |`,
  ].join('\n');
}

/** The sentences about one record, or nothing. */
function reasonsOf(record: PeerRecord, own: readonly string[], same: readonly string[]): string[] {
  const differing = (cells: readonly string[]): PeerSet[] =>
    peerSets.filter(
      (_, s) => record.scores[s] !== null && Math.abs(Number(cells[s]) - (record.scores[s] as number)) > large,
    );
  const name = `${libraries[record.library]} ${record.name}`;
  const reasons: string[] = [];
  const [byDefault, asPeer] = [differing(own), differing(same)];
  if (record.defaults !== undefined && byDefault.length > 0) {
    reasons.push(`- **${name}**, Assay by default on ${byDefault.join(', ')}: ${record.defaults}`);
  }
  for (const { sets, why, by } of record.explained ?? []) {
    const how =
      by === undefined
        ? ''
        : typeof by === 'function'
          ? ' Checked with a small copy of it.'
          : ` \`${optionsInWords(by)}\` gives the peer’s score.`;
    const rows = record.defaults === undefined ? 'both rows' : 'Assay as the peer';
    const where = peerSets.filter((set) => sets.includes(set) && asPeer.includes(set));
    reasons.push(`- **${name}**, ${rows} on ${where.join(', ')}: ${why}${how}`);
  }
  return reasons;
}

function pageOf(own: readonly (readonly string[])[], same: readonly (readonly string[])[]): string {
  const of = (cells: readonly (readonly string[])[], r: number): string[] => cells.map((column) => column[r]);
  const rows = peerRecords.map((record, r) => rowsOf(record, of(own, r), of(same, r)));
  const reasons = peerRecords.flatMap((record, r) => reasonsOf(record, of(own, r), of(same, r)));
  return `# Beside other libraries

Generated by \`node tools/peers-table.ts\`; do not edit. The same methods on the same public files: what
[crowd-kit](https://github.com/Toloka/crowd-kit) 1.4.1 (January 2025), [peerannot](https://github.com/peerannot/peerannot)
(April 2026) and the authors' code of BWA, IBCC and EBCC (Li, Rubinstein & Cohn 2019) score with their default settings, what
Assay scores when told to do what they do, and what it scores by default.

A number is the share of the tasks with known truth that are right. The peers' were measured once, on the files that
[data.md](data.md) describes; a dash was not run or ended in an error. Assay's are computed by the command above. Ties: *as
the peer* decides them as the peer does (crowd-kit: the first class), or shares them where the peer draws; *by default*
a tie of c classes counts 1/c. Every difference above .005 has its sentence below; where the sentence names options or a
copy of the deviation, the command checks that they give the recorded score within .002.

| | ${peerSets.join(' | ')} |
| --- | ${peerSets.map(() => '---:').join(' | ')} |
${rows.join('\n')}

## What makes the differences

${reasons.join('\n')}

## Without a counterpart

- crowd-kit's M-MSR (.7130, .9242, .8575, .8278, .6834, .7429 and .7670 on the first seven sets) is not in Assay: on four
  of the seven it is below a majority vote with shared ties.
- cleanlab's CROWDLAB combines answers with a classifier. Without one, fed with the vote shares, it scores .7593, .9437,
  .9213, .8302, .7802, .7857, .7710 and .8958; that is the least it can do and says nothing about it with a good model.

What the best of Assay's methods, \`auto\` among them, score on these sets and others is in [accuracy.md](accuracy.md).
`;
}

/** The two rows of Assay's cells of a set on the committed page, in the order of the records. */
function committed(name: PeerSet): { own: string[]; same: string[] } {
  const lines = existsSync(page) ? readFileSync(page, 'utf8').split('\n') : [];
  const cellOf = (line: string): string => line.split('|')[peerSets.indexOf(name) + 2].trim();
  return {
    own: lines.filter((line) => line.startsWith('| Assay by default')).map(cellOf),
    same: lines.filter((line) => line.startsWith('| Assay as the peer')).map(cellOf),
  };
}

const asked = process.argv.indexOf('--check');
const chosen = asked > 0 ? (process.argv[asked + 1] ?? '').split(',') : peerSets;
const faults: string[] = [];
const columns: { own: string[]; same: string[] }[] = [];
for (const name of peerSets.filter((set) => chosen.includes(set))) {
  const found = await column(name);
  columns.push(found);
  faults.push(...found.faults);
  if (asked < 0) continue;
  const then = committed(name);
  peerRecords.forEach((record, r) => {
    for (const row of ['own', 'same'] as const) {
      if (then[row][r] === found[row][r]) continue;
      faults.push(
        `docs/peers.md is stale: ${record.name} (${row}) on ${name} is ${found[row][r]}, the page says ${then[row][r]}`,
      );
    }
  });
}
for (const fault of faults) console.log(fault);
if (asked > 0) console.log(`peers: ${columns.length} sets compared, ${faults.length} faults`);
else if (faults.length === 0) {
  writeFileSync(
    page,
    pageOf(
      columns.map(({ own }) => own),
      columns.map(({ same }) => same),
    ),
  );
}
process.exitCode = faults.length === 0 ? 0 : 1;
