import { type AutoReport, answersFrom, auto, fit, majorityVote, Random } from '@assay/core';
import { measure, scoreTasks } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { lossBound } from '../../../src/methods/auto/cap.ts';
import { voteCounts } from '../../../src/methods/votes.ts';
import { crowd } from '../../support/crowd.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';

/** [set, accuracy, log-loss (p clipped at 1e-6), estimate, moment weight, evidence, dependence, overruled]. */
const reference: [string, number, number, number, number, number, number, number][] = [
  ['bluebird', 0.9074, 0.346, 0.855, 0.2, -5.9, 0.061, 0.148],
  ['temp', 0.9437, 0.211, 0.942, 0.2, -7.9, 0.026, 0.002],
  ['rte', 0.9313, 0.203, 0.918, 0.2, -36.6, 0.033, 0.043],
  ['dog', 0.8364, 0.538, 0.891, 0.69, 7.6, 0.075, 0.05],
  ['web', 0.8639, 0.473, 0.743, 0.2, -262.4, 0.064, 0.105],
  ['music', 0.8057, 0.968, 0.886, 0.37, 4.9, 0.027, 0.016],
  ['labelme', 0.792, 0.788, 0.877, 0.8, 20.2, 0.098, 0.01],
  ['sentpol', 0.9168, 0.312, 0.927, 0.2, -33.2, 0.061, 0.037],
  ['medical_cause', 0.8462, 0.41, 0.893, 0.8, 96.5, 0.097, 0.055],
  ['ducks', 0.75, 0.527, 0.792, 0.8, 21.4, 0.16, 0.104],
  ['weather', 0.8533, 0.57, 0.846, 0.2, -44.5, 0.134, 0.03],
  ['product', 0.9337, 0.225, 0.888, 0.8, 525.2, 0.076, 0.062],
  ['trec2010', 0.6923, 0.661, 0.751, 0.2, -826.1, 0.1, 0.067],
  ['reuters', 0.734, 0.911, 0.757, 0.8, 200.1, 0.055, 0.053],
];

describeRealData('auto on public sets', () => {
  it.each(reference)('%s', (name, accuracy, logLoss, estimate, weight, evidence, rho, overruled) => {
    const { table, truth } = realSet(name);
    const result = fit(auto, table);
    const report = result.extra as unknown as AutoReport;
    const scores = scoreTasks(result, truth);
    const clipped = scores.logLoss.map((loss) => Math.min(loss, -Math.log(1e-6)));
    const meanLoss = clipped.reduce((a, b) => a + b, 0) / clipped.length;
    expect(Math.abs(measure(result, truth).accuracy - accuracy)).toBeLessThan(0.004);
    expect(Math.abs(meanLoss / logLoss - 1)).toBeLessThan(0.02);
    expect(Math.abs(report.expectedAccuracy.value / estimate - 1)).toBeLessThan(0.02);
    expect(Math.abs(report.momentWeight - weight)).toBeLessThan(0.02);
    expect(Math.abs(report.evidence - evidence)).toBeLessThan(Math.max(0.3, Math.abs(evidence) * 0.02));
    expect(Math.abs(report.dependence - rho)).toBeLessThan(0.01);
    expect(Math.abs(report.overruled - overruled)).toBeLessThan(0.01);
  });
});

describe('auto', () => {
  const { rows, truth } = crowd({ seed: 9, tasks: 120, workers: 12, classes: 3, redundancy: 5, accuracy: [0.2, 0.95] });
  const table = answersFrom(rows);

  it('overrules at most the capped share of clear majorities', () => {
    for (const maxOverruled of [0, 0.02, 0.05, 1]) {
      const report = fit(auto, table, { options: { maxOverruled } }).extra as unknown as AutoReport;
      expect(report.overruled * 120).toBeLessThanOrEqual(Math.floor(maxOverruled * 120 + 1e-9) + 1e-9);
    }
  });

  it('keeps its bound below majority vote for every truth', () => {
    const random = new Random(3);
    const vote = fit(majorityVote, table);
    for (const maxOverruled of [0, 0.05, 0.15, 1]) {
      const result = fit(auto, table, { options: { maxOverruled } });
      const { bound } = result.extra as unknown as AutoReport;
      for (let draw = 0; draw < 200; draw++) {
        const any = new Map([...truth.keys()].map((task) => [task, `c${random.integer(3)}`]));
        expect(measure(result, any).accuracy).toBeGreaterThanOrEqual(measure(vote, any).accuracy - bound - 1e-12);
      }
      // The worst truth is the majority's side wherever the two differ.
      const worst = new Map([...truth.keys()].map((task) => [task, vote.label(task) as string]));
      expect(measure(result, worst).accuracy).toBeGreaterThanOrEqual(measure(vote, worst).accuracy - bound - 1e-12);
    }
  });

  it('counts the whole vote of a tie and of a lost majority in its bound', () => {
    const small = answersFrom([
      ['t1', 'a', 'x'],
      ['t1', 'b', 'x'],
      ['t2', 'a', 'x'],
      ['t2', 'b', 'y'],
    ]);
    expect(lossBound(small, voteCounts(small), Int32Array.of(1, 0))).toBeCloseTo((1 + 0.5) / 2, 12);
  });

  it('equals the vote with one answer a task', () => {
    const single = answersFrom(rows.filter((_, i) => i % 5 === 0));
    const result = fit(auto, single);
    const vote = fit(majorityVote, single);
    for (const task of single.tasks.names()) expect(result.label(task)).toBe(vote.label(task));
    expect(result.notes.join()).toContain('accuracy cannot be known from answers');
  });

  it('takes checked tasks for right and the others for as good as the checks say', () => {
    const estimateWith = (checked: number): AutoReport['expectedAccuracy'] => {
      const gold = new Map([...truth].slice(0, checked));
      return (fit(auto, table.withGold(gold).table).extra as unknown as AutoReport).expectedAccuracy;
    };
    expect(estimateWith(truth.size)).toEqual({ value: 1, lo: 1, hi: 1 });
    const [half, none] = [estimateWith(truth.size / 2), estimateWith(0)];
    expect(half.value).toBeGreaterThan(0.5);
    expect(half.lo).toBeLessThan(half.value);
    expect(half.hi).toBeGreaterThan(half.value);
    expect(half.hi - half.lo).toBeLessThan(none.hi - none.lo);
  });

  it('falls back on votes where every row has a label of its own, and asks about the column', () => {
    const own = Array.from({ length: 1500 }, (_, i) => [`t${i % 500}`, `w${i % 7}`, `text ${i}`] as const);
    const result = fit(auto, answersFrom(own));
    expect(result.method).toBe('auto');
    expect(result.notes.join()).toContain('is the label column an id or free text?');
    expect(result.calibrated).toBe(false);
    expect(result.extra.expectedAccuracy).toBeUndefined();
    expect(Number(result.label('t0')?.slice(5)) % 500).toBe(0);
    expect(result.options).toEqual({ maxOverruled: 0.15, calibration: 'real' });
  });

  it('leaves the task part out where classes outnumber the answers of a task by far', () => {
    const rows = Array.from({ length: 450 }, (_, i) => [`t${i % 150}`, `w${i % 7}`, `c${i % 150}`] as const);
    const few = fit(auto, answersFrom(rows));
    expect(few.notes.join()).toContain('the task part was left out');
    expect(few.label('t3')).toBe('c3');
    const { members, memberDisagreement } = few.extra as unknown as AutoReport;
    expect(Object.keys(members)).toEqual(['wawa', 'coin', 'vector', 'mix2', 'loglin']);
    expect(memberDisagreement).toBeLessThan(1);
    for (const p of few.posterior) expect(p).toBeGreaterThanOrEqual(0);
  });

  it('calibrates so that the mean confidence is the estimate', () => {
    const result = fit(auto, table, { options: { maxOverruled: 1 } });
    const { expectedAccuracy } = result.extra as unknown as AutoReport;
    let confidence = 0;
    for (let task = 0; task < 120; task++) confidence += result.probability(task) / 120;
    expect(confidence).toBeCloseTo(expectedAccuracy.value, 6);
  });

  it('keeps the moment side out or between its limits', () => {
    const { momentWeight } = fit(auto, table).extra as unknown as AutoReport;
    expect(momentWeight).toBeGreaterThanOrEqual(0.2);
    expect(momentWeight).toBeLessThanOrEqual(0.8);
    const single = answersFrom(rows.filter((_, i) => i % 5 === 0));
    expect((fit(auto, single).extra as unknown as AutoReport).momentWeight).toBe(0);
  });

  it('finds a strong imbalance that majority vote loses', () => {
    // 93 : 7, ten answers a task, mean of two seeds; measured .978 over five.
    let total = 0;
    for (const seed of [1, 2]) {
      const random = new Random(seed);
      const skill = Array.from({ length: 40 }, () => 0.5 + 0.4 * random.uniform());
      const made: [string, string, string][] = [];
      const real = new Map<string, string>();
      for (let t = 0; t < 500; t++) {
        const label = random.uniform() < 0.93 ? '0' : '1';
        real.set(`t${t}`, label);
        for (const w of random.permutation(40).subarray(0, 10)) {
          made.push([`t${t}`, `w${w}`, random.uniform() < skill[w] ? label : String(1 - Number(label))]);
        }
      }
      total += measure(fit(auto, answersFrom(made)), real).accuracy / 2;
    }
    expect(total).toBeGreaterThan(0.95);
  });

  it('lists the contested tasks first and lets checks of them decide', () => {
    const contested = fit(auto, table, { options: { maxOverruled: 0 } });
    const { checkList } = contested.extra as unknown as AutoReport;
    expect(checkList.tasks.length).toBeGreaterThan(5);
    const forModels = new Map(
      checkList.tasks.filter((check) => check.why !== 'tie').map((check) => [check.task, check.model]),
    );
    const lifted = fit(auto, table.withGold(forModels).table, { options: { maxOverruled: 0 } });
    expect((lifted.extra as unknown as AutoReport).verdict.decision).toBe('lift');
    const forMajority = new Map(
      checkList.tasks.filter((check) => check.why !== 'tie').map((check) => [check.task, check.majority]),
    );
    const closed = fit(auto, table.withGold(forMajority).table, { options: { maxOverruled: 1 } });
    expect((closed.extra as unknown as AutoReport).verdict.decision).toBe('close');
    expect((closed.extra as unknown as AutoReport).overruled).toBe(0);
  });
});
