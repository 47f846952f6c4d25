import { hash32, mix32 } from '@assay/core/math';
import type { AssignmentKey } from '../store/index.ts';

/**
 * What leases are called on the wire: `TASK-WORKER`, the task's number scrambled.
 *
 * Tasks are numbered in the order of import. A worker who saw plain numbers could tell gold, which is often imported by
 * itself, by its range. The scrambling is a permutation of 32 bits keyed by the campaign (a Feistel network of four
 * rounds): it needs no table and is undone without one. It hides numbers from people; it is no encryption.
 */
export class LeaseNames {
  readonly #campaign: number;
  readonly #keys: readonly number[];

  constructor(campaign: { readonly campaign: number; readonly seed: number; readonly createdAt: number }) {
    this.#campaign = campaign.campaign;
    const key = hash32(`${campaign.seed}/${campaign.createdAt}`);
    this.#keys = [0, 1, 2, 3].map((round) => mix32(key, round));
  }

  of({ task, worker }: Pick<AssignmentKey, 'task' | 'worker'>): string {
    let [left, right] = [task >>> 16, task & 0xffff];
    for (const key of this.#keys) [left, right] = [right, left ^ (mix32(key, right) & 0xffff)];
    return `${(((left << 16) | right) >>> 0).toString(36)}-${worker}`;
  }

  /** The assignment a lease is called by; undefined for names that no lease has. */
  parse(name: string): AssignmentKey | undefined {
    const match = /^([0-9a-z]{1,7})-(0|[1-9]\d{0,8})$/.exec(name);
    if (match === null) return undefined;
    const scrambled = Number.parseInt(match[1], 36);
    if (scrambled > 0xffffffff) return undefined;
    let [left, right] = [scrambled >>> 16, scrambled & 0xffff];
    for (let round = this.#keys.length - 1; round >= 0; round--) {
      [left, right] = [right ^ (mix32(this.#keys[round], left) & 0xffff), left];
    }
    return { campaign: this.#campaign, task: ((left << 16) | right) >>> 0, worker: Number(match[2]) };
  }
}
