import type { Experiment } from './experiment.ts';

/** Every experiment by id; its module is loaded when it is asked for. */
export const experiments: Readonly<Record<string, () => Promise<Experiment>>> = {
  auto: async () => (await import('./auto/auto.ts')).autoStudy,
  'turkontrol-2010': async () => (await import('./turkontrol/turkontrol-2010.ts')).turkontrol2010,
  'turkontrol-2011': async () => (await import('./turkontrol/turkontrol-2011.ts')).turkontrol2011,
  'turkontrol-learning': async () => (await import('./turkontrol/turkontrol-learning.ts')).turkontrolLearning,
};
