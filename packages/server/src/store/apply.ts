import type { EventData, EventKind, Happening } from './events.ts';
import type { AssignmentRow, TaskRow, WorkerRow } from './schema.ts';
import type { NewTask } from './types.ts';
import type { WorkingSet } from './working-set.ts';

type Effect<Kind extends EventKind> = (
  set: WorkingSet,
  data: EventData[Kind],
  event: Extract<Happening, { kind: Kind }>,
) => void;

/** Changes the rows of the working set as an event says: the only place that does, live and in replay. */
export function apply(event: Happening, set: WorkingSet): void {
  (effects[event.kind] as Effect<EventKind>)(set, event.data, event);
}

const effects: { readonly [Kind in EventKind]: Effect<Kind> } = {
  'campaign-created': (set, { name, question, settings, seed }, { campaign, at }) =>
    set.campaigns.add({
      campaign,
      name,
      status: 'open',
      question: JSON.stringify(question),
      settings: JSON.stringify(settings),
      seed,
      created_at: at,
      tasks: 0,
      workers: 0,
      instructions: 0,
    }),

  'campaign-changed': (set, { name, status, question, settings }, { campaign }) => {
    const row = set.campaigns.change(campaign);
    if (name !== undefined) row.name = name;
    if (status !== undefined) row.status = status;
    if (question !== undefined) row.question = JSON.stringify(question);
    if (settings !== undefined) row.settings = JSON.stringify(settings);
  },

  'instruction-added': (set, { version, text }, { campaign, at }) => {
    set.campaigns.change(campaign).instructions = version;
    set.instructions.add({ campaign, version, text, created_at: at });
  },

  'tasks-added': (set, { first, tasks }, { campaign }) => {
    set.campaigns.change(campaign).tasks = first + tasks.length;
    tasks.forEach((task, i) => {
      set.tasks.add({
        campaign,
        task: first + i,
        name: task.name,
        role: task.role,
        k: task.k,
        open_leases: 0,
        accepted: 0,
        status: 'open',
        reason: null,
        reason_values: null,
        policy_version: null,
        closed_at: null,
      });
      set.contents.add({ campaign, task: first + i, ...payload(task) });
    });
  },

  'task-changed': (set, { task, role, ...changed }, { campaign }) => {
    set.tasks.change(campaign, task).role = role;
    Object.assign(set.contents.change(campaign, task), payload(changed));
  },

  'k-changed': (set, { k, tasks }, { campaign }) => {
    for (const task of tasks) {
      const row = set.tasks.change(campaign, task);
      row.k = Math.max(k, row.open_leases + row.accepted);
    }
  },

  'worker-added': (set, { worker, name, kind, platformId }, { campaign, at }) => {
    set.campaigns.change(campaign).workers = worker + 1;
    set.workers.add({
      campaign,
      worker,
      name,
      kind,
      platform_id: platformId ?? null,
      paused: 0,
      joined_at: at,
      open_leases: 0,
      accepted: 0,
      surplus: 0,
      skipped: 0,
      rejected: 0,
      lapses: 0,
    });
  },

  'worker-changed': (set, { worker, name, paused }, { campaign }) => {
    const row = set.workers.change(campaign, worker);
    if (name !== undefined) row.name = name;
    if (paused !== undefined) row.paused = paused ? 1 : 0;
  },

  leased: (set, { task, worker, expiresAt, propensity }, { campaign, at }) => {
    const lease = { leased_at: at, expires_at: expiresAt, propensity: propensity ?? null };
    if (set.assignments.get(campaign, task, worker) === undefined)
      set.assignments.add({ campaign, task, worker, state: 'lapsed', ...lease, ...nothingSaid });
    const { row, places, person } = partsOf(set, campaign, task, worker);
    Object.assign(row, lease);
    move(row, places, person, 'leased');
  },

  extended: (set, { leases, expiresAt }, { campaign }) => {
    for (const [task, worker] of leases) set.assignments.change(campaign, task, worker).expires_at = expiresAt;
  },

  released: (set, { task, worker }, { campaign }) => {
    const { row, places, person } = partsOf(set, campaign, task, worker);
    move(row, places, person, 'lapsed');
  },

  lapsed: (set, { task, worker }, { campaign }) => {
    const { row, places, person } = partsOf(set, campaign, task, worker);
    move(row, places, person, 'lapsed');
    person.lapses++;
  },

  answered: (set, data, { campaign }) => {
    const { row, places, person } = partsOf(set, campaign, data.task, data.worker);
    said(row, data);
    row.value = JSON.stringify(data.value);
    move(row, places, person, data.state);
    person.lapses = 0;
  },

  skipped: (set, data, { campaign }) => {
    const { row, places, person } = partsOf(set, campaign, data.task, data.worker);
    said(row, data);
    row.skip_reason = data.reason;
    row.note = data.note ?? null;
    move(row, places, person, 'skipped');
    person.lapses = 0;
  },

  'answer-kept': () => {},

  corrected: (set, { task, worker, submission, value }, { campaign }) => {
    const row = set.assignments.change(campaign, task, worker);
    row.correction = submission;
    row.value = JSON.stringify(value);
  },

  rejected: (set, { task, worker, note }, { campaign }) => {
    const { row, places, person } = partsOf(set, campaign, task, worker);
    row.note = note;
    move(row, places, person, 'rejected');
  },

  closed: (set, { task, reason, values, policyVersion }, { campaign, at }) => {
    Object.assign(set.tasks.change(campaign, task), {
      status: 'closed',
      reason,
      reason_values: JSON.stringify(values),
      policy_version: policyVersion,
      closed_at: at,
    });
  },

  reopened: (set, { task }, { campaign }) => {
    Object.assign(set.tasks.change(campaign, task), {
      status: 'open',
      reason: null,
      reason_values: null,
      policy_version: null,
      closed_at: null,
    });
  },
};

const nothingSaid = {
  answered_at: null,
  submission: null,
  correction: null,
  value: null,
  spent_ms: null,
  instruction_version: null,
  saw_suggestion: 0,
  skip_reason: null,
  note: null,
  cost_micros: null,
};

function payload({ hash, content, gold, explanation }: Omit<NewTask, 'name' | 'role' | 'k'>): {
  hash: string;
  content: string;
  gold: string | null;
  explanation: string | null;
} {
  return {
    hash,
    content: JSON.stringify(content),
    gold: gold === undefined ? null : JSON.stringify(gold),
    explanation: explanation ?? null,
  };
}

function partsOf(
  set: WorkingSet,
  campaign: number,
  task: number,
  worker: number,
): { row: AssignmentRow; places: TaskRow; person: WorkerRow } {
  return {
    row: set.assignments.change(campaign, task, worker),
    places: set.tasks.change(campaign, task),
    person: set.workers.change(campaign, worker),
  };
}

/** Takes an assignment from its state to another, and the counters with it. */
function move(row: AssignmentRow, places: TaskRow, person: WorkerRow, state: AssignmentRow['state']): void {
  count(row.state, places, person, -1);
  row.state = state;
  count(state, places, person, 1);
}

function count(state: AssignmentRow['state'], places: TaskRow, person: WorkerRow, by: 1 | -1): void {
  switch (state) {
    case 'leased':
      places.open_leases += by;
      person.open_leases += by;
      break;
    case 'accepted':
      places.accepted += by;
      person.accepted += by;
      break;
    case 'lapsed':
      break;
    default:
      person[state] += by;
  }
}

function said(row: AssignmentRow, data: EventData['answered'] | EventData['skipped']): void {
  row.submission = data.submission;
  row.answered_at = data.answeredAt;
  row.spent_ms = data.spentMs ?? null;
  row.instruction_version = data.instructionVersion ?? null;
  row.saw_suggestion = data.sawSuggestion === true ? 1 : 0;
  row.cost_micros = data.costMicros ?? null;
}
