import { InputError, nearNames, shown } from '../errors.ts';
import { auto } from './auto/auto.ts';
import { bwa } from './bayesian/bwa.ts';
import { communityBcc } from './bayesian/community-bcc.ts';
import { ebcc } from './bayesian/ebcc.ts';
import { gibbs } from './bayesian/gibbs.ts';
import { variationalBayes } from './bayesian/variational-bayes.ts';
import { workerClusters } from './bayesian/worker-clusters.ts';
import { confusionVector } from './dawid-skene/confusion-vector.ts';
import { dawidSkene, dawidSkeneHard, dawidSkeneHybrid, dawidSkeneMap } from './dawid-skene/dawid-skene.ts';
import { learningFromCrowds } from './dawid-skene/learning-from-crowds.ts';
import { oneCoin, zenCrowd } from './dawid-skene/one-coin.ts';
import { pooled } from './dawid-skene/pooled.ts';
import { coinShrunk, pooledShrunk } from './dawid-skene/shrunk.ts';
import type { Method } from './method.ts';
import { catd } from './optimisation/catd.ts';
import { kos } from './optimisation/kos.ts';
import { maxMarginVote } from './optimisation/max-margin-vote.ts';
import { minimaxEntropy } from './optimisation/minimax-entropy.ts';
import { pm } from './optimisation/pm.ts';
import { bpOneCoin } from './propagation/bp-one-coin.ts';
import { bpSampled } from './propagation/bp-sampled.ts';
import { bpTwoCoin } from './propagation/bp-two-coin.ts';
import { meanField } from './propagation/mean-field.ts';
import { glad } from './skill/glad.ts';
import { mace } from './skill/mace.ts';
import { goldWeightedVote } from './voting/gold-weighted-vote.ts';
import { iwmv } from './voting/iwmv.ts';
import { majorityVote } from './voting/majority-vote.ts';
import { surprisinglyPopular } from './voting/surprisingly-popular.ts';
import { twoThirds } from './voting/two-thirds.ts';
import { wawa } from './voting/wawa.ts';
import { weightedVote } from './voting/weighted-vote.ts';
import { zeroBasedSkill } from './voting/zero-based-skill.ts';

/** Every method that needs answers alone, in the order they are listed to users. */
export const methods: readonly Method[] = [
  auto,
  majorityVote,
  weightedVote,
  wawa,
  zeroBasedSkill,
  iwmv,
  twoThirds,
  goldWeightedVote,
  surprisinglyPopular,
  dawidSkene,
  dawidSkeneHard,
  dawidSkeneHybrid,
  dawidSkeneMap,
  coinShrunk,
  pooledShrunk,
  oneCoin,
  zenCrowd,
  confusionVector,
  pooled,
  learningFromCrowds,
  variationalBayes,
  gibbs,
  workerClusters,
  communityBcc,
  bwa,
  ebcc,
  bpOneCoin,
  bpTwoCoin,
  bpSampled,
  meanField,
  glad,
  mace,
  minimaxEntropy,
  kos,
  maxMarginVote,
  pm,
  catd,
];

/**
 * The method with this id.
 *
 * @throws {InputError} unknown-method, naming the near ones
 * @example
 * methodById('dawid-skene').title; // => 'Dawid-Skene'
 */
export function methodById(id: string): Method {
  const found = methods.find((method) => method.id === id);
  if (found !== undefined) return found;
  const near = nearNames(
    id,
    methods.map((method) => method.id),
  );
  const fix = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'list them with "assay methods"';
  throw new InputError(`unknown method ${shown(id)}; ${fix}`, {
    code: 'unknown-method',
    path: 'method',
    got: id,
    hint: fix,
  });
}
