import { shown } from '../errors.ts';
import { aliases as answerAliases } from '../formats/columns.ts';
import { columnError, namedColumns, type TieredNames } from '../formats/named-columns.ts';

/** What a column of a file of comparisons or rankings can be. */
export type ComparisonRole = 'left' | 'right' | 'winner' | 'loser' | 'item' | 'rank' | 'worker' | 'task';

/** Compared as the names of columns of answers. */
const aliases: TieredNames<ComparisonRole> = {
  left: [
    ['left', 'leftid'],
    [
      'a',
      'first',
      'itema',
      'item1',
      'modela',
      'model1',
      'optiona',
      'option1',
      'responsea',
      'response1',
      'texta',
      'text1',
    ],
  ],
  right: [
    ['right', 'rightid'],
    [
      'b',
      'second',
      'itemb',
      'item2',
      'modelb',
      'model2',
      'optionb',
      'option2',
      'responseb',
      'response2',
      'textb',
      'text2',
    ],
  ],
  loser: [['loser'], ['rejected', 'worse']],
  winner: [
    ['winner'],
    ['preferred', 'preference', 'chosen', 'better', 'choice'],
    ['label', 'answer', 'judgment', 'judgement', 'verdict', 'vote'],
  ],
  rank: [['rank'], ['position', 'place']],
  item: [
    ['item', 'itemid'],
    ['object', 'option', 'candidate', 'response', 'text'],
    ['model', 'id'],
  ],
  worker: answerAliases.worker,
  task: [
    ['task', 'taskid'],
    ['prompt', 'promptid', 'question', 'questionid', 'query', 'queryid', 'topic'],
  ],
};

export const comparisonRoles: readonly ComparisonRole[] = Object.keys(aliases) as ComparisonRole[];

/** How a file says what is preferred. */
export type ComparisonLayout = 'sides' | 'winner-loser' | 'ranks';

const layouts: Readonly<Record<ComparisonLayout, readonly ComparisonRole[]>> = {
  'winner-loser': ['winner', 'loser'],
  sides: ['left', 'right', 'winner'],
  ranks: ['item', 'rank'],
};

/** Where a file's columns are. */
export interface ComparisonPlan {
  readonly layout: ComparisonLayout;
  /** Name of each column that is used. */
  readonly at: Readonly<Partial<Record<ComparisonRole, string>>>;
}

/**
 * Finds the layout of a file of comparisons and the columns it needs.
 *
 * @throws {InputError} unknown-column, missing-column, ambiguous-column
 */
export function planComparisons(
  file: string,
  header: readonly string[],
  chosen: Readonly<Partial<Record<ComparisonRole, string>>>,
): ComparisonPlan {
  for (const layout of Object.keys(layouts) as ComparisonLayout[]) {
    const at = namedColumns(file, header, [...layouts[layout], 'worker', 'task'], aliases, chosen);
    if (layouts[layout].every((role) => at[role] !== undefined)) return { layout, at };
  }
  const hint = 'name them with --columns left=NAME,right=NAME,winner=NAME, or item=NAME,rank=NAME for rankings';
  const got = header.join(',');
  const what = `missing columns in ${file}: ${shown(got)} has no left, right and winner, no winner and loser, and no item and rank`;
  throw columnError(file, 'missing-column', what, hint, got);
}
