/** Live campaigns: what is asked, who gets what next, when to stop, what comes out. */
export * from './campaigns.ts';
export * from './export.ts';
export { distinctNames } from './export-rows.ts';
export * from './header.ts';
export * from './import.ts';
export type { LiveCampaign } from './live-campaign.ts';
export * from './manage.ts';
export * from './progress.ts';
