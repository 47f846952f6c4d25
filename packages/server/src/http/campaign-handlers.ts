import { InputError } from '@assay/core';
import type { Source } from '@assay/core/formats';
import {
  campaignReply,
  changeCampaign,
  createCampaign,
  distinctNames,
  type Header,
  importTasks,
  progressOf,
  readHeader,
  workerReports,
} from '../campaign/index.ts';
import type { Answer, Task, Value } from '../protocol/index.ts';
import type { Context, Handlers } from './call.ts';

type Names =
  | 'createCampaign'
  | 'campaigns'
  | 'campaign'
  | 'changeCampaign'
  | 'setInstructions'
  | 'importTasks'
  | 'tasks'
  | 'answers'
  | 'reject'
  | 'workers'
  | 'changeWorker'
  | 'progress'
  | 'events';

/** The routes of those who lead and review. */
export function campaignHandlers({ store, campaigns }: Context): Handlers<Names> {
  const headerOf = async (campaign: number): Promise<Header> => (await campaigns.get(campaign)).live.header;

  return {
    async createCampaign({ body, principal }) {
      return campaignReply(await createCampaign(store, body, principal.actor));
    },

    async campaigns({ principal }) {
      const rows = (await store.campaigns()).filter((row) => (principal.campaign ?? row.campaign) === row.campaign);
      return { campaigns: await Promise.all(rows.map(async (row) => campaignReply(await readHeader(store, row)))) };
    },

    async campaign({ params }) {
      return campaignReply(await headerOf(params.campaign));
    },

    async changeCampaign({ params, body, principal }) {
      await changeCampaign(store, await headerOf(params.campaign), body, principal.actor);
      await campaigns.catchUp();
      return campaignReply(await headerOf(params.campaign));
    },

    async setInstructions({ params, body, principal }) {
      const { instructions } = await headerOf(params.campaign);
      if (instructions.text !== body.text) await store.addInstruction(params.campaign, body.text, principal.actor);
      await campaigns.catchUp();
      return campaignReply(await headerOf(params.campaign));
    },

    async importTasks({ params, query, body, principal }) {
      const header = await headerOf(params.campaign);
      const source: Source = { name: query.name ?? 'upload', bytes: body };
      const receipt = await importTasks(store, header, source, principal.actor, query);
      await campaigns.catchUp();
      return receipt;
    },

    async tasks({ params, query }) {
      const { live } = await campaigns.get(params.campaign);
      const { cursor: after, limit = 100, ...filter } = query;
      await live.closings.settled();
      const { rows, next } = await store.tasks(params.campaign, { ...filter, after, limit });
      const contents = await live.contents(rows.map(({ task }) => task));
      const tasks = rows.map((row): Task => {
        const { task, name, role, k, openLeases, accepted, status, reason, reasonValues } = row;
        const content = contents.get(task);
        return {
          id: task,
          name,
          content: (content?.content ?? {}) as Task['content'],
          role,
          gold: (content?.gold ?? null) as Value | null,
          k,
          openLeases,
          accepted,
          status,
          reason: reason as Task['reason'],
          values: reasonValues as Task['values'],
          ...live.labelOf(task),
        };
      });
      return { tasks, next };
    },

    async answers({ params, query }) {
      const { live } = await campaigns.get(params.campaign);
      const states = query.state === undefined ? undefined : [query.state];
      const { rows, next } = await store.assignments(params.campaign, {
        states,
        after: query.cursor,
        limit: query.limit ?? 100,
      });
      const workers = distinctNames(live.workers.map(({ name }, worker) => ({ name, worker })));
      const contents = await live.contents(rows.map(({ task }) => task));
      const answers = rows.map(
        (row): Answer => ({
          lease: live.leaseNames.of(row),
          task: contents.get(row.task)?.name ?? '',
          worker: workers[row.worker] ?? `#${row.worker}`,
          state: row.state,
          value: row.value as Value | null,
          at: row.answeredAt,
          spentMs: row.spentMs,
          instructionVersion: row.instructionVersion,
          skipReason: row.skipReason,
          note: row.note,
        }),
      );
      return { answers, next };
    },

    async reject({ params, body, principal }) {
      const { live } = await campaigns.get(params.campaign);
      const key = live.leaseNames.parse(params.lease);
      const rejected = key === undefined ? null : await store.reject(key, body.reason, principal.actor);
      if (key === undefined || rejected === null) {
        const hint = 'list the answers that count to see their names';
        throw new InputError(`unknown answer "${params.lease}"; ${hint}`, {
          code: 'unknown-answer',
          got: params.lease,
          hint,
        });
      }
      await live.closings.settled();
      live.move(key.task, key.worker, 'rejected');
      await live.closings.reconsider(principal.actor, [key.task]);
      return null;
    },

    async workers({ params }) {
      return { workers: await workerReports(store, (await campaigns.get(params.campaign)).live) };
    },

    async changeWorker({ params, body, principal }) {
      const { live } = await campaigns.get(params.campaign);
      if ((await store.worker(params.campaign, params.worker)) === undefined) {
        const hint = 'list the workers to see their numbers';
        throw new InputError(`unknown worker ${params.worker}; ${hint}`, {
          code: 'unknown-worker',
          got: String(params.worker),
          hint,
        });
      }
      await store.changeWorker(params.campaign, params.worker, body, principal.actor);
      await live.readWorker(params.worker);
      return null;
    },

    async progress({ params }) {
      return progressOf(store, (await campaigns.get(params.campaign)).live);
    },

    async events({ params, query }) {
      await campaigns.get(params.campaign);
      const { events, next } =
        query.latest === undefined
          ? await store.events(query.after ?? '', { campaign: params.campaign, limit: query.limit ?? 100 })
          : { events: await store.latestEvents(params.campaign, query.latest), next: query.after ?? '' };
      return { events: events.map(({ id, at, kind, actor, data }) => ({ id, at, kind, actor, data })), next };
    },
  };
}
