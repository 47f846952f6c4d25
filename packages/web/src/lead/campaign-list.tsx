import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { CreateCampaign } from './create-campaign.tsx';
import type { Office } from './office.ts';
import { visit } from './visit.ts';
import { statusWords } from './words.ts';

/** All campaigns of this server, and the way to a new one. */
export function CampaignList({ office }: { readonly office: Office }): VNode {
  const campaigns = office.campaigns.value;
  const creates = useSignal(campaigns.length === 0);
  return (
    <main>
      <header class="head">
        <h1>Campaigns</h1>
        {office.canCreate && !creates.value && (
          <button
            type="button"
            class="primary"
            onClick={() => {
              creates.value = true;
            }}
          >
            New campaign
          </button>
        )}
      </header>
      {creates.value && office.canCreate && <CreateCampaign office={office} />}
      {campaigns.length === 0 && !office.canCreate && <p class="muted">There is no campaign yet.</p>}
      <ul class="campaigns">
        {campaigns.map(({ id, name, status, question }) => (
          <li key={id}>
            <a
              href={`/lead?campaign=${id}`}
              onClick={(event) => {
                event.preventDefault();
                visit(office, id);
              }}
            >
              <strong dir="auto">{name}</strong>
              <span class="muted" dir="auto">
                {question.prompt}
              </span>
            </a>
            <span class={`status ${status}`}>{statusWords[status]}</span>
          </li>
        ))}
      </ul>
    </main>
  );
}
