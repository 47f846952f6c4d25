import { InputError, nearNames, shown } from '../errors.ts';

/** What a column of a long table can be. */
export type Role =
  | 'task'
  | 'worker'
  | 'label'
  | 'gold'
  | 'question'
  | 'kind'
  | 'status'
  | 'weight'
  | 'time'
  | 'duration'
  | 'cost'
  | 'exposed'
  | 'left'
  | 'right';

/**
 * The names each role goes by, in tiers: a name of an earlier tier wins, two names of one tier are
 * ambiguous. Compared without case, `_`, `-`, spaces and dots.
 */
export const aliases: Readonly<Record<Role, readonly (readonly string[])[]>> = {
  task: [
    ['task'],
    [
      'taskid',
      'taskname',
      'item',
      'itemid',
      'object',
      'objectid',
      'example',
      'exampleid',
      'instance',
      'instanceid',
      'subject',
      'subjectid',
      'unit',
      'unitid',
      'docid',
      'document',
      'hitid',
      'textid',
      'imageid',
      'questionid',
      'problem',
      'problemid',
    ],
    ['question'],
    ['id', 'image', 'row', 'index', 'sample', 'sampleid'],
  ],
  worker: [
    ['worker'],
    [
      'workerid',
      'workername',
      'annotator',
      'annotatorid',
      'rater',
      'raterid',
      'coder',
      'coderid',
      'labeler',
      'labelerid',
      'labeller',
      'performer',
      'performerid',
      'judge',
      'judgeid',
      'assessor',
      'assessorid',
    ],
    ['user', 'userid', 'username'],
    ['model', 'modelid', 'modelname'],
  ],
  label: [
    ['label'],
    ['answer', 'response', 'annotation', 'judgment', 'judgement', 'rating', 'choice', 'vote', 'verdict'],
    ['value', 'category', 'class'],
    ['output'],
  ],
  gold: [['gold', 'goldlabel'], ['truth', 'truelabel', 'groundtruth'], ['expert']],
  question: [['question'], ['questionname', 'control', 'field']],
  kind: [['kind'], ['workerkind', 'workertype']],
  status: [['status'], ['answerstatus', 'assignmentstatus']],
  weight: [['weight'], ['answerweight', 'confidence']],
  time: [
    ['at', 'time'],
    ['timestamp', 'completetime', 'submitted', 'submittedat', 'submittime', 'answeredat'],
    ['createdat', 'created'],
  ],
  duration: [['durationms'], ['duration', 'leadtime', 'worktime', 'worktimeinseconds', 'latencyms', 'seconds']],
  cost: [
    ['cost', 'costmicros'],
    ['price', 'paid', 'payment', 'reward'],
  ],
  exposed: [['sawsuggestion'], ['exposed']],
  left: [['left', 'leftid']],
  right: [['right', 'rightid']],
};

export const roles: readonly Role[] = Object.keys(aliases) as Role[];

/** Which columns are what: by role, by header name or, for files without header, a list of roles. */
export type ColumnChoice = Readonly<Partial<Record<Role, string>>> | readonly (Role | null)[];

/** A column that holds a number for a class. */
export interface ClassColumn {
  readonly column: number;
  readonly name: string;
}

/** The place of each role among the columns, and what is said about it in the receipt. */
export interface ColumnPlan {
  readonly at: Readonly<Partial<Record<Role, number>>>;
  /** Columns `p_<class>` with their class. */
  readonly soft: readonly ClassColumn[];
  /** Columns `predicted_<class>`: the share of others the worker expects to say it. */
  readonly predicted: readonly ClassColumn[];
  readonly columns: readonly { readonly from: string; readonly to: string }[];
  readonly ignored: readonly string[];
}

/** A header name without case, `_`, `-`, spaces and dots. */
export function folded(name: string): string {
  return name.toLowerCase().replace(/[_\-\s.]/g, '');
}

/** How many of the names look like a header of answers. */
export function knownNames(header: readonly string[]): number {
  return header.filter((name) => allAliases.has(folded(name)) || /^p_./.test(name)).length;
}

const allAliases: ReadonlySet<string> = new Set(Object.values(aliases).flat(2));

/**
 * Finds the role of each column by its name.
 *
 * `needed` roles that are absent are an error that lists the header; so are two columns that could
 * equally be one role. What the user chose comes first.
 *
 * @throws {InputError} missing-column, ambiguous-column, unknown-column
 */
export function planColumns(
  file: string,
  header: readonly string[],
  chosen: Readonly<Partial<Record<Role, string>>> = {},
  needed: readonly Role[] = ['task', 'worker', 'label'],
): ColumnPlan {
  if (chosen.task === undefined && needed.includes('task') && isPairwise(header)) throw pairwise(file);
  const at: Partial<Record<Role, number>> = {};
  const taken = new Set<number>();
  for (const [role, name] of Object.entries(chosen) as [Role, string][]) {
    const index = columnNamed(header, name);
    if (index < 0) throw unknownColumn(file, header, name, role);
    at[role] = index;
    taken.add(index);
  }
  const names = header.map(folded);
  for (const role of roles) {
    if (at[role] !== undefined) continue;
    for (const tier of aliases[role]) {
      const found = names.flatMap((name, index) => (!taken.has(index) && tier.includes(name) ? [index] : []));
      if (found.length === 0) continue;
      if (found.length > 1) {
        if (!needed.includes(role)) break;
        const both = found.map((index) => shown(header[index])).join(' and ');
        const hint = `say which one with --columns ${role}=NAME`;
        throw new InputError(`ambiguous columns in ${file}: ${both} could both be the ${role}; ${hint}`, {
          code: 'ambiguous-column',
          path: file,
          line: 1,
          got: header.join(','),
          hint,
        });
      }
      at[role] = found[0];
      taken.add(found[0]);
      break;
    }
  }
  const classColumns = (prefix: string): ClassColumn[] =>
    header.flatMap((name, column) =>
      name.startsWith(prefix) && name.length > prefix.length && !taken.has(column)
        ? [{ column, name: name.slice(prefix.length) }]
        : [],
    );
  // One column alone is more likely called p_value or p_id.
  const several = classColumns('p_');
  const soft = several.length > 1 ? several : [];
  const predicted = classColumns('predicted_');
  for (const role of needed) {
    if (at[role] === undefined && !(role === 'label' && soft.length > 1)) throw missingColumn(file, header, role);
  }
  const used = Object.entries(at) as [Role, number][];
  return {
    at,
    soft,
    predicted,
    columns: used.map(([role, index]) => ({ from: header[index], to: role })),
    ignored: header.filter(
      (_, index) => !taken.has(index) && ![...soft, ...predicted].some(({ column }) => column === index),
    ),
  };
}

function isPairwise(header: readonly string[]): boolean {
  const names = header.map(folded);
  return names.includes('left') && names.includes('right');
}

function pairwise(file: string): InputError {
  const hint = 'rank pairs with assay rank, or choose the columns with --columns';
  return new InputError(`invalid file of answers ${file}: its rows compare pairs (left, right); ${hint}`, {
    code: 'pairwise',
    path: file,
    line: 1,
    hint,
  });
}

function columnNamed(header: readonly string[], name: string): number {
  const exact = header.indexOf(name);
  return exact >= 0 ? exact : header.findIndex((candidate) => folded(candidate) === folded(name));
}

function unknownColumn(file: string, header: readonly string[], name: string, role: Role): InputError {
  const near = nearNames(name, header);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the columns are ${header.join(', ')}`;
  return new InputError(`unknown column ${shown(name)} for the ${role} in ${file}; ${hint}`, {
    code: 'unknown-column',
    path: file,
    line: 1,
    got: name,
    hint,
  });
}

function missingColumn(file: string, header: readonly string[], role: Role): InputError {
  const names = new Set(header.map(folded));
  const alike = aliases[role].flat().slice(0, 6).join(', ');
  const labelsOnly =
    role === 'worker' &&
    aliases.gold
      .flat()
      .concat(aliases.label.flat())
      .some((name) => names.has(name));
  const hint = labelsOnly
    ? 'name it with --columns worker=NAME; if these are true labels, give the file with --truth or --gold'
    : `rename it, or name it with --columns ${role}=NAME`;
  return new InputError(
    `missing ${role} column in ${file}: none of ${shown(header.join(','))} is called ${alike} or alike; ${hint}`,
    {
      code: 'missing-column',
      path: file,
      line: 1,
      got: header.join(','),
      hint,
    },
  );
}
