import { type DuplicateRule, Random } from '@assay/core';
import { type Sheet, writeSheet } from '@assay/core/formats';
import { openSources } from '@assay/core/node';
import {
  type ComparisonReceipt,
  type ComparisonRole,
  comparisonRoles,
  type NamedComparisons,
  nextPairs,
  type RankIntervals,
  type RankingResult,
  rankComparisons,
  rankIntervals,
  readComparisons,
} from '@assay/core/ranking';
import { Command, InvalidArgumentError, Option } from 'commander';
import { watched } from '../input/answers.ts';
import { delimiterOf, levelOf, listOf, pairsOf, seedFlag } from '../input/flags.ts';
import { checkWritable, writeAll } from '../output/files.ts';
import {
  comparisonNotes,
  comparisonsLine,
  itemsSheet,
  type RankedItem,
  type RankingWorker,
  rankedItems,
  rankingTable,
  rankingWorkers,
  rankingWorkersSheet,
} from '../output/ranking.ts';
import { checkOutputName } from '../output/results.ts';
import { clipped } from '../output/table.ts';
import { count, counted, duration } from '../output/words.ts';
import type { Shell } from '../shell.ts';

/** How scores are found, with what `--help` says of it. */
const methods = {
  'crowd-bradley-terry': 'Bradley-Terry with a reliability of each worker, Chen et al. 2013',
  'bradley-terry': 'Bradley-Terry with ties, Davidson 1970; every worker is trusted',
} as const;
type RankMethod = keyof typeof methods;

interface Flags {
  readonly method: RankMethod;
  readonly output?: string;
  readonly workersOut?: string;
  readonly next: number;
  readonly nextOut?: string;
  readonly level: number;
  readonly seed: number;
  readonly columns?: Readonly<Partial<Record<ComparisonRole, string>>>;
  readonly delimiter?: string;
  readonly duplicates?: DuplicateRule;
  readonly worker?: string;
  readonly missing?: readonly string[];
  readonly json?: boolean;
}

const help = `
Methods:
${Object.entries(methods)
  .map(([id, does]) => `  ${id.padEnd(20)}  ${does}`)
  .join('\n')}

PAIRS has a row per comparison: worker, left, right and winner (a name, left, right or tie), or winner and
loser; or a row per item of a ranking: worker, item, rank. A column task says what was asked: docs/ranking.md.`;

/** `assay rank PAIRS…`: a ranking with intervals, from answers about pairs. */
export function build(shell: Shell): Command {
  return new Command('rank')
    .argument('<PAIRS...>', 'files of comparisons or rankings, or - for standard input')
    .addOption(
      new Option('-m, --method <METHOD>', 'how scores are found')
        .choices(Object.keys(methods))
        .default('crowd-bradley-terry'),
    )
    .option('-o, --output <OUT>', 'where the ranking goes; its extension chooses csv, tsv, jsonl, json or parquet')
    .option('--workers-out <FILE>', 'where the worker report goes')
    .option('--next-out <FILE>', 'where the pairs to ask about next go, most telling first')
    .addOption(new Option('--next <N>', 'how many pairs --next-out holds').argParser(pairCountOf).default(20))
    .addOption(new Option('--level <SHARE>', 'how often intervals should cover').argParser(levelOf).default(0.95))
    .addOption(seedFlag())
    .option('--json', 'print one JSON document and nothing else on stdout')
    .option(
      '--columns <LIST>',
      'which column is what: left=a,right=b,winner=choice,worker=judge,task=prompt',
      columnsOf,
    )
    .option('--delimiter <CHAR>', 'the character between cells (default: found; "tab" for a tab)', delimiterOf)
    .addOption(
      new Option(
        '--duplicates <RULE>',
        'which counts where a worker compared two twice on a task (default: last)',
      ).choices(['last', 'first', 'all', 'error']),
    )
    .option('--worker <NAME>', 'the worker of rows that name none')
    .option('--missing <LIST>', 'winners that mean "no answer" (default: empty, NA, N/A, NaN, null)', listOf)
    .addHelpText('after', help)
    .action((paths: string[], flags: Flags) => rank(paths, flags, shell));
}

/** Everything found, for the ways to tell it. */
interface Found {
  readonly receipt: ComparisonReceipt;
  readonly comparisons: NamedComparisons;
  readonly ranking: RankingResult;
  readonly intervals: RankIntervals;
  readonly method: RankMethod;
  readonly items: readonly RankedItem[];
  readonly workers: readonly RankingWorker[];
  readonly notes: readonly string[];
  readonly elapsedMs: number;
}

async function rank(paths: readonly string[], flags: Flags, shell: Shell): Promise<void> {
  const { output, workersOut, nextOut } = flags;
  const toFile = output === '-' ? undefined : output;
  const outputs = [toFile, workersOut, nextOut].filter((path) => path !== undefined);
  for (const path of outputs) checkOutputName(path, 'workers');
  await checkWritable(outputs, paths);
  const sources = (await openSources(paths)).map((source) => watched(source, shell));
  const found = ranked(await readComparisons(sources, flags), flags);
  shell.signal.throwIfAborted();
  const files = [];
  if (toFile !== undefined) files.push({ path: toFile, content: writeSheet(itemsSheet(found.items), toFile) });
  if (workersOut !== undefined)
    files.push({ path: workersOut, content: writeSheet(rankingWorkersSheet(found.workers), workersOut) });
  if (nextOut !== undefined) files.push({ path: nextOut, content: writeSheet(pairsSheet(found, flags), nextOut) });
  await writeAll(files);
  if (flags.json === true) {
    shell.json(documentOf(found, flags));
    return;
  }
  shell.say(comparisonsLine(found.receipt));
  for (const note of found.notes) shell.say(`Note: ${note}`);
  const summary = summaryLines(found, flags);
  if (toFile !== undefined) {
    shell.print(rankingTable(found.items, flags.level, 10));
    for (const line of [...summary, `Wrote ${toFile} (item, score, lo, hi, rank, …)`]) shell.print(`${line}\n`);
  } else {
    if (shell.interactive && output === undefined) shell.print(rankingTable(found.items, flags.level, 40));
    else for await (const chunk of writeSheet(itemsSheet(found.items), 'csv')) await shell.write(chunk);
    for (const line of summary) shell.say(line);
  }
  const others = [];
  if (workersOut !== undefined) others.push(`Wrote ${workersOut} (worker, comparisons, ties, reliability, …)`);
  if (nextOut !== undefined) others.push(`Wrote ${nextOut} (left, right, why)`);
  for (const line of others) {
    if (toFile === undefined) shell.say(line);
    else shell.print(`${line}\n`);
  }
}

/** The pairs to ask about next, sides drawn at random: `left,right,why`. */
function pairsSheet({ comparisons, ranking, method }: Found, { next, seed }: Flags): Sheet {
  const workers = method === 'bradley-terry' ? 'plain' : 'crowd';
  const random = new Random(seed).fork('sides');
  const pairs = nextPairs(comparisons, ranking, { workers, count: next }).map(({ first, second, links }) => {
    const [left, right] = random.bernoulli(0.5) ? [first, second] : [second, first];
    return { left, right, why: links ? 'links groups' : 'tells most' };
  });
  const { items } = comparisons;
  return {
    length: pairs.length,
    columns: [
      { name: 'left', kind: 'text', complete: true, at: (row) => items.name(pairs[row].left) },
      { name: 'right', kind: 'text', complete: true, at: (row) => items.name(pairs[row].right) },
      { name: 'why', kind: 'text', complete: true, at: (row) => pairs[row].why },
    ],
  };
}

function ranked(
  { comparisons, receipt }: { comparisons: NamedComparisons; receipt: ComparisonReceipt },
  flags: Flags,
): Found {
  const from = performance.now();
  const alone = comparisons.workerCount < 2 && flags.method === 'crowd-bradley-terry';
  const method = alone ? 'bradley-terry' : flags.method;
  const workers = method === 'bradley-terry' ? 'plain' : 'crowd';
  const ranking = rankComparisons(comparisons, { workers });
  const intervals = rankIntervals(comparisons, ranking, {
    workers,
    level: flags.level,
    random: new Random(flags.seed),
  });
  const notes = [...comparisonNotes(receipt), ...ranking.notes, ...intervals.notes];
  if (alone && receipt.comparisons > 0) notes.push('one worker: nobody to compare with, so all answers are trusted');
  return {
    receipt,
    comparisons,
    ranking,
    intervals,
    method,
    items: rankedItems(comparisons, ranking, intervals),
    workers: rankingWorkers(comparisons, ranking, intervals),
    notes,
    elapsedMs: performance.now() - from,
  };
}

function documentOf(
  { receipt, ranking, intervals, method, items, workers, notes, elapsedMs }: Found,
  flags: Flags,
): object {
  const { user, system } = process.cpuUsage();
  return {
    schema: 1,
    method,
    seed: flags.seed,
    level: flags.level,
    comparisons: receipt.comparisons,
    ties: receipt.ties,
    duplicates: receipt.duplicates,
    skipped: receipt.missing,
    groups: ranking.groups.count,
    designEffect: intervals.designEffect,
    converged: ranking.converged,
    iterations: ranking.iterations,
    objective: ranking.objective,
    elapsedMs: Math.round(elapsedMs * 10) / 10,
    cpuMs: Math.round((user + system) / 100) / 10,
    items,
    workers,
    notes,
  };
}

function summaryLines({ ranking, intervals, method, items, workers, elapsedMs }: Found, flags: Flags): string[] {
  const ending = ranking.converged ? 'converged in' : 'not converged after';
  const lines = [
    `Model: ${method} (${methods[method]})   ${ending} ${counted(ranking.iterations, 'step')}, ${duration(elapsedMs)}`,
  ];
  const [first] = items;
  if (first !== undefined && first.comparisons > 0) {
    const rivals = items.filter(({ group, maybeFirst }) => group === 1 && maybeFirst).length - 1;
    const sure = rivals <= 0 ? 'nothing else may be' : `${counted(rivals, 'item')} more may be`;
    lines.push(`First: ${clipped(first.item)}; ${sure}, at ${Math.round(100 * flags.level)} %`);
  }
  if (intervals.designEffect > 1.05)
    lines.push(
      `Answers of one worker hang together: variances are ${intervals.designEffect.toFixed(1)} times those of independent answers`,
    );
  const remarked = (part: string): number =>
    workers.filter(({ remarks }) => remarks.some((remark) => remark.startsWith(part))).length;
  const remarks = [
    [remarked('answers against'), 'surely against the others'],
    [remarked('cannot be told'), 'not to be told from guessing'],
    [remarked('prefers what'), 'preferring one side'],
    [remarked('too few'), 'with too few answers to say'],
  ] as const;
  const told = remarks.flatMap(([number, what]) => (number > 0 ? [`${count(number)} ${what}`] : []));
  lines.push(`Workers: ${count(workers.length)}${told.length > 0 ? `, ${told.join(', ')}` : ''}`);
  if (flags.workersOut === undefined && told.length > 0) lines.push('Next: add --workers-out FILE: who to trust');
  return lines;
}

function pairCountOf(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 10_000) return count;
  throw new InvalidArgumentError('Give a whole number from 1 to 10000.');
}

function columnsOf(text: string): Readonly<Partial<Record<ComparisonRole, string>>> {
  let pairs: Record<string, string> = {};
  for (const part of listOf(text)) pairs = pairsOf(part, pairs);
  const unknown = Object.keys(pairs).find((role) => !(comparisonRoles as readonly string[]).includes(role));
  if (unknown !== undefined) throw new InvalidArgumentError(`A column is one of ${comparisonRoles.join(', ')}.`);
  return pairs;
}
