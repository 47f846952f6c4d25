import { outputFormat } from '@assay/core/formats';
import type { ExportQuery } from '@assay/server/protocol';
import { Command, Option } from 'commander';
import { type ConnectionFlags, chosenCampaign, withClient, withConnectionFlags } from '../campaign/connection.ts';
import { usageError } from '../output/failure.ts';
import { checkWritable, writeAll } from '../output/files.ts';
import type { Shell } from '../shell.ts';

interface Flags extends ConnectionFlags {
  readonly what: NonNullable<ExportQuery['what']>;
  readonly output?: string;
  readonly format?: string;
  readonly json?: boolean;
}

/** `assay export`: answers, labels or workers of a campaign as a file, at any time. */
export function build(shell: Shell): Command {
  return withConnectionFlags(new Command('export'))
    .addOption(
      new Option('--what <WHAT>', 'what to write: answers, labels by the default method, or workers')
        .choices(['answers', 'labels', 'workers'])
        .default('answers'),
    )
    .option('-o, --output <FILE>', 'where it goes; its extension chooses the format (default: stdout, as CSV)')
    .option('--format <FORMAT>', 'the format, see "assay formats"')
    .option('--json', 'print one JSON document about the file; needs -o')
    .action((flags: Flags) => exported(flags, shell));
}

async function exported(flags: Flags, shell: Shell): Promise<void> {
  const { what, output, format } = flags;
  const kind = what === 'labels' ? 'results' : what;
  // The name alone, so that no folder reaches the server.
  const wanted = format ?? (output === undefined ? 'csv' : `file${/(?:\.[A-Za-z0-9-]+)+$/.exec(output)?.[0] ?? ''}`);
  usageError(() => outputFormat(wanted === 'csv' ? 'file.csv' : wanted, kind));
  if (output !== undefined) await checkWritable([output], []);
  await withClient(flags, async (client) => {
    const campaign = await chosenCampaign(client, flags);
    const content = await client.export({ params: { campaign: campaign.id }, query: { what, format: wanted } });
    if (output === undefined) {
      for await (const chunk of content) await shell.write(chunk);
      return;
    }
    await writeAll([{ path: output, content: content as unknown as AsyncIterable<Uint8Array> }]);
    if (flags.json === true) shell.json({ schema: 1, campaign: campaign.id, what, file: output });
    else shell.say(`Wrote the ${what} to ${output}`);
  });
}
