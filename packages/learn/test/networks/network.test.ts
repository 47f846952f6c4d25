import { Random } from '@assay/core';
import {
  type Architecture,
  forwardGraph,
  fourLayerCnn,
  inspectOnnx,
  type Layer,
  loadRuntime,
  logistic,
  mlp,
  Network,
  smallAlexNet,
  smallCnn,
  smallResNet,
  softmaxRows,
  train,
} from '@assay/learn/networks';
import { expect, it } from 'vitest';
import { describeWithRuntime } from '../runtime.ts';
import { type Dense, evaluate } from './reference.ts';

const smooth: readonly Layer[] = [
  { layer: 'convolution', channels: 3, size: 3, padding: 1 },
  { layer: 'tanh' },
  { layer: 'maxPool', size: 2 },
  { layer: 'residual', layers: [{ layer: 'convolution', channels: 3, size: 3, padding: 1 }, { layer: 'sigmoid' }] },
  { layer: 'convolution', channels: 4, size: 2, stride: 2, padding: 1 },
  { layer: 'tanh' },
];
const architectures: readonly Architecture[] = [
  logistic(5, 3),
  {
    ...mlp(6, 3),
    layers: [{ layer: 'dense', units: 7 }, { layer: 'tanh' }, { layer: 'dense', units: 4 }, { layer: 'sigmoid' }],
  },
  { name: 'pictures', input: [2, 7, 7], layers: [...smooth, { layer: 'flatten' }], classes: 3 },
  { name: 'averaged', input: [2, 6, 6], layers: [...smooth, { layer: 'averagePool' }], classes: 3 },
  {
    ...mlp(6, 3),
    name: 'normalised rows',
    layers: [{ layer: 'dense', units: 5 }, { layer: 'batchNorm' }, { layer: 'tanh' }, { layer: 'batchNorm' }],
  },
  {
    name: 'normalised pictures',
    input: [2, 6, 6],
    layers: [
      { layer: 'convolution', channels: 3, size: 3, padding: 1 },
      { layer: 'batchNorm' },
      { layer: 'tanh' },
      {
        layer: 'residual',
        layers: [{ layer: 'convolution', channels: 3, size: 3, padding: 1 }, { layer: 'batchNorm' }],
      },
      { layer: 'sigmoid' },
      { layer: 'averagePool' },
    ],
    classes: 3,
  },
];

function loss(architecture: Architecture, feeds: Record<string, Dense>, upstream: Float64Array): number {
  const { logits } = evaluate(forwardGraph(architecture, true).graph, feeds);
  return logits.data.reduce((sum, z, i) => sum + z * upstream[i], 0);
}

describeWithRuntime('networks', () => {
  for (const architecture of architectures) {
    it(`runs and differentiates ${architecture.name} with ${architecture.layers.length} layers like float64 loops`, async () => {
      const random = new Random(architecture.layers.length);
      const rows = 5;
      const width = architecture.input.reduce((a, b) => a * b, 1);
      const x = Float32Array.from({ length: rows * width }, () => random.normal());
      const upstream = Float32Array.from({ length: rows * architecture.classes }, () => random.normal());
      const network = Network.start(architecture, random);
      // Away from where normalisation starts, so that its scale and averages matter.
      for (const [name, data] of network.parameters)
        if (/scale|mean|variance/.test(name)) data.set(data.map((value) => value + 0.3 * random.uniform()));
      const before = new Map([...network.parameters].map(([name, data]) => [name, data.slice()]));
      const feeds: Record<string, Dense> = { x: { shape: [rows, width], data: Float64Array.from(x) } };
      for (const { value, shape } of forwardGraph(architecture).parameters)
        feeds[value.name] = { shape, data: Float64Array.from(before.get(value.name) as Float32Array) };

      const logits = await network.logits(x, rows);
      const expected = evaluate(forwardGraph(architecture).graph, feeds).logits.data;
      expected.forEach((z, i) => void expect(logits[i]).toBeCloseTo(z, 4));

      // A plain step of rate 1 moves each parameter by its gradient.
      await network.backward(x, upstream, rows, random, { optimiser: 'sgd', rate: 1 });
      for (const [name, start] of before) {
        const after = network.parameters.get(name) as Float32Array;
        if (/mean|variance/.test(name)) continue;
        const gradient = start.map((value, i) => value - after[i]);
        const scale = Math.max(...gradient.map(Math.abs), 0.1);
        const data = feeds[name].data;
        for (let i = 0; i < data.length; i += Math.ceil(data.length / 12)) {
          const step = 1e-5;
          const kept = data[i];
          data[i] = kept + step;
          const up = loss(architecture, feeds, Float64Array.from(upstream));
          data[i] = kept - step;
          const down = loss(architecture, feeds, Float64Array.from(upstream));
          data[i] = kept;
          expect(Math.abs(gradient[i] - (up - down) / (2 * step)) / scale, `${name}[${i}]`).toBeLessThan(1e-4);
        }
      }
    });
  }

  it('follows the statistics of batches by running averages, nine tenths kept', async () => {
    const random = new Random(5);
    const network = Network.start({ ...logistic(3, 2), layers: [{ layer: 'batchNorm' }] }, random);
    const means = new Float64Array(3);
    const variances = new Float64Array(3).fill(1);
    for (let step = 0; step < 4; step++) {
      const x = Float32Array.from({ length: 18 }, () => 2 + random.normal());
      await network.backward(x, new Float32Array(12), 6, random, { optimiser: step % 2 === 0 ? 'adam' : 'sgd' });
      for (let d = 0; d < 3; d++) {
        const column = Array.from({ length: 6 }, (_, row) => x[row * 3 + d]);
        const mean = column.reduce((sum, value) => sum + value / 6, 0);
        means[d] = 0.9 * means[d] + 0.1 * mean;
        variances[d] = 0.9 * variances[d] + column.reduce((sum, value) => sum + (0.1 * (value - mean) ** 2) / 6, 0);
      }
    }
    network.parameters.get('mean_2')?.forEach((value, d) => void expect(value).toBeCloseTo(means[d], 5));
    network.parameters.get('variance_3')?.forEach((value, d) => void expect(value).toBeCloseTo(variances[d], 5));
    expect(Network.load(JSON.parse(JSON.stringify(network.save()))).save()).toEqual(network.save());
  });

  it('trains the larger networks until they know 24 pictures', async () => {
    const random = new Random(11);
    const rows = Uint32Array.from({ length: 24 }, (_, i) => i);
    for (const [make, side, epochs] of [
      [smallAlexNet, 16, 15],
      [smallResNet, 12, 40],
      [fourLayerCnn, 46, 12],
    ] as const) {
      const x = Float32Array.from({ length: 24 * 3 * side * side }, () => random.normal());
      const targets = Float64Array.from({ length: 72 }, (_, i) => (Math.floor(i / 3) % 3 === i % 3 ? 1 : 0));
      const network = Network.start(make([3, side, side], 3), random);
      const { losses } = await train(network, { x, rows, targets }, { epochs, batch: 8, rate: 3e-3 }, { random });
      expect(losses.at(-1), network.architecture.name).toBeLessThan(0.5 * losses[0]);
      const p = await network.probabilities(x, 24);
      const right = rows.filter((row) => p[row * 3 + (row % 3)] > 0.5).length;
      expect(right, `${network.architecture.name}, by running averages`).toBeGreaterThanOrEqual(20);
    }
    expect(() => Network.start(fourLayerCnn([3, 32, 32], 3), random)).toThrow(/larger than what is left/);
  });

  it('steps as Adam with L2 does in float64', async () => {
    const random = new Random(3);
    const architecture = logistic(4, 3);
    const network = Network.start(architecture, random);
    const [w, b] = ['weight_0', 'bias_1'].map((name) =>
      Float64Array.from(network.parameters.get(name) as Float32Array),
    );
    const moments = [w, b].map((p) => ({ m: new Float64Array(p.length), v: new Float64Array(p.length) }));
    const x = Float32Array.from({ length: 20 }, () => random.normal());
    const targets = softmaxRows(
      Float64Array.from({ length: 15 }, () => random.normal()),
      3,
    );
    const weights = Float32Array.of(1, 2, 0.5, 1, 0);
    for (let t = 1; t <= 6; t++) {
      const z = Float64Array.from({ length: 15 }, (_, i) => {
        let sum = b[i % 3];
        for (let d = 0; d < 4; d++) sum += x[Math.floor(i / 3) * 4 + d] * w[d * 3 + (i % 3)];
        return sum;
      });
      const p = softmaxRows(z, 3);
      const dz = p.map((value, i) => ((value - targets[i]) * weights[Math.floor(i / 3)]) / 5);
      const gw = w.map((value, i) => {
        let sum = 0.1 * value;
        for (let n = 0; n < 5; n++) sum += x[n * 4 + Math.floor(i / 3)] * dz[n * 3 + (i % 3)];
        return sum;
      });
      const gb = b.map((value, k) => 0.1 * value + [0, 1, 2, 3, 4].reduce((sum, n) => sum + dz[n * 3 + k], 0));
      let entropy = 0;
      p.forEach((value, i) => {
        entropy -= (weights[Math.floor(i / 3)] / 5) * targets[i] * Math.log(value);
      });
      const measured = await network.stepTowards(x, Float32Array.from(targets), weights, 5, random, {
        rate: 0.05,
        decay: 0.1,
      });
      expect(measured).toBeCloseTo(entropy, 5);
      [w, b].forEach((parameter, j) => {
        const gradient = j === 0 ? gw : gb;
        const { m, v } = moments[j];
        parameter.forEach((value, i) => {
          m[i] = 0.9 * m[i] + 0.1 * gradient[i];
          v[i] = 0.999 * v[i] + 0.001 * gradient[i] ** 2;
          parameter[i] = value - (0.05 * (m[i] / (1 - 0.9 ** t))) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8);
        });
      });
    }
    w.forEach((value, i) => void expect(network.parameters.get('weight_0')?.[i]).toBeCloseTo(value, 4));
    b.forEach((value, i) => void expect(network.parameters.get('bias_1')?.[i]).toBeCloseTo(value, 4));
  });

  it('learns the same bits for the same seed, and others for another', async () => {
    const { x, rows, targets } = blobs(90);
    const run = async (seed: number): Promise<string> => {
      const network = Network.start(mlp(2, 3, 8, 0.5), new Random(seed));
      await train(network, { x, rows, targets }, { epochs: 4, batch: 16 }, { random: new Random(seed).fork('train') });
      return JSON.stringify(network.save());
    };
    expect(await run(5)).toBe(await run(5));
    expect(await run(5)).not.toBe(await run(6));
  });

  it('separates three clouds, and goes on from a checkpoint exactly', async () => {
    const { x, rows, targets } = blobs(150);
    const network = Network.start(mlp(2, 3, 16), new Random(1));
    const options = { epochs: 15, batch: 16, rate: 0.01 };
    const report = await train(network, { x, rows, targets }, options, { random: new Random(2) });
    expect(report.losses.at(-1)).toBeLessThan(0.1);
    const restored = Network.load(JSON.parse(JSON.stringify(network.save())));
    for (const each of [network, restored]) await train(each, { x, rows, targets }, options, { random: new Random(3) });
    expect(restored.save()).toEqual(network.save());
  });

  it('stops early and keeps the best epoch', async () => {
    const random = new Random(9);
    const { x, rows } = blobs(60);
    const noise = softmaxRows(
      Float64Array.from({ length: 180 }, () => 4 * random.normal()),
      3,
    );
    const network = Network.start(mlp(2, 3, 64), random);
    const options = { epochs: 200, batch: 8, rate: 0.05, patience: 5, heldOut: 0.3 };
    const report = await train(network, { x, rows, targets: noise }, options, { random });
    expect(report.epochs).toBeLessThan(200);
    expect(report.best).toBe(report.epochs - 5);
  });

  it('stops when it is cancelled', async () => {
    const { x, rows, targets } = blobs(30);
    const abort = new AbortController();
    const network = Network.start(logistic(2, 3), new Random(1));
    const context = { random: new Random(1), signal: abort.signal, onEpoch: () => abort.abort() };
    await expect(train(network, { x, rows, targets }, { epochs: 9 }, context)).rejects.toThrow(/cancelled/);
  });

  it('steps along any loss as along cross entropy, under the same dropout and statistics', async () => {
    const hidden = mlp(4, 3, 16, 0.5);
    const architecture = { ...hidden, layers: [{ layer: 'batchNorm' } as const, ...hidden.layers] };
    const random = new Random(9);
    const rows = 6;
    const x = Float32Array.from({ length: rows * 4 }, () => random.normal());
    const targets = softmaxRows(
      Float32Array.from({ length: rows * 3 }, () => random.normal()),
      3,
    );
    const one = Network.start(architecture, new Random(1));
    const other = one.clone();
    for (let step = 0; step < 3; step++) {
      await one.stepTowards(x, Float32Array.from(targets), new Float32Array(rows).fill(1), rows, new Random(step));
      const slope = (logits: Float32Array): Float32Array =>
        Float32Array.from(softmaxRows(logits, 3), (p, i) => (p - targets[i]) / rows);
      await other.stepAlong(x, rows, slope, new Random(step));
    }
    for (const [name, data] of one.parameters)
      data.forEach((value, i) => void expect(other.parameters.get(name)?.[i]).toBeCloseTo(value, 5));
    expect(other.steps).toBe(3);
  });

  it('writes files that plain ONNX Runtime runs with the same probabilities', async () => {
    const runtime = await loadRuntime();
    for (const architecture of [mlp(147, 4, 8, 0.5), smallCnn([3, 7, 7], 4), smallResNet([3, 7, 7], 4, 4, 1)]) {
      const random = new Random(4);
      const network = Network.start(architecture, random);
      const batch = Float32Array.from({ length: 147 * 8 }, () => random.normal());
      await network.backward(batch, new Float32Array(32).fill(0.1), 8, random, { rate: 0.01 });
      const raw = Float32Array.from({ length: 147 * 5 }, () => 10 + 3 * random.normal());
      const mean = new Float32Array(147).fill(10);
      const scale = new Float32Array(147).fill(1 / 3);
      const file = network.toOnnx(['a', 'b', 'c', 'd'], { mean, scale }, { note: 'kept' });
      expect(inspectOnnx(file).metadata).toMatchObject({ classes: '["a","b","c","d"]', note: 'kept' });
      const session = await runtime.InferenceSession.create(file);
      expect(session.inputNames).toEqual(['features']);
      const result = await session.run({ features: new runtime.Tensor('float32', raw, [5, 147]) });
      const own = await network.probabilities(
        raw.map((value) => (value - 10) / 3),
        5,
      );
      own.forEach((p, i) => void expect(result.probabilities.data[i]).toBeCloseTo(p, 5));
    }
  });
});

function blobs(count: number): { x: Float32Array; rows: Uint32Array; targets: Float64Array } {
  const random = new Random(77);
  const x = new Float32Array(count * 2);
  const targets = new Float64Array(count * 3);
  for (let i = 0; i < count; i++) {
    const angle = ((i % 3) * 2 * Math.PI) / 3;
    x[i * 2] = 2 * Math.cos(angle) + 0.4 * random.normal();
    x[i * 2 + 1] = 2 * Math.sin(angle) + 0.4 * random.normal();
    targets[i * 3 + (i % 3)] = 1;
  }
  return { x, rows: Uint32Array.from({ length: count }, (_, i) => i), targets };
}
