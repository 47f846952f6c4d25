import { prefix, type Route, type RouteName, routes, type Who } from '@assay/server/protocol';
import { beforeAll, describe, expect, it } from 'vitest';
import { cookieOf, type Served, served } from '../support/served.ts';

const names = Object.keys(routes) as RouteName[];
const roles = ['nobody', 'worker', 'reviewer', 'lead', 'owner'] as const;
const rank: Readonly<Record<string, number>> = { reviewer: 1, lead: 2, owner: 3 };

let at: Served;
let campaign: number;
let other: number;
let keys: Readonly<Record<(typeof roles)[number], Readonly<Record<string, string>>>>;

beforeAll(async () => {
  at = await served();
  campaign = (await at.campaign()).id;
  other = (await at.campaign({ name: 'Fish' })).id;
  const key = async (role: string): Promise<Readonly<Record<string, string>>> => {
    const { token } = await at.ask<{ token: string }>('POST', '/tokens', { role, campaign });
    return { authorization: `Bearer ${token}` };
  };
  const [worker] = await at.people(campaign, 1);
  keys = {
    nobody: {},
    worker: worker.headers,
    reviewer: await key('reviewer'),
    lead: await key('lead'),
    owner: at.owner,
  };
});

function pathOf(route: Route, inCampaign: number): string {
  return route.path
    .replace(':campaign', String(inCampaign))
    .replace(/:\w+/g, (name) => (name === ':lease' ? '1a-0' : '999'));
}

function mayCall(who: Who, role: (typeof roles)[number]): boolean {
  if (who === 'anyone') return true;
  if (who === 'worker' || role === 'worker' || role === 'nobody') return who === role;
  return rank[role] >= rank[who];
}

/** What the gate says before anything else is looked at: 401, 403, or that it let the request through. */
async function verdict(
  route: Route,
  headers: Readonly<Record<string, string>>,
  inCampaign = campaign,
): Promise<number> {
  // The body is wrong on purpose: a request that passes the gate changes nothing.
  const body = route.method === 'GET' ? undefined : { wrong: true };
  const { status } = await at.call(route.method, pathOf(route, inCampaign), body, headers);
  return status;
}

describe('every route', () => {
  const matrix = names
    .filter((name) => name !== 'stream' && name !== 'importTasks' && name !== 'logout')
    .flatMap((name) => roles.map((role) => [name, role] as const));

  it.each(matrix)('%s is for its role only: %s', async (name, role) => {
    const route = routes[name] as Route;
    const status = await verdict(route, keys[role]);
    if (mayCall(route.who, role)) expect([401, 403]).not.toContain(status);
    else expect([401, 403]).toContain(status);
  });

  it('keeps the keys of one campaign out of another', async () => {
    const inside = names.filter((name) => routes[name].path.includes(':campaign') && name !== 'stream');
    expect(inside.length).toBeGreaterThan(12);
    for (const name of inside)
      expect(await verdict(routes[name] as Route, keys.lead, other), name).toSatisfy(
        (s: number) => s === 404 || s === 403,
      );
    const { campaigns } = await at.ask<{ campaigns: { id: number }[] }>('GET', '/campaigns', undefined, keys.lead);
    expect(campaigns.map(({ id }) => id)).toEqual([campaign]);
  });

  it('refuses uploads of strangers before they are read', async () => {
    for (const headers of [{}, keys.worker, keys.reviewer]) {
      const { status } = await at.call('POST', `/campaigns/${campaign}/tasks`, Buffer.from('id,text\n1,x\n'), headers);
      expect([401, 403]).toContain(status);
    }
    expect((await at.store.tasks(campaign)).rows).toEqual([]);
  });
});

describe('keys', () => {
  it('cannot be given with more than the giver has', async () => {
    for (const body of [{ role: 'owner' }, { role: 'lead', campaign: other }]) {
      expect((await at.call('POST', '/tokens', body, keys.lead)).status, JSON.stringify(body)).toBe(403);
    }
    // Without a campaign a lead's key is for the lead's own.
    expect(await at.ask('POST', '/tokens', { role: 'lead' }, keys.lead)).toMatchObject({ campaign });
    expect((await at.call('POST', '/tokens', { role: 'reviewer' }, keys.reviewer)).status).toBe(403);
  });

  it('end with the sessions they opened when they are revoked', async () => {
    const { token, id } = await at.ask<{ token: string; id: number }>('POST', '/tokens', { role: 'lead', campaign });
    const login = await at.call('POST', '/login', { token }, {});
    const cookie = { cookie: cookieOf(login.headers) };
    expect((await at.call('GET', '/session', undefined, cookie)).status).toBe(200);
    await at.ask('DELETE', `/tokens/${id}`);
    expect((await at.call('GET', '/session', undefined, cookie)).status).toBe(401);
    expect((await at.call('POST', '/login', { token }, {})).status).toBe(401);
  });

  it('are the same when asked for again under one idempotency key', async () => {
    const headers = { ...at.owner, 'idempotency-key': 'once' };
    const first = await at.ask('POST', `/campaigns/${campaign}/invites`, { role: 'worker' }, headers);
    expect(await at.ask('POST', `/campaigns/${campaign}/invites`, { role: 'worker' }, headers)).toEqual(first);
    const key = await at.ask('POST', '/tokens', { role: 'lead' }, headers);
    expect(await at.ask('POST', '/tokens', { role: 'lead' }, headers)).toEqual(key);
  });

  it('are stored as hashes only, and listed without their secrets', async () => {
    const { token } = await at.ask<{ token: string }>('POST', `/campaigns/${campaign}/invites`, { role: 'lead' });
    for (const path of [`/campaigns/${campaign}/invites`, '/tokens', '/audit', `/campaigns/${campaign}/events`]) {
      expect((await at.call('GET', path)).text, path).not.toContain(token.slice(8));
    }
    expect(JSON.stringify(await at.store.access.invites(campaign))).not.toContain(token.slice(8));
  });
});

describe('sessions', () => {
  it('live in cookies that scripts cannot read and other sites cannot send', async () => {
    const reply = await at.call('POST', '/join', { token: await at.invite(campaign) }, {});
    expect(String(reply.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/);
    const https = await at.app.inject({
      method: 'POST',
      url: '/api/v1/join',
      payload: { token: await at.invite(campaign) },
    });
    expect(String(https.headers['set-cookie'])).not.toContain('Secure');
  });

  it('change nothing without the value only our page knows', async () => {
    const login = await at.call('POST', '/login', { token: at.owner.authorization.slice(7) }, {});
    const cookie = cookieOf(login.headers);
    const { csrf } = login.json as { csrf: string };
    const patch = (headers: Readonly<Record<string, string>>): Promise<{ status: number }> =>
      at.call('PATCH', `/campaigns/${campaign}`, { name: 'Birds' }, headers);
    expect((await patch({ cookie })).status).toBe(403);
    expect((await patch({ cookie, 'x-assay-csrf': `${csrf}x` })).status).toBe(403);
    expect((await patch({ cookie, 'x-assay-csrf': csrf })).status).toBe(200);
  });

  it('of a worker and of a lead live side by side in one browser', async () => {
    const login = await at.call('POST', '/login', { token: at.owner.authorization.slice(7) }, {});
    const join = await at.call('POST', '/join', { token: await at.invite(campaign) }, {});
    const cookie = `${cookieOf(login.headers)}; ${cookieOf(join.headers)}`;
    expect((await at.call('GET', '/session', undefined, { cookie })).status).toBe(200);
    expect((await at.call('GET', '/work', undefined, { cookie })).status).toBe(200);
    const out = await at.call('POST', '/logout', undefined, { cookie });
    expect(out.status).toBe(204);
    expect((await at.call('GET', '/session', undefined, { cookie })).status).toBe(401);
    expect((await at.call('GET', '/work', undefined, { cookie })).status).toBe(401);
  });
});

describe('invites', () => {
  it('let in as many as they say, and the same person again', async () => {
    const { token } = await at.ask<{ token: string }>('POST', `/campaigns/${campaign}/invites`, {
      role: 'worker',
      most: 1,
    });
    const first = await at.join(token, { platformId: 'p1' });
    expect((await at.join(token, { platformId: 'p1' })).worker).toBe(first.worker);
    expect((await at.call('POST', '/join', { token, platformId: 'p2' }, {})).status).toBe(401);
  });

  it('let nobody in once revoked, but whoever is inside may finish', async () => {
    const { token, id } = await at.ask<{ token: string; id: number }>('POST', `/campaigns/${campaign}/invites`, {
      role: 'worker',
    });
    const inside = await at.join(token);
    await at.ask('DELETE', `/campaigns/${campaign}/invites/${id}`);
    expect((await at.call('POST', '/join', { token }, {})).status).toBe(401);
    expect((await at.call('GET', '/work', undefined, inside.headers)).status).toBe(200);
  });

  it('of leads open the lead page and no work, those of workers the reverse', async () => {
    const lead = await at.invite(campaign, 'lead');
    expect((await at.call('POST', '/join', { token: lead }, {})).status).toBe(401);
    expect((await at.call('POST', '/login', { token: lead }, {})).json).toMatchObject({ role: 'lead', campaign });
    expect((await at.call('POST', '/login', { token: await at.invite(campaign) }, {})).status).toBe(401);
  });
});

it('has every path under the prefix', () => {
  for (const name of names)
    expect(at.app.hasRoute({ method: routes[name].method, url: prefix + routes[name].path })).toBe(true);
});
