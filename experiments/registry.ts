import type { Experiment } from './experiment.ts';

/** Every experiment by id; its module is loaded when it is asked for. */
export const experiments: Readonly<Record<string, () => Promise<Experiment>>> = {
  auto: async () => (await import('./auto/auto.ts')).autoStudy,
  bayesdgc: async () => (await import('./bayesdgc/bayesdgc.ts')).bayesdgcStudy,
  deepbp: async () => (await import('./deepbp/deepbp.ts')).deepbpStudy,
  coinnet: async () => (await import('./coinnet/coinnet.ts')).coinnetStudy,
  'correlated-judges': async () => (await import('./control/correlated-judges.ts')).correlatedJudges,
  okg: async () => (await import('./control/okg.ts')).okg,
  plan: async () => (await import('./control/plan.ts')).planCoverage,
  replay: async () => (await import('./control/replay.ts')).replay,
  streaming: async () => (await import('./control/streaming.ts')).streaming,
  votes: async () => (await import('./control/votes.ts')).votes,
  crowdlab: async () => (await import('./crowdlab/crowdlab.ts')).crowdlabStudy,
  geocrowdnet: async () => (await import('./geocrowdnet/geocrowdnet.ts')).geocrowdnetStudy,
  haem: async () => (await import('./haem/haem.ts')).haemStudy,
  'turkontrol-2010': async () => (await import('./turkontrol/turkontrol-2010.ts')).turkontrol2010,
  'turkontrol-2011': async () => (await import('./turkontrol/turkontrol-2011.ts')).turkontrol2011,
  'turkontrol-learning': async () => (await import('./turkontrol/turkontrol-learning.ts')).turkontrolLearning,
};
