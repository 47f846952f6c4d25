import { mostAtOnce } from '../answers/dictionary.ts';
import type { Role } from './columns.ts';
import type { CsvScanner } from './csv-scanner.ts';
import type { LongLayout } from './long-table.ts';
import { type AnswerSink, notUtf8, type QuestionSink } from './sink.ts';
import { isUtf8, timeFromBytes } from './values.ts';

/** The columns the fast path knows; a table with others goes the general way. */
const known: readonly Role[] = ['task', 'worker', 'label', 'time'];

/**
 * The fast path for big plain tables: `task, worker, label` and perhaps `time`.
 *
 * Rows are gathered in small batches whose tasks are looked up together. A batch that holds anything
 * unusual (an empty cell, a value that is not understood) is left to `general`, row by row.
 * Undefined when the table has other columns.
 */
export function batchReader(
  scanner: CsvScanner,
  layout: LongLayout,
  sink: AnswerSink,
  question: QuestionSink,
  general: () => void,
): (() => void) | undefined {
  const { at, soft, predicted } = layout.plan;
  const plain =
    Object.keys(at).every((role) => known.includes(role as Role)) &&
    soft.length + predicted.length === 0 &&
    sink.options.trim !== true;
  const [taskAt, workerAt, labelAt, timeAt = -1] = [at.task, at.worker, at.label, at.time];
  if (!plain || taskAt === undefined || workerAt === undefined || labelAt === undefined) return undefined;
  const { builder } = question;
  const { tasks } = builder;
  const { width } = layout;
  const batch = {
    from: new Int32Array(mostAtOnce),
    to: new Int32Array(mostAtOnce),
    running: new Int32Array(mostAtOnce),
  };
  const task = new Uint32Array(mostAtOnce);
  const worker = new Uint32Array(mostAtOnce);
  const label = new Uint16Array(mostAtOnce);
  const time = new Float64Array(mostAtOnce);
  const line = new Uint32Array(mostAtOnce);
  const file = layout.file;
  let count = 0;
  const flush = (): void => {
    const before = tasks.size;
    tasks.addMany(scanner.bytes, batch, count, task);
    for (let i = 0; i < count; i++) {
      if (task[i] >= before && !isUtf8(scanner.bytes, batch.from[i], batch.to[i])) {
        sink.failAt(notUtf8('task', scanner.bytes, batch.from[i], batch.to[i]), { file, line: line[i] });
      }
      builder.append(task[i], worker[i], label[i]);
      if (timeAt >= 0) builder.setExtra('time', time[i]);
    }
    count = 0;
  };
  scanner.onMove = flush;
  return () => {
    const { bytes, starts, ends, hashes } = scanner;
    let usual = scanner.cells === width && ends[taskAt] > starts[taskAt] && ends[workerAt] > starts[workerAt];
    if (usual) {
      try {
        worker[count] = question.worker(bytes, starts[workerAt], ends[workerAt], hashes[workerAt]);
        const said = question.label(bytes, starts[labelAt], ends[labelAt], hashes[labelAt]);
        label[count] = said;
        usual = said >= 0;
      } catch (error) {
        sink.failAt(error, { file, line: scanner.line });
        return;
      }
    }
    if (usual && timeAt >= 0) {
      time[count] = timeFromBytes(bytes, starts[timeAt], ends[timeAt]);
      usual = !Number.isNaN(time[count]);
    }
    if (!usual) {
      flush();
      general();
      return;
    }
    batch.from[count] = starts[taskAt];
    batch.to[count] = ends[taskAt];
    batch.running[count] = hashes[taskAt];
    line[count] = scanner.line;
    if (++count === mostAtOnce) flush();
  };
}
