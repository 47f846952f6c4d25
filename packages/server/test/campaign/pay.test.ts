import type { Campaign, Look, Progress, Work, Workers } from '@assay/server/protocol';
import { describe, expect, it } from 'vitest';
import { served } from '../support/served.ts';

const pay = { micros: 50_000, currency: 'EUR' };

describe('pay', () => {
  it('is told before the first answer, and adds up for worker and lead, practice excepted', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { k: 2, pay } });
    await at.tasks(id, 4);
    await at.import(id, 'id,text,answer\np1,Practice,wren\n', 'practice');
    const token = await at.invite(id);
    expect((await at.ask<Look>('POST', '/join/look', { token }, {})).campaign.pay).toEqual(pay);
    const ana = await at.join(token, { name: 'Ana' });
    await ana.workOn(() => 'wren', 4);
    const { campaign, worker } = await at.ask<Work>('GET', '/work', undefined, ana.headers);
    expect(campaign.pay).toEqual(pay);
    expect(worker.answers).toBe(3);
    const progress = await at.ask<Progress>('GET', `/campaigns/${id}/progress`);
    // Three of eight are there.
    expect(progress.cost).toEqual({ currency: 'EUR', earnedMicros: 150_000, leftMicros: 250_000 });
    const { workers } = await at.ask<Workers>('GET', `/campaigns/${id}/workers`);
    expect(workers.map(({ earnedMicros }) => earnedMicros)).toEqual([150_000]);
    const lines = (await at.call('GET', `/campaigns/${id}/export`)).text.trim().split('\n');
    expect(lines[0]).toBe('task,worker,label,kind,status,at,duration_ms,cost');
    expect(lines.filter((line) => line.endsWith(',0.05'))).toHaveLength(3);
  });

  it('can be raised for all answers, and is never lowered once there are some', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { pay } });
    await at.tasks(id, 4);
    const set = (settings: object) => at.call('PATCH', `/campaigns/${id}`, { settings });
    expect((await set({ pay: { ...pay, micros: 40_000 } })).status).toBe(200);
    const [ana] = await at.people(id, 1);
    await ana.workOn(() => 'wren', 2);
    for (const lower of [{ ...pay, micros: 30_000 }, { ...pay, currency: 'JPY' }, null]) {
      expect(await set({ pay: lower })).toMatchObject({ status: 409, json: { errors: [{ code: 'pay-lowered' }] } });
    }
    expect((await set({ pay: { ...pay, micros: 60_000 } })).status).toBe(200);
    expect((await set({ k: 5 })).status).toBe(200);
    expect((await at.ask<Progress>('GET', `/campaigns/${id}/progress`)).cost?.earnedMicros).toBe(120_000);
    expect((await at.ask<Campaign>('GET', `/campaigns/${id}`)).settings.pay).toEqual({ ...pay, micros: 60_000 });
  });

  it.each([
    { micros: 0.5, currency: 'EUR' },
    { micros: -1, currency: 'EUR' },
    { micros: 5, currency: 'euro' },
  ])('refuses %o', async (wrong) => {
    const at = await served();
    expect(
      (
        await at.call('POST', '/campaigns', {
          name: 'A',
          question: { kind: 'text', prompt: 'x' },
          settings: { pay: wrong },
        })
      ).status,
    ).toBe(400);
  });

  it('is nowhere where work is not paid', async () => {
    const at = await served();
    const { id } = await at.campaign();
    await at.tasks(id, 1);
    const [ana] = await at.people(id, 1);
    await ana.workOn(() => 'wren');
    expect((await at.ask<Progress>('GET', `/campaigns/${id}/progress`)).cost).toBeNull();
    expect((await at.call('GET', '/work', undefined, ana.headers)).text).not.toContain('pay');
    expect((await at.call('GET', `/campaigns/${id}/export`)).text).not.toContain('cost');
  });
});
