/**
 * Takes the pictures of the campaign's pages that the documentation shows: a real server, the real pages, and a
 * simulated crowd that has answered part of the tickets.
 *
 * Usage: `node tools/screenshot-pages.ts` with the packages built. Writes `docs/images/campaign-*.png`.
 */
import { join } from 'node:path';
import { Random } from '@assay/core/math';
import type { JoinReply, NextReply } from '@assay/server/protocol';
import type { Page } from 'playwright-core';
import { type LiveServer, newCampaign, startServer } from '../packages/web/test/support/live-server.ts';
import { begin, desk, phone, visit } from '../packages/web/test/support/visitor.ts';
import { launch } from './lib/browser.ts';

const images = join(import.meta.dirname, '../docs/images');
const question = {
  kind: 'choice',
  prompt: 'What is this ticket about?',
  choices: [
    { value: 'billing', title: 'Billing' },
    { value: 'bug', title: 'Bug' },
    { value: 'feature', title: 'Feature request' },
    { value: 'praise', title: 'Praise' },
  ],
} as const;
const instructions = 'Read the whole ticket.\n\nChoose what the writer wants most. Money always counts as billing.';
const sentences: Readonly<Record<string, readonly string[]>> = {
  billing: [
    'I was charged twice for October. Please refund one of the payments.',
    'My invoice still shows the old address, and the tax office wants a new one.',
  ],
  bug: [
    'The export button does nothing when I click on it.',
    'Since the update the calendar shows every meeting one hour too early.',
  ],
  feature: [
    'It would be great if reports could be sent by mail every Monday.',
    'Could you add a dark theme? I work at night.',
  ],
  praise: ['You saved my week. Thank you!', 'The new search is so fast that I thought it was broken.'],
};
const kinds = Object.keys(sentences);
const practice = `task,text,label,explanation
p1,"The total on my bill is wrong, and the app crashed when I opened it.",billing,The crash is annoying but the money is what must be put right: money always counts as billing.
p2,I love the new colours.,praise,Nothing has to be done here except to be glad.
`;
/** Names and how often each of the simulated people is right. */
const crowd = { Ada: 0.96, Bo: 0.93, Chen: 0.91, Dario: 0.82, Emeka: 0.95, Fatima: 0.88, Gus: 0.55 };
const ticketCount = 240;

function kindOf(text: string): string {
  return kinds.find((kind) => sentences[kind].some((sentence) => text.startsWith(sentence.slice(0, 20)))) ?? kinds[0];
}

function tickets(): string {
  const rows = Array.from({ length: ticketCount }, (_, index) => {
    const of = sentences[kinds[index % kinds.length]];
    return `ticket-${index + 1},"${of[Math.floor(index / kinds.length) % of.length]} (ticket ${index + 1})"`;
  });
  return `task,text\n${rows.join('\n')}\n`;
}

/** Lets everybody in the crowd answer `rounds` times five cards in turn, through the same interface as the page. */
async function work(server: LiveServer, token: string, rounds: number): Promise<void> {
  const random = new Random(7);
  const headers = new Map<string, Record<string, string>>();
  const post = async <Reply>(name: string, path: string, body: unknown): Promise<Reply> => {
    const response = await fetch(`${server.origin}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers.get(name) },
      body: JSON.stringify(body),
    });
    const reply = await response.json();
    const cookie = response.headers.getSetCookie()[0]?.split(';')[0];
    if (cookie !== undefined) headers.set(name, { cookie, 'x-assay-csrf': (reply as JoinReply).csrf });
    return reply as Reply;
  };
  for (const name of Object.keys(crowd)) await post(name, '/join', { token, name, platformId: name });
  for (let round = 0; round < rounds; round++) {
    for (const [name, skill] of Object.entries(crowd)) {
      const { leases } = await post<NextReply>(name, '/work/next', { want: 5 });
      const answers = leases.map(({ lease, task }) => {
        const truth = kindOf(task.content.text ?? '');
        const value = random.uniform() < skill ? truth : kinds[random.integer(kinds.length)];
        return { lease, submission: `${name}-${lease}`, value, spentMs: 4000, at: Date.now(), instructionVersion: 1 };
      });
      await post(name, '/work/next', { want: 0, answers });
    }
  }
}

const server = await startServer();
const browser = await launch();
const shoot = async (page: Page, name: string): Promise<void> => {
  await page.screenshot({ path: join(images, `campaign-${name}.png`) });
  console.log(`wrote docs/images/campaign-${name}.png`);
};
try {
  const body = { question, instructions, tasks: tickets() };
  const campaign = await newCampaign(server, {
    ...body,
    name: 'Support tickets',
    settings: { adaptive: { least: 2, most: 5, threshold: 0.95 }, pay: { micros: 40_000, currency: 'EUR' } },
  });
  await work(server, campaign.link.split('#')[1], 14);

  const worker = await begin(browser, campaign.link, { ...desk, viewport: { width: 1280, height: 720 } });
  for (const key of '123') await worker.keyboard.press(key);
  await worker.getByText('3 saved').waitFor();
  await shoot(worker, 'worker-desk');

  const learner = await newCampaign(server, { ...body, name: 'Tickets of autumn', practice });
  const onPhone = await begin(browser, learner.link, { ...phone, colorScheme: 'dark', deviceScaleFactor: 1 });
  await onPhone.getByRole('button', { name: 'Bug' }).tap();
  await onPhone.locator('.judgement').waitFor();
  await shoot(onPhone, 'worker-phone');

  const address = server.leadLink.replace('/lead#', `/lead?campaign=${campaign.id}#`);
  const lead = await visit(browser, address, { viewport: { width: 1100, height: 1240 } });
  await lead.getByRole('rowheader', { name: 'Ada' }).waitFor();
  await lead.getByText('live', { exact: true }).waitFor();
  await shoot(lead, 'lead-desk');

  const leadOnPhone = await visit(browser, address, { ...phone, colorScheme: 'dark', deviceScaleFactor: 1 });
  await leadOnPhone.getByRole('rowheader', { name: 'Ada' }).waitFor();
  await leadOnPhone.getByText('live', { exact: true }).waitFor();
  await shoot(leadOnPhone, 'lead-phone');
} finally {
  await browser.close();
  await server.remove();
}
