import type { AssignmentState } from '../store/index.ts';

/** What a process knows of one worker of a campaign. */
export class WorkerBook {
  name: string;
  paused: boolean;
  /** Where the worker stands with each task ever given. */
  readonly states: Map<number, AssignmentState> = new Map();
  /** Tasks held now. */
  readonly held: Set<number> = new Set();
  /** Tasks given besides practice: the place of gold among them is counted by it. */
  given = 0;
  /** Answers given besides practice. */
  answers = 0;
  practiceDone = 0;
  practiceRight = 0;

  constructor(name: string, paused = false) {
    this.name = name;
    this.paused = paused;
  }

  /** May this task be given: is it new to the worker, or has only its lease run out? */
  mayHave(task: number): boolean {
    const state = this.states.get(task);
    return state === undefined || state === 'lapsed';
  }
}

/** Is this an answer somebody gave, whether or not it counts? */
export function isAnswer(state: AssignmentState | undefined): boolean {
  return state === 'accepted' || state === 'surplus' || state === 'rejected';
}

/** Is this the end of a worker's dealings with a task? */
export function isOver(state: AssignmentState | undefined): boolean {
  return isAnswer(state) || state === 'skipped';
}
