import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, nearNames, shown } from '@assay/core';
import { writeFileAtomically } from '@assay/core/node';
import { type Band, type ExperimentResult, experiments, fileMemory, type ResultTable } from '@assay/experiments';
import { Command } from 'commander';
import { seedFlag } from '../input/flags.ts';
import { exitCodes, usageError } from '../output/failure.ts';
import { tableText } from '../output/table.ts';
import type { Shell } from '../shell.ts';

interface Flags {
  readonly full?: boolean;
  readonly data?: string;
  readonly out?: string;
  readonly seed: number;
  readonly json?: boolean;
}

/** `assay reproduce [ID]`: a published table or figure, measured again. */
export function build(shell: Shell): Command {
  return new Command('reproduce')
    .argument('[ID]', 'the experiment; without it they are listed')
    .option('--full', 'the whole protocol instead of a quick one')
    .option('--data <DIR>', 'folder of the public data sets (default: $ASSAY_DATA, or ../shared/datasets)')
    .option(
      '--out <DIR>',
      'where figures (SVG) and the results (JSON) go, and where a stopped run goes on; nothing is written if not given',
    )
    .addOption(seedFlag())
    .option('--json', 'print one JSON document and nothing else on stdout')
    .action((id: string | undefined, flags: Flags) =>
      id === undefined ? list(shell, flags) : reproduce(id, flags, shell),
    );
}

async function list(shell: Shell, flags: Flags): Promise<void> {
  const all = await Promise.all(Object.values(experiments).map((load) => load()));
  if (flags.json === true) {
    shell.json({ schema: 1, experiments: all.map(({ id, title, source }) => ({ id, title, source })) });
    return;
  }
  const rows = all.map(({ id, title, source }) => [id, title, source]);
  shell.print(tableText([{ title: 'id' }, { title: 'experiment' }, { title: 'source' }], rows));
}

async function reproduce(id: string, flags: Flags, shell: Shell): Promise<void> {
  const load = usageError(() => experimentNamed(id));
  const experiment = await load();
  const memory = flags.out === undefined ? undefined : await fileMemory(join(flags.out, `${id}.partial.jsonl`));
  const result = await experiment.run({
    full: flags.full === true,
    seed: flags.seed,
    data: flags.data ?? process.env.ASSAY_DATA ?? '../shared/datasets',
    signal: shell.signal,
    memory,
    onProgress: (text, done, total) => shell.progress.show(() => `${id}: ${text} (${done} of ${total})`),
  });
  shell.signal.throwIfAborted();
  const files = flags.out === undefined ? [] : await writeResult(id, result, flags.out);
  await memory?.clear();
  const outside = result.bands.filter((band) => !band.inside);
  if (flags.json === true) {
    const { tables, bands, notes } = result;
    shell.json({
      schema: 1,
      id,
      full: flags.full === true,
      tables,
      bands,
      notes,
      files,
      reproduced: outside.length === 0,
    });
  } else {
    for (const table of result.tables) shell.print(`${table.title}\n${textOf(table)}\n`);
    shell.print(`Measured beside its band\n${bandText(result.bands)}`);
    for (const note of result.notes) shell.say(`Note: ${note}`);
    for (const file of files) shell.say(`Wrote ${file}`);
  }
  if (outside.length > 0) {
    shell.say(`${outside.length} of ${result.bands.length} figures of ${id} lie outside their band`);
    process.exitCode = exitCodes.refused;
  }
}

function experimentNamed(id: string): (typeof experiments)[string] {
  if (Object.hasOwn(experiments, id)) return experiments[id];
  const near = nearNames(id, Object.keys(experiments));
  const fix = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'list them with "assay reproduce"';
  throw new InputError(`unknown experiment ${shown(id)}; ${fix}`, { code: 'unknown-experiment', got: id, hint: fix });
}

async function writeResult(id: string, result: ExperimentResult, folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  const write = async (name: string, content: string): Promise<void> => {
    const path = join(folder, name);
    await writeFileAtomically(path, [new TextEncoder().encode(content)]);
    written.push(path);
  };
  for (const { name, svg } of result.figures) await write(`${name}.svg`, svg);
  const { tables, bands, notes } = result;
  await write(`${id}.json`, `${JSON.stringify({ schema: 1, id, tables, bands, notes }, null, 1)}\n`);
  return written;
}

function textOf({ columns, rows }: ResultTable): string {
  const numeric = columns.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const heads = columns.map((title, column) => (numeric[column] ? ({ title, align: 'right' } as const) : { title }));
  return tableText(
    heads,
    rows.map((row) => row.map(cellText)),
  );
}

function bandText(bands: readonly Band[]): string {
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const columns = [
    { title: 'figure' },
    right('published'),
    right('measured'),
    right('from'),
    right('to'),
    { title: '' },
  ];
  const rows = bands.map(({ name, published, measured, lo, hi, inside }) => {
    return [name, cellText(published), cellText(measured), cellText(lo), cellText(hi), inside ? 'inside' : 'OUTSIDE'];
  });
  return tableText(columns, rows);
}

function cellText(value: string | number | null): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  return Number.isInteger(value) ? String(value) : Number(value.toPrecision(4)).toString();
}
