import { type AnswerTable, type Estimate, fit, Random } from '@assay/core';
import { methodById } from '@assay/core/methods';
import { measure } from '@assay/core/quality';
import { chosenRows, joinFeatures, matrixOf } from '@assay/learn/features';
import { NetworkCoWorker } from '@assay/learn/methods';
import { mlp } from '@assay/learn/networks';
import { type Outcome, outcome, type Study } from '../haem/protocol.ts';
import { type DrawnCrowd, drawCrowd } from './crowd.ts';
import { blurred, type Garments } from './pictures.ts';

/** What crowd there is, and what the methods believe of it. */
export interface Setting {
  /** Beta parameters of the workers' accuracies, in truth and as methods believe. */
  readonly truth: readonly [right: number, wrong: number];
  readonly belief: readonly [right: number, wrong: number];
  readonly spammers: number;
  /** Deviation of a Gaussian blur of the pictures, in pixels of 14 × 14. */
  readonly blur: number;
  readonly tasks: number;
  readonly redundancy: number;
}

export const plain: Setting = { truth: [2, 1], belief: [2, 1], spammers: 0, blur: 0, tasks: 1000, redundancy: 3 };

/** A method with the options a setting gives it. */
export interface Contender {
  readonly name: string;
  /** Id of a method of the core, or of a learning method. */
  readonly method: string;
  readonly kind: 'labels' | 'labels, then network' | 'learning';
  /** Does it use what is believed of the crowd? */
  readonly believes: boolean;
  readonly options: (setting: Setting) => Readonly<Record<string, unknown>>;
}

/** 196-64-2, Adam 0.003, 100 steps on all tasks, nothing left out: the training of the protocol. */
const hidden = 64;
const training = { epochs: 100, batch: 0, rate: 3e-3, decay: 1e-4 };
const network = { network: 'mlp', hidden, dropout: 0, standardise: false, ...training };

const field = { start: 'prior', maxIterations: 100, tolerance: 1e-6 };
const coin = ({ belief: [right, wrong] }: Setting) => ({ right, wrong });
const rows = ({ belief: [right, wrong] }: Setting) => ({ diagonal: [right], offDiagonal: [wrong] });

const labels = (name: string, method: string, options: Contender['options'], believes = true): Contender => ({
  name,
  method,
  kind: 'labels',
  believes,
  options,
});

export const majority: Contender = labels('MV', 'majority-vote', () => ({}), false);
export const fieldOne: Contender = labels('MF one-coin', 'mean-field', (setting) => ({ ...field, ...coin(setting) }));
export const fieldTwo: Contender = labels('MF two-coin', 'mean-field', (setting) => ({
  ...field,
  model: 'dirichlet',
  ...rows(setting),
}));
export const beliefOne: Contender = labels('BP one-coin', 'bp-one-coin', (setting) => ({
  ...coin(setting),
  tolerance: 1e-3,
}));
export const beliefTwo: Contender = labels('BP two-coin', 'bp-two-coin', (setting) => ({
  right: [setting.belief[0]],
  wrong: [setting.belief[1]],
  tolerance: 1e-3,
}));
/** The paper's messages: draws from the prior, shared by all workers, none of their own. */
export function beliefDrawn(draws: number): Contender {
  return labels(`BP two-coin, ${draws} draws`, 'bp-sampled', (setting) => ({
    ...rows(setting),
    draws,
    redraw: false,
    tolerance: 1e-3,
  }));
}

/** The labels of answers alone, and a network trained on them afterwards. */
export const thenNetwork = (contender: Contender): Contender => ({
  ...contender,
  name: `${contender.name} → net`,
  kind: 'labels, then network',
});

const learning = (
  name: string,
  method: string,
  options: Contender['options'] = () => ({}),
  believes = false,
): Contender => ({
  name,
  method,
  kind: 'learning',
  believes,
  options: (setting) => ({ ...network, ...options(setting) }),
});

/** 13.4's cap, none of the folds, as in the paper. */
const published = { folds: 'none', clip: 0.9 };
export const deepFieldOne: Contender = learning(
  'deepMF one-coin',
  'deepmf',
  (setting) => ({ ...published, model: 'one-coin', ...coin(setting) }),
  true,
);
export const deepFieldTwo: Contender = learning(
  'deepMF two-coin',
  'deepmf',
  (setting) => ({ ...published, model: 'confusion', ...coin(setting) }),
  true,
);
export const deepBelief: Contender = learning(
  'deepBP one-coin',
  'deepbp',
  (setting) => ({ ...published, model: 'one-coin', tolerance: 1e-2, ...coin(setting) }),
  true,
);
/** The same with another cap. */
export function capped(contender: Contender, clip: number): Contender {
  return {
    ...contender,
    name: `${contender.name}, cap ${clip}`,
    options: (setting) => ({ ...contender.options(setting), clip }),
  };
}
export const others: readonly Contender[] = [
  learning('CL MW', 'crowd-layer', () => ({ form: 'MW', labels: 'network', warmUp: 0 })),
  learning('CCEM', 'ccem', () => ({ start: 'diagonal' })),
  learning('GeoCrowdNet(F)', 'geocrowdnet-f', () => ({ start: 'diagonal' })),
  learning(
    'BayesDGC, class prior',
    'bayesdgc',
    (setting) => ({ ...coin(setting), classPrior: true, updates: 'stochastic', step: 0.1, clip: 1, tolerance: 0 }),
    true,
  ),
  learning(
    'BayesDGC',
    'bayesdgc',
    (setting) => ({ ...coin(setting), updates: 'stochastic', step: 0.1, clip: 1, tolerance: 0 }),
    true,
  ),
];

/** The crowd of a setting and seed; the same for all beliefs and blurs. */
export function crowdOf(setting: Setting, seed: number): DrawnCrowd {
  const { truth, spammers, tasks, redundancy } = setting;
  const random = new Random(`${seed}/${truth}/${spammers}/${tasks}/${redundancy}`).fork('crowd');
  return drawCrowd({ tasks, redundancy, load: 4, right: truth[0], wrong: truth[1], spammers }, random);
}

export function truthOf({ truth }: DrawnCrowd): Map<string, string> {
  return new Map(Array.from(truth, (k, i) => [`t${i}`, `${k}`]));
}

/** The crowd with pictures: task i shows a random garment of its class. */
export function studyOf(garments: Garments, setting: Setting, seed: number): Study {
  const crowd = crowdOf(setting, seed);
  const random = new Random(`${seed}/pictures`);
  const left = garments.rows.map((rows) => random.permutation(rows.length).map((at) => rows[at]));
  const used = [0, 0];
  const chosen = chosenRows(
    garments.train,
    Array.from(crowd.truth, (k) => left[k][used[k]++]),
  );
  const names = Array.from(crowd.truth, (_, i) => `t${i}`);
  const { columns, rows, values, picture } = blurred(chosen, setting.blur);
  const matrix = { ...matrixOf('garments', [rows, columns], values, names), ...(picture ? { picture } : {}) };
  return {
    table: crowd.table,
    truth: truthOf(crowd),
    features: joinFeatures(crowd.table, matrix),
    testMatrix: blurred(garments.test, setting.blur),
    testTruth: garments.testTruth,
  };
}

/** The estimate of a method for answers alone. */
export function labelled(table: AnswerTable, contender: Contender, setting: Setting, seed: number): Estimate {
  return fit(methodById(contender.method), table, { options: contender.options(setting), seed });
}

/** Accuracy of the labels, and of the network on other garments. */
export async function compete(
  study: Study,
  contender: Contender,
  setting: Setting,
  seed: number,
  signal?: AbortSignal,
): Promise<Outcome> {
  if (contender.kind === 'learning') return outcome(study, contender.method, contender.options(setting), seed, signal);
  const estimate = labelled(study.table, contender, setting, seed);
  const inference = measure(estimate, study.truth).accuracy;
  if (contender.kind === 'labels') return { inference, test: null };
  return { inference, test: await networkOn(study, estimate.posterior, seed, signal) };
}

/** Accuracy on other garments of a network trained towards the given posteriors. */
export async function networkOn(
  study: Study,
  posterior: Float64Array,
  seed: number,
  signal?: AbortSignal,
): Promise<number> {
  const { table, features, testMatrix, testTruth } = study;
  const settings = {
    architecture: ({ columns }: { columns: number }, classes: number) => mlp(columns, classes, hidden, 0),
    training,
    folds: 0,
    standardise: false,
  };
  const context = { seed, random: new Random(seed), onProgress: (): void => {}, ...(signal ? { signal } : {}) };
  const worker = new NetworkCoWorker(table, features, settings, context);
  await worker.opinions(posterior, true);
  const p = await worker.classifier?.predict(testMatrix);
  if (p === undefined) return 0.5;
  return (
    testTruth.filter((label, row) => (p[2 * row + 1] > p[2 * row] ? '1' : '0') === label).length / testTruth.length
  );
}
