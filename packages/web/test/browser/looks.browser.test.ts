import type { Question } from '@assay/server/protocol';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../../../../tools/lib/browser.ts';
import { animals, given, type LiveServer, newCampaign, startServer, twoPractice } from '../support/live-server.ts';
import { allSent, begin, desk, expectAccessible, expectInReach, leave, phone, visit } from '../support/visitor.ts';

const long = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen '.repeat(6);
// Any picture of the server will do: the point is how it is fitted in.
const picture = '/icon.svg';
/** Rows that are hard to show: a long word, a picture, HTML with a table and with an attack, right to left, fields. */
const hard = [
  'task,text,image,html,from',
  `t1,${long},,,`,
  `t2,,"${picture}",,`,
  't3,,,"<h2>Bird</h2><table><tr><td>wings</td><td>two</td></tr></table><img src=x onerror=alert(1)><script>alert(1)</script>",',
  't4,قطة تنام على الأريكة,,,سارة',
].join('\n');

const questions: readonly Question[] = [
  { ...animals, choices: [...animals.choices, { value: 'other', title: long, description: long }] },
  {
    kind: 'multi-label',
    prompt: 'Which?',
    choices: Array.from({ length: 14 }, (_, index) => ({ value: `choice ${index}` })),
  },
  { kind: 'scale', prompt: 'How loud?', least: 0, most: 10, leastTitle: 'silent', mostTitle: 'deafening' },
  { kind: 'number', prompt: 'How many?', least: 0, most: 10, unit: 'kg' },
  { kind: 'text', prompt: 'What does it say?' },
];

describeInBrowser('how the pages look', (browser) => {
  let server: LiveServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.remove());

  it.each([
    ['a desk', 'light', desk],
    ['a phone', 'dark', phone],
  ] as const)('breaks no accessibility rule on %s, %s', async (_, colorScheme, size) => {
    const campaign = await newCampaign(server, { practice: twoPractice });
    const page = await visit(browser(), campaign.link, { ...size, colorScheme, bypassCSP: true });
    await page.getByRole('button', { name: 'Start' }).waitFor();
    await expectAccessible(page, 'welcome');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.locator('.option').first().waitFor();
    await expectAccessible(page, 'card');
    await page.keyboard.press('3');
    await page.locator('.judgement.wrong').waitFor();
    await expectAccessible(page, 'practice');
    await page.keyboard.press('Enter');
    await page.keyboard.press('2');
    await page.locator('.judgement.right').waitFor();
    await expectAccessible(page, 'practice, right');
    await page.keyboard.press('Enter');
    await page.keyboard.press('1');
    await page.keyboard.press('z');
    await expectAccessible(page, 'undo');
    await page.keyboard.press('Escape');
    await page.keyboard.press('s');
    await expectAccessible(page, 'skip');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await expectAccessible(page, 'instructions');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Menu' }).click();
    await expectAccessible(page, 'menu');
    await page.getByRole('button', { name: 'See or change' }).click();
    await expectAccessible(page, 'answers');
    await page.keyboard.press('Escape');
    await allSent(page);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('button', { name: 'Finish for now' }).click();
    await page.getByRole('heading', { name: 'Thank you!' }).waitFor();
    await expectAccessible(page, 'finish');
    await leave(page);
  });

  it.each(questions.map((question) => [question.kind, question] as const))(
    'keeps everything in reach, with text twice as large: %s',
    async (_, question) => {
      const campaign = await newCampaign(server, {
        name: `${question.kind} ${long.slice(0, 180)}`,
        question,
        tasks: hard,
      });
      const page = await begin(browser(), campaign.link, { ...phone, bypassCSP: true });
      // What a card shows does not depend on the question: one kind of question sees all of them.
      const cards = question.kind === 'choice' ? 4 : 1;
      for (let card = 0; card < cards; card++) {
        await page.locator('#prompt').waitFor();
        await expectInReach(page);
        if (card === 0) await expectAccessible(page, question.kind);
        await page.addStyleTag({ content: 'html { font-size: 200% }' });
        await expectInReach(page);
        await expectTouchable(page);
        await page.evaluate(() => document.querySelector('style')?.remove());
        await page.getByRole('button', { name: 'Skip' }).click();
        await page.getByRole('button', { name: 'Something else' }).click();
      }
      await leave(page);
    },
  );

  it.each([
    ['a desk', desk],
    ['a phone', phone],
  ] as const)('keeps Skip in reach under a long list of answers, which can be searched, on %s', async (_, size) => {
    const choices = Array.from({ length: 60 }, (_, index) => ({ value: `Country ${index}` }));
    const campaign = await newCampaign(server, { question: { kind: 'choice', prompt: 'Which country?', choices } });
    const page = await begin(browser(), campaign.link, { ...size, bypassCSP: true });
    await expectAccessible(page, 'long list');
    const box = await page.getByRole('button', { name: 'Skip' }).boundingBox();
    expect((box?.y ?? 9999) + (box?.height ?? 0)).toBeLessThanOrEqual(page.viewportSize()?.height ?? 0);
    const search = page.getByRole('searchbox', { name: 'Search the answers' });
    await search.fill('country 5');
    expect(await page.locator('.option:visible').count()).toBe(11);
    await search.press('Enter');
    expect(given(await campaign.answers())).toEqual([]);
    await search.fill('UNTRY 57 ');
    await search.press('Enter');
    await page.getByText('1 saved').waitFor();
    expect(given(await campaign.answers()).map(({ value }) => value)).toEqual(['Country 57']);
    expect(await search.inputValue()).toBe('');
    await search.fill('nowhere');
    await page.getByText('No answer has these words.').waitFor();
    await leave(page);
  });

  it('shows pictures, fields and right-to-left text, and runs nothing', async () => {
    const campaign = await newCampaign(server, { tasks: hard });
    const page = await begin(browser(), campaign.link);
    const said: string[] = [];
    page.on('dialog', (dialog) => said.push(dialog.message()));
    const seen = new Set<string>();
    for (let card = 0; card < 4; card++) {
      await page.locator('#prompt').waitFor();
      if ((await page.locator('.picture img').count()) > 0) {
        seen.add('picture');
        const width = (): Promise<number> => page.locator('.picture img').evaluate((image) => image.clientWidth);
        await expect.poll(width).toBeGreaterThan(100);
        const before = await width();
        await page.getByRole('button', { name: 'Enlarge the picture' }).click();
        expect(await width()).toBeGreaterThan(before);
      } else if ((await page.locator('.html').count()) > 0) {
        seen.add('html');
        expect(await page.locator('.html h2, .html td').allTextContents()).toEqual(['Bird', 'wings', 'two']);
        expect(await page.locator('.html script, .html [onerror]').count()).toBe(0);
      } else if (await page.locator('dd', { hasText: 'سارة' }).isVisible()) {
        seen.add('right to left');
        const direction = await page.locator('.text').evaluate((text) => getComputedStyle(text).direction);
        expect(direction).toBe('rtl');
      } else seen.add('long');
      await page.keyboard.press('1');
    }
    expect([...seen].sort()).toEqual(['html', 'long', 'picture', 'right to left']);
    expect(said).toEqual([]);
    await leave(page);
  });
});

/** Buttons of the thumb zone are at least 48 pixels high, and the last one can be reached by scrolling. */
async function expectTouchable(page: Page): Promise<void> {
  const low = await page
    .locator('footer button')
    .evaluateAll((buttons) => buttons.filter((button) => button.clientHeight < 46).map((button) => button.outerHTML));
  expect(low).toEqual([]);
  const last = page.locator('footer button').last();
  await last.scrollIntoViewIfNeeded();
  const box = await last.boundingBox();
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(846);
}
