import type { AnswerTable } from '../answers/answer-table.ts';
import type { Estimate } from '../methods/estimate.ts';

/** What a cell of output can be. */
export type Cell = string | number | boolean | null;

/** One column of output: `at` gives its cell in a row. */
export interface SheetColumn {
  readonly name: string;
  /** `time` is whole milliseconds since 1970. */
  readonly kind: 'text' | 'number' | 'integer' | 'boolean' | 'time';
  /** True when no cell is null. */
  readonly complete?: boolean;
  at(row: number): Cell;
}

/** A table on its way out: any writer can write any sheet. */
export interface Sheet {
  readonly length: number;
  readonly columns: readonly SheetColumn[];
}

/** The labels found: `task,label,probability,tie,answers,p_<class>…`, one row per task. */
export function resultsSheet(estimate: Estimate): Sheet {
  const { classCount, posterior } = estimate;
  return {
    length: estimate.taskCount,
    columns: [
      { name: 'task', kind: 'text', complete: true, at: (task) => estimate.taskNames.name(task) },
      { name: 'label', kind: 'text', at: (task) => estimate.label(task) },
      { name: 'probability', kind: 'number', at: (task) => finite(estimate.probability(task)) },
      { name: 'tie', kind: 'boolean', at: (task) => estimate.isTie(task) },
      { name: 'answers', kind: 'integer', at: (task) => estimate.answersPerTask[task] },
      ...estimate.classNames.names().map((name, k): SheetColumn => {
        return { name: `p_${name}`, kind: 'number', at: (task) => finite(posterior[task * classCount + k]) };
      }),
    ],
  };
}

/**
 * The workers: `worker,kind,answers,accuracy,lo,hi`, then the method's own numbers and the confusion
 * as `says_<class>_for_<truth>`. Cells a method knows nothing about are empty.
 */
export function workersSheet(estimate: Estimate, table: AnswerTable): Sheet {
  const { workers, classCount } = estimate;
  const { start } = table.byWorker;
  const number = (name: string, values: Float64Array | undefined): SheetColumn => {
    return { name, kind: 'number', at: (worker) => (values === undefined ? null : finite(values[worker])) };
  };
  const classes = estimate.classNames.names();
  const confusion = workers?.confusion;
  const cells =
    confusion === undefined || classCount > 20
      ? []
      : classes.flatMap((truth, t) => classes.map((said, s) => ({ truth, said, t, s })));
  return {
    length: table.workerCount,
    columns: [
      { name: 'worker', kind: 'text', at: (worker) => table.workers.name(worker) },
      { name: 'kind', kind: 'text', at: (worker) => table.kindOf(worker) },
      { name: 'answers', kind: 'integer', at: (worker) => start[worker + 1] - start[worker] },
      number('accuracy', workers?.accuracy),
      number('lo', workers?.lo),
      number('hi', workers?.hi),
      ...Object.entries(workers?.extra ?? {}).map(([name, values]) => number(name, values)),
      ...cells.map(({ truth, said, t, s }): SheetColumn => {
        const at = (worker: number): Cell =>
          finite(confusion?.[(worker * classCount + t) * classCount + s] ?? Number.NaN);
        return { name: `says_${said}_for_${truth}`, kind: 'number', at };
      }),
    ],
  };
}

/** The rows of one table: answers, answers that do not count, tasks and workers without any. */
interface SheetBlock {
  readonly table: AnswerTable;
  readonly bare: readonly number[];
  readonly silent: readonly number[];
}

/** A row of {@link answersSheet}: an answer, one that does not count, or a task nobody answered. */
interface SheetRow {
  readonly table: AnswerTable;
  readonly task: number;
  readonly worker: number;
  /** Place in the table, or -1. */
  readonly answer: number;
  readonly label: number;
  readonly status: string;
  readonly time: number;
}

/**
 * The answers in the canonical long form, one row each: `task,worker,label` and, where they are
 * used, `question, kind, status, weight, at, duration_ms, cost, saw_suggestion, gold, p_<class>…, predicted_<class>…`.
 *
 * Answers that do not count are written with their status, tasks and workers without answers as rows
 * of their own, so that reading gives the same tables again.
 */
export function answersSheet(tables: readonly AnswerTable[]): Sheet {
  const blocks = tables.map((table) => {
    const touched = new Uint8Array(table.taskCount);
    for (let task = 0; task < table.taskCount; task++)
      if (table.taskStart[task + 1] > table.taskStart[task]) touched[task] = 1;
    for (const { task } of table.uncounted) touched[task] = 1;
    const silent = workersWithoutAnswers(table);
    const bare = Array.from(touched.keys()).filter((task) => touched[task] === 0);
    return { table, bare, silent, length: table.answerCount + table.uncounted.length + bare.length + silent.length };
  });
  const has = (test: (table: AnswerTable) => boolean): boolean => tables.some(test);
  let block = 0;
  let offset = 0;
  let last = -1;
  let held: SheetRow | undefined;
  const row = (index: number): SheetRow => {
    if (index === last && held !== undefined) return held;
    if (index < offset) [block, offset] = [0, 0];
    while (index - offset >= blocks[block].length) offset += blocks[block++].length;
    last = index;
    held = rowOf(blocks[block], index - offset);
    return held;
  };
  const complete = blocks.every(({ table, length }) => length === table.answerCount);
  const text = (name: string, at: (row: SheetRow) => Cell): SheetColumn => ({
    name,
    kind: 'text',
    complete: complete && name !== 'gold',
    at: (index) => at(row(index)),
  });
  const number = (name: string, column: (table: AnswerTable) => Float64Array | undefined, scale = 1): SheetColumn => ({
    name,
    kind: 'number',
    at: (index): Cell => {
      const { table, answer } = row(index);
      return answer < 0 ? null : finite((column(table)?.[answer] ?? Number.NaN) / scale);
    },
  });
  const columns: SheetColumn[] = [
    text('task', ({ table, task }) => (task < 0 ? null : table.tasks.name(task))),
    text('worker', ({ table, worker }) => (worker < 0 ? null : table.workers.name(worker))),
    text('label', ({ table, label }) => (label < 0 ? null : table.classes.name(label))),
  ];
  if (tables.length > 1 || has((table) => table.question !== 'label'))
    columns.push(text('question', ({ table }) => table.question));
  if (has((table) => table.workerKind.some((kind) => kind !== 0)))
    columns.push(text('kind', ({ table, worker }) => (worker < 0 ? null : table.kindOf(worker))));
  if (has((table) => table.uncounted.length > 0)) columns.push(text('status', ({ status }) => status));
  if (has((table) => table.weight !== undefined)) columns.push(number('weight', (table) => table.weight));
  if (has((table) => table.time !== undefined || table.uncounted.some(({ time }) => !Number.isNaN(time))))
    columns.push({
      name: 'at',
      kind: clockTimes(tables) ? 'time' : 'number',
      complete: complete && tables.every((table) => table.time?.every((time) => !Number.isNaN(time))),
      at: (index) => finite(row(index).time),
    });
  if (has((table) => table.durationMs !== undefined)) columns.push(number('duration_ms', (table) => table.durationMs));
  if (has((table) => table.costMicros !== undefined)) columns.push(number('cost', (table) => table.costMicros, 1e6));
  if (has((table) => table.exposed !== undefined)) {
    const at = (index: number): Cell => {
      const { table, answer } = row(index);
      return answer >= 0 && table.exposed?.[answer] === 1;
    };
    columns.push({ name: 'saw_suggestion', kind: 'boolean', at });
  }
  if (has((table) => table.gold !== undefined)) {
    columns.push(
      text('gold', ({ table, task }) =>
        table.gold === undefined || task < 0 || table.gold[task] < 0 ? null : table.classes.name(table.gold[task]),
      ),
    );
  }
  const perClass = (prefix: string, column: (table: AnswerTable) => Float64Array | undefined): void => {
    const names = tables.filter((table) => column(table) !== undefined).flatMap((table) => table.classes.names());
    for (const name of new Set(names)) {
      const at = (index: number): Cell => {
        const { table, answer } = row(index);
        const values = answer < 0 ? undefined : column(table);
        const k = table.classes.indexOf(name);
        return values === undefined || k < 0 ? null : finite(values[answer * table.classCount + k]);
      };
      columns.push({ name: `${prefix}${name}`, kind: 'number', at });
    }
  };
  perClass('p_', (table) => table.soft);
  perClass('predicted_', (table) => table.predicted);
  return { length: blocks.reduce((sum, { length }) => sum + length, 0), columns };
}

function rowOf({ table, bare, silent }: SheetBlock, index: number): SheetRow {
  if (index < table.answerCount) {
    const time = table.time?.[index] ?? Number.NaN;
    return {
      table,
      task: table.answerTask[index],
      worker: table.worker[index],
      answer: index,
      label: table.label[index],
      status: 'ok',
      time,
    };
  }
  const uncounted = table.uncounted[index - table.answerCount];
  if (uncounted !== undefined) return { table, answer: -1, ...uncounted };
  const rest = index - table.answerCount - table.uncounted.length;
  const [task, worker] = rest < bare.length ? [bare[rest], -1] : [-1, silent[rest - bare.length]];
  return { table, task, worker, answer: -1, label: -1, status: 'ok', time: Number.NaN };
}

function workersWithoutAnswers(table: AnswerTable): number[] {
  const heard = new Uint8Array(table.workerCount);
  for (const worker of table.worker) heard[worker] = 1;
  for (const { worker } of table.uncounted) heard[worker] = 1;
  return Array.from(heard.keys()).filter((worker) => heard[worker] === 0);
}

/** Are all times of a clock? Small numbers are a mere order of answers and stay numbers. */
function clockTimes(tables: readonly AnswerTable[]): boolean {
  const ofClock = (time: number): boolean => Number.isNaN(time) || (Number.isInteger(time) && Math.abs(time) >= 1e8);
  return tables.every(
    (table) => (table.time?.every(ofClock) ?? true) && table.uncounted.every(({ time }) => ofClock(time)),
  );
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
