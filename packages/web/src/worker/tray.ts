import type { Card, NextReply } from '@assay/server/protocol';
import { type Signal, signal } from '@preact/signals';
import type { Kept } from './kept.ts';

type LeaseId = Card['lease'];

/** The cards leased to this worker, kept on the device: the first is in hand, the others are ready. */
export class Tray {
  readonly cards: Signal<readonly Card[]> = signal([]);

  readonly #kept: Kept;
  readonly #scope: string;
  /** Cards that were given back when the page closed; good again while the server cannot be reached. */
  #spare: readonly Card[] = [];

  constructor(kept: Kept, scope: string) {
    this.#kept = kept;
    this.#scope = scope;
  }

  /** Takes up what was kept, except cards that were answered since. */
  async load(isAnswered: (lease: LeaseId) => boolean): Promise<void> {
    const [cards = [], spare = []] = await Promise.all([
      this.#kept.get<readonly Card[]>(`cards/${this.#scope}`),
      this.#kept.get<readonly Card[]>(`spare/${this.#scope}`),
    ]);
    this.cards.value = cards.filter(({ lease }) => !isAnswered(lease));
    this.#spare = spare.filter(({ lease }) => !isAnswered(lease));
  }

  get leases(): readonly LeaseId[] {
    return this.cards.value.map(({ lease }) => lease);
  }

  remove(lease: LeaseId): void {
    this.#set(this.cards.value.filter((card) => card.lease !== lease));
  }

  /** Puts new cards under those here and drops those that went to others, except the one being looked at. */
  take({ leases, gone }: Pick<NextReply, 'leases' | 'gone'>, isAnswered: (lease: LeaseId) => boolean): void {
    const held = this.cards.value.filter(({ lease }, index) => index === 0 || !gone.includes(lease));
    const known = new Set(held.map(({ lease }) => lease));
    this.#set([...held, ...leases.filter(({ lease }) => !known.has(lease) && !isAnswered(lease))]);
  }

  /** Takes all cards away and says which. */
  clear(): readonly LeaseId[] {
    const { leases } = this;
    this.#set([]);
    return leases;
  }

  /** Takes away all but the card in hand, as the page closes, and says which. */
  lend(): readonly LeaseId[] {
    const [card, ...others] = this.cards.value;
    if (others.length === 0) return [];
    void this.#kept.put(`cards/${this.#scope}`, [card]);
    void this.#kept.put(`spare/${this.#scope}`, others);
    return others.map(({ lease }) => lease);
  }

  /** The page came back from the browser's cache with cards that were given back. */
  forgetLent(): void {
    this.cards.value = this.cards.value.slice(0, 1);
  }

  /** Without the server, cards that were given back are better than none: it sorts out later who was first. */
  useSpare(): void {
    if (this.#spare.length > 0) this.#set([...this.cards.value, ...this.#spare]);
  }

  #set(cards: readonly Card[]): void {
    this.cards.value = cards;
    this.#spare = [];
    void this.#kept.put(`cards/${this.#scope}`, cards);
    void this.#kept.remove(`spare/${this.#scope}`);
  }
}
