import { AccessError, csrfOf, hashOf, newSecret } from '../access/index.ts';
import type { Running } from '../campaign/campaigns.ts';
import { globalId } from '../campaign/index.ts';
import type { Call, Context, Handlers } from './call.ts';

/** How long a browser may come back without its link. */
export const sessionMs: number = 30 * 24 * 3_600_000;

/** The routes of workers. */
export function workHandlers(
  context: Context,
): Handlers<'join' | 'work' | 'next' | 'ownAnswers' | 'correct' | 'release'> {
  const { store, campaigns, now } = context;

  /** The campaign and the number of the worker who asks. */
  const mine = async ({ principal }: Pick<Call, 'principal'>): Promise<Running & { readonly worker: number }> => {
    const { campaign, worker } = principal;
    if (campaign === null || worker === null) throw closedLink();
    const running = await campaigns.get(campaign);
    // Somebody who joined through another process.
    if (running.live.workers[worker] === undefined) await running.live.readWorker(worker);
    return { ...running, worker };
  };

  return {
    async join({ body, startSession }) {
      const invite = await store.access.inviteByHash(hashOf(body.token));
      if (invite === undefined || invite.role !== 'worker' || invite.campaign === null) throw closedLink();
      if (invite.revokedAt !== null || (invite.expiresAt !== null && invite.expiresAt <= now())) throw closedLink();
      const { live } = await campaigns.get(invite.campaign);
      const { platformId } = body;
      const known = platformId === undefined ? undefined : live.workerOf(platformId);
      if (known === undefined && !(await store.access.useInvite(invite.id))) throw closedLink();
      const name = body.name ?? `worker ${live.workers.length + 1}`;
      let row = await store.addWorker(invite.campaign, { name, kind: 'human', platformId }, `invite:${invite.id}`);
      if (body.name !== undefined && body.name !== row.name) {
        row = await store.changeWorker(invite.campaign, row.worker, { name: body.name }, `worker:${row.worker}`);
      }
      await live.readWorker(row.worker);
      const secret = newSecret();
      const csrf = csrfOf(secret);
      await store.access.addSession({
        hash: hashOf(secret),
        role: 'worker',
        campaign: invite.campaign,
        worker: row.worker,
        actor: `worker:${row.worker}`,
        csrfHash: hashOf(csrf),
        expiresAt: now() + sessionMs,
        // Revoking the link lets nobody in any more; those inside may finish and send what waits on their phones.
        invite: null,
        token: null,
      });
      startSession('worker', secret);
      return { campaign: globalId(live.header), worker: row.worker, name: row.name, csrf };
    },
    async work(call) {
      const { desk, worker } = await mine(call);
      return desk.work(worker, call.principal.csrf);
    },
    async next(call) {
      const { desk, worker } = await mine(call);
      return desk.next(worker, call.body);
    },
    async ownAnswers(call) {
      const { desk, worker } = await mine(call);
      return desk.ownAnswers(worker);
    },
    async correct(call) {
      const { desk, worker } = await mine(call);
      return desk.correct(worker, call.params.lease, call.body);
    },
    async release(call) {
      const { desk, worker } = await mine(call);
      await desk.release(worker, call.body.leases);
      return null;
    },
  };
}

function closedLink(): AccessError {
  const hint = 'ask for a new link';
  return new AccessError(401, 'invalid-invite', 'invalid link: it is unknown, used up, expired or revoked', hint);
}
