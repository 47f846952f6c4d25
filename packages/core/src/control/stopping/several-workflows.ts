import { version } from '../../version.ts';
import { ballotAccuracy } from '../turkontrol/accuracy.ts';
import { better } from './controller.ts';

/** One way to put a question: a wording, a page, a model. */
export interface QuestionWorkflow {
  readonly id: string;
  readonly priceMicros: number;
  /** γ of a worker nobody knows: larger means more errors. */
  readonly gamma: number;
}

/** A yes-or-no question that can be put in several ways. */
export interface WorkflowProblem {
  readonly workflows: readonly QuestionWorkflow[];
  /** What a wrong label costs, in micro-units. */
  readonly lossMicros: number;
  /** P(the true label is 1), default ½. */
  readonly prior?: number;
  /** Answers looked ahead, default 3. */
  readonly depth?: number;
}

/** What is believed of one question: its label, and how difficult each workflow makes it. */
export interface WorkflowBelief {
  /** P(the true label is 1). */
  readonly chance: number;
  /** P(difficulty | label) of each workflow: 11 difficulties for label 0, then 11 for label 1. */
  readonly difficulty: readonly Float64Array[];
}

/** What to do next with the question. Plain JSON. */
export type WorkflowDecision = { readonly version: string; readonly reason: string } & (
  | { readonly kind: 'ask'; readonly workflow: string; readonly values: Readonly<Record<string, number>> }
  | { readonly kind: 'stop'; readonly label: 0 | 1; readonly values: Readonly<Record<string, number>> }
);

const difficulties: readonly number[] = Array.from({ length: 11 }, (_, i) => i / 10);
const levels = difficulties.length;

/** Before any answer: every difficulty of every workflow is as likely. */
export function firstWorkflowBelief({ workflows, prior = 0.5 }: WorkflowProblem): WorkflowBelief {
  return { chance: prior, difficulty: workflows.map(() => new Float64Array(2 * levels).fill(1 / levels)) };
}

/**
 * After an answer through one workflow, by Bayes' rule. Only that workflow's difficulty changes: a question that one wording
 * makes hard may be easy in another.
 *
 * `gamma` is the worker's, default that of the workflow.
 */
export function afterAnswer(
  problem: WorkflowProblem,
  belief: WorkflowBelief,
  workflow: number,
  said: 0 | 1,
  gamma: number = problem.workflows[workflow].gamma,
): { readonly belief: WorkflowBelief; readonly probability: number } {
  const { chance, difficulty } = belief;
  const rows = difficulty[workflow].slice();
  const likelihood = [0, 0];
  for (let truth = 0; truth < 2; truth++) {
    for (let d = 0; d < levels; d++) {
      const right = ballotAccuracy(difficulties[d], gamma);
      rows[truth * levels + d] *= said === truth ? right : 1 - right;
      likelihood[truth] += rows[truth * levels + d];
    }
    // A difficulty of 0 makes a wrong answer impossible, but not all eleven at once.
    for (let d = 0; d < levels; d++) rows[truth * levels + d] /= likelihood[truth];
  }
  const probability = chance * likelihood[1] + (1 - chance) * likelihood[0];
  const after = { chance: (chance * likelihood[1]) / probability, difficulty: difficulty.with(workflow, rows) };
  return { belief: after, probability };
}

/**
 * Which workflow to ask next, or the label: looks a few answers ahead over all workflows.
 *
 * Use where one question can be put in several ways and some questions get stuck in one of them: difficulties are
 * independent between workflows, so a second one gives fresh evidence. Ties: stopping, then the first workflow. Grows with
 * (2 · workflows)^depth; 3 workflows and depth 3 take well under a millisecond.
 *
 * Source: Lin, Mausam & Weld (2012), AAAI, AgentHunt; difficulty and accuracy as in TurKontrol, details ours.
 */
export function decideWorkflow(problem: WorkflowProblem, belief: WorkflowBelief): WorkflowDecision {
  const { workflows, lossMicros, depth = 3 } = problem;
  const { chance } = belief;
  const submit = -lossMicros * Math.min(chance, 1 - chance);
  const asked = workflows.map((_, w) => valueOfAsking(problem, belief, w, depth));
  let best = -1;
  asked.forEach((value, w) => {
    if (better(value, best < 0 ? submit : asked[best])) best = w;
  });
  const values = { chance, submit, ...Object.fromEntries(workflows.map(({ id }, w) => [id, asked[w]])) };
  if (best < 0) {
    return { kind: 'stop', label: chance > 0.5 ? 1 : 0, version, reason: 'no answer is worth its price', values };
  }
  const { id } = workflows[best];
  const reason = `asking through ${id} is worth ${Math.round(asked[best] - submit)} micro-units more`;
  return { kind: 'ask', workflow: id, version, reason, values };
}

function valueOfAsking(problem: WorkflowProblem, belief: WorkflowBelief, workflow: number, depth: number): number {
  let value = -problem.workflows[workflow].priceMicros;
  for (const said of [0, 1] as const) {
    const { belief: next, probability } = afterAnswer(problem, belief, workflow, said);
    if (probability > 0) value += probability * bestValue(problem, next, depth - 1);
  }
  return value;
}

function bestValue(problem: WorkflowProblem, belief: WorkflowBelief, depth: number): number {
  let best = -problem.lossMicros * Math.min(belief.chance, 1 - belief.chance);
  if (depth <= 0) return best;
  for (let w = 0; w < problem.workflows.length; w++) {
    best = Math.max(best, valueOfAsking(problem, belief, w, depth));
  }
  return best;
}
