import type { Campaign } from '@assay/server/protocol';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { Dialog } from '../shared/dialog.tsx';
import { Failure, useAction } from './action.tsx';
import { Exports } from './exports.tsx';
import { Invitations } from './invitations.tsx';
import { Log } from './log.tsx';
import type { Office } from './office.ts';
import { Payment } from './pay.tsx';
import { People } from './people.tsx';
import { ProgressPart } from './progress-part.tsx';
import { Instructions, Wanted } from './settings.tsx';
import { Tasks } from './tasks.tsx';
import { visit } from './visit.ts';
import { statusWords } from './words.ts';

export interface PartProps {
  readonly office: Office;
  readonly campaign: Campaign;
}

/** Everything about one campaign on one page, the most important first. */
export function CampaignView({ office, campaign }: PartProps): VNode {
  const { progress } = office;
  const isEmpty = progress.value?.tasks === 0;
  const leads = office.canLead;
  return (
    <>
      <Head office={office} campaign={campaign} />
      <main>
        {isEmpty ? (
          <p class="lede">Two steps to begin: import tasks, then invite people.</p>
        ) : (
          <ProgressPart office={office} />
        )}
        {isEmpty && leads && <Tasks key="tasks" office={office} campaign={campaign} />}
        {leads && <Invitations office={office} campaign={campaign} />}
        {!isEmpty && <People office={office} campaign={campaign} />}
        {!isEmpty && <Exports office={office} campaign={campaign} />}
        {!isEmpty && leads && <Tasks key="tasks" office={office} campaign={campaign} />}
        {leads && <Wanted office={office} campaign={campaign} />}
        {leads && <Payment office={office} campaign={campaign} />}
        {leads && <Instructions office={office} campaign={campaign} />}
        <Log office={office} />
      </main>
    </>
  );
}

function Head({ office, campaign }: PartProps): VNode {
  const action = useAction();
  const closes = useSignal(false);
  const { id, name, status, question } = campaign;
  const setStatus = (to: Campaign['status']): void => void action.run(() => office.change({ status: to }));
  return (
    <header class="head">
      <div>
        <nav aria-label="Pages">
          <a
            href="/lead"
            onClick={(event) => {
              event.preventDefault();
              visit(office, undefined);
            }}
          >
            All campaigns
          </a>
        </nav>
        <h1 dir="auto">{name}</h1>
        <p class="muted" dir="auto">
          {question.prompt}
        </p>
      </div>
      <div class="row">
        <span class={`status ${status}`}>{statusWords[status]}</span>
        {office.canLead && status === 'open' && (
          <button type="button" disabled={action.isBusy.value} onClick={() => setStatus('paused')}>
            Pause
          </button>
        )}
        {office.canLead && status !== 'open' && (
          <button type="button" class="primary" disabled={action.isBusy.value} onClick={() => setStatus('open')}>
            {status === 'paused' ? 'Resume' : 'Open again'}
          </button>
        )}
        {office.canLead && status !== 'closed' && (
          <button
            type="button"
            onClick={() => {
              closes.value = true;
            }}
          >
            Close…
          </button>
        )}
      </div>
      <Failure action={action} />
      {closes.value && (
        <Dialog
          title={`Close ${name}?`}
          onClose={() => {
            closes.value = false;
          }}
        >
          <p>
            Workers get no more tasks. Answers still on their way are kept, results can be exported, and you can open it
            again.
          </p>
          <button
            type="button"
            class="primary"
            onClick={() => {
              setStatus('closed');
              closes.value = false;
            }}
          >
            Close the campaign
          </button>
        </Dialog>
      )}
      <p class="unseen" role="status" key={id}>
        {statusWords[status]}
      </p>
    </header>
  );
}
