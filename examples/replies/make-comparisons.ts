/**
 * Writes comparisons.csv: which of two replies to a customer is better. Drawn, not collected: each worker follows the
 * scores below with a reliability of their own, Davidson's model gives the ties, and one judge likes what comes first.
 *
 * Run: node --conditions=source examples/replies/make-comparisons.ts
 */
import { writeFileSync } from 'node:fs';
import { Random } from '@assay/core';

const scores = {
  'apology-and-date': 1.8,
  'refund-at-once': 1.5,
  'explains-the-delay': 0.9,
  'offers-a-call': 0.4,
  'polite-template': 0,
  'links-to-help': -0.5,
  'asks-for-the-number-again': -1.2,
  'blames-the-carrier': -1.9,
};
/** Probability to follow the scores, and how many comparisons. */
const workers: Readonly<Record<string, readonly [number, number]>> = {
  ada: [0.98, 60],
  ben: [0.95, 60],
  cleo: [0.9, 50],
  dan: [0.6, 40],
  eve: [0.93, 35],
  finn: [0.05, 60],
  gus: [0.92, 4],
  hal: [0.9, 50],
  ida: [0.95, 50],
  'judge-model': [0.9, 90],
};
const likesTheFirst = 0.45;
const ties = 0.5;

const random = new Random('replies');
const replies = Object.entries(scores);
const lines = ['worker,question,left,right,winner'];
for (const [worker, [reliability, count]] of Object.entries(workers)) {
  for (let i = 0; i < count; i++) {
    const [a, b] = random.permutation(replies.length);
    const [[left, one], [right, other]] = [replies[a], replies[b]];
    const margin = one - other;
    const tied = random.bernoulli(ties / (2 * Math.cosh(margin / 2) + ties));
    const follows = random.bernoulli(reliability);
    const better = random.bernoulli(1 / (1 + Math.exp(-margin))) === follows ? left : right;
    const careless = worker === 'judge-model' && random.bernoulli(likesTheFirst);
    lines.push(`${worker},q${1 + i},${left},${right},${tied ? 'tie' : careless ? left : better}`);
  }
}
writeFileSync(`${import.meta.dirname}/comparisons.csv`, `${lines.join('\n')}\n`);
