import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AnswerTableBuilder, coinShrunk, Estimate, fit, Random } from '@assay/core';
import { openSource, readAnswersFile, readLabelsFile } from '@assay/core/node';
import { measure } from '@assay/core/quality';
import { joinFeatures, matrixOf, readFeatures, type TaskFeatures } from '@assay/learn/features';
import {
  ccem,
  coinnet,
  crowdLayer,
  geocrowdnetF,
  geocrowdnetW,
  type LearnInput,
  learn,
  learnMethodById,
  maxMig,
  trace,
} from '@assay/learn/methods';
import { describe, expect, it } from 'vitest';
import { describeWithRuntime } from '../../runtime.ts';

const methods = [crowdLayer, ccem, trace, geocrowdnetF, geocrowdnetW, maxMig, coinnet];

interface Clouds {
  readonly tasks?: number;
  readonly classes?: number;
  readonly workers?: number;
  readonly each?: number;
  readonly skill?: number;
  /** Adds the tasks last to first. */
  readonly turned?: boolean;
  readonly gold?: number;
}

/** Clouds of features, one per class, with answers of workers who are right with probability `skill`. */
function clouds(options: Clouds = {}): LearnInput & { truth: Map<string, string>; features: TaskFeatures } {
  const { tasks = 150, classes = 3, workers = 9, each = 3, skill = 0.6, turned = false, gold = 0 } = options;
  const names = Array.from({ length: classes }, (_, k) => `class ${k}`);
  const builder = new AnswerTableBuilder({ classes: names });
  const truth = new Map<string, string>();
  const values: number[][] = [];
  const ids = Array.from({ length: tasks }, (_, i) => i);
  for (const i of turned ? ids.reverse() : ids) {
    const random = new Random(`cloud ${i}`);
    const task = `t${i}`;
    truth.set(task, names[i % classes]);
    const angle = (2 * Math.PI * (i % classes)) / classes;
    values.push([3 * Math.cos(angle) + random.normal(), 3 * Math.sin(angle) + random.normal(), 1]);
    for (let w = 0; w < Math.min(each, workers); w++) {
      const label = random.bernoulli(skill) ? names[i % classes] : names[random.integer(classes)];
      builder.add({ task, worker: `w${(i + w) % workers}`, label });
    }
    if (i < gold) builder.setGold(task, names[i % classes]);
  }
  const { table } = builder.build();
  const matrix = matrixOf('f', [tasks, 3], values.flat(), [...truth.keys()]);
  return { table, features: joinFeatures(table, matrix), truth };
}

const quick = { epochs: 20, hidden: 8, batch: 16, rate: 0.01, dropout: 0.2 };

describe('end-to-end methods', () => {
  it('are in the registry', () => {
    for (const method of methods) expect(learnMethodById(method.id)).toBe(method);
  });

  it('ask for features', async () => {
    const { table } = clouds({ tasks: 3 });
    for (const method of methods) await expect(learn(method, { table })).rejects.toThrow(`for ${method.id}`);
  });

  it('refuse options that are not theirs', () => {
    const input = clouds({ tasks: 3 });
    expect(() => learn(ccem, input, { options: { lambda: 1 } })).toThrow(/unknown option/);
    expect(() => learn(trace, input, { options: { lambda: -1 } })).toThrow(/invalid/);
    expect(() => learn(crowdLayer, input, { options: { patience: 3 } })).toThrow(/unknown option/);
  });
});

describeWithRuntime('end-to-end methods with networks', () => {
  for (const method of methods) {
    it(`${method.id} is better than the answers alone, repeats itself, and predicts`, async () => {
      const input = clouds();
      const first = await learn(method, input, { seed: 2, options: quick });
      const again = await learn(method, input, { seed: 2, options: quick });
      expect(again.estimate.posterior).toEqual(first.estimate.posterior);
      expect(again.opinions).toEqual(first.opinions);
      const { estimate, classifier } = first;
      expect(measure(estimate, input.truth).accuracy).toBeGreaterThan(
        measure(fit(coinShrunk, input.table), input.truth).accuracy,
      );
      expect(estimate.objective.length).toBe(20);
      expect(estimate.objective[19]).toBeGreaterThan(estimate.objective[0]);
      expect(estimate.notes).toContain('1 features are constant: they say nothing');
      const p = await classifier?.predict(matrixOf('new', [1, 3], [3, 0, 1]));
      expect(p?.[0]).toBeGreaterThan(0.5);
      const { accuracy, lo, hi, confusion = [] } = estimate.workers ?? { accuracy: [], lo: [], hi: [] };
      expect(accuracy.length).toBe(9);
      accuracy.forEach((a, w) => {
        expect(a).toBeGreaterThanOrEqual(lo[w]);
        expect(a).toBeLessThanOrEqual(hi[w]);
      });
      for (let row = 0; row < confusion.length; row += 3)
        expect(confusion[row] + confusion[row + 1] + confusion[row + 2]).toBeCloseTo(1, 9);
      expect(Estimate.fromJSON(JSON.parse(JSON.stringify(estimate))).posterior).toEqual(estimate.posterior);
    });

    it(`${method.id} does not care in which order tasks come`, async () => {
      const [plain, turned] = [clouds({ tasks: 60 }), clouds({ tasks: 60, turned: true })];
      const one = (await learn(method, plain, { options: quick })).estimate;
      const other = (await learn(method, turned, { options: quick })).estimate;
      for (const task of plain.table.tasks.names())
        expect(other.probability(task)).toBeCloseTo(one.probability(task), 4);
    });

    it(`${method.id} is neutral and finite where there is little to learn from`, async () => {
      const cases: Record<string, LearnInput> = {
        'one class': clouds({ tasks: 5, classes: 1 }),
        'one task': clouds({ tasks: 1 }),
        'fewer tasks than a batch, one worker': clouds({ tasks: 6, workers: 1, each: 1 }),
        'two classes': clouds({ tasks: 30, classes: 2 }),
        'fifty classes, most never voted': clouds({ tasks: 20, classes: 50 }),
        'all agree': clouds({ tasks: 20, skill: 1 }),
        'no answers': withoutAnswers(clouds({ tasks: 4 })),
        'half the tasks without features': withHalfTheFeatures(clouds({ tasks: 30 })),
      };
      for (const [name, input] of Object.entries(cases)) {
        const { estimate } = await learn(method, input, { options: { ...quick, epochs: 3 } });
        const { classCount, taskCount } = input.table;
        for (let task = 0; task < taskCount; task++) {
          const row = estimate.posterior.subarray(task * classCount, (task + 1) * classCount);
          expect(
            row.reduce((sum, p) => sum + p, 0),
            `${method.id}: ${name}`,
          ).toBeCloseTo(1, 9);
        }
        expect(estimate.workers?.accuracy.every((a) => a >= 0 && a <= 1)).toBe(true);
        for (const values of Object.values(estimate.tasks)) expect(values.every(Number.isFinite)).toBe(true);
      }
    });
  }

  it('take gold for granted, and learn from it', async () => {
    const input = clouds({ gold: 60, skill: 0.1 });
    for (const method of [ccem, maxMig]) {
      const { estimate, classifier } = await learn(method, input, { options: quick });
      for (let i = 0; i < 60; i++) expect(estimate.label(`t${i}`)).toBe(input.truth.get(`t${i}`));
      const p = await classifier?.predict(matrixOf('new', [1, 3], [3, 0, 1]));
      expect(p?.[0]).toBeGreaterThan(0.5);
    }
  });

  it('report progress and stop when told to', async () => {
    const abort = new AbortController();
    const seen: number[] = [];
    const onProgress = ({ done }: { done: number }): void => {
      seen.push(done);
      if (done === 2) abort.abort();
    };
    await expect(learn(ccem, clouds(), { options: quick, onProgress, signal: abort.signal })).rejects.toThrow(
      /cancelled/,
    );
    expect(seen).toEqual([0, 1, 2]);
  });

  it('with weight 0 are CCEM', async () => {
    const input = clouds({ tasks: 60 });
    const plain = (await learn(ccem, input, { options: quick })).estimate.posterior;
    for (const method of [trace, geocrowdnetF, geocrowdnetW])
      expect((await learn(method, input, { options: { ...quick, lambda: 0 } })).estimate.posterior).toEqual(plain);
    const frozen = { ...quick, lambda: 0, correctionRate: 0 };
    (await learn(coinnet, input, { options: frozen })).estimate.posterior.forEach(
      (p, i) => void expect(p).toBeCloseTo(plain[i], 3),
    );
  });

  it('the crowd layer gives the network’s own labels when asked to', async () => {
    const { estimate, opinions } = await learn(crowdLayer, clouds(), { options: { ...quick, labels: 'network' } });
    expect(estimate.posterior).toEqual(opinions);
  });

  it('COINNet ranks tasks whose workers share a mistake above the others', async () => {
    const input = clouds({ tasks: 300, skill: 0.9, each: 4 });
    const planted = new Set(input.table.tasks.names().filter((_, i) => i % 14 === 0));
    const builder = new AnswerTableBuilder({ classes: input.table.classes.names() });
    const { table } = input;
    for (let task = 0; task < table.taskCount; task++)
      for (let e = table.taskStart[task]; e < table.taskStart[task + 1]; e++) {
        const name = table.tasks.name(task);
        const shifted = planted.has(name) ? (table.label[e] + 1) % 3 : table.label[e];
        builder.add({ task: name, worker: table.workers.name(table.worker[e]), label: table.classes.name(shifted) });
      }
    const changed = builder.build().table;
    const features = joinFeatures(changed, input.features.matrix);
    const options = { ...quick, epochs: 60 };
    const { difficulty } = (await learn(coinnet, { table: changed, features }, { options })).estimate.tasks;
    const ranked = Array.from(difficulty.keys()).sort((a, b) => difficulty[b] - difficulty[a]);
    const found = ranked.slice(0, planted.size).filter((task) => planted.has(changed.tasks.name(task))).length;
    expect(found / planted.size).toBeGreaterThan(0.7);
    expect(difficulty.filter((score) => score === 0).length).toBeGreaterThan(100);
  });
});

function withoutAnswers(input: ReturnType<typeof clouds>): LearnInput {
  const taskStart = new Uint32Array(input.table.taskCount + 1);
  return { ...input, table: input.table.with({ taskStart, worker: new Uint32Array(0), label: new Uint16Array(0) }) };
}

function withHalfTheFeatures(input: ReturnType<typeof clouds>): LearnInput {
  const rowOfTask = input.features.rowOfTask.map((row, task) => (task % 2 === 0 ? row : -1));
  return { ...input, features: { ...input.features, rowOfTask } };
}

const folder = process.env.ASSAY_DATA ?? '../shared/datasets';
const absent = !existsSync(join(folder, 'music')) && process.env.ASSAY_REQUIRE_ALL !== '1';

describeWithRuntime('end-to-end methods on the music set', () => {
  it.skipIf(absent)(
    `reach the figures of the study${absent ? ' (needs the data folder: see docs/data.md)' : ''}`,
    async () => {
      const { table } = await readAnswersFile(join(folder, 'music/labels.csv'));
      const truth = await readLabelsFile(join(folder, 'music/truth.csv'));
      const features = joinFeatures(table, await readFeatures(await openSource(join(folder, 'music/features.npy'))), {
        truthTasks: [...truth.keys()],
      });
      const figures = [
        [ccem, { start: 'diagonal' }, 0.792],
        [geocrowdnetF, { start: 'diagonal' }, 0.8],
        [maxMig, {}, 0.814],
        [crowdLayer, { form: 'VW', labels: 'network', warmUp: 0 }, 0.736],
      ] as const;
      for (const [method, options, reference] of figures) {
        const { estimate } = await learn(method, { table, features }, { options });
        expect(Math.abs(measure(estimate, truth).accuracy - reference), method.id).toBeLessThan(0.02);
      }
    },
    60_000,
  );
});
