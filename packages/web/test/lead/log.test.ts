import type { LoggedEvent } from '@assay/server/protocol';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../src/lead/lines.ts';

const event = (id: number, kind: string, actor = 'worker:1'): LoggedEvent => ({ id, kind, actor, at: id, data: null });

describe('the log', () => {
  it('makes one line of the same by the same actor in a row, and none of leases', () => {
    const lines = linesOf([
      event(9, 'closed', 'controller'),
      event(8, 'answered'),
      event(7, 'leased'),
      event(6, 'answered'),
      event(5, 'answered', 'worker:2'),
      event(4, 'released', 'worker:2'),
      event(3, 'answered'),
    ]);
    expect(lines.map(({ event: { id }, times }) => [id, times])).toEqual([
      [9, 1],
      [8, 2],
      [5, 1],
      [3, 1],
    ]);
  });
});
