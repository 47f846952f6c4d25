import { type AnswerTable, goldLabels, InputError, mergeTables, type Receipt, StateError, shown } from '@assay/core';
import { type AnswersRead, readAnswers, readCells, type Source } from '@assay/core/formats';
import { openSource, openSources, readLabelsFile } from '@assay/core/node';
import { type CostMatrix, costMatrix, costRows } from '@assay/core/quality';
import { count, counted } from '../output/words.ts';
import type { Shell } from '../shell.ts';
import { type ReadingFlags, readOptionsOf } from './flags.ts';

/** Everything a command reads before it works. */
export interface Answers {
  readonly table: AnswerTable;
  readonly receipt: Receipt;
  /** Known labels for evaluation, by task. */
  readonly truth: ReadonlyMap<string, string> | undefined;
  /** What each mistake costs, where that was given. */
  readonly costs?: CostMatrix;
  /** What to know of the files beside the answers. */
  readonly notes: readonly string[];
}

/** Files beside the answers. */
export interface SideFiles {
  readonly gold?: string;
  readonly truth?: string;
  /** File of a model's labels or probabilities, by the name it answers under. */
  readonly predictions?: Readonly<Record<string, string>>;
  /** What each mistake costs. */
  readonly costs?: string;
}

/** Reads answers with what goes with them; nothing is computed before all of it is understood. */
export async function readAll(
  paths: readonly string[],
  flags: ReadingFlags & SideFiles,
  shell: Shell,
): Promise<Answers> {
  refuseTwoUsesOfStdin(paths, flags);
  const notes: string[] = [];
  const options = readOptionsOf(flags);
  const sources = (await openSources(paths)).map((source) => watched(source, shell));
  const read = await readAnswers(sources, options);
  const { receipt } = read;
  let { table } = read;
  notes.push(...numberNotes(table));
  const { foldCase, trim, missing, question } = options;
  for (const [worker, path] of Object.entries(flags.predictions ?? {})) {
    const predicted = await readPredictions(worker, path, { foldCase, trim, missing }, table, shell);
    const strange = predicted.classes.names().filter((name) => table.classes.indexOf(name) < 0);
    if (strange.length > 0 && options.classes !== undefined && options.openClasses !== true) {
      throw undeclaredClass(strange[0], options.classes, path);
    }
    if (strange.length > 0) {
      const [first] = strange;
      notes.push(
        `${counted(strange.length, 'class', 'classes')} of ${shown(worker)} nobody else said, such as ${shown(first)}`,
      );
    }
    notes.push(`${counted(predicted.answerCount, 'prediction')} of ${shown(worker)} taken as answers of an AI worker`);
    table = mergeTables(table, predicted, options.classes);
  }
  if (flags.gold !== undefined) {
    const gold = await readLabelsFile(flags.gold, { foldCase, trim, missing, question });
    const marked = withGold(table, gold, flags.gold);
    table = marked.table;
    if (marked.unknownTasks > 0)
      notes.push(`${counted(marked.unknownTasks, 'gold label')} for tasks without answers: ignored`);
  }
  const truth =
    flags.truth === undefined ? undefined : await readLabelsFile(flags.truth, { foldCase, trim, missing, question });
  if (truth !== undefined) notes.push(...truthNotes(table, truth, flags.truth ?? ''));
  const costs = flags.costs === undefined ? undefined : await readCosts(flags.costs, table, shell);
  return { table, receipt, truth, costs, notes };
}

/** More classes than this, all of them numbers, are hardly classes. */
const mostNumbers = 12;

function numberNotes({ classCount, classes }: AnswerTable): string[] {
  if (
    classCount <= mostNumbers ||
    !classes.names().every((name) => name.trim() !== '' && Number.isFinite(Number(name)))
  )
    return [];
  return [
    `the labels are ${count(classCount)} different numbers, taken for names here: "assay rate" takes them for numbers`,
  ];
}

/** A model's predictions as the answers of one AI worker. */
async function readPredictions(
  worker: string,
  path: string,
  options: Pick<ReadingFlags, 'foldCase' | 'trim' | 'missing'>,
  answers: AnswerTable,
  shell: Shell,
): Promise<AnswerTable> {
  if (answers.workers.indexOf(worker) >= 0) {
    const hint = 'give the predictions another name';
    throw new InputError(`ambiguous worker ${shown(worker)}: the answers have one of that name; ${hint}`, {
      code: 'ambiguous-worker',
      path,
      got: worker,
      hint,
    });
  }
  const read: AnswersRead = await readAnswers(watched(await openSource(path), shell), {
    ...options,
    worker,
    kind: 'ai',
  });
  const { table } = read;
  if (table.workerCount === 1 && table.workers.name(0) === worker) return table;
  const hint = 'remove the worker column, or pass the file with the answers';
  throw new InputError(
    `invalid predictions ${shown(path)}: they name ${count(table.workerCount)} workers of their own; ${hint}`,
    {
      code: 'invalid-predictions',
      path,
      hint,
    },
  );
}

function undeclaredClass(got: string, declared: readonly string[], path: string): InputError {
  const hint = `the declared classes are ${declared.join(', ')}`;
  return new InputError(`unknown label ${shown(got)}; ${hint}`, { code: 'unknown-label', path, got, hint });
}

async function readCosts(path: string, { classes }: AnswerTable, shell: Shell): Promise<CostMatrix> {
  const cells = await readCells(watched(await openSource(path), shell));
  return costMatrix(classes.names(), costRows(cells, path), path);
}

function withGold(
  table: AnswerTable,
  gold: ReadonlyMap<string, string>,
  path: string,
): { table: AnswerTable; unknownTasks: number } {
  try {
    return table.withGold(gold);
  } catch (error) {
    if (!(error instanceof InputError) || error.path !== undefined) throw error;
    const { code, got, hint } = error;
    throw new InputError(error.message, { code, path, got, hint, cause: error });
  }
}

/** What to know of a score over tasks of which some labels were given to the method. */
export function toldNotes({ table, truth = new Map() }: Answers): string[] {
  const told = [...goldLabels(table).keys()].filter((task) => truth.has(task)).length;
  if (told === 0) return [];
  return [`${counted(told, 'true label')} also given as gold: the score counts them, though the method was told`];
}

function truthNotes(table: AnswerTable, truth: ReadonlyMap<string, string>, path: string): string[] {
  let [known, foreign] = [0, 0];
  for (const [task, label] of truth) {
    const index = table.tasks.indexOf(task);
    if (index < 0) continue;
    known++;
    if (table.classes.indexOf(label) < 0) foreign++;
  }
  const notes: string[] = [];
  if (known === 0) notes.push(`no task of ${path} has answers: there is nothing to score`);
  if (foreign > 0) notes.push(`${counted(foreign, 'true label')} nobody answered: no method can be right there`);
  return notes;
}

/** The source, ending with an error when the run is cancelled, and showing how far it is. */
export function watched(source: Source, shell: Shell): Source {
  const cancelled = new Promise<never>((_resolve, reject) => {
    const end = (): void => {
      const hint = 'run it again to start over';
      reject(new StateError(`cancelled reading ${source.name}; nothing was kept`, { code: 'cancelled', hint }));
    };
    if (shell.signal.aborted) end();
    else shell.signal.addEventListener('abort', end, { once: true });
  });
  cancelled.catch(() => {});
  async function* bytes(): AsyncGenerator<Uint8Array, void, void> {
    const chunks = (source.bytes as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    let seen = 0;
    try {
      for (;;) {
        // A pipe may stay silent for ever: waiting for it must end too.
        const next = await Promise.race([chunks.next(), cancelled]);
        if (next.done === true) return;
        seen += next.value.length;
        shell.progress.show(() => `reading ${source.name}: ${count(seen / 1e6)} MB`);
        yield next.value;
      }
    } finally {
      if (!shell.signal.aborted) await chunks.return?.();
    }
  }
  return { name: source.name, bytes: bytes() };
}

function refuseTwoUsesOfStdin(paths: readonly string[], { gold, truth, costs, predictions = {} }: SideFiles): void {
  const uses = [...paths, gold, truth, costs, ...Object.values(predictions)].filter((path) => path === '-').length;
  if (uses <= 1) return;
  const hint = 'give a file for the others';
  throw new InputError(`ambiguous standard input: it can be read once only; ${hint}`, {
    code: 'ambiguous-input',
    path: '-',
    hint,
  });
}
