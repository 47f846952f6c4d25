import { type AnswerTable, type AutoReport, auto, type Estimate, fit, Random } from '@assay/core';
import { logit, sigmoid } from '@assay/core/math';
import { methods } from '@assay/core/methods';
import { type Measures, measure } from '@assay/core/quality';
import { type DotRow, dots } from '@assay/figures';
import { band, type Experiment, type ExperimentResult } from '../experiment.ts';
import { type Case, cases, labelSets } from './cases.ts';

/** Tasks checked by hand in the simulated loop. */
const checked = 30;

/** Two sides differ enough to matter from here on. */
const worthwhile = 0.02;

/** Methods that take minutes on the larger thinnings and are reported for full sets only. */
const slow = new Set(['gibbs', 'ebcc', 'community-bcc', 'bp-sampled', 'minimax-entropy', 'max-margin-vote']);

interface Row {
  readonly set: string;
  readonly most: number | null;
  readonly vote: Measures;
  readonly result: Measures;
  readonly report: AutoReport;
  /** Accuracy of each fixed method that ran. */
  readonly fixed: Readonly<Record<string, Measures>>;
  /** Of the simulated check loops where models and majority differ by 2 points: how many there were, how many went right. */
  readonly loops: { readonly worthwhile: number; readonly right: number };
}

/**
 * `auto` against majority vote and every fixed method, over all public label sets and their
 * thinnings: accuracy, calibration, the accuracy estimate and its interval (constants refitted
 * without the set), and the check list.
 */
export const autoStudy: Experiment = {
  id: 'auto',
  title: 'Automatic choice over public sets and their thinnings',
  source: 'Assay (2026). The sets are described in docs/data.md.',
  async run({ full, seed = 1, data = '../shared/datasets', onProgress, signal }): Promise<ExperimentResult> {
    const rows: Row[] = [];
    const sets = full
      ? labelSets
      : labelSets.filter((set) => !['adult', 'trec2010', 'product', 'medical_cause'].includes(set));
    for await (const one of cases(data, sets, full ? 2 : 1)) {
      signal?.throwIfAborted();
      if (!full && one.most === 5) continue;
      onProgress(
        `${one.set}${one.most === null ? '' : `, ${one.most} a task`}`,
        rows.length,
        sets.length * (full ? 7 : 3),
      );
      rows.push(rowOf(one, full, seed));
    }
    return summarise(rows, full);
  },
};

function rowOf(one: Case, full: boolean, seed: number): Row {
  const { table, truth } = one;
  const result = fit(auto, table);
  const fixed: Record<string, Measures> = {};
  for (const method of methods) {
    if (method.id === 'auto' || (method.answers === 'binary' && table.classCount > 2)) continue;
    if (slow.has(method.id) && (one.most !== null || !full)) continue;
    fixed[method.id] = measure(fit(method, table), truth);
  }
  const report = result.extra as unknown as AutoReport;
  const vote = fixed['majority-vote'];
  return {
    set: one.set,
    most: one.most,
    vote,
    result: measure(result, truth),
    report,
    fixed,
    loops: checkLoops(one, result, full ? 5 : 2, seed),
  };
}

/** Simulated checks of the list: does the side that is right win where the two differ? */
function checkLoops(
  { table, truth }: Case,
  standing: Estimate,
  draws: number,
  seed: number,
): { worthwhile: number; right: number } {
  const accuracyOf = (estimate: Estimate): number => measure(estimate, truth).accuracy;
  const models = accuracyOf(fit(auto, table, { options: { maxOverruled: 1 } }));
  const majority = accuracyOf(fit(auto, table, { options: { maxOverruled: 0 } }));
  if (Math.abs(models - majority) <= worthwhile) return { worthwhile: 0, right: 0 };
  const { checkList } = standing.extra as unknown as AutoReport;
  const contested = checkList.tasks.filter(({ why, task }) => {
    const label = truth.get(task);
    return why !== 'tie' && label !== undefined && table.classes.indexOf(label) >= 0;
  });
  let right = 0;
  for (let draw = 0; draw < draws; draw++) {
    const random = new Random(seed).fork(draw);
    const gold = new Map(
      random
        .shuffle([...contested])
        .slice(0, checked)
        .map(({ task }) => [task, truth.get(task) as string]),
    );
    if (winner(table.withGold(gold).table, models, majority, accuracyOf(standing)) > (models + majority) / 2) right++;
  }
  return { worthwhile: draws, right };
}

/** Accuracy of the side that checked tasks decide for, without counting the checked tasks as known. */
function winner(table: AnswerTable, models: number, majority: number, standing: number): number {
  const { decision } = (fit(auto, table).extra as unknown as AutoReport).verdict;
  return decision === 'lift' ? models : decision === 'close' ? majority : standing;
}

function summarise(rows: readonly Row[], full: boolean): ExperimentResult {
  const whole = rows.filter((row) => row.most === null);
  const thinned = rows.filter((row) => row.most !== null);
  const gain = (row: Row): number => row.result.accuracy - row.vote.accuracy;
  const fixedIds = Object.keys(rows[0].fixed).filter((id) => rows.every((row) => id in row.fixed));
  const fixedMeans = fixedIds.map((id) => [id, average(rows, (row) => row.fixed[id].accuracy)] as const);
  fixedMeans.sort((a, b) => b[1] - a[1]);
  const meanAuto = average(rows, (row) => row.result.accuracy);
  const loops = rows.reduce(
    (sum, { loops: l }) => ({ worthwhile: sum.worthwhile + l.worthwhile, right: sum.right + l.right }),
    {
      worthwhile: 0,
      right: 0,
    },
  );
  const left = leaveOneSetOut(rows);
  const beaten = (measureOf: (m: Measures) => number): number =>
    whole.filter((row) => measureOf(row.result) < measureOf(row.fixed['dawid-skene'])).length / whole.length;
  return {
    tables: [setTable(rows), methodTable(fixedMeans, meanAuto)],
    bands: [
      band('mean accuracy above majority vote', meanAuto - average(rows, (row) => row.vote.accuracy), 0.0001, 1),
      band(`mean accuracy above the best fixed method (${fixedMeans[0][0]})`, meanAuto - fixedMeans[0][1], 0.0001, 1),
      band('largest loss to majority vote on a full set', Math.max(...whole.map((row) => -gain(row))), -1, 0.15),
      band('largest loss to majority vote on any crowd', Math.max(...rows.map((row) => -gain(row))), -1, 0.15),
      band(
        'full sets with log-loss below plain Dawid-Skene',
        beaten((m) => m.logLoss),
        1,
        1,
      ),
      band(
        'full sets with calibration error below plain Dawid-Skene',
        beaten((m) => m.ece),
        full ? 0.9 : 0.8,
        1,
      ),
      band('coverage of the 90 % interval, constants fitted without the set', left.coverage, 0.8, 1),
      band('mean width of the 90 % interval', left.width, 0, 0.3),
      band(
        'check loops that end on the right side',
        loops.worthwhile === 0 ? 1 : loops.right / loops.worthwhile,
        0.9,
        1,
      ),
    ],
    figures: [{ name: 'auto-gain', svg: gainFigure(whole) }],
    notes: [
      `${whole.length} full sets, ${thinned.length} thinnings; ${loops.worthwhile} check loops where the sides differ by more than 2 points`,
      `refitted without the set: slope ${left.slope.toFixed(2)}, dependence ${left.dependence.toFixed(2)}, spread ${left.spread.toFixed(2)}`,
    ],
  };
}

function setTable(rows: readonly Row[]): ExperimentResult['tables'][number] {
  return {
    title: 'Each crowd: majority vote beside auto',
    columns: [
      'set',
      'answers a task',
      'vote',
      'auto',
      'log-loss of auto',
      'ECE of auto',
      'estimate',
      'low',
      'high',
      'overruled',
    ],
    rows: rows.map(({ set, most, vote, result, report }) => [
      set,
      most ?? 'all',
      vote.accuracy,
      result.accuracy,
      result.logLoss,
      result.ece,
      report.expectedAccuracy.value,
      report.expectedAccuracy.lo,
      report.expectedAccuracy.hi,
      report.overruled,
    ]),
  };
}

function methodTable(
  means: readonly (readonly [string, number])[],
  meanAuto: number,
): ExperimentResult['tables'][number] {
  return {
    title: 'Mean accuracy over all crowds',
    columns: ['method', 'mean accuracy'],
    rows: [['auto', meanAuto], ...means],
  };
}

function gainFigure(rows: readonly Row[]): string {
  return dots({
    title: 'Accuracy of auto less that of majority vote',
    format: 'percent',
    rows: rows.map((row): DotRow => ({ label: row.set, value: row.result.accuracy - row.vote.accuracy })),
  });
}

/**
 * Coverage and width of the accuracy interval when slope, dependence and spread are fitted to the
 * other sets, half of a set's weight on all its answers and half on its thinnings.
 */
function leaveOneSetOut(rows: readonly Row[]): {
  coverage: number;
  width: number;
  slope: number;
  dependence: number;
  spread: number;
} {
  const points = rows.map((row) => {
    const { value } = row.report.expectedAccuracy;
    const x = logit(value) / (1.2 - 3 * row.report.dependence);
    const others = rows.filter(
      (other) => other.set === row.set && (other.most === null) === (row.most === null),
    ).length;
    return {
      set: row.set,
      x,
      rho: row.report.dependence,
      y: logit(clamp(row.result.accuracy)),
      n: row.result.scored,
      weight: 0.5 / others,
    };
  });
  let [covered, total, width, slopeSum, dependenceSum, spreadSum] = [0, 0, 0, 0, 0, 0];
  for (const set of new Set(points.map((point) => point.set))) {
    const { slope, dependence, spread } = fitConstants(points.filter((point) => point.set !== set));
    slopeSum += slope;
    dependenceSum += dependence;
    spreadSum += spread;
    for (const { x, rho, y, n } of points.filter((point) => point.set === set)) {
      const centre = (slope - dependence * rho) * x;
      const p = sigmoid(centre);
      const half = 1.645 * Math.sqrt(spread ** 2 + 1 / (n * p * (1 - p)));
      total++;
      width += sigmoid(centre + half) - sigmoid(centre - half);
      if (Math.abs(y - centre) <= half) covered++;
    }
  }
  const sets = new Set(points.map((point) => point.set)).size;
  return {
    coverage: covered / total,
    width: width / total,
    slope: slopeSum / sets,
    dependence: dependenceSum / sets,
    spread: spreadSum / sets,
  };
}

interface Point {
  readonly x: number;
  readonly rho: number;
  readonly y: number;
  readonly weight: number;
}

/** Weighted least squares of y on x and −ρx. */
function fitConstants(points: readonly Point[]): { slope: number; dependence: number; spread: number } {
  let [xx, xz, zz, xy, zy, total] = [0, 0, 0, 0, 0, 0];
  for (const { x, rho, y, weight } of points) {
    const z = -rho * x;
    xx += weight * x * x;
    xz += weight * x * z;
    zz += weight * z * z;
    xy += weight * x * y;
    zy += weight * z * y;
    total += weight;
  }
  const determinant = xx * zz - xz * xz;
  const slope = (zz * xy - xz * zy) / determinant;
  const dependence = (xx * zy - xz * xy) / determinant;
  const squares = points.reduce(
    (sum, { x, rho, y, weight }) => sum + weight * (y - (slope - dependence * rho) * x) ** 2,
    0,
  );
  return { slope, dependence, spread: Math.sqrt(squares / total) };
}

function clamp(p: number): number {
  return Math.min(0.995, Math.max(0.005, p));
}

function average(rows: readonly Row[], value: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
}
