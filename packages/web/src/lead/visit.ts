import type { Office } from './office.ts';

/** Goes to a campaign, or to the list, so that the browser's Back button works. */
export function visit(office: Office, campaign: number | undefined): void {
  history.pushState(null, '', campaign === undefined ? '/lead' : `/lead?campaign=${campaign}`);
  office.view(campaign);
  scrollTo(0, 0);
}
