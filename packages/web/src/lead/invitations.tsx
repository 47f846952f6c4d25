import type { NewInvite } from '@assay/server/protocol';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { renderSVG } from 'uqr';
import { counted } from '../shared/words.tsx';
import { Failure, useAction } from './action.tsx';
import type { PartProps } from './campaign.tsx';

const roleWords: Readonly<Record<NewInvite['role'], string>> = {
  worker: 'Workers',
  reviewer: 'Reviewers',
  lead: 'Leads',
};

/** Links that let people in. The server knows only their hashes, so a link is shown when it is made. */
export function Invitations({ office }: PartProps): VNode {
  const action = useAction();
  const role = useSignal<NewInvite['role']>('worker');
  const made = useSignal<NewInvite | undefined>(undefined);
  const live = office.invites.value.filter(({ revoked }) => !revoked);
  return (
    <section aria-labelledby="invitations">
      <h2 id="invitations">Invite people</h2>
      <div class="row">
        <select
          aria-label="Who is invited"
          value={role.value}
          onChange={(event) => {
            role.value = event.currentTarget.value as NewInvite['role'];
          }}
        >
          {Object.entries(roleWords).map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
        <button
          type="button"
          class={live.length === 0 ? 'primary' : undefined}
          disabled={action.isBusy.value}
          onClick={() =>
            void action.run(async () => {
              made.value = await office.invite(role.value);
            })
          }
        >
          Make an invite link
        </button>
      </div>
      <Failure action={action} />
      {made.value !== undefined && <Link invite={made.value} />}
      {live.length > 0 && (
        <ul class="lines">
          {live.map(({ id, role: invited, used, createdAt, note }) => (
            <li key={id}>
              <span>
                {note || roleWords[invited]}{' '}
                <span class="muted">
                  · made {new Date(createdAt).toLocaleDateString()} ·{' '}
                  {counted(used, 'person').replace('persons', 'people')} came in
                </span>
              </span>
              <button
                type="button"
                class="small"
                aria-label={`Take back the link for ${roleWords[invited]}, number ${id}`}
                onClick={() => void action.run(() => office.revoke(id))}
              >
                Take back
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Link({ invite }: { readonly invite: NewInvite }): VNode {
  const address = new URL(invite.path, location.href).href;
  const isCopied = useSignal(false);
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
  return (
    <div class="invite">
      <img
        class="code"
        alt="The same link as a QR code"
        width={168}
        height={168}
        src={`data:image/svg+xml,${encodeURIComponent(renderSVG(address, { border: 2 }))}`}
      />
      <div class="stack">
        <p>
          Pass this link on, or show the code. <strong>It is shown only now.</strong>
        </p>
        <input readOnly aria-label="Invite link" value={address} onFocus={(event) => event.currentTarget.select()} />
        <div class="row">
          <button
            type="button"
            class="primary"
            onClick={async () => {
              isCopied.value = await copied(address);
            }}
          >
            {isCopied.value ? 'Copied' : 'Copy'}
          </button>
          <a class="button" href={address} target="_blank" rel="noreferrer">
            Try it
          </a>
        </div>
        {isLocal && (
          <p class="muted">
            This address works only on this computer. For phones, open this page by the computer's name.
          </p>
        )}
      </div>
    </div>
  );
}

/** Copies by the clipboard where the browser allows it, else by selecting. */
async function copied(words: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    const field = document.querySelector<HTMLInputElement>('.invite input');
    field?.select();
    return document.execCommand('copy');
  }
}
