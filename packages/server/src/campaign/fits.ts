import { AnswerTable, type AutoReport, auto, type Dictionary, dawidSkeneMap, fitAsync, type Method } from '@assay/core';

/** The answers of a campaign as columns: what a fit needs, and what can be handed to a thread. */
export interface FitAnswers {
  readonly tasks: number;
  readonly workers: number;
  readonly classes: number;
  readonly taskStart: Uint32Array;
  readonly worker: Uint32Array;
  readonly label: Uint16Array;
  /** Known class of each task, or −1. */
  readonly gold?: Int32Array;
}

/** What the stream of posteriors catches up with. */
export interface Anchor {
  readonly posterior: Float64Array;
  readonly prior?: Float64Array;
  readonly confusion?: Float64Array;
}

/** What the labels and the workers are worth at some moment, by the default method, with 90 % intervals. */
export interface Report {
  readonly expectedAccuracy?: { readonly value: number; readonly lo: number; readonly hi: number };
  readonly workers?: { readonly accuracy: Float64Array; readonly lo: Float64Array; readonly hi: Float64Array };
}

/** The two fits of a campaign, by name, for the thread. */
export interface Fits {
  readonly anchor: Anchor;
  readonly report: Report;
}

/** Fits in slices of 12 ms between other work. */
export async function fitted<Kind extends keyof Fits>(
  kind: Kind,
  answers: FitAnswers,
  signal?: AbortSignal,
): Promise<Fits[Kind]> {
  const method: Method = kind === 'anchor' ? dawidSkeneMap : auto;
  const { posterior, prior, workers, extra } = await fitAsync(method, tableOf(answers), { signal });
  if (kind === 'anchor') return { posterior, prior, confusion: workers?.confusion } as Fits[Kind];
  const { expectedAccuracy: expected } = extra as unknown as Partial<AutoReport>;
  const report: Report = {
    ...(expected !== undefined && Number.isFinite(expected.value) ? { expectedAccuracy: expected } : {}),
    ...(workers === undefined ? {} : { workers: { accuracy: workers.accuracy, lo: workers.lo, hi: workers.hi } }),
  };
  return report as Fits[Kind];
}

function tableOf({ tasks, workers, classes, gold, ...columns }: FitAnswers): AnswerTable {
  const named = { tasks: numbers(tasks), workers: numbers(workers), classes: numbers(classes) };
  return new AnswerTable({ question: 'label', ...named, ...columns, gold });
}

/** Numbers as names: nobody reads them here. */
function numbers(size: number): Dictionary {
  return {
    size,
    name: (index) => String(index),
    indexOf: (name) => (/^\d+$/.test(name) && Number(name) < size ? Number(name) : -1),
    names: () => Array.from({ length: size }, (_, index) => String(index)),
  };
}
