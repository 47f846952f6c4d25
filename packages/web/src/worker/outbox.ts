import type { Submission, Value } from '@assay/server/protocol';
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import type { Kept } from './kept.ts';

type LeaseId = Submission['lease'];

/** A changed value for an answer that was given before. */
export interface Correction {
  readonly lease: LeaseId;
  readonly submission: string;
  readonly value: Value;
}

/** Something the worker did that the server has not confirmed. */
interface Unsent {
  readonly order: number;
  readonly answer?: Submission;
  readonly correction?: Correction;
  /** Why the server will never take it. It stays on the device all the same. */
  readonly refused?: string;
}

/**
 * What the worker did and the server has not confirmed yet, in order, kept on the device.
 *
 * Every entry has a name made here, so that sending it twice is harmless; it leaves only when the server confirms it.
 */
export interface Outbox {
  /** Entries on their way. */
  readonly waiting: ReadonlySignal<number>;
  /** The first `most` answers. */
  answers(most: number): readonly Submission[];
  /** Corrections of answers that the server has. */
  corrections(): readonly Correction[];
  has(lease: LeaseId): boolean;
  give(answer: Submission): Promise<void>;
  correct(correction: Correction): Promise<void>;
  /** The server confirmed a submission, or refused it for good. */
  settle(submission: string, refused?: string): Promise<void>;
}

/** Opens the outbox of a session with what was left in it. */
export async function openOutbox(kept: Kept, scope: string): Promise<Outbox> {
  const prefix = `unsent/${scope}/`;
  const left = await kept.list<Unsent>(prefix);
  const entries = signal<readonly Unsent[]>(left.sort((a, b) => a.order - b.order));
  const live = computed(() => entries.value.filter((entry) => entry.refused === undefined));

  async function add(entry: Omit<Unsent, 'order'>): Promise<void> {
    const last = entries.value.at(-1)?.order ?? 0;
    const ordered = { ...entry, order: Math.max(last + 1, Date.now()) };
    entries.value = [...entries.value, ordered];
    await kept.put(prefix + nameOf(ordered), ordered);
  }

  return {
    waiting: computed(() => live.value.length),
    answers: (most) => live.value.flatMap(({ answer }) => answer ?? []).slice(0, most),
    corrections() {
      const unsent = new Set(live.value.flatMap(({ answer }) => answer?.lease ?? []));
      return live.value.flatMap(({ correction }) => (correction && !unsent.has(correction.lease) ? correction : []));
    },
    has: (lease) => live.value.some(({ answer }) => answer?.lease === lease),
    give: (answer) => add({ answer }),
    correct: (correction) => add({ correction }),
    async settle(submission, refused) {
      const entry = entries.value.find((each) => nameOf(each) === submission);
      if (entry === undefined) return;
      const kicked = { ...entry, refused };
      entries.value = entries.value.flatMap((each) => (each !== entry ? each : refused === undefined ? [] : kicked));
      if (refused === undefined) await kept.remove(prefix + submission);
      else await kept.put(prefix + submission, kicked);
    },
  };
}

function nameOf({ answer, correction }: Unsent): string {
  return (answer?.submission ?? correction?.submission) as string;
}
