import { AccessError, csrfOf, hashOf, newSecret } from '../access/index.ts';
import type { Running } from '../campaign/campaigns.ts';
import { globalId, type LiveCampaign } from '../campaign/index.ts';
import { WorkerBook } from '../campaign/worker-book.ts';
import type { JoinBody, Work } from '../protocol/index.ts';
import type { Invite } from '../store/index.ts';
import type { Call, Context, Handlers } from './call.ts';
import { Doorkeeper } from './doorkeeper.ts';

/** How long a browser may come back without its link. */
export const sessionMs: number = 30 * 24 * 3_600_000;

/** The routes of workers. */
export function workHandlers(
  context: Context,
): Handlers<'look' | 'join' | 'work' | 'next' | 'ownAnswers' | 'correct' | 'release'> {
  const { store, campaigns, now } = context;
  const doorkeeper = new Doorkeeper(now);

  /** The campaign and the number of the worker who asks. */
  const mine = async ({ principal }: Pick<Call, 'principal'>): Promise<Running & { readonly worker: number }> => {
    const { campaign, worker } = principal;
    if (campaign === null || worker === null) throw closedLink();
    const running = await campaigns.get(campaign);
    // Somebody who joined through another process.
    if (running.live.workers[worker] === undefined) await running.live.readWorker(worker);
    return { ...running, worker };
  };

  /** The campaign behind a link, and who of its workers stands there, if any. @throws {AccessError} invalid-invite */
  const behind = async (
    { token, platformId }: JoinBody,
    use: (invite: Invite) => boolean | Promise<boolean>,
  ): Promise<Running & { readonly invite: Invite; readonly campaign: number; readonly known: number | undefined }> => {
    const invite = await store.access.inviteByHash(hashOf(token));
    if (invite === undefined || invite.role !== 'worker' || invite.campaign === null) throw closedLink();
    if (invite.revokedAt !== null || (invite.expiresAt !== null && invite.expiresAt <= now())) throw closedLink();
    const running = await campaigns.get(invite.campaign);
    const known = platformId === undefined ? undefined : running.live.workerOf(platformId);
    if (known === undefined && !(await use(invite))) throw closedLink();
    return { ...running, invite, campaign: invite.campaign, known };
  };

  return {
    async look({ body, address }) {
      const hasRoom = ({ mostUses, uses }: Invite): boolean => mostUses === null || uses < mostUses;
      const { live, known } = await doorkeeper.tried(address, () => behind(body, hasRoom));
      const { name, status, question, instructions } = live.header;
      return {
        id: globalId(live.header),
        campaign: { name, status, question, instructions, ...payOf(live) },
        practice: live.router.practiceLeft(known === undefined ? new WorkerBook('') : live.workers[known]),
      };
    },
    async join({ body, address, startSession }) {
      const { live, desk, invite, campaign } = await doorkeeper.tried(address, () =>
        behind(body, ({ id }) => store.access.useInvite(id)),
      );
      const { platformId } = body;
      const name = body.name ?? `worker ${live.workers.length + 1}`;
      let row = await store.addWorker(campaign, { name, kind: 'human', platformId }, `invite:${invite.id}`);
      if (body.name !== undefined && body.name !== row.name) {
        row = await store.changeWorker(campaign, row.worker, { name: body.name }, `worker:${row.worker}`);
      }
      await live.readWorker(row.worker);
      const secret = newSecret();
      const csrf = csrfOf(secret);
      await store.access.addSession({
        hash: hashOf(secret),
        role: 'worker',
        campaign,
        worker: row.worker,
        actor: `worker:${row.worker}`,
        csrfHash: hashOf(csrf),
        expiresAt: now() + sessionMs,
        // Revoking the link lets nobody in any more; those inside may finish and send what waits on their phones.
        invite: null,
        token: null,
      });
      startSession('worker', secret);
      const work = workOf({ live, desk }, row.worker, csrf);
      return { campaign: globalId(live.header), worker: row.worker, name: row.name, csrf, work };
    },
    async work(call) {
      const { worker, ...running } = await mine(call);
      return workOf(running, worker, call.principal.csrf);
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

/** What the page shows before the first card. */
function workOf({ live, desk }: Running, worker: number, csrf: string): Work {
  const work = desk.work(worker, csrf);
  return { ...work, campaign: { ...work.campaign, ...payOf(live) } };
}

function payOf({ header }: LiveCampaign): Pick<Work['campaign'], 'pay'> {
  const { pay } = header.settings;
  return pay === null ? {} : { pay };
}

function closedLink(): AccessError {
  const hint = 'ask for a new link';
  return new AccessError(401, 'invalid-invite', 'invalid link: it is unknown, used up, expired or revoked', hint);
}
