import { InputError, nearNames, shown } from '../errors.ts';
import { aliases as answerAliases, folded } from '../formats/columns.ts';

/** What a column of a file of comparisons or rankings can be. */
export type ComparisonRole = 'left' | 'right' | 'winner' | 'loser' | 'item' | 'rank' | 'worker' | 'task';

/** The names each role goes by, in tiers: a name of an earlier tier wins. Compared as those of answers. */
const aliases: Readonly<Record<ComparisonRole, readonly (readonly string[])[]>> = {
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
  for (const [role, name] of Object.entries(chosen)) {
    if (header.includes(name)) continue;
    const near = nearNames(name, header);
    const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the columns are ${header.join(', ')}`;
    throw refused(file, 'unknown-column', `unknown column ${shown(name)} for the ${role} in ${file}`, hint, name);
  }
  const names = Object.keys(layouts) as ComparisonLayout[];
  for (const layout of names) {
    const found = columnsOf(file, header, [...layouts[layout], 'worker', 'task'], chosen);
    if (layouts[layout].every((role) => found[role] !== undefined)) return { layout, at: found };
  }
  const hint = 'name them with --columns left=NAME,right=NAME,winner=NAME, or item=NAME,rank=NAME for rankings';
  throw refused(
    file,
    'missing-column',
    `missing columns in ${file}: ${shown(header.join(','))} has no left, right and winner, no winner and loser, and no item and rank`,
    hint,
    header.join(','),
  );
}

function columnsOf(
  file: string,
  header: readonly string[],
  wanted: readonly ComparisonRole[],
  chosen: Readonly<Partial<Record<ComparisonRole, string>>>,
): Partial<Record<ComparisonRole, string>> {
  const at: Partial<Record<ComparisonRole, string>> = {};
  const taken = new Set<string>(Object.values(chosen));
  for (const role of wanted) {
    if (chosen[role] !== undefined) {
      at[role] = chosen[role];
      continue;
    }
    for (const tier of aliases[role]) {
      const found = header.filter((name) => !taken.has(name) && tier.includes(folded(name)));
      if (found.length === 0) continue;
      if (found.length > 1) {
        const hint = `say which one with --columns ${role}=NAME`;
        const both = found.map(shown).join(' and ');
        const what = `ambiguous columns in ${file}: ${both} could both be the ${role}`;
        throw refused(file, 'ambiguous-column', what, hint, header.join(','));
      }
      at[role] = found[0];
      taken.add(found[0]);
      break;
    }
  }
  return at;
}

function refused(file: string, code: string, what: string, hint: string, got: string): InputError {
  return new InputError(`${what}; ${hint}`, { code, path: file, line: 1, got, hint });
}
