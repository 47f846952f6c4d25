import type { Question, Settings } from '@assay/server/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../output/failure.ts';

/** What is asked, as it was typed. */
export interface QuestionFlags {
  readonly question?: string;
  readonly choices?: readonly string[];
  readonly labels?: readonly string[];
  readonly scale?: readonly [number, number];
  readonly number?: boolean;
  readonly text?: boolean;
}

export function withQuestionFlags(command: Command): Command {
  return command
    .option('--question <TEXT>', 'what workers are asked about every task')
    .option('--choices <LIST>', 'the answers, one of which is chosen: cat,dog', listOf)
    .option('--labels <LIST>', 'labels, any number of which are chosen', listOf)
    .option('--scale <FROM..TO>', 'whole numbers, such as 1..5', scaleOf)
    .option('--number', 'any number')
    .option('--text', 'free text');
}

/** How a campaign runs, as it was typed. */
export interface SettingsFlags {
  readonly answers?: number;
  readonly adaptive?: Settings['adaptive'];
  readonly policy?: Settings['policy'];
  readonly goldShare?: number;
  readonly quota?: number;
  readonly pay?: Settings['pay'];
}

export function withSettingsFlags(command: Command): Command {
  return command
    .option('-k, --answers <K>', 'answers wanted of each task (default: 3)', wholeNumber)
    .option('--adaptive <RANGE>', 'answers by need: 2..5@0.95 asks 2 to 5 times, until 95 % sure', adaptiveOf)
    .addOption(
      new Option('--policy <POLICY>', 'how an arriving worker gets a task').choices([
        'most-uncertain',
        'value-per-price',
      ]),
    )
    .option('--gold-share <SHARE>', "share of gold among a worker's tasks (default: 0.05)", shareOf)
    .option('--quota <N>', 'the most answers of one worker', wholeNumber)
    .option('--pay <AMOUNT>', 'what people earn for each answer, such as 0.05EUR', payOf);
}

/** The question of the flags. @throws {UsageError} missing-question, ambiguous-question */
export function questionFrom({ question: prompt, choices, labels, scale, number, text }: QuestionFlags): Question {
  const hint = 'give --question TEXT with one of --choices, --labels, --scale, --number and --text';
  if (prompt === undefined) throw new UsageError(`missing --question; ${hint}`, { code: 'missing-question', hint });
  const list = (values: readonly string[]): readonly { readonly value: string }[] => values.map((value) => ({ value }));
  const asked: readonly (Question | undefined)[] = [
    choices && { kind: 'choice', prompt, choices: list(choices) },
    labels && { kind: 'multi-label', prompt, choices: list(labels) },
    scale && { kind: 'scale', prompt, least: scale[0], most: scale[1] },
    number === true ? { kind: 'number', prompt } : undefined,
    text === true ? { kind: 'text', prompt } : undefined,
  ];
  const [found, ...more] = asked.filter((each) => each !== undefined);
  if (found === undefined) throw new UsageError(`missing kind of answers; ${hint}`, { code: 'missing-question', hint });
  if (more.length > 0) throw new UsageError(`ambiguous kind of answers; ${hint}`, { code: 'ambiguous-question', hint });
  return found;
}

/** The settings that were typed; the others stay as they are. */
export function settingsFrom({
  answers: k,
  adaptive,
  policy,
  goldShare,
  quota,
  pay,
}: SettingsFlags): Partial<Settings> {
  const settings = {
    k,
    adaptive: k !== undefined && adaptive === undefined ? null : adaptive,
    policy,
    goldShare,
    quota,
    pay,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function listOf(text: string): readonly string[] {
  const list = text.split(',').map((part) => part.trim());
  if (list.some((part) => part === '')) throw new InvalidArgumentError('give names separated by commas');
  return list;
}

function scaleOf(text: string): readonly [number, number] {
  const match = /^(-?\d+)\.\.(-?\d+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('give it like 1..5');
  return [Number(match[1]), Number(match[2])];
}

function adaptiveOf(text: string): Settings['adaptive'] {
  const match = /^(\d+)\.\.(\d+)@(0?\.\d+|1|0)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('give it like 2..5@0.95');
  return { least: Number(match[1]), most: Number(match[2]), threshold: Number(match[3]) };
}

function payOf(text: string): Settings['pay'] {
  const match = /^(\d{1,6})(?:\.(\d{1,6}))? ?([A-Z]{3})$/.exec(text);
  const micros = match === null ? 0 : Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0'));
  if (match === null || micros === 0) throw new InvalidArgumentError('give it like 0.05EUR');
  return { micros, currency: match[3] };
}

function shareOf(text: string): number {
  const share = Number(text);
  if (!(share >= 0 && share <= 0.5)) throw new InvalidArgumentError('give a number from 0 to 0.5');
  return share;
}

/** A whole number of 1 or more, as typed. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('Give a whole number of 1 or more.');
  return number;
}
