import { formatValue } from '@assay/figures';
import type { CampaignStatus, LoggedEvent, Question } from '@assay/server/protocol';

export const statusWords: Readonly<Record<CampaignStatus, string>> = {
  open: 'Open',
  paused: 'Paused',
  closed: 'Closed',
};

/** Why tasks are closed, as a reader says it. */
export const reasonWords: Readonly<Record<string, string>> = {
  answers: 'enough answers',
  confidence: 'sure enough',
  'most-answers': 'as many answers as allowed',
  'by-hand': 'by hand',
};

export const kindWords: Readonly<Record<Question['kind'], string>> = {
  choice: 'One of several choices',
  'multi-label': 'Any number of choices',
  scale: 'A point on a scale',
  number: 'A number',
  text: 'A text',
};

const eventWords: Readonly<Record<string, string>> = {
  'campaign-created': 'created the campaign',
  'campaign-changed': 'changed the campaign',
  'instruction-added': 'published instructions',
  'tasks-added': 'added tasks',
  'task-changed': 'changed a task',
  'k-changed': 'changed the number of answers wanted',
  'worker-added': 'joined',
  'worker-changed': 'changed a worker',
  leased: 'got a task',
  extended: 'is still working',
  released: 'gave a task back',
  lapsed: 'let a task lapse',
  answered: 'answered',
  skipped: 'skipped',
  rejected: 'rejected an answer',
  corrected: 'corrected an answer',
  closed: 'closed a task',
  reopened: 'reopened a task',
};

/** One event of the log: what happened, without its subject. */
export function wordsOf({ kind }: LoggedEvent): string {
  return eventWords[kind] ?? kind.replaceAll('-', ' ');
}

export function percent(share: number): string {
  return formatValue(share, { format: 'percent' });
}

export function count(value: number): string {
  return formatValue(value, { format: 'count' });
}

/** A time span as a person says it: `40 min`, `3.5 h`, `6 days`. */
export function hours(value: number): string {
  if (value < 1) return `${Math.max(1, Math.round(value * 60))} min`;
  return value < 48 ? `${formatValue(Math.round(value * 10) / 10, {})} h` : `${Math.round(value / 24)} days`;
}
