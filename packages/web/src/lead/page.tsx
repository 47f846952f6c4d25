import type { Signal } from '@preact/signals';
import type { VNode } from 'preact';
import { CampaignView } from './campaign.tsx';
import { CampaignList } from './campaign-list.tsx';
import type { Office } from './office.ts';

export interface PageProps {
  readonly office: Signal<Office | undefined>;
  readonly state: Signal<'opening' | 'refused' | 'unreachable' | 'open'>;
}

export function Page({ office, state }: PageProps): VNode | null {
  if (state.value === 'opening') return null;
  if (state.value === 'unreachable') {
    return (
      <main class="message">
        <h1>No connection</h1>
        <p>The server cannot be reached. This page tries again by itself.</p>
      </main>
    );
  }
  if (office.value === undefined) {
    return (
      <main class="message">
        <h1>This page needs its link</h1>
        <p>
          Open the link that <code>assay serve</code> printed, or the one you were given. It ends with a secret that
          lets you in.
        </p>
      </main>
    );
  }
  const campaign = office.value.campaign.value;
  return campaign === undefined ? (
    <CampaignList office={office.value} />
  ) : (
    <CampaignView key={campaign.id} office={office.value} campaign={campaign} />
  );
}
