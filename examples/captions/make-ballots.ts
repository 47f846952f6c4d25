/**
 * Writes ballots.csv: who preferred which description. The votes are drawn, not collected: nine voters of different
 * care compare each description with what it improves, with an empty one and with an expert's, and err by the model
 * that TurKontrol assumes, on the qualities of the column `assessed`, which the authors of this example gave.
 *
 * Run: node --conditions=source examples/captions/make-ballots.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Random } from '@assay/core';
import { drawVote } from '@assay/core/control';

const voters = { gil: 0.15, hana: 0.3, ivo: 0.4, jo: 0.6, kai: 0.8, lea: 1, max: 1.3, nia: 2.5, otto: 6 };
const random = new Random('captions');
const [, ...rows] = readFileSync(`${import.meta.dirname}/descriptions.csv`, 'utf8')
  .trimEnd()
  .split('\n');
const descriptions = rows.map((row) => {
  const [artifact, image, from, author, kind, , assessed] = row.split(',');
  return { artifact, image, from, author, kind, quality: Number(assessed) };
});
const qualityOf = new Map(descriptions.map((one) => [one.artifact, one.quality]));
const lines = ['old,new,worker,vote,shown_first'];
for (const { artifact, image, from, kind } of descriptions) {
  if (kind === 'anchor') continue;
  for (const old of [from, `${image}-empty`, `${image}-expert`]) {
    if (old === '') continue;
    for (const [voter, gamma] of Object.entries(voters)) {
      if (random.bernoulli(0.2)) continue;
      const vote = drawVote(qualityOf.get(old) ?? 0, qualityOf.get(artifact) ?? 0, 0.5, gamma, random);
      lines.push(`${old},${artifact},${voter},${vote},${random.bernoulli(0.5) ? 'old' : 'new'}`);
    }
  }
}
writeFileSync(`${import.meta.dirname}/ballots.csv`, `${lines.join('\n')}\n`);
