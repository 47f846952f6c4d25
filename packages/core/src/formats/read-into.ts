import { headOf } from './head.ts';
import { detectFormat, forcedFormat } from './registry.ts';
import type { AnswerSink } from './sink.ts';
import { type Source, SourceReader } from './source.ts';

/** Puts all answers of one source into a sink. `format` forces a format. */
export async function readInto(source: Source, sink: AnswerSink, format?: string): Promise<void> {
  sink.readMember = (member): Promise<void> => readInto(member, sink, format === 'zip' ? undefined : format);
  const reader = await SourceReader.open(source);
  try {
    const head = await headOf(reader, sink.options.delimiter);
    sink.sources.push(source.name);
    const found = format === undefined || head.kind === 'zip' ? detectFormat(head).format : forcedFormat(format, head);
    sink.formats.add(found.id);
    await found.read(reader, head, sink);
  } finally {
    await reader.close();
  }
}
