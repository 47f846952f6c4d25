import type { AnswerTable, Estimate, Method, Receipt } from '@assay/core';
import type { CalibrationBin } from '@assay/core/quality';

/** A share or score with its interval; the ends are both given or both left out. */
export interface Interval {
  readonly value: number;
  readonly lo?: number;
  readonly hi?: number;
}

/** One task a person should look at first. */
export interface CheckRow {
  readonly task: string;
  /** What the label could be, most likely first. */
  readonly candidates: readonly { readonly label: string; readonly probability: number }[];
  /** Why this task: what a look at it decides. */
  readonly why: string;
}

/** One number about agreement, in words as well. */
export interface Statistic extends Interval {
  readonly name: string;
  /** What the number means here, as a sentence. */
  readonly sentence: string;
}

/** What the result is worth where true labels are known, which are for evaluation only. */
export interface TruthSummary {
  /** Tasks with known truth and at least one counted answer. */
  readonly tasks: number;
  /** Share of the tasks with known truth that have an answer. */
  readonly coverage: number;
  readonly accuracy: Interval;
  /** The same for majority vote, to compare with. */
  readonly voteAccuracy?: Interval;
  readonly logLoss?: number;
  readonly ece?: number;
  /** Bins of stated against observed, as `calibrationBins` gives them. */
  readonly bins?: readonly CalibrationBin[];
  /** Tasks by [true class][label given], K × K, classes as in the table. */
  readonly confusion?: readonly (readonly number[])[];
}

/** All that a report shows. Everything optional is left out of the page when it is not given. */
export interface ReportInput {
  readonly title: string;
  /** What was read. */
  readonly receipt: Receipt;
  /** The answers themselves, for counts and confusions. */
  readonly table: AnswerTable;
  readonly estimate: Estimate;
  readonly method: Pick<Method, 'id' | 'title'> & Partial<Pick<Method, 'summary' | 'citation'>>;
  /** Why this method, as sentences. */
  readonly why?: string;
  /** How good the labels are expected to be, and what that assumes. */
  readonly expectedAccuracy?: Interval & { readonly level?: number; readonly assumption: string };
  /** Tasks to check first; when left out, the least certain tasks are shown. */
  readonly checkList?: readonly CheckRow[];
  readonly agreement?: readonly Statistic[];
  readonly truth?: TruthSummary;
  /** Notes beside those of the receipt and the estimate. */
  readonly notes?: readonly string[];
  /** How the labels were made, for a paper. Default: written from the receipt and the estimate. */
  readonly methodsParagraph?: string;
  /** Works to cite besides the method's own. */
  readonly citations?: readonly string[];
  /** Files written beside the report, named where the page shows only a part. */
  readonly files?: { readonly labels?: string; readonly workers?: string; readonly checks?: string };
  /** When and how the report was made, shown at its end, for example a date and a command. */
  readonly made?: string;
  /** The command that names the tasks to look at, shown with the list; for example one with `--gold`. */
  readonly checkCommand?: string;
}

/** The most rows and drawings of each kind on one page. */
export interface ReportLimits {
  /** Default 200. */
  readonly workers: number;
  /** Default 50. */
  readonly checks: number;
  /** Default 60. */
  readonly classes: number;
  /** Confusion matrices of single workers, default 12. */
  readonly matrices: number;
}
