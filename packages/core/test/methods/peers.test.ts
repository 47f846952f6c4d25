import { fit } from '@assay/core';
import { methodById } from '@assay/core/methods';
import { measure } from '@assay/core/quality';
import { expect, it } from 'vitest';
import {
  type Options,
  type PeerRecord,
  type PeerSet,
  peerRecords,
  peerSets,
} from '../../../../tools/lib/peer-records.ts';
import { describeRealData, realSet } from '../support/real-data.ts';

const small: readonly PeerSet[] = ['bluebird', 'temp', 'rte', 'dog', 'music', 'labelme'];

/** Share right, ties as the method decides them, or shared. */
function score(method: string, options: Options, set: PeerSet, tiesShared: boolean): number {
  const { table, truth } = realSet(set);
  const estimate = fit(methodById(method), table, { options });
  if (tiesShared) return measure(estimate, truth).accuracy;
  let right = 0;
  for (const [task, label] of truth) if (estimate.label(task) === label) right++;
  return right / truth.size;
}

/** Scores without luck: the peer draws no ties and takes one optimum. With the options that reproduce each. */
const deterministic = peerRecords
  .filter(({ drawsTies, name }) => drawsTies !== true && name !== 'EBCC')
  .flatMap((record: PeerRecord) =>
    small.flatMap((set): [string, PeerSet, PeerRecord, Options, number][] => {
      const expected = record.scores[peerSets.indexOf(set)];
      const by = record.explained?.find(({ sets }) => sets.includes(set))?.by;
      // A copy of a deviation is compared by the page's own command.
      if (expected === null || typeof by === 'function') return [];
      return [[`${record.library} ${record.name}`, set, record, by ?? record.matched, expected]];
    }),
  );

describeRealData('scores of other libraries', () => {
  it.each(deterministic)('%s on %s is met with its settings', (_, set, record, options, expected) => {
    const found = score(record.matchedMethod ?? record.method, options, set, false);
    expect(Math.abs(found - expected), `${found} for ${expected}`).toBeLessThan(0.002 + 1e-9);
  });
});
