import { InputError, shown } from '../errors.ts';
import { type Detection, type Format, no } from './format.ts';
import type { FileHead } from './head.ts';
import { jsonValues } from './json-splitter.ts';
import { isObject, textOfValue, timeOf } from './long-json.ts';
import { widgetLabel } from './mturk.ts';
import type { AnswerSink, Place } from './sink.ts';
import type { SourceReader } from './source.ts';
import { jsonCell } from './table-rows.ts';

/**
 * PYBOSSA task runs: a JSON list. The answer is `info`: text, a number, or an object whose keys are
 * questions. The worker is the user, else the external id, else the address.
 */
export const pybossa: Format = {
  id: 'pybossa',
  title: 'PYBOSSA task runs JSON',
  summary: 'Task runs with task_id, user_id and info.',
  extensions: ['json'],
  reference: 'https://docs.pybossa.com/model/',
  kinds: ['json', 'jsonl'],
  carries: { time: true, duration: true, questions: true },
  detect,
  read,
};

function detect(head: FileHead): Detection {
  const first = head.values[0];
  if (!isObject(first) || !('task_id' in first) || !('info' in first)) return no;
  return {
    confidence: 'project_id' in first || 'finish_time' in first ? 0.95 : 0.8,
    reason: 'its task runs have task_id and info',
  };
}

async function read(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  sink.columns.set('task_id', 'task');
  sink.columns.set('user_id', 'worker');
  for await (const values of jsonValues(reader)) {
    for (const { value, line, index } of values) {
      const place = { file: head.name, line, json: `$[${index}]` };
      sink.attempt(place, () => readRun(value, place, sink));
    }
  }
}

function readRun(run: unknown, place: Place, sink: AnswerSink): void {
  if (!isObject(run)) {
    const hint = 'export the task runs again';
    throw new InputError(`invalid task run ${shown(run)}; ${hint}`, {
      code: 'invalid-task-run',
      got: shown(run).slice(1, -1),
      hint,
    });
  }
  const id = textOfValue(run.id);
  if (id !== null && !sink.first('pybossa run', id)) {
    sink.note('% {task run was|task runs were} exported more than once and {counts|count} once');
    return;
  }
  const [time, created] = [timeOf(run.finish_time), timeOf(run.created)];
  const anonymous = textOfValue(run.user_ip);
  const common = {
    task: textOfValue(run.task_id) ?? '',
    worker:
      textOfValue(run.user_id) ??
      textOfValue(run.external_uid) ??
      (anonymous === null ? (sink.options.worker ?? '') : `anonymous ${anonymous}`),
    time: time ?? created,
    durationMs: time === undefined || created === undefined ? undefined : time - created,
  };
  const { info } = run;
  const parsed = typeof info === 'string' && info.startsWith('{') ? (jsonCell(info) ?? info) : info;
  if (!isObject(parsed)) {
    sink.answer({ ...common, label: widgetLabel(parsed) }, place);
    return;
  }
  for (const [question, value] of Object.entries(parsed)) {
    if (isObject(value) || (Array.isArray(value) && value.some(isObject))) {
      sink.note('% structured {field of info is no label|fields of info are no labels} and {was|were} left out');
      continue;
    }
    sink.answer({ ...common, question, label: widgetLabel(value) }, place);
  }
}
