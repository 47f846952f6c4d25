import { writeSheet } from '@assay/core/formats';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { safeHtml } from '../../src/campaign/safe-html.ts';
import type { Task, Tasks } from '../../src/protocol/index.ts';
import { type Served, served } from '../support/served.ts';

let at: Served;
let number = 0;
beforeAll(async () => {
  at = await served();
});

async function campaign(settings = {}): Promise<number> {
  return (await at.campaign({ name: `Birds ${number++}`, settings })).id;
}

async function tasksOf(id: number): Promise<readonly Task[]> {
  return (await at.ask<Tasks>('GET', `/campaigns/${id}/tasks?limit=1000`)).tasks;
}

async function refused(
  id: number,
  content: string,
  role = 'task',
  name = 'tasks.csv',
): Promise<readonly { code: string; line: number; path: string; hint: string }[]> {
  const headers = { ...at.owner, 'content-type': 'text/csv' };
  const { status, json } = await at.call(
    'POST',
    `/campaigns/${id}/tasks?role=${role}&name=${name}`,
    Buffer.from(content),
    headers,
  );
  expect(status).toBe(400);
  return (json as { errors: [] }).errors;
}

describe('importing tasks', () => {
  it('changes nothing the second time', async () => {
    const id = await campaign();
    const csv = 'id,text\na,One\nb,Two\n';
    expect(await at.import(id, csv)).toMatchObject({ new: 2, present: 0 });
    const before = await tasksOf(id);
    expect(await at.import(id, csv)).toMatchObject({ new: 0, present: 2, changed: 0, skipped: 0 });
    expect(await tasksOf(id)).toEqual(before);
  });

  it('knows tasks without an id by what they show', async () => {
    const id = await campaign();
    await at.import(id, 'text\nOne\nTwo\n');
    expect(await at.import(id, 'text\nTwo\nThree\n')).toMatchObject({ new: 1, present: 1 });
  });

  it('replaces what nobody was given yet and keeps what somebody was', async () => {
    const id = await campaign();
    await at.import(id, 'id,text\na,One\nb,Two\n');
    const [person] = await at.people(id, 1);
    const shown = (await person.cards(1))[0].task.content.text;
    const receipt = await at.import(id, 'id,text\na,New\nb,Newer\n');
    expect(receipt).toMatchObject({ new: 0, changed: 1, skipped: 1 });
    expect((await tasksOf(id)).map(({ content }) => content.text)).toContain(shown);
  });

  it('reads the same tasks of every kind of file', async () => {
    const rows = [
      { id: 'a', text: 'One', colour: 'red' },
      { id: 'b', text: 'Two, and more', colour: 'blue' },
    ];
    const csv = 'id,text,colour\na,One,red\nb,"Two, and more",blue\n';
    const columns = (['id', 'text', 'colour'] as const).map((name) => ({
      name,
      kind: 'text' as const,
      at: (row: number) => rows[row][name],
    }));
    const parquet: Uint8Array[] = [];
    for await (const chunk of writeSheet({ length: 2, columns }, 'parquet')) parquet.push(chunk);
    const files: Readonly<Record<string, string | Uint8Array>> = {
      'a.csv': csv,
      'a.jsonl': rows.map((row) => JSON.stringify(row)).join('\n'),
      'a.json': JSON.stringify(rows),
      'a.parquet': Buffer.concat(parquet),
      'a.zip': zipSync({ 'x.csv': Buffer.from(csv) }),
      'label-studio.json': JSON.stringify(rows.map(({ id, ...data }) => ({ id, data, annotations: [] }))),
      'argilla.json': JSON.stringify(rows.map(({ id, ...fields }) => ({ id, fields }))),
      'mturk.csv': 'HITId,WorkerId,Input.text,Input.colour,Answer.label\na,w,One,red,x\nb,w,"Two, and more",blue,y\n',
      'toloka.tsv': 'INPUT:id\tINPUT:text\tINPUT:colour\na\tOne\tred\nb\tTwo, and more\tblue\n',
    };
    for (const [name, content] of Object.entries(files)) {
      const id = await campaign();
      await at.import(id, content, 'task', name);
      const found = (await tasksOf(id)).map((task) => [task.name, task.content]);
      expect(found, name).toEqual(rows.map(({ id: row, text, colour }) => [row, { text, fields: { colour } }]));
    }
  });

  it('shows neither labels nor, of files of answers, who said what', async () => {
    const id = await campaign();
    const receipt = await at.import(
      id,
      'task,worker,label,text,at\nt1,ana,wren,One,2020-01-01\nt1,bo,robin,One,2020-01-02\n',
    );
    expect(receipt).toMatchObject({ new: 1, skipped: 1, notes: expect.arrayContaining(['workers see: text']) });
    expect((await tasksOf(id))[0].content).toEqual({ text: 'One' });
  });

  it('says of every refused row its line, its value and what to do, and adds nothing', async () => {
    const id = await campaign();
    const errors = await refused(id, 'id,text,gold\na,One,wren\nb,Two,eagle\nc,Three,\n', 'gold', 'known.csv');
    expect(errors).toMatchObject([
      { code: 'invalid-gold', path: 'known.csv', line: 3, got: 'eagle', hint: 'choose one of the answers' },
      { code: 'missing-gold', path: 'known.csv', line: 4 },
    ]);
    expect(await refused(id, 'id,text\na,One\na,Two\n')).toMatchObject([{ code: 'duplicate-task', line: 3, got: 'a' }]);
    expect(await refused(id, 'id,image\na,javascript:alert(1)\n')).toMatchObject([{ code: 'unsafe-image', line: 2 }]);
    expect(await refused(id, 'id,text\n')).toMatchObject([{ code: 'no-tasks' }]);
    expect(await refused(id, '')).toMatchObject([{ code: 'empty-file' }]);
    expect(await refused(id, 'id,text\na,"One\n')).toMatchObject([{ line: 2 }]);
    expect(await tasksOf(id)).toEqual([]);
  });

  it('survives any file at all', async () => {
    const id = await campaign();
    const headers = { ...at.owner, 'content-type': 'application/octet-stream' };
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ maxLength: 300, unit: 'binary' }).map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        const { status } = await at.call('POST', `/campaigns/${id}/tasks`, Buffer.from(content), headers);
        expect([200, 400]).toContain(status);
      }),
      { seed: 3, numRuns: 150 },
    );
  });
});

describe('gold of every kind of question', () => {
  const text = 'id,text,gold\n';
  it.each([
    [{ kind: 'multi-label', prompt: '?', choices: [{ value: 'a' }, { value: 'b' }] }, `${text}x,One,b|a\n`, ['b', 'a']],
    [
      { kind: 'multi-label', prompt: '?', choices: [{ value: 'a' }, { value: 'b' }] },
      `${text}x,One,"[""a""]"\n`,
      ['a'],
    ],
    [{ kind: 'scale', prompt: '?', least: 1, most: 5 }, `${text}x,One,4\n`, 4],
    [{ kind: 'number', prompt: '?' }, `${text}x,One,-2.5\n`, -2.5],
    [{ kind: 'text', prompt: '?' }, `${text}x,One,Because\n`, 'Because'],
  ] as const)('is read in its type: %o', async (question, csv, gold) => {
    const { id } = await at.campaign({ name: `Kind ${number++}`, question });
    await at.import(id, csv, 'gold');
    expect((await tasksOf(id))[0].gold).toEqual(gold);
  });
});

describe('HTML of tasks', () => {
  it.each([
    ['<b onclick="x()">Hi</b><script>y()</script> there', '<b>Hi</b> there'],
    ['<a href="javascript:x()">k</a>', '<a rel="noopener noreferrer nofollow" target="_blank">k</a>'],
    ['<a href="java&#x09;script:x()">k</a>', '<a rel="noopener noreferrer nofollow" target="_blank">k</a>'],
    [
      '<a href="https://a.example/?a=1&b=2">k</a>',
      '<a href="https://a.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow" target="_blank">k</a>',
    ],
    ['<img src=x onerror=alert(1)>', '<img>'],
    ['<img src="https://a.example/x.png" alt="&quot;>">', '<img src="https://a.example/x.png" alt="&quot;&gt;">'],
    ['<svg><style><img src=x onerror=alert(1)></style></svg>', ''],
    ['<p>one<p>two', '<p>one<p>two</p></p>'],
    ['1 < 2 & 3 > 2', '1 &lt; 2 &amp; 3 &gt; 2'],
    ['<iframe srcdoc="<script>x()</script>">', ''],
    ['<div style="background:url(x)">x</div>', '<div>x</div>'],
    ['<scr<script>ipt>alert(1)</script>', 'ipt&gt;alert(1)'],
    ['<!-- <b>no</b> -->yes<![CDATA[no]]>', 'yes'],
    ['<base href="https://evil.example/"><form action="x"><input name="a">t</form>', 't'],
  ])('becomes harmless: %s', (html, safe) => {
    expect(safeHtml(html)).toBe(safe);
  });

  it('has only allowed elements and attributes, closed in order, whatever comes in', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '</',
      '/>',
      '"',
      "'",
      '=',
      ' ',
      '&',
      '&#60;',
      '<b',
      '<b>',
      '</b>',
      '<script>',
      '</script>',
      '<img src=',
      'javascript:',
      'onerror=',
      '<a href="',
      '<!--',
      '-->',
      'x',
      '<svg>',
      '<p>',
      '\u0000',
      '<style>',
      '<math>',
    );
    const wellFormed =
      /^(?:[^<>]|<\/?(?:p|b|img|a)(?: (?:href|src|title|alt|rel|target|lang|dir|width|height)="[^"<>]*")*>)*$/;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const safe = safeHtml(pieces.join(''));
        expect(safe).toMatch(wellFormed);
        expect(safe).not.toMatch(/<[^>]*(?:href|src)="\s*javascript/i);
        const open: string[] = [];
        for (const [, slash, name] of safe.matchAll(/<(\/?)(\w+)/g)) {
          if (name === 'img') continue;
          if (slash === '') open.push(name);
          else expect(open.pop()).toBe(name);
        }
        expect(open).toEqual([]);
        expect(safeHtml(safe), 'once is enough').toBe(safe);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
