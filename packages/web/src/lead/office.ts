import type {
  Campaign,
  CampaignBody,
  CampaignPatch,
  Campaigns,
  Events,
  ImportReceipt,
  Invite,
  Invites,
  LoggedEvent,
  NewInvite,
  Progress,
  Session,
  TaskRole,
  WorkerPatch,
  WorkerReport,
  Workers,
} from '@assay/server/protocol';
import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { Refused, request } from '../shared/http.ts';

/** Workers, invites and the log are read again this often while somebody looks. */
const refreshMs = 5000;
const eventsRead = 100;

/**
 * A lead's office: the campaigns this session may see, and everything about the one in view.
 *
 * Progress arrives as server-sent events; the rest is read again from time to time. Every method that changes something
 * asks the server first and shows what the server then says.
 */
export class Office {
  readonly campaigns: Signal<readonly Campaign[]> = signal([]);
  readonly progress: Signal<Progress | undefined> = signal();
  readonly workers: Signal<readonly WorkerReport[]> = signal([]);
  readonly invites: Signal<readonly Invite[]> = signal([]);
  readonly events: Signal<readonly LoggedEvent[]> = signal([]);
  /** Is the stream of progress connected? */
  readonly isLive: Signal<boolean> = signal(false);
  readonly campaign: ReadonlySignal<Campaign | undefined>;
  readonly session: Session;

  readonly #viewed: Signal<number | undefined> = signal();
  #stream: EventSource | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(session: Session) {
    this.session = session;
    this.campaign = computed(() => this.campaigns.value.find(({ id }) => id === this.#viewed.value));
  }

  /** May this session change things, or only look? */
  get canLead(): boolean {
    return this.session.role !== 'reviewer';
  }

  get canCreate(): boolean {
    return this.session.role === 'owner';
  }

  async open(): Promise<void> {
    this.campaigns.value = (await this.#call<Campaigns>('GET', '/campaigns')).campaigns;
  }

  /** Looks at a campaign, or with `undefined` at the list. */
  view(id: number | undefined): void {
    if (id === this.#viewed.value) return;
    this.#stream?.close();
    clearInterval(this.#timer);
    batch(() => {
      this.#viewed.value = id;
      this.progress.value = undefined;
      this.workers.value = [];
      this.invites.value = [];
      this.events.value = [];
      this.isLive.value = false;
    });
    if (id === undefined) return;
    this.#stream = new EventSource(`/api/v1/campaigns/${id}/stream`);
    this.#stream.addEventListener('progress', ({ data }) => {
      this.isLive.value = true;
      this.progress.value = JSON.parse(data);
    });
    this.#stream.addEventListener('error', () => {
      this.isLive.value = false;
    });
    this.#timer = setInterval(() => document.visibilityState === 'visible' && void this.refresh(), refreshMs);
    void this.refresh();
  }

  /** Reads anew what the stream does not bring. */
  async refresh(): Promise<void> {
    const at = this.#path();
    const read = <Reply>(path: string, use: (reply: Reply) => void): Promise<void> =>
      this.#call<Reply>('GET', path).then((reply) => void (at === this.#path() && use(reply)), ignore);
    await Promise.all([
      this.isLive.value ? undefined : read<Progress>(`${at}/progress`, (reply) => set(this.progress, reply)),
      read<Workers>(`${at}/workers`, (reply) => set(this.workers, reply.workers)),
      read<Events>(`${at}/events?latest=${eventsRead}`, (reply) => set(this.events, reply.events.toReversed())),
      this.canLead ? read<Invites>(`${at}/invites`, (reply) => set(this.invites, reply.invites)) : undefined,
      read<Campaign>(at, (reply) => this.#replace(reply)),
    ]);
  }

  async create(body: CampaignBody): Promise<Campaign> {
    const created = await this.#call<Campaign>('POST', '/campaigns', body);
    this.#replace(created);
    return created;
  }

  async change(patch: CampaignPatch): Promise<void> {
    this.#replace(await this.#call<Campaign>('PATCH', this.#path(), patch));
    await this.refresh();
  }

  async publishInstructions(text: string): Promise<void> {
    this.#replace(await this.#call<Campaign>('PUT', `${this.#path()}/instructions`, { text }));
  }

  async importTasks(file: File, role: TaskRole): Promise<ImportReceipt> {
    const query = new URLSearchParams({ role, name: file.name });
    const receipt = await this.#call<ImportReceipt>('POST', `${this.#path()}/tasks?${query}`, file);
    await this.refresh();
    return receipt;
  }

  async invite(role: NewInvite['role']): Promise<NewInvite> {
    const invite = await this.#call<NewInvite>('POST', `${this.#path()}/invites`, { role });
    await this.refresh();
    return invite;
  }

  async revoke(invite: number): Promise<void> {
    await this.#call('DELETE', `${this.#path()}/invites/${invite}`);
    await this.refresh();
  }

  async changeWorker(worker: number, patch: WorkerPatch): Promise<void> {
    await this.#call('PATCH', `${this.#path()}/workers/${worker}`, patch);
    await this.refresh();
  }

  /** Where a file of results comes from. */
  exportAddress(what: string, format: string): string {
    return `/api/v1${this.#path()}/export?${new URLSearchParams({ what, format })}`;
  }

  async logout(): Promise<void> {
    this.view(undefined);
    await this.#call('POST', '/logout');
  }

  #path(): string {
    return `/campaigns/${this.#viewed.value}`;
  }

  #call<Reply>(method: string, path: string, body?: unknown): Promise<Reply> {
    return request<Reply>(method, path, { body, csrf: this.session.csrf });
  }

  #replace(changed: Campaign): void {
    const isKnown = this.campaigns.value.some(({ id }) => id === changed.id);
    this.campaigns.value = isKnown
      ? this.campaigns.value.map((each) => (each.id === changed.id ? changed : each))
      : [...this.campaigns.value, changed];
  }
}

function set<Value>(target: Signal<Value>, value: Value): void {
  target.value = value;
}

/** What could not be read now is read again in a few seconds. */
function ignore(): void {}

/**
 * Lets the lead in: by the secret in the page's address, or by the session this browser has.
 *
 * @returns undefined where there is neither.
 */
export async function openOffice(secret: string): Promise<Office | undefined> {
  try {
    const session =
      secret === ''
        ? await request<Session>('GET', '/session')
        : await request<Session>('POST', '/login', { body: { token: secret } });
    const office = new Office(session);
    await office.open();
    return office;
  } catch (error) {
    if (error instanceof Refused && error.isFinal) return undefined;
    throw error;
  }
}
