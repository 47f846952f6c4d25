import { readFile } from 'node:fs/promises';
import { openSource } from '@assay/core/node';
import type { Client } from '@assay/server/client';
import type { Campaign, CampaignStatus, ImportReceipt, TaskRole } from '@assay/server/protocol';
import { Command, Option } from 'commander';
import {
  type ConnectionFlags,
  chosenCampaign,
  withClient,
  withConnectionFlags,
  withPlaceFlags,
} from '../campaign/connection.ts';
import {
  type QuestionFlags,
  questionFrom,
  type SettingsFlags,
  settingsFrom,
  wholeNumber,
  withQuestionFlags,
  withSettingsFlags,
} from '../campaign/question-flags.ts';
import { count } from '../output/words.ts';
import type { Shell } from '../shell.ts';
import { defaultPort } from './serve.ts';

interface JsonFlag {
  readonly json?: boolean;
}

interface CreateFlags extends ConnectionFlags, QuestionFlags, SettingsFlags, JsonFlag {
  readonly instructions?: string;
  readonly tasks?: string;
  readonly gold?: string;
  readonly practice?: string;
}

interface InviteFlags extends ConnectionFlags, JsonFlag {
  readonly role: 'lead' | 'reviewer' | 'worker';
  readonly most?: number;
  readonly note?: string;
  readonly url?: string;
}

const jsonText = 'print one JSON document and nothing else on stdout';

/** `assay campaign …`: make and steer live campaigns. */
export function build(shell: Shell): Command {
  const command = new Command('campaign').action(() => command.outputHelp());
  const part = (name: string, summary: string): Command =>
    withConnectionFlags(command.command(name).description(summary));

  const made = command.command('create').description('make a campaign').argument('<NAME>', 'what it is called');
  withPlaceFlags(withSettingsFlags(withQuestionFlags(made)))
    .option('--instructions <FILE>', 'instructions for workers, as text')
    .option('--tasks <FILE>', 'tasks, in any format with one row per task')
    .option('--gold <FILE>', 'tasks with known labels, mixed in silently')
    .option('--practice <FILE>', 'tasks with known labels and explanations, shown first')
    .option('--json', jsonText)
    .action((name: string, flags: CreateFlags) => create(name, flags, shell));

  part('import', 'add tasks; importing a file again changes nothing')
    .argument('<FILES...>', 'files of tasks, or - for standard input')
    .addOption(
      new Option('--role <ROLE>', 'what the tasks are for').choices(['task', 'gold', 'practice']).default('task'),
    )
    .option('--format <FORMAT>', 'the format of the files, see "assay formats" (default: found from the content)')
    .option('--json', jsonText)
    .action((paths: string[], flags: ConnectionFlags & JsonFlag & { role: TaskRole; format?: string }) =>
      withClient(flags, async (client) => {
        const campaign = await chosenCampaign(client, flags);
        const receipts = [];
        for (const path of paths) receipts.push(await imported(client, campaign, path, flags.role, flags.format));
        if (flags.json === true) shell.json({ schema: 1, campaign: campaign.id, files: receipts });
        else for (const receipt of receipts) shell.print(receiptText(receipt));
      }),
    );

  part('set', 'change how a campaign runs, while it does').option('--json', jsonText);
  const set = command.commands[command.commands.length - 1];
  withSettingsFlags(set)
    .option('--instructions <FILE>', 'new instructions for workers')
    .action((flags: ConnectionFlags & SettingsFlags & JsonFlag & { instructions?: string }) =>
      withClient(flags, async (client) => {
        const params = { campaign: (await chosenCampaign(client, flags)).id };
        let campaign = await client.changeCampaign({ params, body: { settings: settingsFrom(flags) } });
        if (flags.instructions !== undefined) {
          campaign = await client.setInstructions({
            params,
            body: { text: await readFile(flags.instructions, 'utf8') },
          });
        }
        report(campaign, flags, shell, 'changed');
      }),
    );

  part('invite', 'a link for workers, reviewers or leads')
    .addOption(
      new Option('--role <ROLE>', 'what the people may do').choices(['worker', 'reviewer', 'lead']).default('worker'),
    )
    .option('--most <N>', 'how many people it lets in (default: no limit)', wholeNumber)
    .option('--note <TEXT>', 'what it is for, to find it again')
    .option('--url <URL>', `where the server is reached (default: --server, or http://127.0.0.1:${defaultPort})`)
    .option('--json', jsonText)
    .action((flags: InviteFlags) =>
      withClient(flags, async (client) => {
        const campaign = await chosenCampaign(client, flags);
        const { role, most, note } = flags;
        const invite = await client.createInvite({ params: { campaign: campaign.id }, body: { role, most, note } });
        const base = flags.url ?? flags.server ?? `http://127.0.0.1:${defaultPort}`;
        const link = base.replace(/\/$/, '') + invite.path;
        if (flags.json === true) shell.json({ schema: 1, ...invite, link });
        else shell.print(`${link}\n`);
      }),
    );

  for (const [name, status, summary] of [
    ['pause', 'paused', 'give out no more tasks; answers under way are kept'],
    ['resume', 'open', 'give out tasks again'],
    ['close', 'closed', 'end a campaign; answers that come late are kept'],
  ] as const) {
    part(name, summary)
      .option('--json', jsonText)
      .action((flags: ConnectionFlags & JsonFlag) => changeStatus(status, flags, shell));
  }
  return command;
}

async function create(name: string, flags: CreateFlags, shell: Shell): Promise<void> {
  const question = questionFrom(flags);
  const settings = settingsFrom(flags);
  const instructions = flags.instructions === undefined ? undefined : await readFile(flags.instructions, 'utf8');
  await withClient(
    flags,
    async (client) => {
      const campaign = await client.createCampaign({ body: { name, question, settings, instructions } });
      const files: (ImportReceipt & { readonly file: string; readonly role: TaskRole })[] = [];
      for (const role of ['practice', 'gold', 'task'] as const) {
        const path = role === 'task' ? flags.tasks : flags[role];
        if (path !== undefined) files.push(await imported(client, campaign, path, role));
      }
      if (flags.json === true) {
        shell.json({ schema: 1, campaign, files });
        return;
      }
      shell.print(`Campaign ${campaign.id}, "${campaign.name}": ${campaign.status}\n`);
      for (const receipt of files) shell.print(receiptText(receipt));
      shell.say('Next: assay serve, and assay campaign invite for a link to give to workers');
    },
    { makes: true },
  );
}

async function imported(
  client: Client,
  campaign: Campaign,
  path: string,
  role: TaskRole,
  format?: string,
): Promise<ImportReceipt & { readonly file: string; readonly role: TaskRole }> {
  const source = await openSource(path);
  const params = { campaign: campaign.id };
  const receipt = await client.importTasks({
    params,
    query: { role, format, name: path.slice(-255) },
    body: source.bytes as AsyncIterable<Uint8Array>,
  });
  return { file: path, role, ...receipt };
}

function receiptText({
  file,
  role,
  new: added,
  present,
  changed,
  skipped,
  notes,
}: ImportReceipt & { file: string; role: string }): string {
  const what = role === 'task' ? 'tasks' : `tasks for ${role}`;
  const parts = [`${count(added)} new`, `${count(present)} already present`, `${count(changed)} changed`];
  if (skipped > 0) parts.push(`${count(skipped)} skipped`);
  return [`${file}: ${what}: ${parts.join(', ')}`, ...notes.map((note) => `  ${note}`), ''].join('\n');
}

async function changeStatus(status: CampaignStatus, flags: ConnectionFlags & JsonFlag, shell: Shell): Promise<void> {
  await withClient(flags, async (client) => {
    const { id } = await chosenCampaign(client, flags);
    report(await client.changeCampaign({ params: { campaign: id }, body: { status } }), flags, shell, status);
  });
}

function report(campaign: Campaign, { json }: JsonFlag, shell: Shell, what: string): void {
  if (json === true) shell.json({ schema: 1, campaign });
  else shell.print(`Campaign ${campaign.id}, "${campaign.name}": ${what}\n`);
}
