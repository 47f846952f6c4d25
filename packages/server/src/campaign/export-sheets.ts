import type { AnswerStatus, Estimate } from '@assay/core';
import type { Cell, Sheet, SheetColumn } from '@assay/core/formats';
import { classesOf, type Question, type Value } from '../protocol/index.ts';
import type { Assignment, Task } from '../store/index.ts';
import type { ExportedRow, People } from './export-rows.ts';
import type { Header } from './header.ts';

/** What an answer's state is called in files. */
const statuses: Readonly<Partial<Record<Assignment['state'], AnswerStatus>>> = {
  accepted: 'ok',
  surplus: 'surplus',
  skipped: 'skip',
  rejected: 'rejected',
};

/** The status of an answer in files; of a task or worker without one, none. */
export function statusOf(answer: Assignment | null): AnswerStatus | null {
  return answer === null ? null : (statuses[answer.state] ?? null);
}

/** What an answer costs, in micro-units: what was noted with it, else what people are paid. */
export function costOf(answer: Assignment | null, { pay }: Header['settings']): number | null {
  if (answer === null || answer.state === 'skipped') return null;
  return answer.costMicros ?? pay?.micros ?? null;
}

/** Have the answers of such a question classes? */
export function hasClasses(question: Question): boolean {
  return classesOf(question) !== undefined || question.kind === 'multi-label';
}

/** The labels that are questions of their own; one that stands for the whole question where there are none. */
export function labelsOf(question: Question): readonly (string | undefined)[] {
  return question.kind === 'multi-label' ? question.choices.map(({ value }) => value) : [undefined];
}

/** The name of the question whether a label fits. */
export function questionOf(label: string): string {
  return `label: ${label}`;
}

/** A value as a class: the value itself, or of one label among several whether it is in. */
export function said(value: unknown, label: string | undefined): string {
  if (label === undefined) return String(value);
  return Array.isArray(value) && value.includes(label) ? 'yes' : 'no';
}

function inUnits(micros: number | null): number | null {
  return micros === null ? null : micros / 1e6;
}

function column(name: string, kind: SheetColumn['kind'], at: SheetColumn['at']): SheetColumn {
  return { name, kind, at };
}

/**
 * A page of answers: `task, worker, label` (`value` of numbers and texts), `kind, status, at, duration_ms`, and where there
 * are any `question`, `cost`, `gold`. Which columns there are depends on the campaign alone, never on the page.
 */
export function answersSheet(
  rows: readonly ExportedRow[],
  people: People,
  { question, settings }: Header,
  hasGold: boolean,
): Sheet {
  const labels = labelsOf(question);
  const each = labels.length;
  const of = <Result>(use: (row: ExportedRow, label: string | undefined) => Result): ((row: number) => Result) =>
    each === 1 ? (row) => use(rows[row], labels[0]) : (row) => use(rows[Math.floor(row / each)], labels[row % each]);
  const shown = (value: unknown, label: string | undefined): Cell => {
    if (value === null || value === undefined) return null;
    return hasClasses(question) ? said(value, label) : (value as Cell);
  };
  const valueKind = question.kind === 'number' ? 'number' : 'text';
  const columns = [
    column(
      'task',
      'text',
      of(({ task }) => task?.name ?? null),
    ),
    column(
      'worker',
      'text',
      of(({ worker }) => (worker === null ? null : people.name(worker))),
    ),
    hasClasses(question)
      ? column(
          'label',
          'text',
          of(({ answer }, label) => shown(answer?.value, label)),
        )
      : column(
          'value',
          valueKind,
          of(({ answer }) => shown(answer?.value, undefined)),
        ),
    column(
      'kind',
      'text',
      of(({ worker }) => (worker === null ? null : people.kind(worker))),
    ),
    column(
      'status',
      'text',
      of(({ answer }) => statusOf(answer)),
    ),
    column(
      'at',
      'time',
      of(({ answer }) => answer?.answeredAt ?? null),
    ),
    column(
      'duration_ms',
      'integer',
      of(({ answer }) => answer?.spentMs ?? null),
    ),
  ];
  if (question.kind === 'multi-label') {
    columns.splice(
      3,
      0,
      column(
        'question',
        'text',
        of((_, label) => questionOf(label ?? '')),
      ),
    );
  }
  if (settings.pay !== null) {
    // Of several labels the first bears the cost of all.
    const at = of(({ answer }, label) => (label === labels[0] ? costOf(answer, settings) : null));
    columns.push(column('cost', 'number', (row) => inUnits(at(row))));
  }
  // A class nobody could say is no gold for anybody.
  const sayable = new Set(classesOf(question));
  const goldOf = (gold: Value | null, label: string | undefined): Cell =>
    sayable.size > 0 && !sayable.has(String(gold)) ? null : shown(gold, label);
  if (hasGold)
    columns.push(
      column(
        'gold',
        valueKind,
        of(({ gold }, label) => goldOf(gold, label)),
      ),
    );
  return { length: rows.length * each, columns };
}

/** How much everybody has answered, for questions without classes. */
export function workersSheet(people: People, counted: readonly number[]): Sheet {
  return {
    length: people.size,
    columns: [
      column('worker', 'text', (worker) => people.name(worker)),
      column('kind', 'text', (worker) => people.kind(worker)),
      column('answers', 'integer', (worker) => counted[worker]),
    ],
  };
}

/** Numbers by task: the median, the smallest, the largest. Tasks without answers are left out. */
export function mediansSheet(list: readonly { readonly task: Task; readonly values: readonly number[] }[]): Sheet {
  const sorted = list.map(({ task, values }) => ({ task, values: values.toSorted((a, b) => a - b) }));
  const median = (values: readonly number[]): number =>
    (values[(values.length - 1) >> 1] + values[values.length >> 1]) / 2;
  return {
    length: sorted.length,
    columns: [
      column('task', 'text', (row) => sorted[row].task.name),
      column('median', 'number', (row) => median(sorted[row].values)),
      column('least', 'number', (row) => sorted[row].values[0]),
      column('most', 'number', (row) => sorted[row].values[sorted[row].values.length - 1]),
      column('answers', 'integer', (row) => sorted[row].values.length),
    ],
  };
}

/** Several labels: those more likely than not as a JSON list, and the probability of each. */
export function labelSetsSheet(estimates: readonly Estimate[], question: Question): Sheet {
  const labels = labelsOf(question);
  const [first] = estimates;
  const yes = (estimate: Estimate, task: number): number =>
    estimate.posterior[task * estimate.classCount + estimate.classNames.indexOf('yes')];
  return {
    length: first.taskCount,
    columns: [
      column('task', 'text', (task) => first.taskNames.name(task)),
      column('labels', 'text', (task) => JSON.stringify(labels.filter((_, i) => yes(estimates[i], task) > 0.5))),
      column('answers', 'integer', (task) => first.answersPerTask[task]),
      ...labels.map((label, i) => column(`p_${label}`, 'number', (task) => yes(estimates[i], task))),
    ],
  };
}
