import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
  };
}

const folder = folderWith(files());
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
      expect(narrow.stderr).toMatch(/does not run on 1 features/);
    }, 60_000);
  },
);
