import { fragment, html, nothing, text } from '../svg.ts';
import { candidatesOf, leastCertain, votesOf } from './crowd.ts';
import type { CheckRow, ReportInput, ReportLimits } from './input.ts';
import { type Cell, count, dataGrid, named, paragraph, percent, type Section, truncation } from './parts.ts';

/** Tasks a person should look at first: the check list, or else the least certain tasks. */
export function checksSection(input: ReportInput, limits: ReportLimits): Section | undefined {
  const { estimate, checkList, checkCommand, files } = input;
  const rows = checkList ?? uncertainRows(input, limits.checks);
  if (rows.length === 0) return undefined;
  const total = checkList ? checkList.length : estimate.taskCount;
  const shownRows = rows.slice(0, limits.checks);
  const opening = checkList
    ? `Look at ${rows.length === 1 ? 'this task' : `these ${count(rows.length)} tasks`} first: they decide between labels that the evidence leaves open.`
    : 'The labels of these tasks are the least certain. Start here when checking by hand.';
  const where = files?.checks === undefined ? '' : ` The list is in ${files.checks}.`;
  return {
    id: 'checks',
    title: checkList ? 'Tasks to check first' : 'The least certain tasks',
    short: 'Check first',
    body: fragment(
      paragraph(opening + where),
      checkCommand === undefined
        ? nothing
        : html('pre', { class: 'command', tabindex: 0 }, html('code', {}, text(checkCommand))),
      dataGrid(
        checkList ? 'Tasks to check first' : 'The least certain tasks',
        [
          { name: 'task' },
          { name: 'label' },
          { name: 'probability', number: true },
          { name: 'or else' },
          { name: 'answers' },
          { name: 'why' },
        ],
        shownRows.map((row) => cells(input, row)),
      ),
      checkList ? truncation(shownRows.length, total, 'tasks', files?.checks) : nothing,
    ),
  };
}

function cells({ table, estimate }: ReportInput, row: CheckRow): Cell[] {
  const [first, ...others] = row.candidates;
  const task = estimate.taskNames.indexOf(row.task);
  return [
    named(row.task),
    first === undefined ? '–' : named(first.label),
    first === undefined ? '–' : { say: percent(first.probability), sort: first.probability },
    others.length === 0
      ? '–'
      : others
          .slice(0, 3)
          .map(({ label, probability }) => `${named(label)} ${percent(probability)}`)
          .join(', '),
    task >= 0 && task < table.taskCount ? votesOf(table, task) : '–',
    row.why,
  ];
}

function uncertainRows({ estimate }: ReportInput, most: number): CheckRow[] {
  return leastCertain(estimate, most)
    .filter((task) => estimate.classCount > 1 && estimate.probability(task) < 0.99)
    .map((task) => ({
      task: estimate.taskNames.name(task),
      candidates: candidatesOf(estimate, task, 3).filter(
        ({ probability }, index) => index === 0 || probability >= 0.005,
      ),
      why: reason(estimate.isTie(task), estimate.answersPerTask[task]),
    }));
}

function reason(tie: boolean, answers: number): string {
  if (tie) return 'a tie';
  return answers === 1 ? 'one answer only' : 'the answers leave it open';
}
