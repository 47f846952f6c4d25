import type { Question, Value, Workers } from '@assay/server/protocol';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeInBrowser } from '../../../../tools/lib/browser.ts';
import { animals, given, type LiveServer, newCampaign, startServer, twoPractice } from '../support/live-server.ts';
import { allSent, begin, cardOf, desk, leave, nudge, phone, visit } from '../support/visitor.ts';

describeInBrowser('the page of a worker', (browser) => {
  let server: LiveServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.remove());

  describe('from the link to the first saved answer', () => {
    async function taps(practice: string | undefined): Promise<number> {
      const campaign = await newCampaign(server, { practice });
      const page = await visit(browser(), campaign.link, phone);
      let count = 0;
      const tap = async (name: string): Promise<void> => {
        await page.getByRole('button', { name, exact: true }).tap();
        count++;
      };
      await tap('Start');
      for (const animal of practice === undefined ? [] : ['Cat', 'Dog']) {
        await tap(animal);
        await page.locator('.judgement').waitFor();
        await tap('Next');
      }
      await tap('bird');
      await allSent(page);
      const saved = given(await campaign.answers()).filter(({ task }) => task.startsWith('t'));
      expect(saved.map(({ value }) => value)).toEqual(['bird']);
      await leave(page);
      return count;
    }

    it('takes two taps', async () => {
      expect(await taps(undefined)).toBe(2);
    });

    it('takes six taps with two practice tasks', async () => {
      expect(await taps(twoPractice)).toBe(6);
    });
  });

  it('makes a worker of nobody who only looks', async () => {
    const campaign = await newCampaign(server, { practice: twoPractice });
    const workers = async (): Promise<Workers['workers']> =>
      (await server.api<Workers>('GET', `/campaigns/${campaign.id}/workers`)).workers;
    const page = await visit(browser(), campaign.link);
    await page.getByText('Name the animal.').waitFor();
    await page.getByText('It begins with 2 practice tasks, with explanations.').waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Start' }).waitFor();
    expect(await workers()).toEqual([]);
    await page.getByRole('button', { name: 'Start' }).dblclick();
    await page.getByText('Practice · 2 left').waitFor();
    expect(await workers()).toHaveLength(1);
    await leave(page);
  });

  it('says so when it cannot begin just now, and begins when it can', async () => {
    const campaign = await newCampaign(server);
    const page = await visit(browser(), campaign.link);
    await page.getByLabel('Your name').fill('Ada');
    await page.route('**/join', (route) => route.abort());
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('alert').getByText('The server cannot be reached just now.').waitFor();
    await page.unroute('**/join');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.locator('.option').first().waitFor();
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('heading', { name: 'Ada' }).waitFor();
    await leave(page);
  });

  it('says what work pays, and what has been earned', async () => {
    const pay = { micros: 45_000, currency: 'EUR' };
    const campaign = await newCampaign(server, { practice: twoPractice, settings: { pay } });
    const page = await visit(browser(), campaign.link, phone);
    await page.getByText('Each answer earns €0.045.').waitFor();
    await page.getByText('It begins with 2 practice tasks, with explanations; practice is not paid.').waitFor();
    await page.getByRole('button', { name: 'Start' }).tap();
    for (const animal of ['Cat', 'Dog']) {
      await page.getByRole('button', { name: animal, exact: true }).tap();
      await page.locator('.judgement').waitFor();
      await page.getByRole('button', { name: 'Next' }).tap();
    }
    await page.getByRole('button', { name: 'bird' }).tap();
    await page.getByText('1 saved · €0.045', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Cat' }).tap();
    await page.getByText('2 saved · €0.09', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Menu' }).tap();
    await page.getByText('2 answers saved, €0.09 earned. Thank you!').waitFor();
    await page.getByRole('button', { name: 'Finish for now' }).tap();
    await page.getByText('2 answers from you, €0.09 earned.').waitFor();
    await leave(page);
  });

  it('turns nobody into a worker of a campaign that is closed', async () => {
    const campaign = await newCampaign(server);
    await server.api('PATCH', `/campaigns/${campaign.id}`, { status: 'closed' });
    const page = await visit(browser(), campaign.link);
    await page.getByRole('heading', { name: 'This campaign is closed' }).waitFor();
    expect(await page.getByRole('button').count()).toBe(0);
    await leave(page);
  });

  it('explains practice tasks, and does not go on before', async () => {
    const campaign = await newCampaign(server, { practice: twoPractice });
    const page = await begin(browser(), campaign.link);
    await page.getByText('Practice · 2 left').waitFor();
    await page.keyboard.press('2');
    await page.getByText('✗ We expected Cat').waitFor();
    await page.getByText('Only cats meow.').waitFor();
    // A key meant for the next card must not answer it unseen.
    await page.keyboard.press('2');
    expect(await cardOf(page)).toBe('It meows');
    await page.keyboard.press('Enter');
    expect(await cardOf(page)).toBe('It wags its tail');
    await page.keyboard.press('2');
    await page.getByText('✓ Right').waitFor();
    await page.keyboard.press('Enter');
    expect(await cardOf(page)).toMatch(/^It (?!meows|wags)/);
    expect(await page.getByRole('button', { name: 'Undo' }).isDisabled()).toBe(true);
    await leave(page);
  });

  it('needs no mouse: choose, undo, skip, help, finish', async () => {
    const campaign = await newCampaign(server);
    const page = await visit(browser(), campaign.link);
    await page.getByRole('textbox').focus();
    await page.keyboard.type('Ada');
    await page.keyboard.press('Enter');
    await page.locator('.option').first().waitFor();
    const first = await cardOf(page);
    await page.keyboard.press('1');
    const shown = await cardOf(page);
    expect(shown).not.toBe(first);
    await page.keyboard.press('2');
    await page.keyboard.press('z');
    expect(await cardOf(page)).toBe(shown);
    await page.keyboard.press('z');
    expect(await cardOf(page)).toBe(first);
    expect(await page.getByRole('button', { name: 'Cat' }).getAttribute('aria-pressed')).toBe('true');
    await page.keyboard.press('3');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Instructions' }).getByText('Name the animal.').waitFor();
    await page.keyboard.press('1');
    await page.keyboard.press('Escape');
    const skipped = await cardOf(page);
    await page.keyboard.press('s');
    await page.getByRole('dialog', { name: 'Why skip this task?' }).waitFor();
    await page.keyboard.press('2');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await cardOf(page)).not.toBe(skipped);
    await allSent(page);
    const answers = given(await campaign.answers());
    const values = Object.fromEntries(answers.map(({ task, value }) => [texts[task], value]));
    expect(values).toEqual({ [first]: 'bird', [shown]: 'dog', [skipped]: null });
    expect(answers.find(({ state }) => state === 'skipped')?.skipReason).toBe('cannot-see');
    expect(new Set(answers.map(({ worker }) => worker))).toEqual(new Set(['Ada']));
    await page.getByRole('button', { name: 'Menu' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Finish for now' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('All are saved; you can close this page.').waitFor();
    const leased = async () => (await campaign.answers()).filter(({ state }) => state === 'leased');
    await expect.poll(leased).toEqual([]);
    await leave(page);
  });

  it('hears a key pressed as soon as the card is there', async () => {
    const campaign = await newCampaign(server);
    const page = await begin(browser(), campaign.link);
    await allSent(page);
    // The key is pressed by a script that waits for nothing but the card: in the very frame that shows it.
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (document.querySelector('.option') === null) return;
        observer.disconnect();
        document.dispatchEvent(new KeyboardEvent('keydown', { key: '2', bubbles: true }));
      }).observe(document, { childList: true, subtree: true });
    });
    await page.reload();
    await page.getByText('1 saved').waitFor();
    expect(given(await campaign.answers()).map(({ value }) => value)).toEqual(['dog']);
    await leave(page);
  });

  it('shows the next card without a round trip, and each card once', async () => {
    const campaign = await newCampaign(server);
    const page = await begin(browser(), campaign.link);
    await allSent(page);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route('**/work/next', async (route) => {
      await held;
      await route.continue();
    });
    const seen = [await cardOf(page)];
    for (const key of ['1', '2', '3']) {
      await page.keyboard.press(key);
      seen.push(await cardOf(page));
    }
    expect(new Set(seen).size).toBe(4);
    await page.getByText('0 saved · 3 waiting').waitFor();
    release();
    await page.getByText('3 saved').waitFor();
    await allSent(page);
    await leave(page);
  });

  it('takes a double click for one', async () => {
    const campaign = await newCampaign(server);
    const page = await begin(browser(), campaign.link);
    await page.getByRole('button', { name: 'Cat' }).dblclick();
    await allSent(page);
    expect(given(await campaign.answers())).toHaveLength(1);
    await leave(page);
  });

  it('lets the worker see and change the last ten answers', async () => {
    const campaign = await newCampaign(server);
    const page = await begin(browser(), campaign.link, phone);
    const first = await cardOf(page);
    for (const animal of ['Cat', 'Dog']) await page.getByRole('button', { name: animal, exact: true }).tap();
    await page.getByRole('button', { name: 'Menu' }).tap();
    await page.getByRole('button', { name: 'See or change' }).tap();
    await page.getByRole('button', { name: `Change the answer Cat to ${first}` }).tap();
    await page.getByText('Your earlier answer.').waitFor();
    await page.getByRole('button', { name: 'bird' }).tap();
    await allSent(page);
    const values = given(await campaign.answers()).map(({ task, value }) => [texts[task], value]);
    expect(Object.fromEntries(values)[first]).toBe('bird');
    expect(values).toHaveLength(2);
    await leave(page);
  });

  it('waits for Next where the worker wants that', async () => {
    const campaign = await newCampaign(server);
    const page = await begin(browser(), campaign.link);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByLabel('Ask me to press Next after each choice').check();
    await page.keyboard.press('Escape');
    const first = await cardOf(page);
    await page.keyboard.press('1');
    expect(await cardOf(page)).toBe(first);
    await page.getByRole('button', { name: 'Dog' }).click();
    // The mouse left the focus on the choice: Enter means Next all the same.
    await page.keyboard.press('Enter');
    expect(await cardOf(page)).not.toBe(first);
    await allSent(page);
    expect(given(await campaign.answers()).map(({ value }) => value)).toEqual(['dog']);
    await leave(page);
  });

  const five: readonly (readonly [Question, Value, (page: Page) => Promise<void>])[] = [
    [animals, 'dog', (page) => page.getByRole('button', { name: 'Dog' }).click()],
    [
      {
        kind: 'multi-label',
        prompt: 'What does it have?',
        choices: [{ value: 'fur' }, { value: 'wings' }, { value: 'tail' }],
        least: 1,
      },
      ['fur', 'tail'],
      async (page) => {
        await page.keyboard.press('Enter');
        await page.getByText('Choose at least 1.').waitFor();
        for (const key of ['3', '2', '1', '2', 'Enter']) await page.keyboard.press(key);
      },
    ],
    [
      { kind: 'scale', prompt: 'How loud?', least: 0, most: 10, leastTitle: 'silent', mostTitle: 'deafening' },
      7,
      (page) => page.keyboard.press('7'),
    ],
    [
      { kind: 'number', prompt: 'How many kilograms?', least: 0, unit: 'kg' },
      4.5,
      async (page) => {
        await page.keyboard.type('-1');
        await page.keyboard.press('Enter');
        await page.getByText('Give a number of at least 0.').waitFor();
        await page.getByRole('textbox').fill('4,5');
        await page.keyboard.press('Enter');
      },
    ],
    [
      { kind: 'text', prompt: 'What does it say?' },
      'zzz? It says\n"miaow" 1',
      async (page) => {
        await page.keyboard.type('zzz? It says');
        await page.keyboard.press('Shift+Enter');
        await page.keyboard.type('"miaow" 1');
        await page.keyboard.press('Enter');
      },
    ],
  ];

  it.each(five)('asks for a %o', async (question, value, answer) => {
    const campaign = await newCampaign(server, { question, settings: { k: 1 }, tasks: 'task,text\nt1,One\nt2,Two\n' });
    const page = await begin(browser(), campaign.link, desk);
    await answer(page);
    await page.getByText('1 saved').waitFor();
    expect(given(await campaign.answers()).map((each) => each.value)).toEqual([value]);
    await page.keyboard.press(question.kind === 'text' ? 'Tab' : 'z');
    if (question.kind === 'text') await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Your earlier answer.').waitFor();
    await leave(page);
  });

  it('gives two workers different cards until all is done', async () => {
    const campaign = await newCampaign(server, { settings: { k: 1, goldShare: 0 } });
    const pages = [await begin(browser(), campaign.link), await begin(browser(), campaign.link, phone)];
    await Promise.all(
      pages.map(async (page) => {
        for (;;) {
          const next = page.locator('.option').first();
          await next.or(page.getByText(/All done|Nothing to do/)).waitFor();
          if (!(await next.isVisible())) return;
          const before = await cardOf(page);
          await page.keyboard.press('1');
          await page.waitForFunction((text) => document.querySelector('.text')?.textContent !== text, before);
        }
      }),
    );
    for (const page of pages) await allSent(page);
    const answers = given(await campaign.answers());
    expect(answers.map(({ task }) => task).sort()).toEqual(['t1', 't2', 't3', 't4', 't5', 't6']);
    expect(answers.every(({ state }) => state === 'accepted')).toBe(true);
    expect(new Set(answers.map(({ worker }) => worker)).size).toBe(2);
    await leave(...pages);
  });

  it('tells of new instructions, a pause and the end', async () => {
    const campaign = await newCampaign(server, { settings: { k: 9 } });
    const at = `/campaigns/${campaign.id}`;
    const page = await begin(browser(), campaign.link);
    await server.api('PUT', `${at}/instructions`, { text: 'Whales are no fish.' });
    await page.keyboard.press('1');
    await page.getByRole('button', { name: 'Read them' }).click();
    await page.getByRole('dialog').getByText('Whales are no fish.').waitFor();
    await page.getByRole('dialog').getByText('Version 2').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('2');
    await allSent(page);
    expect(
      given(await campaign.answers())
        .map(({ instructionVersion }) => instructionVersion)
        .sort(),
    ).toEqual([1, 2]);
    await server.api('PATCH', at, { status: 'paused' });
    for (let left = 6; left > 0 && (await page.locator('.option').first().isVisible()); left--) {
      await page.keyboard.press('1');
      await allSent(page);
    }
    await nudge(page);
    await page.getByText('A short pause').waitFor();
    await server.api('PATCH', at, { status: 'open' });
    await nudge(page);
    await page.locator('.option').first().or(page.getByText('All done')).waitFor();
    await server.api('PATCH', at, { status: 'closed' });
    for (let left = 6; left > 0 && (await page.locator('.option').first().isVisible()); left--) {
      await page.keyboard.press('1');
      await allSent(page);
    }
    await nudge(page);
    await page.getByText('This campaign is closed. Thank you!').waitFor();
    // Nobody is told "too late": what was begun is kept.
    expect(given(await campaign.answers())).toHaveLength(6);
    await leave(page);
  });

  it('knows a worker by the platform and asks for no name', async () => {
    const campaign = await newCampaign(server);
    const link = campaign.link.replace('#', '?PROLIFIC_PID=p-17#');
    const page = await visit(browser(), link, phone);
    await page.getByRole('button', { name: 'Start' }).waitFor();
    expect(await page.getByRole('textbox').count()).toBe(0);
    await page.getByRole('button', { name: 'Start' }).tap();
    await page.getByRole('button', { name: 'Cat' }).tap();
    await allSent(page);
    await leave(page);
    // By that id the lead finds whom to pay.
    expect(given(await campaign.answers()).map(({ worker }) => worker)).toEqual(['p-17']);
    // Another device of the same person goes on where this one was.
    const again = await begin(browser(), link);
    await again.keyboard.press('z');
    await again.getByText('Your earlier answer.').waitFor();
    await leave(again);
  });

  it('says so when a link is wrong', async () => {
    const page = await visit(browser(), `${server.origin}/join#assay_wrong`);
    await page.getByRole('heading', { name: 'This link is not valid' }).waitFor();
    await leave(page);
    const without = await visit(browser(), `${server.origin}/join`);
    await without.getByText('Open the link you were invited by').waitFor();
    await leave(without);
  });
});

const texts: Readonly<Record<string, string>> = {
  t1: 'It purrs on the sofa',
  t2: 'It barks at the postman',
  t3: 'It sings in the tree',
  t4: 'It catches mice',
  t5: 'It fetches the stick',
  t6: 'It lays an egg',
};
