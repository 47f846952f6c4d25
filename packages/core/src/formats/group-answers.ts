import type { AnswerStatus, AnswerTable, WorkerKind } from '../answers/answer-table.ts';

/** One answer on its way into a tool's layout. */
export interface GroupedAnswer {
  readonly question: string;
  readonly worker: string;
  readonly kind: WorkerKind;
  /** Null where nothing was said. */
  readonly label: string | null;
  readonly status: AnswerStatus;
  readonly time?: number;
  readonly durationMs?: number;
  /** Probabilities by class where the answer is soft. */
  readonly probabilities?: Readonly<Record<string, number>>;
}

/** Everything said about one task. */
export interface GroupedTask {
  readonly task: string;
  readonly answers: readonly GroupedAnswer[];
  /** Known labels by question. */
  readonly gold: Readonly<Record<string, string>>;
}

/** The answers of several questions task by task, tasks in order of first appearance. */
export function* groupByTask(tables: readonly AnswerTable[]): Generator<GroupedTask, void, void> {
  const aside = tables.map((table) => Map.groupBy(table.uncounted, ({ task }) => task));
  const seen = new Set<string>();
  for (const [first, table] of tables.entries()) {
    for (let task = 0; task < table.taskCount; task++) {
      const name = table.tasks.name(task);
      if (tables.length > 1) {
        if (seen.has(name)) continue;
        seen.add(name);
      }
      const answers: GroupedAnswer[] = [];
      const gold: Record<string, string> = {};
      for (let t = first; t < tables.length; t++) {
        const index = t === first ? task : tables[t].tasks.indexOf(name);
        if (index >= 0) collect(tables[t], index, aside[t], answers, gold);
      }
      yield { task: name, answers, gold };
    }
  }
}

function collect(
  table: AnswerTable,
  task: number,
  aside: ReadonlyMap<number, AnswerTable['uncounted']>,
  answers: GroupedAnswer[],
  gold: Record<string, string>,
): void {
  const { question } = table;
  if (table.gold !== undefined && table.gold[task] >= 0) gold[question] = table.classes.name(table.gold[task]);
  for (let e = table.taskStart[task]; e < table.taskStart[task + 1]; e++) {
    const worker = table.worker[e];
    answers.push({
      question,
      worker: table.workers.name(worker),
      kind: table.kindOf(worker),
      label: table.classes.name(table.label[e]),
      status: 'ok',
      time: known(table.time?.[e]),
      durationMs: known(table.durationMs?.[e]),
      probabilities: probabilitiesOf(table, e),
    });
  }
  for (const { worker, label, status, time } of aside.get(task) ?? []) {
    const said = label < 0 ? null : table.classes.name(label);
    answers.push({
      question,
      worker: table.workers.name(worker),
      kind: table.kindOf(worker),
      label: said,
      status,
      time: known(time),
    });
  }
}

function known(value: number | undefined): number | undefined {
  return value === undefined || Number.isNaN(value) ? undefined : value;
}

/** Undefined for an answer that is sure of one class. */
function probabilitiesOf(table: AnswerTable, answer: number): Record<string, number> | undefined {
  const { soft, classCount } = table;
  if (soft === undefined) return undefined;
  const row = soft.subarray(answer * classCount, (answer + 1) * classCount);
  if (row.includes(1)) return undefined;
  return Object.fromEntries(Array.from(row, (value, k) => [table.classes.name(k), value] as const));
}

/** A name as a number where nothing is lost: tools number their tasks. */
export function numericId(name: string): number | string {
  return /^(0|[1-9]\d{0,14})$/.test(name) ? Number(name) : name;
}
