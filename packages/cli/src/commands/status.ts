import type { Campaign, Progress, WorkerReport } from '@assay/server/protocol';
import { Command } from 'commander';
import { type ConnectionFlags, chosenCampaign, withClient, withConnectionFlags } from '../campaign/connection.ts';
import { clipped, tableText } from '../output/table.ts';
import { count, counted, percent, withInterval } from '../output/words.ts';
import type { Shell } from '../shell.ts';

/** `assay status`: how far a campaign is, and how good its workers are. */
export function build(shell: Shell): Command {
  return withConnectionFlags(new Command('status'))
    .option('--json', 'print one JSON document and nothing else on stdout')
    .action((flags: ConnectionFlags & { json?: boolean }) =>
      withClient(flags, async (client) => {
        const campaign = await chosenCampaign(client, flags);
        const params = { campaign: campaign.id };
        const progress = await client.progress({ params });
        const { workers } = await client.workers({ params });
        if (flags.json === true) {
          shell.json({ schema: 1, campaign: campaign.id, name: campaign.name, ...progress, workerReports: workers });
          return;
        }
        for (const line of progressLines(campaign, progress)) shell.print(`${line}\n`);
        if (workers.length > 0) shell.print(`\n${workerTable(workers)}`);
      }),
    );
}

function progressLines(campaign: Campaign, progress: Progress): string[] {
  const { tasks, open, closed, answers, leases, expectedAccuracy, expectedAccuracyReason, perHour, hoursLeft, cost } =
    progress;
  const done = tasks - open;
  const reasons = Object.entries(closed).map(([reason, number]) => `${count(number)} by ${reason}`);
  const lines = [
    `"${clipped(campaign.name)}": ${progress.status}`,
    `${count(done)} of ${counted(tasks, 'task')} done${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}`,
    `${counted(answers.accepted, 'answer')}, ${count(answers.surplus)} surplus, ${count(answers.skipped)} skipped, ${count(answers.rejected)} rejected; ${counted(leases, 'task')} being worked on`,
  ];
  lines.push(
    expectedAccuracy === null
      ? `Expected accuracy: ${expectedAccuracyReason ?? 'unknown'}`
      : `Expected accuracy of the labels: ${withInterval(expectedAccuracy.value, expectedAccuracy.lo, expectedAccuracy.hi)}`,
  );
  if (hoursLeft !== null) lines.push(`${count(perHour)} answers an hour, ${hoursLeft.toFixed(1)} hours left at most`);
  if (cost !== null) {
    const { earnedMicros, leftMicros, currency } = cost;
    lines.push(`Cost: ${money(earnedMicros, currency)} earned, at most ${money(leftMicros, currency)} more`);
  }
  return lines;
}

/** "1.85 EUR". */
function money(micros: number, currency: string): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 6 };
  return `${(micros / 1e6).toLocaleString('en', digits)} ${currency}`;
}

function workerTable(workers: readonly WorkerReport[]): string {
  const rows = workers.map(({ name, answers, accuracy, gold, paused, remarks }) => [
    clipped(name),
    count(answers),
    accuracy === null ? '–' : withInterval(accuracy.value, accuracy.lo, accuracy.hi),
    gold.answered === 0 ? '–' : `${count(gold.right)}/${count(gold.answered)} (${percent(gold.right / gold.answered)})`,
    [...(paused ? ['paused'] : []), ...remarks].join('; '),
  ]);
  return tableText(
    [
      { title: 'worker' },
      { title: 'answers', align: 'right' },
      { title: 'accuracy' },
      { title: 'gold' },
      { title: '' },
    ],
    rows,
  );
}
