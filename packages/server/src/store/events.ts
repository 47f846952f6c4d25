/**
 * What can happen, as it is written to the log. `apply.ts` says what each does to the tables; nothing else changes
 * them, so that the log alone rebuilds them.
 */
import type { CampaignStatus, Json, NewTask, TaskRole, WorkerKind } from './types.ts';

interface Slot {
  readonly task: number;
  readonly worker: number;
}

/** Kind of event → its data. */
export interface EventData {
  'campaign-created': {
    readonly name: string;
    readonly question: Json;
    readonly settings: Json;
    readonly seed: number;
  };
  'campaign-changed': {
    readonly name?: string;
    readonly status?: CampaignStatus;
    readonly question?: Json;
    readonly settings?: Json;
  };
  'instruction-added': { readonly version: number; readonly text: string };
  /** Tasks with dense numbers from `first`. */
  'tasks-added': { readonly first: number; readonly tasks: readonly NewTask[] };
  'task-changed': {
    readonly task: number;
    readonly role: TaskRole;
    readonly hash: string;
    readonly content: Json;
    readonly gold?: Json;
    readonly explanation?: string;
  };
  /** Where more places are taken, k becomes that many. */
  'k-changed': { readonly k: number; readonly tasks: readonly number[] };
  'worker-added': {
    readonly worker: number;
    readonly name: string;
    readonly kind: WorkerKind;
    readonly platformId?: string;
  };
  'worker-changed': { readonly worker: number; readonly name?: string; readonly paused?: boolean };
  leased: Slot & { readonly expiresAt: number; readonly propensity?: number };
  extended: { readonly leases: readonly (readonly [task: number, worker: number])[]; readonly expiresAt: number };
  released: Slot;
  lapsed: Slot;
  answered: Slot & {
    readonly state: 'accepted' | 'surplus';
    readonly submission: string;
    readonly value: Json;
    readonly answeredAt: number;
    readonly spentMs?: number;
    readonly instructionVersion?: number;
    readonly sawSuggestion?: boolean;
    readonly costMicros?: number;
  };
  skipped: Slot & {
    readonly submission: string;
    readonly reason: string;
    readonly note?: string;
    readonly answeredAt: number;
    readonly spentMs?: number;
    readonly instructionVersion?: number;
    readonly sawSuggestion?: boolean;
    readonly costMicros?: number;
  };
  /** A second submission for what was answered or skipped already: kept here, changes nothing. */
  'answer-kept': Slot & { readonly submission: string; readonly value?: Json; readonly skipReason?: string };
  corrected: Slot & { readonly submission: string; readonly value: Json };
  rejected: Slot & { readonly note: string };
  closed: {
    readonly task: number;
    readonly reason: string;
    readonly values: Json;
    readonly policyVersion: string;
  };
  reopened: { readonly task: number; readonly reason: string };
}

export type EventKind = keyof EventData;

/** One event that happened, typed by its kind. */
export type Happening = {
  [Kind in EventKind]: {
    readonly kind: Kind;
    readonly campaign: number;
    readonly at: number;
    readonly actor: string;
    readonly data: EventData[Kind];
  };
}[EventKind];
