import type { Principal } from '../access/index.ts';
import type { Gate } from '../access/principal.ts';
import type { Campaigns } from '../campaign/index.ts';
import type { Part, RouteName } from '../protocol/index.ts';
import type { Store } from '../store/index.ts';

/** What handlers work with. */
export interface Context {
  readonly store: Store;
  readonly campaigns: Campaigns;
  readonly gate: Gate;
  readonly now: () => number;
}

/** One request, checked: who asks, and what for. */
export interface Call<Name extends RouteName = RouteName> {
  readonly params: Part<Name, 'params'>;
  readonly query: Part<Name, 'query'>;
  readonly body: Part<Name, 'body'>;
  /** Absent on routes open to anyone. */
  readonly principal: Principal;
  /** Where the request comes from, as far as is known. */
  readonly address?: string;
  /** The client's `Idempotency-Key`. */
  readonly idempotencyKey: string | undefined;
  /** Begins a session in the caller's browser. */
  readonly startSession: (kind: 'worker' | 'lead', secret: string) => void;
  readonly endSessions: () => readonly string[];
}

/** What answers each route. Streams are made by the routes that send them. */
export type Handlers<Names extends RouteName> = {
  readonly [Name in Names]: (call: Call<Name>) => Promise<Part<Name, 'reply'>>;
};
