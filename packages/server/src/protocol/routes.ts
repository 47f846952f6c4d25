import { z } from 'zod';
import * as access from './access.ts';
import * as campaigns from './campaigns.ts';
import * as work from './work.ts';

/** Everything a route takes and gives, by name. The table below, the handlers and the client all follow it. */
export interface RouteTypes {
  readonly health: { readonly reply: campaigns.Health };
  readonly login: { readonly body: access.LoginBody; readonly reply: access.Session };
  readonly session: { readonly reply: access.Session };
  readonly logout: { readonly reply: null };

  readonly look: { readonly body: work.LookBody; readonly reply: work.Look };
  readonly join: { readonly body: work.JoinBody; readonly reply: work.JoinReply };
  readonly work: { readonly reply: work.Work };
  readonly next: { readonly body: work.NextBody; readonly reply: work.NextReply };
  readonly ownAnswers: { readonly reply: work.OwnAnswers };
  readonly correct: { readonly params: Lease; readonly body: work.CorrectBody; readonly reply: work.SubmissionResult };
  readonly release: { readonly body: work.ReleaseBody; readonly reply: null };

  readonly createCampaign: { readonly body: campaigns.CampaignBody; readonly reply: campaigns.Campaign };
  readonly campaigns: { readonly reply: campaigns.Campaigns };
  readonly campaign: { readonly params: InCampaign; readonly reply: campaigns.Campaign };
  readonly changeCampaign: {
    readonly params: InCampaign;
    readonly body: campaigns.CampaignPatch;
    readonly reply: campaigns.Campaign;
  };
  readonly setInstructions: {
    readonly params: InCampaign;
    readonly body: campaigns.InstructionsBody;
    readonly reply: campaigns.Campaign;
  };
  readonly importTasks: {
    readonly params: InCampaign;
    readonly query: campaigns.ImportQuery;
    readonly body: FileBody;
    readonly reply: campaigns.ImportReceipt;
  };
  readonly tasks: {
    readonly params: InCampaign;
    readonly query: campaigns.TasksQuery;
    readonly reply: campaigns.Tasks;
  };
  readonly answers: {
    readonly params: InCampaign;
    readonly query: campaigns.AnswersQuery;
    readonly reply: campaigns.Answers;
  };
  readonly reject: {
    readonly params: InCampaign & Lease;
    readonly body: campaigns.RejectBody;
    readonly reply: null;
  };
  readonly workers: { readonly params: InCampaign; readonly reply: campaigns.Workers };
  readonly changeWorker: {
    readonly params: InCampaign & { readonly worker: number };
    readonly body: campaigns.WorkerPatch;
    readonly reply: null;
  };
  readonly progress: { readonly params: InCampaign; readonly reply: campaigns.Progress };
  readonly stream: { readonly params: InCampaign; readonly reply: ReplyStream };
  readonly events: {
    readonly params: InCampaign;
    readonly query: campaigns.EventsQuery;
    readonly reply: campaigns.Events;
  };
  readonly export: { readonly params: InCampaign; readonly query: campaigns.ExportQuery; readonly reply: ReplyStream };
  readonly createInvite: {
    readonly params: InCampaign;
    readonly body: access.InviteBody;
    readonly reply: access.NewInvite;
  };
  readonly invites: { readonly params: InCampaign; readonly reply: access.Invites };
  readonly revokeInvite: { readonly params: InCampaign & { readonly invite: number }; readonly reply: null };

  readonly createToken: { readonly body: access.TokenBody; readonly reply: access.NewToken };
  readonly tokens: { readonly reply: access.Tokens };
  readonly revokeToken: { readonly params: { readonly token: number }; readonly reply: null };
  readonly audit: { readonly query: PageQuery; readonly reply: access.Audit };
}

export interface InCampaign {
  readonly campaign: number;
}
export interface Lease {
  readonly lease: string;
}
export interface PageQuery {
  readonly cursor?: string;
  readonly limit?: number;
}
/** The bytes of a file as they arrive. */
export type FileBody = AsyncIterable<Uint8Array>;
/** A reply that is sent bit by bit: a file, or server-sent events. */
export type ReplyStream = ReadableStream<Uint8Array>;

export type RouteName = keyof RouteTypes;
/** What one route takes or gives; undefined where it takes nothing. */
export type Part<Name extends RouteName, Key extends string> = RouteTypes[Name] extends { readonly [K in Key]: infer T }
  ? T
  : undefined;

/** Who may call a route: anyone, a worker, or a manager of at least this role. */
export type Who = 'anyone' | access.Role;

export interface Route<Name extends RouteName = RouteName> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`, with `:parameters`. */
  readonly path: string;
  readonly who: Who;
  /** One sentence. */
  readonly summary: string;
  readonly params?: z.ZodType<Part<Name, 'params'>>;
  readonly query?: z.ZodType<Part<Name, 'query'>>;
  /** The body; `file` for one that is read as it arrives. */
  readonly body?: z.ZodType<Part<Name, 'body'>> | 'file';
  /** The reply; absent for none (status 204). */
  readonly reply?: z.ZodType<Part<Name, 'reply'>> | 'file' | 'events';
}

/** Where all routes begin. */
export const prefix = '/api/v1';

const number = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const inCampaign = z.strictObject({ campaign: number });
const worker = z.coerce.number().int().min(0).max(1e9);
const ofLease = z.strictObject({ lease: work.leaseName });
const pageQuery: z.ZodType<PageQuery> = z.strictObject({
  cursor: work.pageCursor.optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});

/**
 * Every route of the server. The HTTP routes, the OpenAPI document, the typed client, the authorisation tests and the docs
 * are made from this one table.
 */
export const routes: { readonly [Name in RouteName]: Route<Name> } = {
  health: {
    method: 'GET',
    path: '/health',
    who: 'anyone',
    summary: 'Is the server up and its database reachable?',
    reply: campaigns.health,
  },
  login: {
    method: 'POST',
    path: '/login',
    who: 'anyone',
    summary: 'Exchange a link or token of an owner, lead or reviewer for a session cookie.',
    body: access.loginBody,
    reply: access.session,
  },
  session: {
    method: 'GET',
    path: '/session',
    who: 'reviewer',
    summary: 'Who is logged in.',
    reply: access.session,
  },
  logout: { method: 'POST', path: '/logout', who: 'anyone', summary: 'End the session and forget its cookies.' },

  look: {
    method: 'POST',
    path: '/join/look',
    who: 'anyone',
    summary: 'What a link for workers leads to, before anybody enters.',
    body: work.lookBody,
    reply: work.look,
  },
  join: {
    method: 'POST',
    path: '/join',
    who: 'anyone',
    summary: 'Enter a campaign as a worker; the same invite and platform id is the same worker.',
    body: work.joinBody,
    reply: work.joinReply,
  },
  work: {
    method: 'GET',
    path: '/work',
    who: 'worker',
    summary: 'The question, the instructions and how far this worker is.',
    reply: work.work,
  },
  next: {
    method: 'POST',
    path: '/work/next',
    who: 'worker',
    summary: 'Send answers and get new cards in one round trip; repeating a submission is harmless.',
    body: work.nextBody,
    reply: work.nextReply,
  },
  ownAnswers: {
    method: 'GET',
    path: '/work/answers',
    who: 'worker',
    summary: 'The latest answers of this worker.',
    reply: work.ownAnswers,
  },
  correct: {
    method: 'PUT',
    path: '/work/answers/:lease',
    who: 'worker',
    summary: 'Correct one of the latest answers; the old value stays in the log.',
    params: ofLease,
    body: work.correctBody,
    reply: work.submissionResult,
  },
  release: {
    method: 'POST',
    path: '/work/release',
    who: 'worker',
    summary: 'Give cards back unanswered.',
    body: work.releaseBody,
  },

  createCampaign: {
    method: 'POST',
    path: '/campaigns',
    who: 'owner',
    summary: 'Create a campaign; the same name and question again is the same campaign.',
    body: campaigns.campaignBody,
    reply: campaigns.campaign,
  },
  campaigns: {
    method: 'GET',
    path: '/campaigns',
    who: 'reviewer',
    summary: 'The campaigns this session may see.',
    reply: campaigns.campaigns,
  },
  campaign: {
    method: 'GET',
    path: '/campaigns/:campaign',
    who: 'reviewer',
    summary: 'One campaign.',
    params: inCampaign,
    reply: campaigns.campaign,
  },
  changeCampaign: {
    method: 'PATCH',
    path: '/campaigns/:campaign',
    who: 'lead',
    summary: 'Rename, pause, resume or close a campaign, or change its settings while it runs.',
    params: inCampaign,
    body: campaigns.campaignPatch,
    reply: campaigns.campaign,
  },
  setInstructions: {
    method: 'PUT',
    path: '/campaigns/:campaign/instructions',
    who: 'lead',
    summary: 'A new version of the instructions; answers say under which they were given.',
    params: inCampaign,
    body: campaigns.instructionsBody,
    reply: campaigns.campaign,
  },
  importTasks: {
    method: 'POST',
    path: '/campaigns/:campaign/tasks',
    who: 'lead',
    summary: 'Import tasks, gold or practice from a file of any format; importing again changes nothing.',
    params: inCampaign,
    query: campaigns.importQuery,
    body: 'file',
    reply: campaigns.importReceipt,
  },
  tasks: {
    method: 'GET',
    path: '/campaigns/:campaign/tasks',
    who: 'reviewer',
    summary: 'Tasks with their state, page by page.',
    params: inCampaign,
    query: campaigns.tasksQuery,
    reply: campaigns.tasks,
  },
  answers: {
    method: 'GET',
    path: '/campaigns/:campaign/answers',
    who: 'reviewer',
    summary: 'Leases and answers, page by page.',
    params: inCampaign,
    query: campaigns.answersQuery,
    reply: campaigns.answers,
  },
  reject: {
    method: 'POST',
    path: '/campaigns/:campaign/answers/:lease/reject',
    who: 'reviewer',
    summary: 'Stop an answer from counting; it is kept, and the task asks for another.',
    params: z.strictObject({ campaign: number, lease: work.leaseName }),
    body: campaigns.rejectBody,
  },
  workers: {
    method: 'GET',
    path: '/campaigns/:campaign/workers',
    who: 'reviewer',
    summary: 'Every worker: answers, accuracy with interval or "too early to say", gold, pace.',
    params: inCampaign,
    reply: campaigns.workers,
  },
  changeWorker: {
    method: 'PATCH',
    path: '/campaigns/:campaign/workers/:worker',
    who: 'lead',
    summary: 'Pause or rename a worker.',
    params: z.strictObject({ campaign: number, worker }),
    body: campaigns.workerPatch,
  },
  progress: {
    method: 'GET',
    path: '/campaigns/:campaign/progress',
    who: 'reviewer',
    summary: 'Expected accuracy, tasks closed by reason, answers by state, pace.',
    params: inCampaign,
    reply: campaigns.progress,
  },
  stream: {
    method: 'GET',
    path: '/campaigns/:campaign/stream',
    who: 'reviewer',
    summary: 'Progress as server-sent events, whenever it changes.',
    params: inCampaign,
    reply: 'events',
  },
  events: {
    method: 'GET',
    path: '/campaigns/:campaign/events',
    who: 'reviewer',
    summary: 'The log of everything that happened, from an event on.',
    params: inCampaign,
    query: campaigns.eventsQuery,
    reply: campaigns.events,
  },
  export: {
    method: 'GET',
    path: '/campaigns/:campaign/export',
    who: 'reviewer',
    summary: 'Answers, labels or workers as a file, at any time, in every format that is written.',
    params: inCampaign,
    query: campaigns.exportQuery,
    reply: 'file',
  },
  createInvite: {
    method: 'POST',
    path: '/campaigns/:campaign/invites',
    who: 'lead',
    summary: 'A new invite link; its secret is shown this once.',
    params: inCampaign,
    body: access.inviteBody,
    reply: access.newInvite,
  },
  invites: {
    method: 'GET',
    path: '/campaigns/:campaign/invites',
    who: 'lead',
    summary: 'The invites of a campaign, without their secrets.',
    params: inCampaign,
    reply: access.invites,
  },
  revokeInvite: {
    method: 'DELETE',
    path: '/campaigns/:campaign/invites/:invite',
    who: 'lead',
    summary: 'Revoke an invite: nobody enters by it any more; workers inside may finish.',
    params: z.strictObject({ campaign: number, invite: number }),
  },

  createToken: {
    method: 'POST',
    path: '/tokens',
    who: 'lead',
    summary: 'A key for programs, of at most the own role and campaign; shown this once.',
    body: access.tokenBody,
    reply: access.newToken,
  },
  tokens: {
    method: 'GET',
    path: '/tokens',
    who: 'lead',
    summary: 'The keys for programs, without their secrets.',
    reply: access.tokens,
  },
  revokeToken: {
    method: 'DELETE',
    path: '/tokens/:token',
    who: 'lead',
    summary: 'Revoke a key and every session it opened.',
    params: z.strictObject({ token: number }),
  },
  audit: {
    method: 'GET',
    path: '/audit',
    who: 'owner',
    summary: 'Who changed what, when, and who was refused.',
    query: pageQuery,
    reply: access.audit,
  },
};
