import type { AnswerTable } from '../../src/answers/answer-table.ts';
import type { ReadOptions } from '../../src/formats/options.ts';
import { type AnswersRead, readAnswers } from '../../src/formats/read.ts';
import { sourceOf } from '../../src/formats/source.ts';

/** All bytes of some chunks. */
export async function bytesOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}

export async function textOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(await bytesOf(chunks));
}

/** Reads text or bytes as a file. */
export function read(name: string, content: string | Uint8Array, options: ReadOptions = {}): Promise<AnswersRead> {
  return readAnswers(sourceOf(name, content), options);
}

/** Everything a table says, by names, in an order that does not depend on the order of rows. */
export function contentOf(table: AnswerTable): Record<string, unknown> {
  const answers = Array.from({ length: table.answerCount }, (_, e) => {
    const k = table.classCount;
    return {
      task: table.tasks.name(table.answerTask[e]),
      worker: table.workers.name(table.worker[e]),
      label: table.classes.name(table.label[e]),
      weight: table.weight?.[e],
      time: table.time?.[e],
      durationMs: table.durationMs?.[e],
      costMicros: table.costMicros?.[e],
      exposed: table.exposed?.[e],
      predicted:
        table.predicted === undefined
          ? undefined
          : Array.from(table.predicted.subarray(e * k, (e + 1) * k), (share) => Number(share.toFixed(12))),
      soft:
        table.soft === undefined
          ? undefined
          : Object.fromEntries(
              table.classes.names().map((name, c) => [name, Number(table.soft?.[e * k + c].toFixed(12))] as const),
            ),
    };
  });
  return {
    question: table.question,
    tasks: table.tasks.names().sort(),
    workers: table.workers.names().map((name, w) => `${name} (${table.kindOf(w)})`),
    classes: table.classes.names(),
    answers: answers.map((answer) => JSON.stringify(answer)).sort(),
    gold:
      table.gold === undefined
        ? []
        : Array.from(table.gold, (g, t) => (g < 0 ? '' : `${table.tasks.name(t)}=${table.classes.name(g)}`))
            .filter((text) => text !== '')
            .sort(),
    uncounted: table.uncounted
      .map(({ task, worker, label, status, time }) =>
        [
          table.tasks.name(task),
          table.workers.name(worker),
          label < 0 ? null : table.classes.name(label),
          status,
          time,
        ].join(' '),
      )
      .sort(),
  };
}

/** The answers as `task worker label`, in table order. */
export function rowsOf(table: AnswerTable): string[] {
  return Array.from(table.worker, (w, e) =>
    [table.tasks.name(table.answerTask[e]), table.workers.name(w), table.classes.name(table.label[e])].join(' '),
  );
}
