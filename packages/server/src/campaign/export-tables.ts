import { type AnswerTable, AnswerTableBuilder } from '@assay/core';
import { classesOf } from '../protocol/index.ts';
import type { Store } from '../store/index.ts';
import { answerPages, type People } from './export-rows.ts';
import { costOf, labelsOf, questionOf, said, statusOf } from './export-sheets.ts';
import type { Header } from './header.ts';

/** The answers as tables, for estimates: one, or one yes/no table for each of several labels. */
export async function answerTables(
  store: Store,
  { id, question, settings }: Header,
  people: People,
): Promise<AnswerTable[]> {
  const labels = labelsOf(question);
  const builders = labels.map((label) =>
    label === undefined
      ? new AnswerTableBuilder({ classes: classesOf(question) })
      : new AnswerTableBuilder({ classes: ['no', 'yes'], question: questionOf(label) }),
  );
  const known = new Map<string, unknown>();
  for await (const rows of answerPages(store, id, people)) {
    for (const { task, worker, answer, gold } of rows) {
      if (task === null) continue;
      if (gold !== null) known.set(task.name, gold);
      for (const [i, builder] of builders.entries()) {
        if (answer === null || worker === null) {
          builder.tasks.add(task.name);
          continue;
        }
        const { value, answeredAt, spentMs } = answer;
        const costMicros = i === 0 ? costOf(answer, settings) : null;
        builder.add({
          task: task.name,
          worker: people.name(worker),
          kind: people.kind(worker) ?? undefined,
          label: value === null ? null : said(value, labels[i]),
          status: statusOf(answer) ?? undefined,
          ...(answeredAt === null ? {} : { time: answeredAt }),
          ...(spentMs === null ? {} : { durationMs: spentMs }),
          ...(costMicros === null ? {} : { costMicros }),
        });
      }
    }
  }
  return builders.map((builder, i) => {
    const { table } = builder.build();
    const gold = new Map<string, string>();
    for (const [task, value] of known) {
      const label = said(value, labels[i]);
      // A class nobody could say is no gold for anybody.
      if (table.classes.indexOf(label) >= 0) gold.set(task, label);
    }
    return gold.size === 0 ? table : table.withGold(gold).table;
  });
}
