import type { Memory } from './memory.ts';

/** What every experiment gets from whoever runs it. */
export interface ExperimentOptions {
  /** The whole protocol as published, or with the number of runs that `docs/results/` states; otherwise a quick one. */
  readonly full: boolean;
  /** Default 1. */
  readonly seed?: number;
  /** The folder of public data sets, for experiments that need one. */
  readonly data?: string;
  readonly onProgress: (text: string, done: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** Where long experiments keep finished parts: a run that was stopped goes on from there. */
  readonly memory?: Memory;
}

/** A measured number with the interval it must fall in for the experiment to count as reproduced. */
export interface Band {
  readonly name: string;
  /** What the paper says, null where it gives no number. */
  readonly published: number | null;
  readonly measured: number;
  readonly lo: number;
  readonly hi: number;
  readonly inside: boolean;
}

/** A table of measured beside published values. */
export interface ResultTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** A drawing, as the text of an SVG file. */
export interface ResultFigure {
  /** File name without extension. */
  readonly name: string;
  readonly svg: string;
}

/** What an experiment found. It is reproduced when every band is inside. */
export interface ExperimentResult {
  readonly tables: readonly ResultTable[];
  readonly bands: readonly Band[];
  readonly figures: readonly ResultFigure[];
  readonly notes: readonly string[];
}

/** One published table or figure with its protocol, run by `assay reproduce ID`. */
export interface Experiment {
  readonly id: string;
  readonly title: string;
  /** Author (year). Title. Place. */
  readonly source: string;
  run(options: ExperimentOptions): Promise<ExperimentResult>;
}

/** A band around a measured number. */
export function band(name: string, measured: number, lo: number, hi: number, published: number | null = null): Band {
  return { name, published, measured, lo, hi, inside: measured >= lo && measured <= hi };
}
