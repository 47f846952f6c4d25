import { writeWorkers } from '@assay/core/formats';
import { Command } from 'commander';
import { readAll } from '../input/answers.ts';
import { type MethodFlags, methodFrom, type ReadingFlags, withMethodFlags, withReadingFlags } from '../input/flags.ts';
import { agreementJson, agreementLines, agreementOf, kappaText } from '../output/agreement.ts';
import { checkWritable, writeAll } from '../output/files.ts';
import { receiptLine, receiptNotes } from '../output/receipt.ts';
import { checkOutputName } from '../output/results.ts';
import { clipped, tableText } from '../output/table.ts';
import { count, fixed } from '../output/words.ts';
import { type WorkerReport, workerReports } from '../output/worker-report.ts';
import type { Shell } from '../shell.ts';
import { fitted } from './aggregate.ts';

interface Flags extends ReadingFlags, MethodFlags {
  readonly output?: string;
  readonly gold?: string;
  readonly json?: boolean;
}

/** `assay workers ANSWERS…`: how good every worker is. */
export function build(shell: Shell): Command {
  const command = new Command('workers').argument('<ANSWERS...>', 'files of answers, or - for standard input');
  withMethodFlags(command)
    .option('-o, --output <OUT>', 'where the report goes; its extension chooses csv, tsv, jsonl, json or parquet')
    .option('--gold <FILE>', 'known labels the method may use')
    .option('--json', 'print one JSON document and nothing else on stdout');
  return withReadingFlags(command).action((paths: string[], flags: Flags) => workers(paths, flags, shell));
}

async function workers(paths: readonly string[], flags: Flags, shell: Shell): Promise<void> {
  const { method, options } = methodFrom(flags);
  const { output } = flags;
  if (output !== undefined) checkOutputName(output, 'workers');
  await checkWritable(output === undefined ? [] : [output], flags.gold === undefined ? paths : [...paths, flags.gold]);
  const answers = await readAll(paths, flags, shell);
  const say = flags.json === true ? (): void => {} : (line: string): void => shell.say(line);
  say(receiptLine(answers.receipt));
  for (const note of [...receiptNotes(answers.receipt), ...answers.notes]) say(`Note: ${note}`);

  const { estimate } = await fitted(method, options, flags.seed, answers, shell);
  for (const note of estimate.notes) say(`Note: ${note}`);
  const reports = workerReports(estimate, answers.table);
  const agreement = agreementOf(answers.table, flags.seed);
  const kappa = new Map(agreement.workers.map((row) => [row.worker, row.kappa]));
  shell.signal.throwIfAborted();
  if (output !== undefined) {
    await writeAll([{ path: output, content: writeWorkers(estimate, answers.table, output) }]);
  }
  if (flags.json === true) {
    const notes = [...receiptNotes(answers.receipt), ...answers.notes, ...estimate.notes];
    const { level } = estimate.workers ?? { level: null };
    const workers = reports.map((report) => ({ ...report, kappa: kappa.get(report.worker) ?? null }));
    const { method, seed } = estimate;
    shell.json({ schema: 1, method, seed, level, workers, agreement: agreementJson(agreement), notes });
    return;
  }
  shell.print(tableOf(reports, kappa, estimate.workers?.level));
  for (const line of agreementLines(agreement)) shell.say(line);
  if (output !== undefined) shell.print(`Wrote ${output}\n`);
}

function tableOf(
  reports: readonly WorkerReport[],
  kappa: ReadonlyMap<string, number>,
  level: number | undefined,
): string {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const interval = level === undefined ? 'interval' : `${Math.round(100 * level)} % interval`;
  const columns = [
    { title: 'worker' },
    { title: 'kind' },
    right('answers'),
    right('accuracy'),
    right(interval),
    right('kappa'),
    { title: 'remarks' },
  ];
  const rows = reports.map(({ worker, kind, answers, accuracy, lo, hi, remarks }) => [
    clipped(worker),
    kind,
    count(answers),
    fixed(accuracy ?? Number.NaN, 3),
    lo === null || hi === null ? '–' : `${fixed(lo, 3)} – ${fixed(hi, 3)}`,
    kappaText(kappa.get(worker)),
    remarks.map((remark) => clipped(remark, 100)).join('; '),
  ]);
  return tableText(columns, rows);
}
