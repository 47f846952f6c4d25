import type { AssignmentKey } from './types.ts';

/** The id of a lease or an answer on the wire, inside its campaign: `TASK-WORKER`, such as `5234-17`. */
export function leaseId({ task, worker }: Pick<AssignmentKey, 'task' | 'worker'>): string {
  return `${task}-${worker}`;
}

/** The reverse of {@link leaseId}; undefined for anything else. */
export function parseLeaseId(campaign: number, id: string): AssignmentKey | undefined {
  const match = /^(0|[1-9]\d{0,8})-(0|[1-9]\d{0,8})$/.exec(id);
  return match === null ? undefined : { campaign, task: Number(match[1]), worker: Number(match[2]) };
}
