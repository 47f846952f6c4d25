/**
 * What other libraries score on public label sets, and the options with which Assay does the same.
 *
 * The numbers are measurements of those libraries with their default settings: share of the tasks
 * with known truth that are right. `null` was not run or failed.
 */
import {
  dawidSkeneWithEmptyRows,
  gladOfTwoRounds,
  type Labels,
  maceWithMixedHabits,
  type Row,
} from './peer-replicas.ts';

export const peerSets = ['bluebird', 'temp', 'rte', 'dog', 'web', 'music', 'labelme', 'sentpol'] as const;
export type PeerSet = (typeof peerSets)[number];

export type Options = Readonly<Record<string, unknown>>;

/** Why a score differs by more than .005 though the options match, and what reproduces it. */
export interface Explanation {
  readonly sets: readonly PeerSet[];
  /** Options of Assay, or a copy of the deviation, with which the peer's score comes out. */
  readonly by?: Options | ((rows: readonly Row[]) => Labels);
  readonly why: string;
}

export interface PeerRecord {
  readonly library: 'crowd-kit' | 'peerannot' | 'authors';
  readonly name: string;
  readonly scores: readonly (number | null)[];
  /** The method of Assay with the same idea, at its defaults. */
  readonly method: string;
  /** The method that does the same, where it is another one. */
  readonly matchedMethod?: string;
  /** Options that do what the peer's defaults do. */
  readonly matched: Options;
  /** Does the peer draw ties? Then the matched score shares them, its expectation. */
  readonly drawsTies?: boolean;
  /** Why Assay's defaults differ from the peer's by more than .005, where `explained` does not say it. */
  readonly defaults?: string;
  readonly explained?: readonly Explanation[];
}

const runsOn =
  'Assay runs on until the likelihood settles and keeps 0.01 pseudo-answers in every cell; with the peer’s stop and no smoothing it stands where the peer stands.';
const firstColumn =
  'The peer gives tied tasks to the first class, in between and at the end; Assay shares the credit, so no class gains by its name.';

export const peerRecords: readonly PeerRecord[] = [
  {
    library: 'crowd-kit',
    name: 'MajorityVote',
    scores: [0.7593, 0.9394, 0.9187, 0.8178, 0.7765, 0.7114, 0.769, 0.8896],
    method: 'majority-vote',
    matched: { tie: 'first' },
    defaults: firstColumn,
  },
  {
    library: 'peerannot',
    name: 'MajorityVoting',
    scores: [0.7593, 0.9307, 0.8925, 0.8178, 0.726, 0.7057, 0.774, 0.8866],
    method: 'majority-vote',
    matched: {},
    drawsTies: true,
    defaults:
      'The peer draws one of the tied classes; the score with shared ties is what its draws come to on average.',
    explained: [
      {
        sets: ['temp', 'labelme'],
        why: 'Luck of the draw: the standard deviation of one run’s score over draws of the ties is .0045 on temp and .0052 on labelme.',
      },
    ],
  },
  {
    library: 'crowd-kit',
    name: 'Wawa',
    scores: [0.7593, 0.9437, 0.9213, 0.829, 0.8168, 0.7971, 0.774, 0.895],
    method: 'wawa',
    matched: { tie: 'first' },
    defaults: firstColumn,
  },
  {
    library: 'peerannot',
    name: 'Wawa',
    scores: [0.7593, 0.9437, 0.92, 0.8278, 0.7946, 0.7986, 0.769, 0.8948],
    method: 'wawa',
    matched: {},
    drawsTies: true,
  },
  {
    library: 'crowd-kit',
    name: 'ZeroBasedSkill',
    scores: [0.7593, 0.9437, 0.9213, 0.8302, 0.8262, 0.8, 0.774, null],
    method: 'zero-based-skill',
    matched: { tie: 'first' },
    defaults: firstColumn,
  },
  {
    library: 'peerannot',
    name: 'IWMV',
    scores: [0.7593, 0.9437, 0.9225, 0.8327, 0.8191, 0.8, 0.774, 0.8946],
    method: 'iwmv',
    matchedMethod: 'zero-based-skill',
    matched: { rounds: 10 },
    drawsTies: true,
    defaults:
      'The peer weighs workers by their plain agreement a for ten rounds, which is zero-based skill; the published weight is K·a − 1, negative for who is worse than chance, and goes on until no label changes.',
  },
  {
    library: 'crowd-kit',
    name: 'DawidSkene',
    scores: [0.8889, 0.9416, 0.9275, 0.8426, 0.8293, 0.7686, 0.792, 0.9152],
    method: 'dawid-skene',
    matched: { smoothing: 0, maxIterations: 100, tolerance: 1e-5 },
    defaults: runsOn,
    explained: [
      {
        sets: ['bluebird'],
        by: { smoothing: 0, maxIterations: 2 },
        why: 'The peer’s objective counts the class frequencies once per answer instead of once per task, so it falls here after the second round, and the fit stops.',
      },
    ],
  },
  {
    library: 'peerannot',
    name: 'DawidSkene',
    scores: [0.8982, 0.9416, 0.9275, 0.8426, 0.8293, 0.7757, 0.797, null],
    method: 'dawid-skene',
    matched: { smoothing: 0, maxIterations: 50, tolerance: 0 },
    defaults: runsOn,
    explained: [
      {
        sets: ['music', 'labelme'],
        by: dawidSkeneWithEmptyRows,
        why: 'A worker whose tasks got no vote for a class has a row of zeros there, so those tasks can never become that class; Assay leaves a row that nothing is known of even.',
      },
    ],
  },
  {
    library: 'crowd-kit',
    name: 'OneCoinDawidSkene',
    scores: [0.5833, 0.9394, 0.925, 0.8302, 0.7486, 0.7929, 0.767, 0.9166],
    method: 'one-coin',
    matched: { maxIterations: 100, tolerance: 1e-5 },
    explained: [
      {
        sets: ['web'],
        by: { maxIterations: 2 },
        why: 'The same objective that is not the likelihood falls after the second round, and the fit stops.',
      },
    ],
  },
  {
    library: 'crowd-kit',
    name: 'KOS',
    scores: [0.7222, 0.5693, 0.4975, null, null, null, null, 0.8192],
    method: 'kos',
    matched: { normalised: false, start: 'random', iterations: 100 },
    defaults:
      'The peer sums messages as published, so workers with very many answers take over; Assay averages them (`normalised`).',
  },
  {
    library: 'crowd-kit',
    name: 'MACE',
    scores: [0.7222, 0.9437, 0.915, 0.8352, 0.7931, 0.7957, 0.777, 0.914],
    method: 'mace',
    matched: { starts: 1, maxIterations: 50 },
    explained: [
      {
        sets: peerSets,
        by: maceWithMixedHabits,
        why: 'The peer’s counts of guessed labels come back sorted by worker and label and are read in order of appearance, so workers get each other’s guessing habits; a MACE with that exchange scores what the peer scores on all eight sets.',
      },
    ],
  },
  {
    library: 'crowd-kit',
    name: 'GLAD',
    scores: [0.7222, 0.9351, 0.9263, 0.8339, 0.8213, 0.7886, 0.775, null],
    method: 'glad',
    matched: { maxIterations: 100, tolerance: 1e-5 },
    explained: [
      {
        sets: ['music'],
        by: gladOfTwoRounds,
        why: 'The peer compares rounds by the expected log-joint without the entropy, which falls here at the second round, and the fit stops.',
      },
    ],
  },
  {
    library: 'peerannot',
    name: 'GLAD',
    scores: [0.7222, 0.9351, 0.925, 0.8339, null, null, 0.776, null],
    method: 'glad',
    matched: {},
  },
  {
    library: 'authors',
    name: 'BWA',
    scores: [0.7593, 0.9394, 0.9275, 0.8315, 0.8225, 0.7857, 0.774, 0.917],
    method: 'bwa',
    matched: {},
  },
  {
    library: 'authors',
    name: 'IBCC',
    scores: [0.8889, 0.9416, 0.9275, 0.8389, 0.7509, 0.79, 0.764, 0.915],
    method: 'variational-bayes',
    matched: { preset: 'ibcc41' },
    defaults: 'Another prior: Assay’s default is the one of BayesGC, the authors’ is `ibcc41`.',
  },
  {
    library: 'authors',
    name: 'EBCC',
    scores: [0.8889, 0.9416, 0.9313, 0.8389, 0.7433, 0.7871, 0.786, 0.9086],
    method: 'ebcc',
    matched: { starts: 1 },
    defaults: 'The recorded run has one start; Assay takes the best bound of ten, as the paper’s protocol does.',
    explained: [
      {
        sets: ['bluebird'],
        why: 'Luck of the start: thirty seeds of one start give .796 to .889 on these 108 tasks, three of them exactly .8889.',
      },
    ],
  },
];
