import { describe, expect, it } from 'vitest';
import { bisection, goldenSection, lbfgs, type Objective } from '../../src/math/optimise.ts';
import { Random } from '../../src/math/random.ts';

const rosenbrock: Objective = (x, gradient) => {
  let value = 0;
  gradient.fill(0);
  for (let i = 0; i + 1 < x.length; i++) {
    const valley = x[i + 1] - x[i] * x[i];
    value += 100 * valley * valley + (1 - x[i]) ** 2;
    gradient[i] += -400 * x[i] * valley - 2 * (1 - x[i]);
    gradient[i + 1] += 200 * valley;
  }
  return value;
};

describe('lbfgs', () => {
  it('follows the curved valley of Rosenbrock to its end', () => {
    for (const n of [2, 10, 100]) {
      const start = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
      const end = lbfgs(rosenbrock, start, { maxIterations: 1000, functionTolerance: 0, gradientTolerance: 1e-8 });
      expect(end.converged).toBe(true);
      // The Fortran L-BFGS-B needs 37, 89 and 545 from the same starts.
      expect(end.iterations).toBeLessThan(n === 2 ? 50 : n === 10 ? 120 : 700);
      if (n < 100) for (const entry of end.x) expect(entry).toBeCloseTo(1, 6);
      expect([...start.subarray(0, 2)]).toEqual([-1.2, 1]);
    }
  });

  it('solves an ill-conditioned quadratic', () => {
    const n = 40;
    const end = lbfgs(
      (x, gradient) => {
        let value = 0;
        for (let i = 0; i < n; i++) {
          const stiffness = 10 ** ((4 * i) / (n - 1));
          gradient[i] = stiffness * (x[i] - 1);
          value += 0.5 * stiffness * (x[i] - 1) ** 2;
        }
        return value;
      },
      new Float64Array(n),
      { maxIterations: 2000, functionTolerance: 0, gradientTolerance: 1e-7 },
    );
    expect(end.converged).toBe(true);
    for (const entry of end.x) expect(entry).toBeCloseTo(1, 6);
  });

  it('fits a logistic regression to zero gradient', () => {
    const random = new Random(1);
    const rows = Array.from({ length: 300 }, () => {
      const features = [1, random.normal(), random.normal()];
      const truth = random.bernoulli(1 / (1 + Math.exp(-(0.5 + 2 * features[1] - features[2])))) ? 1 : -1;
      return { features, truth };
    });
    const loss: Objective = (x, gradient) => {
      gradient.fill(0);
      let value = 0;
      for (const { features, truth } of rows) {
        const margin = truth * features.reduce((sum, feature, k) => sum + feature * x[k], 0);
        value += Math.log1p(Math.exp(-margin));
        for (let k = 0; k < 3; k++) gradient[k] -= (truth * features[k]) / (1 + Math.exp(margin));
      }
      return value;
    };
    const end = lbfgs(loss, new Float64Array(3), { functionTolerance: 0 });
    const gradient = new Float64Array(3);
    loss(end.x, gradient);
    expect(end.converged).toBe(true);
    expect(end.iterations).toBeLessThan(25);
    for (const entry of gradient) expect(Math.abs(entry)).toBeLessThan(1e-6);
  });

  it('backs away from places where the function does not exist', () => {
    // x − ln x: infinite at 0, NaN below; minimum at 1.
    const barrier: Objective = (x, gradient) => {
      gradient[0] = 1 - 1 / x[0];
      return x[0] - Math.log(x[0]);
    };
    for (const start of [1e-6, 0.5, 50]) {
      const end = lbfgs(barrier, Float64Array.of(start), { gradientTolerance: 1e-9, functionTolerance: 0 });
      expect(end.x[0]).toBeCloseTo(1, 8);
    }
    const nowhere = lbfgs(barrier, Float64Array.of(-1));
    expect(nowhere.converged).toBe(false);
    expect(nowhere.x[0]).toBe(-1);
  });

  it('never ends above its start, whatever it is given', () => {
    const random = new Random(2);
    for (let i = 0; i < 50; i++) {
      const start = Float64Array.of(random.normal(0, 3), random.normal(0, 3));
      // A wavy function with a gradient that is wrong by a random turn: the search may fail but not climb.
      const turn = random.uniform() * 6;
      const wavy: Objective = (x, gradient) => {
        const dx = Math.cos(3 * x[0]) * 3 + 0.2 * x[0];
        const dy = -Math.sin(2 * x[1]) * 2 + 0.2 * x[1];
        gradient[0] = Math.cos(turn) * dx - Math.sin(turn) * dy;
        gradient[1] = Math.sin(turn) * dx + Math.cos(turn) * dy;
        return Math.sin(3 * x[0]) + Math.cos(2 * x[1]) + 0.1 * (x[0] ** 2 + x[1] ** 2);
      };
      const end = lbfgs(wavy, start);
      const scratch = new Float64Array(2);
      expect(end.value).toBeLessThanOrEqual(wavy(start, scratch));
      expect(wavy(end.x, scratch)).toBe(end.value);
    }
  });

  it('stops in finite time when there is no minimum, and at once where it stands on one', () => {
    const slide = lbfgs(
      (x, gradient) => {
        gradient[0] = -1;
        return -x[0];
      },
      Float64Array.of(0),
      { maxIterations: 20 },
    );
    expect(slide.value).toBeLessThan(-1e6);
    expect(lbfgs(rosenbrock, Float64Array.of(1, 1))).toMatchObject({ iterations: 0, converged: true, value: 0 });
    expect(lbfgs(() => 3, new Float64Array(0))).toMatchObject({ iterations: 0, converged: true, value: 3 });
  });
});

describe('scalar search', () => {
  it('finds the bottom of a valley, inside and at an end', () => {
    expect(goldenSection((x) => (x - 2) ** 2, 0, 5, 1e-7)).toBeCloseTo(2, 6);
    expect(goldenSection((x) => x, 1, 5, 1e-7)).toBeCloseTo(1, 6);
    expect(goldenSection((x) => (x > 3 ? Number.NaN : (x - 2) ** 2), 0, 50, 1e-7)).toBeCloseTo(2, 6);
  });

  it('finds the crossing of rising and falling functions', () => {
    expect(bisection((x) => x * x - 2, 0, 2)).toBeCloseTo(Math.SQRT2, 14);
    expect(bisection((x) => 1 - Math.exp(x), -3, 8)).toBeCloseTo(0, 14);
    expect(bisection((x) => x + 1, 0, 2)).toBe(0);
    expect(bisection((x) => x - 9, 0, 2)).toBe(2);
    expect(bisection((x) => x, 0, 2)).toBe(0);
  });
});
