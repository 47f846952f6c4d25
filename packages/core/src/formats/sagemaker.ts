import { InputError, shown } from '../errors.ts';
import { type Detection, type Format, no } from './format.ts';
import type { FileHead } from './head.ts';
import { jsonValues } from './json-splitter.ts';
import { isObject, type JsonObject, textOfValue, timeOf } from './long-json.ts';
import { widgetLabel } from './mturk.ts';
import { chosenByName } from './options.ts';
import type { AnswerSink, Place } from './sink.ts';
import type { SourceReader } from './source.ts';
import { jsonCell } from './table-rows.ts';

/**
 * SageMaker Ground Truth: what annotation consolidation receives (every worker's answer), or the
 * output manifest (one consolidated label per object, or all answers where consolidation passed them
 * on).
 *
 * A consolidated label is the answer of a worker named after the labelling job, an AI worker where
 * the manifest says no human annotated it.
 */
export const sagemaker: Format = {
  id: 'sagemaker',
  title: 'SageMaker Ground Truth',
  summary: 'Consolidation input with all workers’ answers, or the output manifest.',
  extensions: ['json', 'jsonl', 'manifest'],
  reference: 'https://docs.aws.amazon.com/sagemaker/latest/dg/sms-data-output.html',
  kinds: ['json', 'jsonl'],
  carries: { kind: true, time: true, questions: true },
  detect,
  read,
};

function detect(head: FileHead): Detection {
  const first = head.values[0];
  if (!isObject(first)) return no;
  if ('datasetObjectId' in first && Array.isArray(first.annotations)) {
    return { confidence: 0.95, reason: 'its objects have datasetObjectId and annotations' };
  }
  const hasMetadata = Object.keys(first).some((key) => key.endsWith('-metadata'));
  const hasSource = 'source-ref' in first || 'source' in first;
  if (hasSource && (hasMetadata || jobsOf(first).length > 0))
    return { confidence: 0.9, reason: 'it is an output manifest' };
  return no;
}

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  for await (const values of jsonValues(reader)) {
    for (const { value, line, index } of values) {
      const place = head.kind === 'json' ? { file: head.name, line, json: `$[${index}]` } : { file: head.name, line };
      sink.attempt(place, () => readObject(value, index, place, sink));
    }
  }
}

function readObject(value: unknown, index: number, place: Place, sink: AnswerSink): void {
  if (!isObject(value)) throw invalid('object', value);
  const key = chosenByName(sink.options.columns).task;
  const source = value['source-ref'] ?? value.source;
  const named = key === undefined ? (value.datasetObjectId ?? source) : value[key];
  const task = textOfValue(named) ?? String(index);
  if (Array.isArray(value.annotations)) {
    readWorkers(value.annotations, task, undefined, place, sink);
    return;
  }
  for (const [job, annotations] of jobsOf(value)) readWorkers(annotations, task, job, place, sink);
  for (const [key, metadata] of Object.entries(value)) {
    if (!key.endsWith('-metadata') || !isObject(metadata)) continue;
    readConsolidated(value, key.slice(0, -'-metadata'.length), metadata, task, place, sink);
  }
}

/** Jobs whose consolidation passed all answers on. */
function jobsOf(value: JsonObject): [job: string, annotations: readonly unknown[]][] {
  return Object.entries(value).flatMap(([job, held]) =>
    isObject(held) && Array.isArray(held.annotationsFromAllWorkers)
      ? [[job, held.annotationsFromAllWorkers] as [string, unknown[]]]
      : [],
  );
}

function readWorkers(
  annotations: readonly unknown[],
  task: string,
  job: string | undefined,
  place: Place,
  sink: AnswerSink,
): void {
  annotations.forEach((annotation, i) => {
    const at = { ...place, json: `${place.json ?? '$'}.annotations[${i}]` };
    sink.attempt(at, () => {
      if (!isObject(annotation)) throw invalid('annotation', annotation);
      const data = annotation.annotationData;
      // The content is JSON inside a JSON string.
      const raw = isObject(data) ? data.content : data;
      const content = typeof raw === 'string' ? jsonCell(raw) : raw;
      if (!isObject(content)) throw invalid('annotationData.content', raw);
      const worker = textOfValue(annotation.workerId) ?? '';
      const time = timeOf(annotation.submissionTime ?? annotation.acceptanceTime);
      for (const [element, value] of Object.entries(content)) {
        const question = element.startsWith('crowd-') ? job : element;
        sink.answer({ task, worker, question, label: widgetLabel(value), time }, at);
      }
    });
  });
}

function readConsolidated(
  value: JsonObject,
  job: string,
  metadata: JsonObject,
  task: string,
  place: Place,
  sink: AnswerSink,
): void {
  const names =
    metadata['class-name'] ?? (isObject(metadata['class-map']) ? Object.values(metadata['class-map']) : undefined);
  const raw = value[job];
  if (names === undefined && (isObject(raw) || raw === undefined)) {
    sink.note('% {object|objects} without a class (boxes, masks) {was|were} left out');
    return;
  }
  const label = Array.isArray(names) ? names.map((name) => textOfValue(name) ?? '') : textOfValue(names ?? raw);
  const worker = textOfValue(metadata['job-name']) ?? job;
  const kind = metadata['human-annotated'] === 'no' ? 'ai' : 'human';
  sink.answer(
    {
      task,
      worker: kind === 'ai' ? `${worker} (model)` : worker,
      kind,
      question: job,
      label,
      time: timeOf(metadata['creation-date']),
    },
    place,
  );
}

function invalid(what: string, value: unknown): InputError {
  const hint = 'download the job’s output again';
  return new InputError(`invalid ${what} ${shown(value)}; ${hint}`, {
    code: 'invalid-annotation',
    got: shown(value).slice(1, -1),
    hint,
  });
}
