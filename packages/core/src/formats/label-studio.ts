import { type AnswerTable, workerKinds } from '../answers/answer-table.ts';
import { isAnswerStatus } from '../answers/builder.ts';
import { InputError, shown } from '../errors.ts';
import type { Estimate } from '../methods/estimate.ts';
import { type Detection, type Format, no } from './format.ts';
import { type GroupedAnswer, groupByTask, numericId } from './group-answers.ts';
import type { FileHead } from './head.ts';
import { jsonValues } from './json-splitter.ts';
import { isObject, type JsonObject, textOfValue, timeOf } from './long-json.ts';
import { chosenByName } from './options.ts';
import type { AnswerRecord, AnswerSink, Place } from './sink.ts';
import type { SourceReader } from './source.ts';
import { isoTime } from './values.ts';
import { jsonItems } from './write-text.ts';

/**
 * Label Studio's full JSON export, and the files its target storage writes.
 *
 * One answer per annotation and control (`from_name`). The worker is `completed_by`: the e-mail of
 * an object, else its id. Cancelled annotations are skips, `ground_truth` is gold, predictions are
 * answers of AI workers named by `model_version`. Annotations that several files repeat count once.
 */
export const labelStudio: Format = {
  id: 'label-studio',
  title: 'Label Studio JSON',
  summary: 'Full export or target storage: tasks with annotations and predictions; results go back as predictions.',
  extensions: ['json'],
  reference: 'https://labelstud.io/guide/export',
  kinds: ['json', 'jsonl'],
  carries: { kind: true, status: true, time: true, duration: true, gold: true, questions: true, predictions: true },
  detect,
  read,
  write: {
    answers: (tables) => jsonItems(() => tasksOf(tables)),
    results: (estimate) => jsonItems(() => predictionsOf(estimate)),
  },
};

function detect(head: FileHead): Detection {
  const first = head.values[0];
  if (!isObject(first)) return no;
  if (isObject(first.data) && (Array.isArray(first.annotations) || Array.isArray(first.completions))) {
    return { confidence: 0.95, reason: 'its tasks have data and annotations' };
  }
  if (isLoneAnnotation(first)) return { confidence: 0.95, reason: 'it is one annotation with its task' };
  if (isObject(first.data) && Array.isArray(first.predictions))
    return { confidence: 0.9, reason: 'its tasks have data and predictions' };
  return no;
}

/** Target storage may write one annotation per file, its task inside. */
function isLoneAnnotation(value: JsonObject): boolean {
  return Array.isArray(value.result) && isObject(value.task) && isObject(value.task.data);
}

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const key = chosenByName(sink.options.columns).task?.replace(/^data\./, '');
  const dataKey = key === 'id' ? undefined : key;
  sink.columns.set(dataKey === undefined ? 'id' : `data.${dataKey}`, 'task');
  sink.columns.set('completed_by', 'worker');
  for await (const values of jsonValues(reader)) {
    for (const { value, line, index } of values) {
      const place: Place = { file: head.name, line, json: `$[${index}]` };
      sink.attempt(place, () => readTask(value, place, sink, dataKey));
    }
  }
}

function readTask(value: unknown, place: Place, sink: AnswerSink, dataKey: string | undefined): void {
  if (!isObject(value)) throw notAnObject('task', value);
  const lone = isLoneAnnotation(value);
  const task = lone ? (value.task as JsonObject) : value;
  const name = textOfValue(dataKey === undefined ? task.id : isObject(task.data) ? task.data[dataKey] : undefined);
  if (name === null || name === '') {
    const what = dataKey === undefined ? 'id' : `data.${dataKey}`;
    const hint = `every task needs it; choose another key of the data with --columns task=KEY`;
    throw new InputError(`missing ${what} of a task; ${hint}`, { code: 'missing-task', hint });
  }
  const before = sink.answered;
  const json = place.json ?? '$';
  listOf(lone ? [value] : (task.annotations ?? task.completions), 'annotations').forEach((annotation, i) => {
    const at = lone ? place : { ...place, json: `${json}.annotations[${i}]` };
    sink.attempt(at, () => readAnnotation(annotation, name, at, sink));
  });
  listOf(task.predictions, 'predictions').forEach((prediction, i) => {
    // Some exports list only the numbers of predictions.
    if (!isObject(prediction)) return;
    const at = { ...place, json: `${json}.predictions[${i}]` };
    sink.attempt(at, () => readPrediction(prediction, name, at, sink));
  });
  const gold = isObject(task.meta) && isObject(task.meta.gold) ? task.meta.gold : {};
  for (const [question, label] of Object.entries(gold)) sink.gold(question, name, textOfValue(label) ?? '', place);
  if (sink.answered === before) sink.everywhere({ task: name, worker: '' }, place);
}

function readAnnotation(annotation: unknown, task: string, place: Place, sink: AnswerSink): void {
  if (!isObject(annotation)) throw notAnObject('annotation', annotation);
  const id = textOfValue(annotation.id);
  if (id !== null && !sink.first('label-studio annotation', id)) {
    sink.note('% {annotation was|annotations were} exported more than once and {counts|count} once');
    return;
  }
  const cancelled = annotation.was_cancelled === true;
  const common: Omit<AnswerRecord, 'question' | 'label'> = {
    task,
    worker: workerOf(annotation.completed_by) ?? sink.options.worker ?? 'unknown',
    status: cancelled ? (ownStatus(annotation) ?? 'skip') : statusOfAction(annotation),
    kind: ownKind(annotation),
    time: timeOf(annotation.created_at ?? annotation.updated_at),
    durationMs: typeof annotation.lead_time === 'number' ? Math.round(annotation.lead_time * 1000) : undefined,
  };
  const answers = answersOf(annotation.result, sink);
  for (const [question, label] of answers) {
    sink.answer({ ...common, question, label }, place);
    if (annotation.ground_truth === true && label !== null && !cancelled) sink.gold(question, task, label, place);
  }
  // A cancelled annotation says nothing about any question.
  if (cancelled && answers.size === 0) sink.everywhere({ ...common, label: null }, place);
}

/** Enterprise reviews say what became of an annotation. */
function statusOfAction(annotation: JsonObject): AnswerRecord['status'] {
  if (annotation.last_action === 'rejected') return 'rejected';
  return annotation.draft === true ? 'draft' : ownStatus(annotation);
}

function readPrediction(prediction: JsonObject, task: string, place: Place, sink: AnswerSink): void {
  const worker = textOfValue(prediction.model_version) || 'prediction';
  const [kind, status, time] = [ownKind(prediction) ?? 'ai', ownStatus(prediction), timeOf(prediction.created_at)];
  for (const [question, label] of answersOf(prediction.result, sink)) {
    sink.answer({ task, worker, question, label, kind, status, time }, place);
  }
}

/** What was said to each control; several regions of one control are several choices. */
function answersOf(result: unknown, sink: AnswerSink): Map<string, string | string[] | null> {
  const answers = new Map<string, string | string[] | null>();
  for (const region of listOf(result, 'result')) {
    if (!isObject(region) || !isObject(region.value)) continue;
    const question = textOfValue(region.from_name) ?? 'label';
    const label = labelOf(region.value, textOfValue(region.type) ?? '');
    if (label === undefined) {
      sink.note(
        '% {region (a box, span or relation) is|regions (boxes, spans, relations) are} no label of a whole task and {was|were} left out',
      );
      continue;
    }
    const before = answers.get(question);
    if (before === undefined || before === null || label === null) answers.set(question, before ?? label);
    else answers.set(question, [before, label].flat());
  }
  return answers;
}

/** The label a control's value gives to the whole task; null for none, undefined for a region. */
function labelOf(value: JsonObject, type: string): string | string[] | null | undefined {
  const isRegion = 'start' in value || 'x' in value || 'points' in value || 'rle' in value || 'startOffset' in value;
  if (isRegion) return undefined;
  const texts = (list: unknown): string[] | null => {
    const found = listOf(list, type)
      .map(textOfValue)
      .filter((text) => text !== null);
    return found.length === 0 ? null : found;
  };
  if ('choices' in value) return texts(value.choices);
  if ('taxonomy' in value)
    return texts(listOf(value.taxonomy, type).map((path) => (Array.isArray(path) ? path.join(' > ') : path)));
  if ('rating' in value) return textOfValue(value.rating);
  if ('number' in value) return textOfValue(value.number);
  if ('selected' in value) return textOfValue(value.selected);
  if ('text' in value)
    return Array.isArray(value.text) ? (texts(value.text)?.join('\n') ?? null) : textOfValue(value.text);
  if ('datetime' in value) return textOfValue(value.datetime);
  return undefined;
}

/** A number, an object with an e-mail, or nothing. */
function workerOf(completedBy: unknown): string | null {
  if (!isObject(completedBy)) return textOfValue(completedBy);
  return textOfValue(completedBy.email) || textOfValue(completedBy.id) || textOfValue(completedBy.username);
}

/** What this tool has no word for is written beside its fields, so that nothing is lost. */
function ownStatus(value: JsonObject): AnswerRecord['status'] {
  const status = textOfValue(value.assay_status) ?? '';
  return isAnswerStatus(status) ? status : undefined;
}

function ownKind(value: JsonObject): AnswerRecord['kind'] {
  return workerKinds.find((kind) => kind === value.assay_kind);
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw notAList(what, value);
}

function notAnObject(what: string, value: unknown): InputError {
  const hint = 'export the project as JSON again';
  return new InputError(`invalid ${what} ${shown(value)}; ${hint}`, {
    code: `invalid-${what}`,
    got: shown(value).slice(1, -1),
    hint,
  });
}

function notAList(what: string, value: unknown): InputError {
  const hint = 'export the project as JSON again';
  return new InputError(`invalid ${what} ${shown(value)}: not a list; ${hint}`, {
    code: 'invalid-list',
    got: shown(value).slice(1, -1),
    hint,
  });
}

/** Answers as tasks: people's as annotations, models' as predictions. */
function* tasksOf(tables: readonly AnswerTable[]): Generator<unknown, void, void> {
  let id = 0;
  for (const { task, answers, gold } of groupByTask(tables)) {
    const annotations: unknown[] = [];
    const predictions: unknown[] = [];
    for (const answer of answers) {
      if (answer.kind === 'ai' || answer.kind === 'rule') predictions.push(predictionOf(answer, ++id));
      else annotations.push(annotationOf(answer, ++id));
    }
    const meta = Object.keys(gold).length > 0 ? { gold } : {};
    yield { id: numericId(task), data: { task }, meta, annotations, predictions };
  }
}

function annotationOf({ question, worker, kind, label, status, time, durationMs }: GroupedAnswer, id: number): unknown {
  const numeric = numericId(worker);
  return {
    id,
    completed_by: typeof numeric === 'number' ? numeric : { email: worker },
    was_cancelled: status === 'skip' || status === 'abstain',
    ground_truth: false,
    ...(time === undefined ? {} : { created_at: timeText(time) }),
    ...(durationMs === undefined ? {} : { lead_time: durationMs / 1000 }),
    ...(status === 'ok' || status === 'skip' ? {} : { assay_status: status }),
    ...(kind === 'human' ? {} : { assay_kind: kind }),
    result: [choice(question, label)],
  };
}

function predictionOf({ question, worker, kind, label, status, time }: GroupedAnswer, id: number): unknown {
  return {
    id,
    model_version: worker,
    ...(time === undefined ? {} : { created_at: timeText(time) }),
    ...(status === 'ok' ? {} : { assay_status: status }),
    ...(kind === 'ai' ? {} : { assay_kind: kind }),
    result: [choice(question, label)],
  };
}

function timeText(time: number): string | number {
  return Math.abs(time) < 1e8 ? time : isoTime(time);
}

function choice(question: string, label: string | null): unknown {
  return { from_name: question, to_name: 'text', type: 'choices', value: { choices: label === null ? [] : [label] } };
}

/** Labels found as tasks with one prediction each, for import: the posterior is the score. */
function* predictionsOf(estimate: Estimate): Generator<unknown, void, void> {
  for (let task = 0; task < estimate.taskCount; task++) {
    const name = estimate.taskNames.name(task);
    const label = estimate.label(task);
    const prediction = {
      model_version: `assay ${estimate.method}`,
      score: estimate.probability(task),
      result: [choice(estimate.question, label)],
    };
    yield { id: numericId(name), data: { task: name }, predictions: label === null ? [] : [prediction] };
  }
}
