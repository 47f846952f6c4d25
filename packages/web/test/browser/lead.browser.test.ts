import { readFileSync } from 'node:fs';
import type { Campaign } from '@assay/server/protocol';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../../../../tools/lib/browser.ts';
import { type LiveServer, newCampaign, startServer } from '../support/live-server.ts';
import { allSent, begin, desk, expectAccessible, expectInReach, leave, phone, visit } from '../support/visitor.ts';

describeInBrowser('the page of a lead', (browser) => {
  let server: LiveServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.remove());

  function dropTasks(page: Page, name: string, rows: string): Promise<void> {
    return page.locator('.drop').evaluate(
      (zone, [file, text]) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], file, { type: 'text/csv' }));
        zone.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
      },
      [name, rows] as const,
    );
  }

  it('leads from nothing to the first labels', async () => {
    const page = await visit(browser(), server.leadLink, { ...desk, acceptDownloads: true });
    await page.getByRole('heading', { name: 'New campaign' }).waitFor();
    // The secret stays neither in the address nor in the history.
    expect(page.url()).toBe(`${server.origin}/lead`);
    await page.getByLabel('Name').fill('Weather words');
    await page.getByLabel('Question').fill('Is it about the weather?');
    await page.getByLabel('Choices, one on each line').fill('yes\nno\n\nyes\n');
    await page.getByLabel('Instructions, if any').fill('Rain counts.');
    await page.getByLabel('Answers for each task').fill('1');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText('Two steps to begin').waitFor();

    await dropTasks(page, 'words.csv', 'task,text\nw1,rain\nw2,bread\n');
    await page.getByText('words.csv: 2 new.').waitFor();
    // The page takes its other form when there are tasks; the receipt stays.
    await page.getByRole('heading', { name: 'Progress' }).waitFor();
    await page.getByText('words.csv: 2 new.').waitFor();
    await dropTasks(page, 'words.csv', 'task,text\nw1,rain\nw2,bread\n');
    await page.getByText('words.csv: 0 new, 2 already here.').waitFor();
    await dropTasks(page, 'broken.csv', 'task,image\nw3,javascript:alert(1)\n');
    await page
      .getByRole('alert')
      .getByText(/^Line 2: invalid picture/)
      .waitFor();

    await page.getByRole('button', { name: 'Make an invite link' }).click();
    const link = await page.getByLabel('Invite link').inputValue();
    expect(link).toMatch(/\/join#assay_/);
    await page.getByAltText('The same link as a QR code').waitFor();

    // Her own link in the same browser, without being logged out.
    const worker = await page.context().newPage();
    await worker.goto(link);
    await worker.getByText('Rain counts.').waitFor();
    await worker.getByRole('button', { name: 'Start' }).click();
    for (let card = 0; card < 2; card++) {
      await worker.locator('.option').first().waitFor();
      const isRain = (await worker.locator('.text').textContent()) === 'rain';
      await worker.keyboard.press(isRain ? '1' : '2');
    }
    await worker.getByText('All done').waitFor();
    await allSent(worker);

    // Progress comes by itself.
    await page.locator('.tile', { hasText: 'Tasks done' }).getByText('2', { exact: true }).waitFor();
    await page.getByText('of 2: enough answers', { exact: true }).waitFor();
    await page.getByText('every task is done', { exact: true }).waitFor();
    await page.getByRole('rowheader', { name: 'worker 1' }).waitFor();
    await page.getByText('too early to say').first().waitFor();
    await page.getByText('worker 1 answered').first().waitFor();

    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Labels' }).click();
    const saved = readFileSync(await (await downloading).path(), 'utf8')
      .trim()
      .split(/\r?\n/);
    const labels = saved.map((row) => row.split(',').slice(0, 2).join());
    expect(labels.sort()).toEqual(['task,label', 'w1,yes', 'w2,no']);
    await leave(page);
  });

  it('pauses, resumes, closes and changes what is wanted while it runs', async () => {
    const { id, campaign } = await newCampaign(server, { settings: { k: 2 } });
    const page = await visit(browser(), `${server.leadLink.replace('/lead#', `/lead?campaign=${id}#`)}`);
    const now = (): Promise<Campaign> => server.api('GET', `/campaigns/${id}`);
    await page.getByRole('heading', { name: campaign.name }).waitFor();
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expect((await now()).status).toBe('paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Close…' }).click();
    await page.keyboard.press('Escape');
    expect((await now()).status).toBe('open');
    await page.getByRole('button', { name: 'Close…' }).click();
    await page.getByRole('button', { name: 'Close the campaign' }).click();
    await page.getByRole('button', { name: 'Open again' }).click();
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();

    await page.getByRole('spinbutton', { name: 'Answers for each task' }).fill('5');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.').waitFor();
    expect((await now()).settings.k).toBe(5);
    await page.getByLabel('Ask more where people disagree').check();
    await page.getByLabel('Sure enough at').fill('90');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('2 to 5, until the label is 90.0% sure.').waitFor();
    expect((await now()).settings.adaptive).toEqual({ least: 2, most: 5, threshold: 0.9 });

    await page.getByRole('textbox', { name: 'Instructions' }).fill('Look twice.');
    await page.getByRole('button', { name: 'Publish version 2' }).click();
    await page.getByText('Version 2 is what workers see.').waitFor();
    expect((await now()).instructions).toEqual({ version: 2, text: 'Look twice.' });
    await page
      .getByText(/published instructions|changed the campaign/)
      .first()
      .waitFor();
    await leave(page);
  });

  it('says what it costs, and raises pay but never lowers it', async () => {
    const { id, link } = await newCampaign(server, { settings: { k: 2 } });
    const page = await visit(browser(), server.leadLink.replace('/lead#', `/lead?campaign=${id}#`));
    await page.getByText('Work on this campaign is not paid.').waitFor();
    const pays = async (amount: string): Promise<void> => {
      await page.getByLabel('Pay for each answer').fill(amount);
      await page.getByLabel('Currency').fill('usd');
      await page.getByRole('button', { name: 'Save pay' }).click();
    };
    await pays('0.5');
    await page.getByText('Now: $0.50 for each answer').waitFor();
    const worker = await begin(browser(), link, phone);
    await worker.keyboard.press('1');
    await worker.getByText('1 saved · $0.50').waitFor();
    const cost = page.locator('.tile', { hasText: 'Cost' });
    await cost.getByText('$0.50', { exact: true }).waitFor();
    await cost.getByText('at most $5.50 more').waitFor();
    await page.getByRole('cell', { name: '$0.50' }).waitFor();
    await pays('0.4');
    await page.getByRole('alert').getByText('answers were given for 0.5 USD').waitFor();
    await pays('0.6');
    await cost.getByText('$0.60', { exact: true }).waitFor();
    await leave(worker, page);
  });

  it('lets one worker pause and takes an invite back', async () => {
    const campaign = await newCampaign(server);
    const worker = await begin(browser(), campaign.link, phone);
    await worker.keyboard.press('1');
    await allSent(worker);
    const page = await visit(browser(), server.leadLink.replace('/lead#', `/lead?campaign=${campaign.id}#`));
    await page.getByRole('button', { name: 'Pause worker 1' }).click();
    await page.getByRole('button', { name: 'Resume worker 1' }).waitFor();
    await page.getByRole('button', { name: /Take back/ }).click();
    await page.getByRole('button', { name: /Take back/ }).waitFor({ state: 'detached' });
    const stranger = await visit(browser(), campaign.link);
    await stranger.getByText('This link is not valid').waitFor();
    await leave(worker, page, stranger);
  });

  it('lets a reviewer look and export, not change', async () => {
    const campaign = await newCampaign(server);
    const page = await visit(browser(), await campaign.invite('reviewer'));
    await page.getByRole('heading', { name: 'Progress' }).waitFor();
    await page.getByRole('link', { name: 'Answers' }).waitFor();
    expect(await page.getByRole('button').allTextContents()).toEqual([]);
    await leave(page);
  });

  it('comes back after a reload, and needs its link elsewhere', async () => {
    const { id, campaign } = await newCampaign(server);
    const page = await visit(browser(), server.leadLink);
    await page.getByRole('link', { name: campaign.name }).click();
    await page.getByRole('heading', { name: 'Progress' }).waitFor();
    expect(page.url()).toBe(`${server.origin}/lead?campaign=${id}`);
    await page.reload();
    await page.getByRole('heading', { name: campaign.name }).waitFor();
    await page.getByRole('link', { name: 'All campaigns' }).click();
    await page.getByRole('heading', { name: 'Campaigns' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: campaign.name }).waitFor();
    const stranger = await visit(browser(), `${server.origin}/lead`);
    await stranger.getByText('This page needs its link').waitFor();
    await leave(page, stranger);
  });

  it.each([
    ['a desk', 'light', desk],
    ['a phone', 'dark', phone],
  ] as const)('breaks no accessibility rule on %s, %s', async (_, colorScheme, size) => {
    const campaign = await newCampaign(server, { settings: { k: 1 } });
    const worker = await begin(browser(), campaign.link);
    for (const key of '123') await worker.keyboard.press(key);
    await allSent(worker);
    const page = await visit(browser(), server.leadLink, { ...size, colorScheme, bypassCSP: true });
    await page.getByRole('button', { name: 'New campaign' }).click();
    await expectAccessible(page, 'new campaign');
    await expectInReach(page);
    for (const kind of ['scale', 'number', 'text']) {
      await page.getByLabel('An answer is').selectOption(kind);
      await expectAccessible(page, kind);
    }
    await page.getByRole('link', { name: campaign.campaign.name }).click();
    await page.getByText('of 6: enough answers', { exact: true }).waitFor();
    await page.getByRole('rowheader').first().waitFor();
    await page.getByRole('button', { name: 'Make an invite link' }).click();
    await page.getByLabel('Invite link').waitFor();
    await expectAccessible(page, 'campaign');
    await expectInReach(page);
    await page.getByRole('button', { name: 'Close…' }).click();
    await expectAccessible(page, 'close');
    await leave(worker, page);
  });
});
