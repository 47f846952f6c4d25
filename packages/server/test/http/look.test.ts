import type { Look, NewInvite, Workers } from '@assay/server/protocol';
import { describe, expect, it } from 'vitest';
import { birds, served } from '../support/served.ts';

describe('looking at what a link leads to', () => {
  it('makes no worker and uses nothing up', async () => {
    const at = await served();
    const { id } = await at.campaign({ instructions: 'Look closely.' });
    await at.tasks(id, 2);
    await at.import(id, 'id,text,answer\np1,One,wren\np2,Two,wren\n', 'practice');
    const { token } = await at.ask<NewInvite>('POST', `/campaigns/${id}/invites`, { role: 'worker', most: 1 });
    const replies = [];
    for (let i = 0; i < 5; i++) replies.push(await at.call('POST', '/join/look', { token }, {}));
    expect(replies[4].json).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      campaign: { name: 'Birds', status: 'open', question: birds, instructions: { version: 1, text: 'Look closely.' } },
      practice: 2,
    } satisfies Look);
    expect(replies[4].headers['set-cookie']).toBeUndefined();
    expect((await at.ask<Workers>('GET', `/campaigns/${id}/workers`)).workers).toEqual([]);
    const ana = await at.join(token, { platformId: 'ana' });
    expect(ana.worker).toBe(0);
    // The link is used up now, but not for her.
    expect((await at.call('POST', '/join/look', { token, platformId: 'bo' }, {})).status).toBe(401);
    await ana.answer((await ana.cards())[0], 'wren');
    expect(await at.ask<Look>('POST', '/join/look', { token, platformId: 'ana' }, {})).toMatchObject({ practice: 1 });
  });

  it('shows nothing by a link that is unknown, revoked or for leads', async () => {
    const at = await served();
    const { id } = await at.campaign();
    const revoked = await at.ask<NewInvite>('POST', `/campaigns/${id}/invites`, { role: 'worker' });
    await at.call('DELETE', `/campaigns/${id}/invites/${revoked.id}`);
    for (const token of ['wrong', '', revoked.token, await at.invite(id, 'lead')]) {
      expect((await at.call('POST', '/join/look', { token }, {})).status).toBe(401);
    }
  });
});
