import { InputError, nearNames, shown } from '../errors.ts';
import { argilla } from './argilla.ts';
import { doccano } from './doccano.ts';
import type { Detection, Format } from './format.ts';
import type { FileHead } from './head.ts';
import { batchOutput, inspectSamples } from './judge-log.ts';
import { labelStudio } from './label-studio.ts';
import { labelStudioFlat } from './label-studio-flat.ts';
import { json, jsonl } from './long-json.ts';
import { csv, tsv } from './long-table.ts';
import { cleanlab, mace, snorkel } from './matrix.ts';
import { mturk } from './mturk.ts';
import { huggingFace, parquet } from './parquet.ts';
import { peerannot } from './peerannot.ts';
import { prodigy } from './prodigy.ts';
import { pybossa } from './pybossa.ts';
import { sagemaker } from './sagemaker.ts';
import { toloka } from './toloka.ts';
import { zip } from './zip.ts';
import { zooniverse } from './zooniverse.ts';

/** Every format, in the order they are listed. */
export const formats: readonly Format[] = [
  csv,
  tsv,
  jsonl,
  json,
  parquet,
  labelStudio,
  labelStudioFlat,
  argilla,
  prodigy,
  doccano,
  mturk,
  toloka,
  sagemaker,
  zooniverse,
  pybossa,
  cleanlab,
  mace,
  peerannot,
  snorkel,
  huggingFace,
  batchOutput,
  inspectSamples,
  zip,
];

/** The format with this id. @throws {InputError} unknown-format */
export function formatNamed(id: string): Format {
  const found = formats.find((format) => format.id === id);
  if (found !== undefined) return found;
  const near = nearNames(
    id,
    formats.map((format) => format.id),
  );
  const hint =
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : `the formats are ${formats.map((format) => format.id).join(', ')}`;
  throw new InputError(`unknown format ${shown(id)}; ${hint}`, { code: 'unknown-format', got: id, hint });
}

/** The format with this id, for this file. @throws {InputError} unknown-format, wrong-format, empty-file */
export function forcedFormat(id: string, head: FileHead): Format {
  const format = formatNamed(id);
  if (head.kind === 'empty') detectFormat(head);
  if (format.kinds.includes(head.kind)) return format;
  const hint = 'leave out --format to have it found from the content';
  const message = `invalid format ${shown(id)} for ${head.name}, which is ${kindInWords[head.kind]}; ${hint}`;
  throw new InputError(message, { code: 'wrong-format', path: head.name, got: id, hint });
}

const kindInWords: Readonly<Record<FileHead['kind'], string>> = {
  empty: 'empty',
  table: 'a table',
  json: 'a JSON document',
  jsonl: 'JSON lines',
  zip: 'a zip archive',
  parquet: 'a Parquet file',
  binary: 'not text',
};

/** The format that fits the beginning of a file best. @throws {InputError} unknown-format, empty-file */
export function detectFormat(head: FileHead): { format: Format; detection: Detection } {
  if (head.kind === 'empty') {
    throw new InputError(`missing answers: ${head.name} is empty; give a file with at least a header and one answer`, {
      code: 'empty-file',
      path: head.name,
      hint: 'give a file with at least a header and one answer',
    });
  }
  let best: { format: Format; detection: Detection } | undefined;
  for (const format of formats) {
    const detection = format.detect(head);
    if (detection.confidence > (best?.detection.confidence ?? 0)) best = { format, detection };
  }
  if (best !== undefined) return best;
  const hint = 'give CSV, TSV, JSON lines or Parquet, or a known export (assay formats lists them)';
  throw new InputError(
    `unknown format of ${head.name}: ${head.kind === 'binary' ? 'it is not text' : 'nothing known fits'}; ${hint}`,
    {
      code: 'unknown-format',
      path: head.name,
      hint,
    },
  );
}
