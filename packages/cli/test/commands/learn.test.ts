import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { encodeOnnx, GraphBuilder } from '@assay/learn/networks';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { assay, filesIn, folderWith, root } from '../support/run-cli.ts';

/** 60 tasks of two classes that one number tells apart, three people right five times of seven. */
function files(): Record<string, string> {
  const answers = ['task,worker,label'];
  const truth = ['task,label'];
  const features = ['task,x,noise'];
  for (let task = 0; task < 60; task++) {
    const label = task % 2 === 0 ? 'cat' : 'dog';
    const other = label === 'cat' ? 'dog' : 'cat';
    truth.push(`t${task},${label}`);
    features.push(`t${task},${(task % 2) * 4 + ((task * 13) % 10) / 10},${(task * 7) % 5}`);
    for (let person = 0; person < 3; person++)
      answers.push(`t${task},p${person},${(task * 37 + person * 11) % 7 < 2 ? other : label}`);
  }
  const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
  return {
    'answers.csv': text(answers),
    'truth.csv': text(truth),
    'features.csv': text(features),
    'others.csv': 'task,x,noise\nn1,0.2,1\nn2,4.3,2\n',
    'others-truth.csv': 'task,label\nn1,cat\nn2,dog\n',
    'broken.onnx': 'not a model',
    'nan.csv': 'task,x\nt1,1\nt2,\n',
    'strangers.csv': 'task,x\nz1,1\nz2,2\n',
    'texts.jsonl': text(
      truth.slice(1).map((line, i) => {
        const [task, label] = line.split(',');
        return JSON.stringify({ task, text: `${label === 'cat' ? 'it purrs' : 'it barks'} number ${i}` });
      }),
    ),
  };
}

const folder = folderWith(files());
mkdirSync(join(folder, 'pictures'));
const cwd = { cwd: folder };
const learn = ['learn', 'answers.csv'];

describe('assay learn', () => {
  it('learns labels from answers and features without any runtime (raykar)', () => {
    const run = assay([...learn, '--features', 'features.csv', '-m', 'raykar', '--truth', 'truth.csv', '--json'], cwd);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const document = JSON.parse(run.stdout);
    expect(document).toMatchObject({ schema: 1, method: 'raykar', tasks: 60, workers: 3, classes: 2, coverage: 1 });
    expect(document.accuracy).toBeGreaterThan(0.95);
  });

  it('says clearly what is wrong, with the right exit code, and writes nothing', () => {
    const before = filesIn(folder);
    const out = ['--model', 'm.onnx', '-o', 'out.csv'];
    const cases: [string[], number, RegExp][] = [
      [[...learn, '-m', 'haem', ...out], 1, /missing features for haem.*--features/],
      [[...learn, '--features', 'nan.csv', ...out], 1, /"" at row 3 \(task "t2"\), column "x"/],
      [[...learn, '--features', 'strangers.csv', ...out], 1, /unknown tasks in strangers\.csv/],
      [[...learn, '--features', 'truth.csv', ...out], 1, /a column "label"/],
      [[...learn, '--features', 'absent.npy', ...out], 1, /missing file "absent\.npy"/],
      [[...learn, '--features', 'features.csv', '--test-features', 'others.csv', ...out], 1, /missing --test-truth/],
      [[...learn, '--feature-tasks', 'truth.csv', ...out], 1, /missing --features/],
      [[...learn, '--features', 'features.csv', '--feature-tasks', 'truth.csv', ...out], 1, /missing column/],
      [[...learn, '-m', 'hae'], 2, /unknown method "hae"; did you mean haem/],
      [[...learn, '-m', 'haem', '-O', 'rounds=-1'], 2, /invalid rounds: "-1"/],
      [[...learn, '-m', 'haem', '-O', 'round=1'], 2, /unknown option "round"; did you mean rounds/],
      [['predict', 'broken.onnx', '--features', 'features.csv'], 1, /invalid model broken\.onnx/],
      [['predict', 'absent.onnx', '--features', 'features.csv'], 1, /missing model/],
      [['predict', 'broken.onnx', '--features', 'features.csv', '-o', 'out.xls'], 2, /unknown format.*out\.xls/],
      [[...learn, '--embedding', 'broken.onnx', ...out], 1, /missing --features/],
      [[...learn, '--features', 'features.csv', '--embedding', 'broken.onnx', ...out], 1, /invalid model broken/],
      [[...learn, '--features', 'pictures', ...out], 1, /no PNG or JPEG picture/],
      [[...learn, '--features', 'pictures', '--picture-size', '0'], 2, /whole number from 1 to 4096/],
      [[...learn, '--features', 'texts.jsonl', '-m', 'raykar', ...out], 1, /invalid number of features for raykar/],
    ];
    for (const [args, code, message] of cases) {
      const run = assay(args, cwd);
      expect(run.stderr, args.join(' ')).toMatch(message);
      expect(run.code, args.join(' ')).toBe(code);
    }
    expect(filesIn(folder)).toEqual(before);
  }, 120_000);
});

const absent = !existsSync(join(root, 'node_modules/onnxruntime-node')) && process.env.ASSAY_REQUIRE_ALL !== '1';

describe.skipIf(absent)(
  `assay learn and predict${absent ? ' (needs the optional package onnxruntime-node)' : ''}`,
  () => {
    it('trains, tests, writes a model, and predicts the same with it', () => {
      const test = ['--test-features', 'others.csv', '--test-truth', 'others-truth.csv', '--model', 'model.onnx'];
      const run = assay(
        [...learn, '--features', 'features.csv', '-m', 'haem', '--truth', 'truth.csv', ...test, '--json'],
        cwd,
      );
      expect(run).toMatchObject({ code: 0, stderr: '' });
      const document = JSON.parse(run.stdout);
      expect(document).toMatchObject({
        method: 'haem',
        testAccuracy: 1,
        testRows: 2,
        models: [{ name: 'mlp', trained: true }],
      });
      expect(document.accuracy).toBeGreaterThan(0.8);
      const predicted = assay(
        ['predict', 'model.onnx', '--features', 'others.csv', '--truth', 'others-truth.csv', '-o', 'p.csv', '--json'],
        cwd,
      );
      expect(predicted.code).toBe(0);
      expect(JSON.parse(predicted.stdout)).toMatchObject({ rows: 2, classes: ['cat', 'dog'], accuracy: 1 });
      expect(JSON.parse(predicted.stdout).logLoss).toBeCloseTo(document.testLogLoss, 5);
      expect(readFileSync(join(folder, 'p.csv'), 'utf8')).toMatch(/^task,label,probability,p_cat,p_dog\nn1,cat,/);
      const wrong = assay(['predict', 'model.onnx', '--features', 'nan.csv'], cwd);
      expect(wrong.code).toBe(1);
      const narrow = assay(['predict', 'model.onnx', '--features', 'strangers.csv'], cwd);
      expect(narrow.stderr).toMatch(/does not run on 1 numbers/);
    }, 60_000);

    it('writes predictions in every format the extension chooses', () => {
      for (const name of ['p.csv', 'p.tsv', 'p.jsonl', 'p.json', 'p.parquet', 'p.csv.gz']) {
        const run = assay(['predict', 'model.onnx', '--features', 'features.csv', '-o', name], cwd);
        expect(run, name).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining(`Wrote ${name}`) });
      }
      const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
      expect(read('p.tsv').split('\n')[0]).toBe('task\tlabel\tprobability\tp_cat\tp_dog');
      expect(JSON.parse(read('p.jsonl').split('\n')[0])).toMatchObject({ task: 't0', label: 'cat' });
      expect(JSON.parse(read('p.json'))[1]).toMatchObject({ task: 't1', label: 'dog' });
      expect(read('p.parquet').slice(0, 4)).toBe('PAR1');
      expect(gunzipSync(readFileSync(join(folder, 'p.csv.gz'))).toString()).toBe(read('p.csv'));
      // Written predictions are answers of a model beside people.
      const beside = ['aggregate', 'answers.csv', '--predictions', 'net=p.parquet', '--truth', 'truth.csv', '--json'];
      expect(JSON.parse(assay(beside, cwd).stdout)).toMatchObject({ tasks: 60, workers: 4, answers: 240 });
    }, 60_000);

    it('learns from text', () => {
      const flags = ['--features', 'texts.jsonl', '-m', 'crowdlab', '-O', 'epochs=10', '-O', 'rate=0.01'];
      const run = assay([...learn, ...flags, '--truth', 'truth.csv', '--model', 'words.onnx', '--json'], cwd);
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(run.stdout).accuracy).toBeGreaterThan(0.95);
      writeFileSync(join(folder, 'unseen.csv'), 'task,text\nu1,it barks\nu2,it purrs\n');
      const predicted = assay(['predict', 'words.onnx', '--features', 'unseen.csv'], cwd);
      expect(predicted.stdout).toMatch(/^task,.*\nu1,dog,.*\nu2,cat,/);
    }, 60_000);

    it('learns from a folder of pictures, as pixels and through an embedding', async () => {
      for (let task = 0; task < 60; task++) {
        const data = Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => ((task + (i % 3)) % 2) * 150 + ((task * i) % 50));
        writeFileSync(join(folder, 'pictures', `t${task}.png`), encode({ width: 5, height: 4, data, channels: 3 }));
      }
      const graph = new GraphBuilder();
      const pixels = graph.input('pixels', ['batch', 3, 6, 6]);
      const means = graph.reshape(graph.op('GlobalAveragePool', [pixels]), ['batch', 3]);
      graph.output('embedding', means);
      writeFileSync(join(folder, 'means.onnx'), encodeOnnx({ graph: graph.finish() }));
      const pictures = [...learn, '--features', 'pictures', '-m', 'crowdlab', '--truth', 'truth.csv', '--json'];
      for (const flags of [
        ['-O', 'network=cnn', '--picture-size', '8', '--pixels', 'signed'],
        ['-O', 'network=logistic', '-O', 'rate=0.05', '--embedding', 'means.onnx', '--model', 'colours.onnx'],
      ]) {
        const run = assay([...pictures, ...flags], cwd);
        expect(run, flags.join(' ')).toMatchObject({ code: 0, stderr: '' });
        expect(JSON.parse(run.stdout).accuracy, flags.join(' ')).toBeGreaterThan(0.9);
      }
      const predict = ['predict', 'colours.onnx', '--features', 'pictures', '--truth', 'truth.csv', '--json'];
      const run = assay([...predict, '--embedding', 'means.onnx'], cwd);
      expect(JSON.parse(run.stdout)).toMatchObject({ rows: 60, features: 3, classes: ['cat', 'dog'] });
      expect(assay(predict, cwd).stdout).toMatch(/invalid-model/);
    }, 60_000);
  },
);
