import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type AnswerTable, AnswerTableBuilder } from '@assay/core';
import { describe } from 'vitest';

const folder = resolve(process.env.ASSAY_DATA ?? '../shared/datasets');

/** Is the folder of public data sets here? `docs/data.md` says how to fetch them. */
export const hasRealData = existsSync(folder);

if (!hasRealData && process.env.ASSAY_REQUIRE_ALL === '1') {
  throw new Error(`missing data folder ${folder}; docs/data.md says how to fetch the public sets`);
}

/** As `describe`, skipped where the public data sets are absent (see docs/data.md). */
export const describeRealData = describe.skipIf(!hasRealData);

/** A public set by name: its answers and its known labels. Plain CSV without quotes. */
export function realSet(name: string): { table: AnswerTable; truth: Map<string, string> } {
  const builder = new AnswerTableBuilder();
  for (const row of rowsOf(`${name}/labels.csv`)) {
    const time = row.time === undefined ? undefined : Number(row.time);
    builder.add({ task: row.task, worker: row.worker, label: row.label, ...(time === undefined ? {} : { time }) });
  }
  const truth = new Map(rowsOf(`${name}/truth.csv`).map((row) => [row.task, row.label]));
  return { table: builder.build().table, truth };
}

/** The rows of a CSV file of the folder, plain or gzip, as records. */
export function rowsOf(path: string): Record<string, string>[] {
  const full = resolve(folder, path);
  const text = existsSync(full) ? readFileSync(full, 'utf8') : gunzipSync(readFileSync(`${full}.gz`)).toString('utf8');
  const [header, ...lines] = text.trimEnd().split(/\r?\n/);
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i]]));
  });
}
