import { signal } from '@preact/signals';
import { render } from 'preact';
import { type Office, openOffice } from './office.ts';
import { Page } from './page.tsx';

const office = signal<Office | undefined>();
const state = signal<'opening' | 'refused' | 'unreachable' | 'open'>('opening');

render(<Page office={office} state={state} />, document.body);
await open(location.hash.slice(1));

async function open(secret: string): Promise<void> {
  try {
    const opened = await openOffice(secret);
    // The secret has done its work; it stays neither in the address nor in the history.
    history.replaceState(null, '', location.pathname + location.search);
    state.value = opened === undefined ? 'refused' : 'open';
    office.value = opened;
    follow();
    addEventListener('popstate', follow);
  } catch {
    state.value = 'unreachable';
    setTimeout(() => void open(secret), 3000);
  }
}

/** Shows the campaign that the address names; where there is only one, that one. */
function follow(): void {
  const named = Number(new URL(location.href).searchParams.get('campaign')) || undefined;
  const only = office.value?.campaigns.value.length === 1 ? office.value.campaigns.value[0].id : undefined;
  office.value?.view(named ?? only);
}
