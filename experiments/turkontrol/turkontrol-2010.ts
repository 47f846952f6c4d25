import { Random } from '@assay/core';
import {
  type CompiledModel,
  compileModel,
  drawImprovement,
  drawVote,
  fixedSchedule,
  informedSchedule,
  lookahead,
  model2010,
  pointBased,
  type SimulatedWorld,
  type SimulationOptions,
  type SimulationSummary,
  simulate,
  simulateTask,
  solvePointBased,
  type TurKontrolController,
  tuneSchedule,
  uct,
  type WorkflowState,
} from '@assay/core/control';
import { lines, linesFigure, smallMultiples } from '@assay/figures';
import {
  type Band,
  band,
  type Experiment,
  type ExperimentOptions,
  type ExperimentResult,
  type ResultFigure,
} from '../experiment.ts';
import { beliefMovie } from './belief-movie.ts';

/** Mean error parameters of the three crowds: good, middling, poor. */
const crowds = [0.5, 1, 2] as const;

/** Net utility of a reference implementation of the same rules, 10,000 trials, for the bands: mean γ 0.5, 1, 2. */
const reference: Readonly<Record<string, readonly [number, number, number]>> = {
  'fixed 200': [298.4, 220.6, 130.5],
  'fixed 400': [306.6, 178.5, 22.3],
  'fixed-informed': [367.6, 256.1, 189],
  'lookahead 1': [355, 268.9, 189],
  'lookahead 2': [378, 275, 189],
  'lookahead 3': [387, 276.6, 189],
  'lookahead 4': [382.2, 272.8, 188.3],
  uct: [382.2, 273, 188],
  'point-based': [385.2, 279.2, 189],
  'factored 1': [333.5, 270.8, 188.7],
  'factored 2': [369.1, 273.1, 186.5],
  'factored 3': [380.5, 270.4, 186.5],
};

/**
 * The simulations of 2010: first artifacts of quality about 0.1, a pool of 1,000 workers whose γ is near a mean only the
 * controller knows, an improvement at 30, a ballot at 10, worth up to 1,000.
 */
export const turkontrol2010: Experiment = {
  id: 'turkontrol-2010',
  title: 'Decision-theoretic control of improve-and-vote workflows, simulated',
  source: 'Dai, Mausam & Weld (2010). Decision-Theoretic Control of Crowd-Sourced Workflows. AAAI.',
  run,
};

async function run(options: ExperimentOptions): Promise<ExperimentResult> {
  const trials = options.full ? 10_000 : 2000;
  const seed = options.seed ?? 1;
  const summaries = new Map<string, SimulationSummary>();
  const schedules: string[] = [];
  const steps = crowds.length * Object.keys(reference).length;
  let done = 0;
  for (const gamma of crowds) {
    const model = compileModel(model2010(gamma));
    const random = new Random(seed).fork(`crowd ${gamma}`);
    const tuned = tuneSchedule(model, random.fork('tune'), { trials: options.full ? 4000 : 1000 })[0];
    schedules.push(`${tuned.iterations} × ${tuned.ballots}`);
    for (const [name, controller, more] of armsOf(model, tuned, random, options.full)) {
      options.onProgress(`mean γ ${gamma}, ${name}`, done++, steps);
      await Promise.resolve();
      const own = { ...more, trials: Math.min(trials, more.trials ?? trials), signal: options.signal };
      summaries.set(key(name, gamma), simulate(model, controller, world2010(gamma), random, own));
    }
  }
  const at = (name: string, gamma: number): SimulationSummary => {
    const found = summaries.get(key(name, gamma));
    if (found === undefined) throw new Error(`no arm ${name}`);
    return found;
  };
  const net = (name: string, gamma: number): number => at(name, gamma).netUtility.mean;
  return {
    tables: [
      {
        title: `Net utility by mean error parameter of the crowd; tuned schedules (improvements × ballots): ${schedules.join(', ')}`,
        columns: ['controller', ...crowds.flatMap((gamma) => [`γ ${gamma}`, '±', 'reference'])],
        rows: Object.keys(reference).map((name) => [
          name,
          ...crowds.flatMap((gamma, c) => {
            const { mean, halfWidth } = at(name, gamma).netUtility;
            return [round(mean, 1), round(halfWidth, 1), reference[name][c]];
          }),
        ]),
      },
      {
        title: 'What the controllers buy, mean γ 0.5',
        columns: ['controller', 'quality', 'spent', 'improvements', 'ballots'],
        rows: Object.keys(reference).map((name) => {
          const { quality, spent, improvements, ballots } = at(name, 0.5);
          return [name, round(quality.mean, 3), round(spent.mean, 0), round(improvements, 2), round(ballots, 2)];
        }),
      },
    ],
    bands: bandsOf(net, at),
    figures: figuresOf(at, seed),
    notes: [
      'Ballots use half of a worker’s γ, prices 30 and 10 and the allowance of 400 are as remembered from the paper, not confirmed.',
      'The paper’s own numbers are curves without printed values; the reference column is an implementation of the same rules with 10,000 trials.',
      'The tuned fixed schedule stands beside the usual one on purpose: compare with it before quoting a gain.',
    ],
  };
}

type Arm = readonly [name: string, controller: TurKontrolController, options: SimulationOptions];

function armsOf(
  model: CompiledModel,
  tuned: { iterations: number; ballots: number },
  random: Random,
  full: boolean,
): Arm[] {
  const solution = solvePointBased(model, random.fork('point-based'));
  const depth = (l: number): TurKontrolController => lookahead(model, { depth: l });
  return [
    ['fixed 200', fixedSchedule(model), { allowanceMicros: 200_000_000 }],
    ['fixed 400', fixedSchedule(model), { allowanceMicros: 400_000_000 }],
    ['fixed-informed', informedSchedule(model, tuned), {}],
    ['lookahead 1', depth(1), {}],
    ['lookahead 2', depth(2), {}],
    ['lookahead 3', depth(3), {}],
    ['lookahead 4', depth(4), full ? { trials: 2000 } : { trials: 500 }],
    ['uct', uct(model), full ? { trials: 1000 } : { trials: 300 }],
    ['point-based', pointBased(model, solution), {}],
    ['factored 1', depth(1), { form: 'factored' }],
    ['factored 2', depth(2), { form: 'factored' }],
    ['factored 3', depth(3), { form: 'factored' }],
  ];
}

/** The crowd of 2010: 1,000 workers, γ ~ N(mean, (mean / 5)²), at least 0.05; voting is easier than improving: γ / 2. */
export function world2010(mean: number): (random: Random) => SimulatedWorld {
  return (random) => {
    const pool = new Float64Array(1000);
    const gammaOf = (worker: string): number => {
      const index = Number(worker);
      if (pool[index] === 0) pool[index] = Math.max(0.05, random.normal(mean, 0.2 * mean));
      return pool[index];
    };
    return {
      firstQuality: (own) => own.beta(1, 9),
      improve: (quality, worker, own) =>
        drawImprovement({ kind: 'diligence', gamma: gammaOf(worker), concentration: 10 }, quality, own),
      vote: (old, candidate, worker, own) => drawVote(old, candidate, 0.5, gammaOf(worker) / 2, own),
      arrive: (own, not) => {
        for (;;) {
          const worker = String(own.integer(1000));
          if (!not.has(worker)) return worker;
        }
      },
    };
  };
}

function bandsOf(
  net: (name: string, gamma: number) => number,
  at: (name: string, gamma: number) => SimulationSummary,
): Band[] {
  const gain = (name: string, over: string, gamma: number): number => 100 * (net(name, gamma) / net(over, gamma) - 1);
  return [
    band('lookahead 3 over fixed 400, γ 0.5, %', gain('lookahead 3', 'fixed 400', 0.5), 20, 40),
    band('lookahead 3 over fixed 400, γ 1, %', gain('lookahead 3', 'fixed 400', 1), 40, 70),
    band('lookahead 3 over the tuned schedule, γ 0.5, %', gain('lookahead 3', 'fixed-informed', 0.5), 2, 8),
    band('lookahead 3 over the tuned schedule, γ 1, %', gain('lookahead 3', 'fixed-informed', 1), 4, 12),
    ...crowds.map((gamma) =>
      band(`lookahead 3 over point-based, γ ${gamma}, %`, gain('lookahead 3', 'point-based', gamma), -4, 4),
    ),
    band('ballots of lookahead 3, γ 2', at('lookahead 3', 2).ballots, 0, 0),
    band('ballots of point-based, γ 2', at('point-based', 2).ballots, 0, 0),
    ...crowds.map((gamma, c) => {
      const [expected, width] = [reference['lookahead 3'][c], at('lookahead 3', gamma).netUtility.halfWidth];
      return band(
        `lookahead 3, γ ${gamma}`,
        net('lookahead 3', gamma),
        expected - 2 * width - 4,
        expected + 2 * width + 4,
      );
    }),
  ];
}

function figuresOf(at: (name: string, gamma: number) => SimulationSummary, seed: number): ResultFigure[] {
  const names = ['fixed 400', 'fixed-informed', 'lookahead 1', 'lookahead 2', 'lookahead 3', 'point-based'];
  const model = compileModel(model2010(0.5));
  const states: WorkflowState[] = [];
  simulateTask(
    model,
    lookahead(model),
    world2010(0.5)(new Random(seed).fork('movie world')),
    new Random(seed).fork('movie'),
    {
      onState: (state) => states.push(state),
    },
  );
  return [
    {
      name: 'net-utility',
      svg: lines({
        title: 'Net utility of a task by how error-prone the crowd is',
        subtitle: 'mean error parameter γ; bands are 95 % intervals over simulated tasks',
        x: { label: 'mean γ', scale: 'log' },
        y: { label: 'utility minus cost' },
        series: names.map((name) => ({
          name,
          points: crowds.map((gamma) => {
            const { mean, halfWidth } = at(name, gamma).netUtility;
            return { x: gamma, y: mean, lo: mean - halfWidth, hi: mean + halfWidth };
          }),
        })),
      }),
    },
    {
      name: 'ballots-per-iteration',
      svg: smallMultiples({
        title: 'Ballots in each iteration',
        panels: crowds.map(
          (gamma) => (width) =>
            linesFigure({
              title: `mean γ ${gamma}`,
              width,
              x: { label: 'iteration' },
              y: { label: 'ballots', domain: [0, 3] },
              series: ['fixed 400', 'lookahead 3'].map((name) => ({
                name,
                points: at(name, gamma)
                  .ballotsPerIteration.slice(0, 10)
                  .map((y, i) => ({ x: i + 1, y })),
              })),
            }),
        ),
      }),
    },
    { name: 'belief-movie', svg: beliefMovie(model, states) },
  ];
}

function key(name: string, gamma: number): string {
  return `${name} at ${gamma}`;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
