import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { assay, filesIn, folderWith, mainFile } from '../support/run-cli.ts';

const tasks = 'id,text,truth\na,One,cat\nb,Two,dog\nc,Three,cat\n';
const create = ['campaign', 'create', 'Pets', '--question', 'Which?', '--choices', 'cat,dog', '--tasks', 'tasks.csv'];

describe('a campaign in a folder', () => {
  const folder = folderWith({ 'tasks.csv': tasks, 'bad.csv': 'id,text\na,One\na,Two\n' });
  const at = { cwd: folder };
  const json = (args: readonly string[]): Record<string, never> => {
    const run = assay([...args, '--json'], at);
    expect(run, run.stdout).toMatchObject({ code: 0, stderr: '' });
    return JSON.parse(run.stdout);
  };

  it('is made, filled, invited to, paused, looked at and exported without a server', () => {
    expect(json(create)).toMatchObject({
      schema: 1,
      campaign: { id: 1, name: 'Pets' },
      files: [{ new: 3, role: 'task' }],
    });
    expect(json(create)).toMatchObject({ campaign: { id: 1 }, files: [{ new: 0, present: 3 }] });
    expect(json(['campaign', 'import', 'tasks.csv'])).toMatchObject({ campaign: 1, files: [{ present: 3 }] });
    const invite = json(['campaign', 'invite', '--url', 'https://label.example/']) as Record<string, string>;
    expect(invite.link).toMatch(/^https:\/\/label\.example\/join#assay_[\w-]{43}$/);
    expect(json(['campaign', 'set', '--adaptive', '2..5@0.9'])).toMatchObject({
      campaign: { settings: { adaptive: { least: 2, most: 5, threshold: 0.9 } } },
    });
    expect(json(['campaign', 'set', '--pay', '0.125 EUR'])).toMatchObject({
      campaign: { settings: { pay: { micros: 125_000, currency: 'EUR' } } },
    });
    expect(assay(['status'], at).stdout).toContain('Cost: 0.00 EUR earned, at most 1.875 EUR more\n');
    expect(json(['campaign', 'pause'])).toMatchObject({ campaign: { status: 'paused' } });
    expect(json(['campaign', 'resume'])).toMatchObject({ campaign: { status: 'open' } });
    expect(json(['status'])).toMatchObject({
      schema: 1,
      campaign: 1,
      tasks: 3,
      open: 3,
      workerReports: [],
      expectedAccuracy: null,
    });
    expect(assay(['export', '--format', 'jsonl'], at)).toMatchObject({ code: 0 });
    expect(json(['export', '--what', 'labels', '-o', 'labels.parquet'])).toMatchObject({ file: 'labels.parquet' });
    expect(filesIn(folder)).toContain('labels.parquet');
    expect(json(['campaign', 'close'])).toMatchObject({ campaign: { status: 'closed' } });
  });

  it('has an owner key that only its owner can read', () => {
    expect(statSync(join(folder, 'assay-owner.key')).mode & 0o777).toBe(0o600);
  });

  it('makes no database where one is only looked for', () => {
    const empty = folderWith();
    const run = assay(['status', '--json'], { cwd: empty });
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({ errors: [{ code: 'no-campaign' }] });
    expect(filesIn(empty)).toEqual([]);
  });

  it('refuses with a code and a way out, and changes nothing', () => {
    const refused = (args: readonly string[], code: number): unknown => {
      const run = assay([...args, '--json'], at);
      expect(run.code, run.stdout + run.stderr).toBe(code);
      return JSON.parse(run.stdout);
    };
    expect(refused(['campaign', 'import', 'bad.csv'], 1)).toMatchObject({
      errors: [{ code: 'duplicate-task', path: 'bad.csv', line: 3 }],
    });
    expect(refused(['campaign', 'import', 'absent.csv'], 1)).toMatchObject({ errors: [{ code: 'missing-file' }] });
    expect(refused(['status', '--campaign', 'Petz'], 1)).toMatchObject({
      errors: [{ code: 'unknown-campaign', hint: 'did you mean "Pets"?' }],
    });
    expect(refused(['campaign', 'create', 'X'], 2)).toMatchObject({ errors: [{ code: 'missing-question' }] });
    expect(refused([...create, '--number'], 2)).toMatchObject({ errors: [{ code: 'ambiguous-question' }] });
    expect(refused(['campaign', 'create', 'Pets', '--question', '?', '--text'], 1)).toMatchObject({
      errors: [{ code: 'campaign-exists' }],
    });
    expect(refused(['campaign', 'set', '--adaptive', 'often'], 2)).toMatchObject({ schema: 1 });
    for (const pay of ['5', '0EUR', '0.05euro', '-1EUR', '1e3EUR'])
      expect(refused(['campaign', 'set', `--pay=${pay}`], 2)).toMatchObject({ schema: 1 });
    expect(refused(['export', '-o', 'x.docx'], 2)).toMatchObject({ errors: [{ code: 'unknown-format' }] });
    expect(refused(['status', '--server', 'http://127.0.0.1:9'], 2)).toMatchObject({
      errors: [{ code: 'missing-token' }],
    });
    expect(refused(['status', '--server', 'http://127.0.0.1:9', '--token', 'x'], 1)).toMatchObject({
      errors: [{ code: 'no-server' }],
    });
    expect(refused(['status', '--dir', 'tasks.csv'], 1)).toMatchObject({ schema: 1 });
  });
});

describe('assay serve', () => {
  const folder = folderWith({ 'tasks.csv': tasks });
  const running: ChildProcess[] = [];
  afterAll(() => {
    for (const each of running) each.kill('SIGKILL');
  });

  async function serve(): Promise<{ process: ChildProcess; url: string; lead: string }> {
    const process = spawn(globalThis.process.execPath, [mainFile, 'serve', 'live', '--port', '0', '--json'], {
      cwd: folder,
    });
    running.push(process);
    let text = '';
    for await (const chunk of process.stdout) {
      text += chunk;
      if (text.trimEnd().endsWith('}')) break;
    }
    return { process, ...JSON.parse(text) };
  }

  it('needs nothing but a folder, keeps its link, and stops cleanly when interrupted', async () => {
    const first = await serve();
    expect(first.lead).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/lead#assay_[\w-]{43}$/);
    expect(existsSync(join(folder, 'live/assay.db'))).toBe(true);
    // The key opens the server for the commands, and a change of theirs on the file is noticed.
    const token = readFileSync(join(folder, 'live/assay-owner.key'), 'utf8').trim();
    const made = assay([...create, '--server', first.url, '--token', token, '--json'], { cwd: folder });
    expect(made, made.stderr).toMatchObject({ code: 0 });
    expect(assay(['campaign', 'pause', '--dir', 'live'], { cwd: folder }).code).toBe(0);
    const status = async (): Promise<string> => {
      const reply = await fetch(`${first.url}/api/v1/campaigns/1/progress`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return ((await reply.json()) as { status: string }).status;
    };
    await expect.poll(status, { timeout: 10_000 }).toBe('paused');
    first.process.kill('SIGINT');
    expect(await once(first.process, 'exit')).toEqual([0, null]);
    const second = await serve();
    expect(second.lead.split('#')[1]).toBe(first.lead.split('#')[1]);
    const busy = assay(['serve', 'live', '--port', new URL(second.url).port, '--json'], { cwd: folder });
    expect(busy.code).toBe(1);
    expect(JSON.parse(busy.stdout)).toMatchObject({ errors: [{ code: 'invalid-address' }] });
    second.process.kill('SIGTERM');
    expect(await once(second.process, 'exit')).toEqual([0, null]);
  });
});
