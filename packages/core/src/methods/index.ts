/** Every method that needs answers alone, by name and in one list. */
export { auto } from './auto/auto.ts';
export { bwa } from './bayesian/bwa.ts';
export { communityBcc } from './bayesian/community-bcc.ts';
export { ebcc } from './bayesian/ebcc.ts';
export { gibbs } from './bayesian/gibbs.ts';
export { variationalBayes } from './bayesian/variational-bayes.ts';
export { workerClusters } from './bayesian/worker-clusters.ts';
export { confusionVector } from './dawid-skene/confusion-vector.ts';
export { dawidSkene, dawidSkeneHard, dawidSkeneHybrid, dawidSkeneMap } from './dawid-skene/dawid-skene.ts';
export { learningFromCrowds } from './dawid-skene/learning-from-crowds.ts';
export { oneCoin, zenCrowd } from './dawid-skene/one-coin.ts';
export { pooled } from './dawid-skene/pooled.ts';
export { coinShrunk, pooledShrunk } from './dawid-skene/shrunk.ts';
export { catd } from './optimisation/catd.ts';
export { kos } from './optimisation/kos.ts';
export { maxMarginVote } from './optimisation/max-margin-vote.ts';
export { minimaxEntropy } from './optimisation/minimax-entropy.ts';
export { pm } from './optimisation/pm.ts';
export { bpOneCoin } from './propagation/bp-one-coin.ts';
export { bpSampled } from './propagation/bp-sampled.ts';
export { bpTwoCoin } from './propagation/bp-two-coin.ts';
export { knownClasses, knownClassesOption, logTaskPrior, messageOptions } from './propagation/class-prior.ts';
export { coinPriorOptions } from './propagation/coin-prior.ts';
export {
  type BeliefSettings,
  beliefInference,
  type LabelConclusion,
  type LabelInference,
  type LabelUpdate,
  meanFieldInference,
  type WorkerModel,
  type WorkerPrior,
} from './propagation/label-inference.ts';
export { meanField } from './propagation/mean-field.ts';
export { methodById, methods } from './registry.ts';
export { glad } from './skill/glad.ts';
export { mace } from './skill/mace.ts';
export { goldWeightedVote } from './voting/gold-weighted-vote.ts';
export { iwmv } from './voting/iwmv.ts';
export { majorityVote } from './voting/majority-vote.ts';
export { surprisinglyPopular } from './voting/surprisingly-popular.ts';
export { twoThirds } from './voting/two-thirds.ts';
export { wawa } from './voting/wawa.ts';
export { weightedVote } from './voting/weighted-vote.ts';
export { zeroBasedSkill } from './voting/zero-based-skill.ts';
