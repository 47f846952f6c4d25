import { InputError, nearNames, shown } from '../errors.ts';
import type { Detection, Format } from './format.ts';
import type { FileHead } from './head.ts';
import { json, jsonl } from './long-json.ts';
import { csv, tsv } from './long-table.ts';

/** Every format, in the order they are listed. */
export const formats: readonly Format[] = [csv, tsv, jsonl, json];

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
