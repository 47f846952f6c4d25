export type { CheckRow, Interval, ReportInput, ReportLimits, Statistic, TruthSummary } from './input.ts';
export { report } from './report.ts';
