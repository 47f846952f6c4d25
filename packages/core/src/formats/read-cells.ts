import { CsvScanner } from './csv-scanner.ts';
import { cellTexts, headOf } from './head.ts';
import { type Source, SourceReader } from './source.ts';

/**
 * All cells of a small table file (CSV or TSV, plain or gzip) as text, row by row.
 *
 * For side files such as costs and prices; answers go through `readAnswers`, which makes no strings.
 *
 * @throws {InputError} for what no table file may hold: NUL bytes, unclosed quotes, UTF-16
 * @example
 * await readCells(sourceOf('costs.csv', 'truth,label,cost\ncat,dog,5\n')); // => [['truth', 'label', 'cost'], ['cat', 'dog', '5']]
 */
export async function readCells(source: Source): Promise<string[][]> {
  const reader = await SourceReader.open(source);
  try {
    const head = await headOf(reader, undefined);
    const rows: string[][] = [];
    const scanner = new CsvScanner({ name: head.name, delimiter: head.delimiter.charCodeAt(0) }, () => {
      rows.push(cellTexts(scanner));
    });
    for await (const chunk of reader.chunks()) scanner.push(chunk);
    scanner.end();
    return rows;
  } finally {
    await reader.close();
  }
}
