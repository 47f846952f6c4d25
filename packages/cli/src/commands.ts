import type { Command } from 'commander';
import type { Shell } from './shell.ts';

/** A command as the program lists it; its module is loaded when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ build(shell: Shell): Command }>;
}

/** Every command, in the order `assay --help` lists them. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'aggregate',
    summary: 'true labels with probabilities, from a file of answers',
    load: () => import('./commands/aggregate.ts'),
  },
  {
    name: 'compare',
    summary: 'every method against known labels: accuracy with interval, log-loss, calibration, time',
    load: () => import('./commands/compare.ts'),
  },
  {
    name: 'workers',
    summary: 'how good every worker is, with intervals',
    load: () => import('./commands/workers.ts'),
  },
  {
    name: 'audit',
    summary: 'who guesses, who copies, and whether groups of tasks are treated alike',
    load: () => import('./commands/audit.ts'),
  },
  {
    name: 'rank',
    summary: 'a ranking with intervals, from answers about pairs',
    load: () => import('./commands/rank.ts'),
  },
  {
    name: 'rate',
    summary: 'one number per task, from answers that are numbers',
    load: () => import('./commands/rate.ts'),
  },
  {
    name: 'learn',
    summary: 'labels and a classifier, from answers and features together',
    load: () => import('./commands/learn.ts'),
  },
  {
    name: 'predict',
    summary: 'what a trained classifier says of other tasks',
    load: () => import('./commands/predict.ts'),
  },
  {
    name: 'report',
    summary: 'one HTML page: how good the labels are, what to check, who to trust',
    load: () => import('./commands/report.ts'),
  },
  {
    name: 'control',
    summary: 'improve-and-vote workflows: learn a model, solve it, simulate controllers',
    load: () => import('./commands/control.ts'),
  },
  {
    name: 'reproduce',
    summary: 'a published experiment: measured beside published, exit 1 outside its band',
    load: () => import('./commands/reproduce.ts'),
  },
  {
    name: 'plan',
    summary: 'what money buys: accuracy against cost, forecast from a pilot',
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'simulate',
    summary: 'a synthetic crowd from a recipe; or what adaptive questions would have saved on answers',
    load: () => import('./commands/simulate.ts'),
  },
  {
    name: 'serve',
    summary: 'live campaigns: pages for workers and leads, nothing to set up',
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'campaign',
    summary: 'make live campaigns, import tasks, invite people, pause, close',
    load: () => import('./commands/campaign.ts'),
  },
  {
    name: 'status',
    summary: 'how far a campaign is: expected accuracy, tasks by reason, workers',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'export',
    summary: 'answers, labels or workers of a campaign as a file',
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'methods',
    summary: 'the methods, their options and where they come from',
    load: () => import('./commands/methods.ts'),
  },
  {
    name: 'formats',
    summary: 'the file formats that are read and written',
    load: () => import('./commands/formats.ts'),
  },
  {
    name: 'completion',
    summary: 'a completion script for bash, zsh or fish',
    load: () => import('./commands/completion.ts'),
  },
];
