import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../../../../tools/lib/browser.ts';
import { given, type LiveCampaign, type LiveServer, newCampaign, startServer } from '../support/live-server.ts';
import { allSent, anotherTab, begin, cardOf, leave, phone } from '../support/visitor.ts';

describeInBrowser('nothing a worker did is lost', (browser) => {
  let server: LiveServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.remove());

  /** Answers some cards and says which text got which label. */
  async function answer(page: Page, keys: string): Promise<Record<string, string>> {
    const said: Record<string, string> = {};
    for (const key of keys) {
      said[await cardOf(page)] = ['cat', 'dog', 'bird'][Number(key) - 1];
      await page.keyboard.press(key);
    }
    return said;
  }

  /** What is stored, by the text of the task. */
  async function stored(campaign: LiveCampaign): Promise<Record<string, unknown>> {
    const { tasks } = await server.api<{ tasks: { name: string; content: { text: string } }[] }>(
      'GET',
      `/campaigns/${campaign.id}/tasks`,
    );
    const texts = new Map(tasks.map(({ name, content }) => [name, content.text]));
    return Object.fromEntries(given(await campaign.answers()).map(({ task, value }) => [texts.get(task), value]));
  }

  it('keeps answers without the network, over a reload, and sends them later', async () => {
    const campaign = await newCampaign(server);
    const page = await begin(browser(), campaign.link, phone);
    await allSent(page);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await page.context().setOffline(true);
    const said = await answer(page, '12');
    await page.getByText('Offline · 0 saved · 2 waiting').waitFor();
    expect(given(await campaign.answers())).toEqual([]);
    const inHand = await cardOf(page);
    await server.stop();
    await page.reload();
    await page.getByText('Offline · 0 saved · 2 waiting').waitFor();
    expect(await cardOf(page)).toBe(inHand);
    Object.assign(said, await answer(page, '3'));
    await page.getByText('3 waiting').waitFor();
    await server.start();
    await page.context().setOffline(false);
    await page.getByText('3 saved').waitFor();
    await allSent(page);
    expect(await stored(campaign)).toEqual(said);
    await leave(page);
  });

  it('goes on where it was after a reload', async () => {
    const campaign = await newCampaign(server, { question: { kind: 'text', prompt: 'What is it?' } });
    const page = await begin(browser(), campaign.link);
    await page.keyboard.type('one');
    await page.keyboard.press('Enter');
    const inHand = await cardOf(page);
    await page.keyboard.type('half a sent');
    await allSent(page);
    await page.reload();
    await page.locator('textarea').waitFor();
    expect(await cardOf(page)).toBe(inHand);
    expect(await page.locator('textarea').inputValue()).toBe('half a sent');
    await page.keyboard.press('End');
    await page.keyboard.type('ence');
    await page.keyboard.press('Enter');
    await page.getByText('2 saved').waitFor();
    expect(Object.values(await stored(campaign)).sort()).toEqual(['half a sentence', 'one']);
    // Reloading used up nothing: every task can still be had.
    for (let left = 4; left > 0; left--) {
      await page.keyboard.type('x');
      await page.keyboard.press('Enter');
      await page.getByText(`${7 - left} saved`).waitFor();
    }
    expect(Object.keys(await stored(campaign))).toHaveLength(6);
    await leave(page);
  });

  it('goes on while the server restarts', async () => {
    const campaign = await newCampaign(server);
    const page = await begin(browser(), campaign.link);
    const said = await answer(page, '1');
    await allSent(page);
    await server.stop();
    Object.assign(said, await answer(page, '23'));
    await page.getByText(/^(Offline|Server away) · 1 saved · 2 waiting$/).waitFor();
    await server.start();
    await page.getByText('3 saved').waitFor();
    await allSent(page);
    expect(await stored(campaign)).toEqual(said);
    await leave(page);
  });

  it('sends again when a reply was lost, and counts it once', async () => {
    const campaign = await newCampaign(server);
    const page = await begin(browser(), campaign.link);
    await allSent(page);
    let lost = 0;
    await page.route('**/work/next', async (route) => {
      if (lost++ > 1) return route.fallback();
      await route.fetch();
      await route.abort('connectionreset');
    });
    const said = await answer(page, '123');
    await page.getByText('3 saved').waitFor();
    await allSent(page);
    expect(lost).toBeGreaterThan(2);
    expect(await stored(campaign)).toEqual(said);
    await leave(page);
  });

  it('puts a refused answer aside and sends the others', async () => {
    const campaign = await newCampaign(server);
    const page = await begin(browser(), campaign.link);
    await allSent(page);
    await page.route('**/work/next', async (route) => {
      const { answers = [] } = route.request().postDataJSON();
      const bad = answers.some(({ value }: { value: string }) => value === 'dog');
      if (bad) await route.fulfill({ status: 400, json: { schema: 1, errors: [] } });
      else await route.fallback();
    });
    const said = await answer(page, '123');
    await page.getByText('2 saved').waitFor();
    await allSent(page);
    const kept = Object.entries(said).filter(([, label]) => label !== 'dog');
    expect(await stored(campaign)).toEqual(Object.fromEntries(kept));
    await leave(page);
  });

  it('enters again by itself when the session is gone', async () => {
    const campaign = await newCampaign(server);
    const page = await begin(browser(), campaign.link);
    const said = await answer(page, '1');
    await allSent(page);
    await page.context().clearCookies();
    Object.assign(said, await answer(page, '23'));
    await page.getByText('3 saved').waitFor();
    expect(await stored(campaign)).toEqual(said);
    expect(new Set(given(await campaign.answers()).map(({ worker }) => worker)).size).toBe(1);
    await leave(page);
  });

  it('keeps answers when a link was taken back, and sends them with the next one', async () => {
    const campaign = await newCampaign(server);
    const page = await begin(browser(), campaign.link);
    await allSent(page);
    await page.context().setOffline(true);
    const said = await answer(page, '12');
    await page.getByText('2 waiting').waitFor();
    await campaign.revoke();
    await page.context().clearCookies();
    await page.context().setOffline(false);
    await page.getByRole('heading', { name: 'This link is no longer valid' }).waitFor();
    await page.getByText('2 answers of yours are kept on this device.').waitFor();
    expect(given(await campaign.answers())).toEqual([]);
    // Who was here before goes on where they were.
    await page.goto(await campaign.invite());
    await page.locator('.option').first().waitFor();
    await expect.poll(() => stored(campaign)).toEqual(said);
    await leave(page);
  });

  it('works in the tab opened last', async () => {
    const campaign = await newCampaign(server);
    const first = await begin(browser(), campaign.link);
    const said = await answer(first, '1');
    const inHand = await cardOf(first);
    const second = await anotherTab(first, campaign.link);
    await second.locator('.option').first().waitFor();
    expect(await cardOf(second)).toBe(inHand);
    await first.getByText('You are working in another tab').waitFor();
    await first.keyboard.press('1');
    Object.assign(said, await answer(second, '2'));
    await allSent(second);
    await first.getByRole('button', { name: 'Continue here' }).click();
    await first.locator('.option').first().waitFor();
    Object.assign(said, await answer(first, '3'));
    await second.getByText('You are working in another tab').waitFor();
    await first.getByText('3 saved').waitFor();
    expect(await stored(campaign)).toEqual(said);
    await leave(first);
  });

  it('keeps two campaigns in one browser apart', async () => {
    const [one, two] = [await newCampaign(server), await newCampaign(server)];
    const first = await begin(browser(), one.link);
    await allSent(first);
    const second = await anotherTab(first, two.link);
    await second.getByRole('button', { name: 'Start' }).click();
    await second.locator('.option').first().waitFor();
    // The cookie is now the second campaign's; the first notices and takes it back, and so on.
    const saidFirst = await answer(first, '1');
    const saidSecond = await answer(second, '22');
    Object.assign(saidFirst, await answer(first, '1'));
    await first.getByText('2 saved').waitFor();
    await second.getByText('2 saved').waitFor();
    await first.reload();
    await first.locator('.option').first().waitFor();
    Object.assign(saidFirst, await answer(first, '1'));
    await first.getByText('3 saved').waitFor();
    expect(await stored(one)).toEqual(saidFirst);
    expect(await stored(two)).toEqual(saidSecond);
    await leave(first);
  });

  it('gives back what was not answered when the worker finishes or closes the page', async () => {
    const campaign = await newCampaign(server, { settings: { k: 1 } });
    const leased = async (): Promise<number> =>
      (await campaign.answers()).filter(({ state }) => state === 'leased').length;
    const page = await begin(browser(), campaign.link);
    await allSent(page);
    expect(await leased()).toBeGreaterThan(1);
    await page.close({ runBeforeUnload: true });
    // The card in hand stays reserved for a while: a reload looks the same as closing.
    await expect.poll(leased).toBe(1);
    await leave(page);
  });
});
